"""How texts fall into words, against the library's own splitting, for every character of Unicode."""

import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundup.data.tokenizers.splitting import bert_normalized, gpt2_pieces, words, words_and_marks

tokenizers = pytest.importorskip("tokenizers")
BERT = tokenizers.normalizers.BertNormalizer()
CASED = tokenizers.normalizers.BertNormalizer(lowercase=False)
MARKS = tokenizers.pre_tokenizers.BertPreTokenizer()
SPACES = tokenizers.pre_tokenizers.WhitespaceSplit()
BYTES = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)


def pieces(splitter, text):
    return [piece for piece, _ in splitter.pre_tokenize_str(text)]


@cache
def judged_otherwise():
    """The characters that ours and BERT's parts of the library take differently: the library's Unicode is of 2015."""
    assigned = (chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) not in ("Cn", "Cs", "Co"))
    return {
        c
        for c in assigned
        if not "\u4e00" <= c <= "\u9fff"
        and not "\uac00" <= c <= "\ud7a3"
        and not "\U00020000" <= c <= "\U0002ffff"
        and (BERT.normalize_str(c) != bert_normalized(c) or len(pieces(MARKS, f"a{c}b")) != len(words_and_marks(f"a{c}b")))
    }


def assigned_characters():
    """Those that this Python's Unicode knows, but the few that came or changed after the library's."""
    return st.characters(exclude_categories=("Cn", "Cs"), exclude_characters="".join(judged_otherwise()))


def test_only_characters_that_came_or_changed_after_2015_are_judged_otherwise_than_by_the_library():
    then = unicodedata.ucd_3_2_0.category
    assert len(judged_otherwise()) < 800
    assert {c for c in judged_otherwise() if then(c) not in ("Cn", unicodedata.category(c))} <= set("\u166d\u1734\u1885\u1886")
    assert not {c for c in judged_otherwise() if then(c) == unicodedata.category(c)}


@given(st.text(assigned_characters()))
def test_words_and_punctuation_are_those_of_the_library(text):
    assert words_and_marks(text) == pieces(MARKS, text)
    assert words(text) == pieces(SPACES, text)


@given(st.text(assigned_characters()))
def test_bert_sees_what_the_librarys_bert_sees(text):
    assert bert_normalized(text) == BERT.normalize_str(text)
    assert bert_normalized(text, lower=False) == CASED.normalize_str(text)


@given(st.text(st.one_of(st.characters(exclude_categories=("Cn", "Cs")), st.sampled_from("a1' \n\t!st"))))
def test_gpt2s_pieces_are_those_of_the_library_and_lose_nothing(text):
    ours = list(gpt2_pieces(text))
    assert "".join(ours) == text
    offsets = [span for _, span in BYTES.pre_tokenize_str(text)]
    assert ours == [text[start:end] for start, end in offsets]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They've 3 cats.", ["They", "'ve", " 3", " cats", "."]),
        ("a  b \n", ["a", " ", " b", " \n"]),
        ("x\n\ny", ["x", "\n", "\n", "y"]),
        ("'sleep", ["'s", "leep"]),
        ("½²Ⅷ五", ["½²Ⅷ", "五"]),
    ],
)
def test_of_a_run_of_white_space_the_last_goes_to_the_word(text, expected):
    assert list(gpt2_pieces(text)) == expected


def test_normalizing_drops_accents_and_control_characters_and_sets_ideographs_apart():
    assert bert_normalized("Ünï\u200bcode\t学习\x00") == "unicode  学  习 "
    assert bert_normalized("Ünï学", lower=False) == "Ünï 学 "
    assert bert_normalized("ΌΔΟΣ") == "οδοσ"  # with the sigma of the middle of words: each letter for itself
    assert words_and_marks("don't $5\u00a0a_b") == ["don", "'", "t", "$", "5", "a", "_", "b"]
    assert words("a\x1cb\u3000c") == ["a\x1cb", "c"]
