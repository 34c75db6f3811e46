"""Running text: every word is predicted once, the counts of the published sets, facts and batches."""

import gzip
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundup.data.corpora import (
    IGNORE,
    WordWindows,
    penn_treebank,
    time_machine,
    tiny_shakespeare,
    wikitext2,
    word_batch,
    word_facts,
    word_lines,
)
from groundup.data.places import data_home
from groundup.data.text import SPLITS
from groundup.errors import UserError

NEEDS_LM_TEXT = pytest.mark.skipif(not (data_home() / "lm_text").is_dir(), reason="the set lm_text is not on this machine")


def unpacked(name):
    return gzip.decompress((data_home() / "lm_text" / f"{name}.gz").read_bytes()).decode()


@given(st.integers(2, 40), st.integers(1, 9))
def test_every_word_but_the_first_is_predicted_exactly_once(count, length):
    dataset = WordWindows([f"w{n}" for n in range(count)], length=length, keep_short=True)
    predicted = [word for item in (dataset[i] for i in range(len(dataset))) for word in item["text"].split()[1:]]
    assert predicted == dataset.words[1:]
    starts = [dataset[i]["start"] for i in range(len(dataset))]
    assert [dataset.words[start] for start in starts] == [dataset[i]["text"].split()[0] for i in range(len(dataset))]


def test_training_windows_are_whole():
    dataset = WordWindows(["a", "b", "c", "d", "e", "f", "g"], length=2)
    assert [item["text"] for item in dataset] == ["a b c", "c d e", "e f g"]
    assert [item["text"] for item in WordWindows(["a", "b", "c", "d"], length=2)] == ["a b c"]
    for words, length, message in [
        ("a", 1, "1 words of text give no window of 1"),
        ("a b", 0, "length=0"),
        ("a b", 2, "2 words"),
    ]:
        with pytest.raises(UserError, match=message):
            WordWindows(words.split(), length=length)


@NEEDS_LM_TEXT
@pytest.mark.parametrize(
    ("function", "split", "file", "words", "lines"),
    [
        (penn_treebank, "train", "ptb/ptb.train.txt", 887_521, 42_068),
        (penn_treebank, "validation", "ptb/ptb.valid.txt", 70_390, 3_370),
        (penn_treebank, "test", "ptb/ptb.test.txt", 78_669, 3_761),
        (wikitext2, "validation", "wikitext-2/valid.txt", 213_886, 3_760),
        (wikitext2, "test", "wikitext-2/test.txt", 241_211, 4_358),
    ],
)
def test_the_words_are_those_of_the_file_with_an_end_for_each_line(function, split, file, words, lines):
    dataset = function(split=split, length=35)
    assert dataset.words == unpacked(file).replace("\n", " <eos> ").split()
    assert (len(dataset.words) - lines, dataset.words.count("<eos>")) == (words, lines)


@NEEDS_LM_TEXT
@pytest.mark.parametrize(("function", "count"), [(tiny_shakespeare, 1_115_394), (time_machine, 178_979)])
def test_the_splits_of_a_book_are_the_book(function, count):
    texts = [function(split=split, length=64).text for split in SPLITS]
    whole = (data_home() / "lm_text" / "timemachine.txt").read_text(encoding="utf-8")
    assert "".join(texts) == (unpacked("tinyshakespeare/input.txt") if function is tiny_shakespeare else whole)
    assert sum(map(len, texts)) == count
    assert [round(len(text) / count, 2) for text in texts] == [0.9, 0.05, 0.05]


@NEEDS_LM_TEXT
def test_the_treebank_has_ten_thousand_words_and_its_tests_no_other():
    facts = word_facts(penn_treebank(split="train", length=35))
    assert (facts["vocab_size"], facts["max_seq_len"], facts["corpus"]["words"]) == (10_000, 35, 929_589)
    for split in ("validation", "test"):
        assert facts["tokenizer"].unknown(" ".join(penn_treebank(split=split, length=35).words)) == []


def test_text_of_ones_own_is_read_in_words_and_lines(tmp_path):
    (tmp_path / "train.txt.gz").write_bytes(gzip.compress(b" the cat  sat\r\n\r\nthe dog ran"))
    (tmp_path / "dev.txt").write_text("a bird\n")
    train = word_lines(split="train", length=2, root=tmp_path)
    assert train.words == ["the", "cat", "sat", "<eos>", "<eos>", "the", "dog", "ran", "<eos>"]
    assert word_lines(split="validation", length=5, root=tmp_path)[0] == {"text": "a bird <eos>", "start": 0}
    with pytest.raises(UserError, match=r"lacks test\.txt"):
        word_lines(split="test", length=2, root=tmp_path)
    (tmp_path / "test.txt").write_bytes(b"a\nb\n\xe9\n")
    with pytest.raises(UserError, match=r"test\.txt, line 3: byte 0xe9 is not UTF-8"):
        word_lines(split="test", length=2, root=tmp_path)
    with pytest.raises(UserError, match="train, validation, test; got 'dev'"):
        word_lines(split="dev", length=2, root=tmp_path)


def test_a_batch_holds_the_numbers_of_its_words_and_ends_short_windows_in_padding():
    dataset = WordWindows(["b", "a", "b", "<eos>", "<unk>", "c"], length=3, keep_short=True)
    facts = word_facts(dataset, vocab_size=4)
    assert facts["tokenizer"].vocabulary.pieces == ["<unk>", "<eos>", "b", "a"]
    batch = partial(word_batch, tokenizer=facts["tokenizer"])([dataset[0], dataset[1]])
    assert batch["tokens"].tolist() == [[2, 3, 2, 1], [1, 0, 0, IGNORE]]
    assert batch["start"] == [0, 3]
    assert facts["corpus"] != word_facts(WordWindows(["b", "a", "b", "<eos>", "c", "<unk>"], length=3))["corpus"]


def test_other_splits_are_refused():
    for function in (penn_treebank, wikitext2, tiny_shakespeare, time_machine):
        with pytest.raises(UserError, match=f"{function.__name__} has the splits train, validation, test; got 'dev'"):
            function(split="dev", length=4)


def test_a_text_that_is_too_short_is_named(tmp_path):
    (tmp_path / "train.txt").write_text("two words\n")
    (tmp_path / "input.txt").write_text("ten letters")
    with pytest.raises(UserError, match=r"train\.txt: 3 words of text give no window of 8 \+ 1"):
        word_lines(split="train", length=8, root=tmp_path)
    with pytest.raises(UserError, match=r"input\.txt: 9 characters of text give no window of 20 \+ 1"):
        tiny_shakespeare(split="train", length=20, root=tmp_path)


def test_a_folder_where_a_text_belongs_is_named(tmp_path):
    (tmp_path / "train.txt").mkdir()
    with pytest.raises(UserError, match=r"train\.txt cannot be read: Is a directory"):
        word_lines(split="train", length=8, root=tmp_path)
