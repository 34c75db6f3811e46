"""CLIP's tokenizer beyond its case: any text, what is learnt, and where merges and ftfy are missing."""

import gzip
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.data.tokenizers import clip
from groundup.data.tokenizers.clip import END_OF_TEXT, START_OF_TEXT, ClipTokenizer
from groundup.errors import UserError

TEXTS = ["A red star is above a blue star.", "Two red stars and 12 blue hearts!", "it's a STAR"]


@pytest.fixture(scope="module")
def both():
    tokenizer = pytest.importorskip("open_clip.tokenizer").SimpleTokenizer()
    return ClipTokenizer.read(), tokenizer


@settings(max_examples=300, deadline=None)
@given(text=st.text() | st.text(st.sampled_from("'sSſtTLlrReEvd <>&;#_1234²é\u0345\x1c\n")))
def test_any_text_has_the_numbers_that_open_clip_gives_it(both, text):
    ours, theirs = both
    assert ours.encode(text).tolist() == theirs.encode(text)


def test_entities_of_html_are_resolved_twice_also_where_ftfy_leaves_them_alone(both):
    ours, theirs = both
    for text in ("<b> &amp;lt;", "<b> &amp;amp;lt;", "a &amp;amp; b"):  # ftfy does not touch a text with a "<" in it
        assert ours.encode(text).tolist() == theirs.encode(text)
    assert ours.pieces("<b> &amp;lt;") == ours.pieces("<b> <")


def test_signs_younger_than_this_python_are_letters_where_open_clip_takes_them_for_such(both):
    ours, theirs = both
    for text in ("\U0001e4d0\U0001e4d1", "a\U000323b0b", "\U00010d40\U00010d41"):
        assert ours.encode(text).tolist() == theirs.encode(text)


@pytest.mark.parametrize("text", ["A dog -- it's 3 years old!", "tabs\tand\nlines\r\n"])
def test_plain_text_is_numbered_alike_without_ftfy(both, text, monkeypatch):
    ours, theirs = both
    monkeypatch.setitem(sys.modules, "ftfy", None)
    assert ours.encode(text).tolist() == theirs.encode(text)


def test_other_text_asks_for_ftfy_where_it_is_not_installed(both, monkeypatch):
    monkeypatch.setitem(sys.modules, "ftfy", None)
    with pytest.raises(UserError, match="signs such as 'é' by the library ftfy: pip install ftfy"):
        both[0].encode("a café")


def test_a_tokenizer_of_ones_own_needs_no_ftfy_for_any_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "ftfy", None)
    tokenizer = ClipTokenizer.fit(TEXTS, vocab_size=540)
    assert tokenizer.decode(tokenizer.encode("Ein Café am Fluß, 中文 🙂 \ud800")) == "ein café am fluß , 中 文 🙂 \ufffd".replace(
        "中 文", "中文"
    )


def test_frequent_words_become_one_piece_and_no_text_is_unknown():
    tokenizer = ClipTokenizer.fit(TEXTS * 3, vocab_size=600)
    assert tokenizer.pieces("Red STAR") == ["red</w>", "star</w>"]
    assert tokenizer.decode(tokenizer.encode("zebra 42")) == "zebra 4 2"
    assert tokenizer.unknown("zebra") == []


def test_the_end_of_a_text_has_the_largest_number_and_the_start_the_one_before():
    tokenizer = ClipTokenizer.fit(TEXTS, vocab_size=530)
    assert tokenizer.vocabulary.pieces[-2:] == [START_OF_TEXT, END_OF_TEXT]
    assert (tokenizer.start, tokenizer.end) == (tokenizer.vocab_size - 2, tokenizer.vocab_size - 1)
    assert tokenizer.encode(f"a {END_OF_TEXT}").tolist()[-1] == tokenizer.end
    assert tokenizer.decode(torch.tensor([tokenizer.start, *tokenizer.encode("a star").tolist(), tokenizer.end])) == "a star"


def test_a_tokenizer_is_kept_with_the_run_and_comes_back_the_same():
    tokenizer = ClipTokenizer.fit(TEXTS, vocab_size=560)
    again = ClipTokenizer.from_fact(*tokenizer.to_fact())
    assert again.vocabulary.pieces == tokenizer.vocabulary.pieces
    assert again.pieces("a café, it's 12") == tokenizer.pieces("a café, it's 12")
    assert not again.repair


@pytest.mark.parametrize("packed", [True, False])
def test_merges_are_read_from_a_file_of_the_published_form(tmp_path, packed):
    lines = b"#version: 0.2\ns t\nst a\nsta r</w>\n"
    path = tmp_path / "merges.txt"
    path.write_bytes(gzip.compress(lines) if packed else lines)
    tokenizer = ClipTokenizer.read(path)
    assert tokenizer.pieces("Star stab") == ["star</w>", "sta", "b</w>"]
    assert tokenizer.vocab_size == 512 + 3 + 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"#version\na b c\n", "line 2 is no pair of pieces"),
        (b"#version\n", "it is empty"),
        (b"\x1f\x8bnothing", "cannot be read"),
        (b"#version\n\xff\xfe a\n", "cannot be read"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_holds_no_merges_is_refused(tmp_path, data, words):
    path = tmp_path / "merges.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UserError, match=words):
        ClipTokenizer.read(path)


def test_without_open_clip_it_is_said_where_the_merges_are(monkeypatch):
    monkeypatch.setattr(clip, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install open_clip_torch, or give the path of bpe_simple_vocab_16e6"):
        ClipTokenizer.read()


def test_a_vocabulary_without_room_for_the_bytes_is_refused():
    with pytest.raises(UserError, match="514 pieces before it learns any; got vocab_size=100"):
        ClipTokenizer.fit(TEXTS, vocab_size=100)
