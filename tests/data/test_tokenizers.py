"""The character tokenizer: there and back, and what it does not know."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from groundup.data.tokenizers.character import UNKNOWN, CharacterTokenizer
from groundup.engine.facts import Fact, load_facts, save_facts

texts = st.text(st.characters(codec="utf-8", exclude_characters=UNKNOWN))


@given(st.lists(texts))
def test_encoding_then_decoding_gives_the_text_back_on_the_vocabulary(corpus):
    tokenizer = CharacterTokenizer.fit(corpus)
    for text in corpus:
        tokens = tokenizer.encode(text)
        assert (tokens.shape, tokens.dtype) == ((len(text),), torch.int64)
        assert (tokens > 0).all()
        assert tokenizer.decode(tokens) == text


@given(texts, texts)
def test_what_is_not_in_the_vocabulary_is_number_0_and_shown_as_a_replacement(corpus, text):
    tokenizer = CharacterTokenizer.fit([corpus])
    tokens = tokenizer.encode(text)
    assert (tokens == 0).tolist() == [character not in corpus for character in text]
    assert tokenizer.decode(tokens) == "".join(c if c in corpus else UNKNOWN for c in text)
    assert tokenizer.unknown(text) == list(dict.fromkeys(c for c in text if c not in corpus))


def test_numbers_follow_the_order_of_unicode_whatever_the_order_of_the_texts():
    tokenizer = CharacterTokenizer.fit(["zebra", "Äh"])
    assert tokenizer.characters == "abehrzÄ"
    assert tokenizer.vocab_size == 8
    assert tokenizer.encode("aÄ?").tolist() == [1, 7, 0]
    assert CharacterTokenizer.fit(["Äh", "zebra"]).characters == tokenizer.characters


def test_characters_beyond_the_first_65536_are_one_token_each():
    tokenizer = CharacterTokenizer.fit(["a😀b"])
    assert tokenizer.encode("😀a").tolist() == [3, 1]
    assert tokenizer.encode("😁\U0010ffff").tolist() == [0, 0]


def test_the_replacement_character_itself_is_unknown_and_half_a_pair_is_no_character():
    tokenizer = CharacterTokenizer.fit([f"ab{UNKNOWN}", "\ud800"])
    assert tokenizer.characters == "ab"
    assert tokenizer.encode(f"{UNKNOWN}\ud800a").tolist() == [0, 0, 1]


@pytest.mark.parametrize("tokens", [[-1], [0, 3], [-100, 1]])
def test_a_number_outside_the_vocabulary_is_refused(tokens):
    with pytest.raises(ValueError, match="decode takes numbers from 0 to 2"):
        CharacterTokenizer("ab").decode(torch.tensor(tokens))


@pytest.mark.parametrize(("characters", "message"), [("aba", "stands twice"), ("a\udfff", "no character")])
def test_a_vocabulary_that_is_none_is_refused(characters, message):
    with pytest.raises(ValueError, match=message):
        CharacterTokenizer(characters)


def test_a_tokenizer_is_kept_with_the_run(tmp_path):
    tokenizer = CharacterTokenizer.fit(["naïve 😀\n"])
    assert isinstance(tokenizer, Fact)
    save_facts({"tokenizer": tokenizer}, tmp_path)
    assert load_facts(tmp_path)["tokenizer"].characters == tokenizer.characters
