"""Pairs as numbers: every text comes back, no text is taken for a special token, and what is too long is cut and told of."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.data.lines import Rows
from groundup.data.token_pairs import (
    END,
    FIRST,
    PADDING,
    START,
    decode_sentence,
    encode_sentence,
    pair_facts,
    pieces_of,
    token_pairs,
)
from groundup.errors import UserError

PAIRS = [
    {"source": "The cat sat on the mat.", "target": "Die Katze saß auf der Matte."},
    {"source": "A cat.", "target": "Eine Katze."},
]
FACTS = pair_facts(Rows(PAIRS), vocab_size=300, max_seq_len=40)
TOKENIZER = FACTS["tokenizer"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_every_text_comes_back_and_none_holds_a_special_token(text):
    tokens = encode_sentence(text, TOKENIZER)
    assert tokens[-1] == END
    assert (tokens[:-1] >= FIRST).all()
    assert decode_sentence(tokens, TOKENIZER) == text.strip()


def test_a_text_that_spells_a_special_token_is_only_text():
    for text in ("</s>", "<pad> <s>", "(end)"):
        assert decode_sentence(encode_sentence(text, TOKENIZER), TOKENIZER) == text


def test_a_word_has_the_same_pieces_at_the_beginning_and_in_the_middle():
    first, inside = (encode_sentence(text, TOKENIZER) for text in ("cat.", "a cat."))
    assert torch.equal(first[:-1], inside[-len(first) : -1])


def test_a_batch_begins_and_ends_its_targets_and_pads_both_sides():
    batch = token_pairs(PAIRS, tokenizer=TOKENIZER, max_seq_len=40)
    for side, first in (("source", []), ("target", [START])):
        for row, pair in zip(batch[side], PAIRS, strict=True):
            wanted = [*first, *encode_sentence(pair[side], TOKENIZER).tolist()]
            assert row.tolist() == wanted + [PADDING] * (batch[side].shape[1] - len(wanted))
    assert batch["source_text"] == [pair["source"] for pair in PAIRS]
    assert batch["target_text"] == [pair["target"] for pair in PAIRS]


def test_sentences_read_from_a_file_keep_their_place_and_have_no_target():
    batch = token_pairs([{"text": "A cat.", "source": "a.txt", "line": 3}], tokenizer=TOKENIZER, max_seq_len=40)
    assert batch["file"] == ["a.txt"] and batch["line"] == [3] and batch["source_text"] == ["A cat."]
    assert "target" not in batch
    assert torch.equal(batch["source"][0], encode_sentence("A cat.", TOKENIZER))


def test_what_is_too_long_is_cut_and_still_ends_and_is_told_of(capsys):
    batch = token_pairs(PAIRS, tokenizer=TOKENIZER, max_seq_len=4)
    assert batch["source"].shape == (2, 4) and batch["target"].shape == (2, 5)
    assert (batch["source"][0] == END).tolist() == [False, False, False, True]
    assert capsys.readouterr().err == ""
    pair_facts(Rows(PAIRS), vocab_size=300, max_seq_len=6)
    assert "of 4 training sentences have more than 6 tokens, the longest" in capsys.readouterr().err


def test_both_languages_are_learnt_together_and_the_vocabulary_counts_the_special_tokens():
    assert FACTS["vocab_size"] == TOKENIZER.vocab_size + FIRST <= 300
    assert "Katze" in pieces_of(encode_sentence("Katze", TOKENIZER), TOKENIZER)
    assert pieces_of(torch.tensor([START, END, PADDING]), TOKENIZER) == ["(start)", "(end)", "(pad)"]
    with pytest.raises(UserError, match="no room beyond the 256 bytes"):
        pair_facts(Rows(PAIRS), vocab_size=259)
