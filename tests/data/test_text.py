"""Text data: windows, splits, which paragraphs are prose, and batches."""

import hashlib
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from groundup.data import text as module
from groundup.data.text import (
    IGNORE,
    SPLITS,
    TextWindows,
    character_facts,
    is_prose,
    library_documents,
    model_inputs,
    paragraphs_of_prose,
    prose,
    split_of,
    split_text,
    token_windows,
)
from groundup.data.tokenizers.character import CharacterTokenizer
from groundup.errors import UserError

STORY = "\n\n".join(f"Paragraph {n} tells what happened on day {n} of the year." for n in range(200))


def folder_of(tmp_path, count):
    """A folder of so many files; every one shares its first paragraph with all others."""
    for n in range(count):
        path = tmp_path / f"part{n % 3}" / f"chapter{n}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"All rights are reserved.\n\nChapter {n} begins.\n\nAnd so ends chapter {n}.\n")
    return tmp_path


def scored_places(dataset):
    """The place in the text of every character that the windows ask for."""
    items = (dataset[i] for i in range(len(dataset)))
    return [item["start"] + i for item in items for i in range(1, len(item["text"]))]


@given(st.text(min_size=2), st.integers(1, 9))
def test_every_character_but_the_first_is_scored_exactly_once(text, length):
    dataset = TextWindows(text, length=length, keep_short=True)
    assert scored_places(dataset) == list(range(1, len(text)))
    for item in (dataset[i] for i in range(len(dataset))):
        assert item["text"] == text[item["start"] : item["start"] + length + 1]


@given(st.integers(2, 40), st.integers(1, 9), st.data())
def test_overlapping_windows_leave_no_character_out(size, length, data):
    stride = data.draw(st.integers(1, length))
    dataset = TextWindows("x" * size, length=length, stride=stride, keep_short=True)
    assert set(scored_places(dataset)) == set(range(1, size))
    assert all(len(dataset[i]["text"]) == length + 1 for i in range(len(dataset) - 1))


def test_training_windows_are_whole():
    dataset = TextWindows("abcdefghij", length=4)
    assert [dataset[i]["text"] for i in range(len(dataset))] == ["abcde", "efghi"]
    assert [item["text"] for item in dataset] == ["abcde", "efghi"]  # it ends, as a sequence should
    with pytest.raises(IndexError):
        dataset[2]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("abc", dict(length=3), "3 characters of text give no window of 3 \\+ 1"),
        ("a", dict(length=3, keep_short=True), "1 characters of text give no window"),
        ("", dict(length=3, keep_short=True), "0 characters"),
        ("abcdef", dict(length=3, stride=4), "stride=4 and length=3"),
        ("abcdef", dict(length=3, stride=0), "stride=0"),
        ("abcdef", dict(length=0), "length=0"),
    ],
)
def test_windows_that_cannot_be_are_refused(text, options, message):
    with pytest.raises(UserError, match=message):
        TextWindows(text, **options)


def test_the_splits_share_no_file_and_no_paragraph(tmp_path):
    folder = folder_of(tmp_path, 80)
    found = {split: prose(split=split, root=folder, length=20).text.split("\n\n") for split in SPLITS}
    everything = [paragraph for paragraphs in found.values() for paragraph in paragraphs]
    assert len(everything) == len(set(everything)) == 2 * 80 + 1
    for split, paragraphs in found.items():
        chapters = {paragraph.strip(".").split()[-1 if "ends" in paragraph else 1] for paragraph in paragraphs}
        for n in chapters - {"rights"}:
            assert split_of(f"part{int(n) % 3}/chapter{n}.txt") == split
    assert len(found["train"]) > 10 * len(found["test"]) > 0


def test_a_files_split_depends_on_its_name_alone(tmp_path):
    before = {split: prose(split=split, root=folder_of(tmp_path, 80), length=20).text for split in SPLITS}
    (tmp_path / "another.md").write_text("Nothing of this was there.")
    after = {split: prose(split=split, root=tmp_path, length=20).text for split in SPLITS}
    changed = [split for split in SPLITS if before[split] != after[split]]
    assert changed == [split_of("another.md")]


def test_a_name_falls_on_the_same_split_on_every_machine():
    assert [split_of(f"{n}.txt") for n in range(20)].count("train") < 20
    shares = [split_of(str(n)) for n in range(4000)]
    assert shares.count("test") / 4000 == pytest.approx(0.05, abs=0.015)
    assert shares.count("validation") / 4000 == pytest.approx(0.05, abs=0.015)
    digest = hashlib.sha256(b"sklearn/base.py").digest()
    assert split_of("sklearn/base.py") == ("train" if int.from_bytes(digest[:4], "little") % 100 >= 10 else None)


def test_a_single_file_is_cut_by_position(tmp_path):
    (tmp_path / "story.txt").write_text(STORY)
    parts = [prose(split=split, root=tmp_path / "story.txt", length=20).text for split in SPLITS]
    assert "".join(parts) == STORY
    for split, part in zip(SPLITS, parts, strict=True):
        scored = len(scored_places(prose(split=split, root=tmp_path / "story.txt", length=20)))
        assert scored == ((len(part) - 1) // 20 * 20 if split == "train" else len(part) - 1)
    assert [len(part) / len(STORY) for part in parts] == pytest.approx([0.9, 0.05, 0.05], abs=0.001)


def test_so_is_a_folder_too_small_to_give_every_split_a_file(tmp_path):
    assert {split_of(f"part{n}/chapter{n}.txt") for n in range(2)} == {"train"}
    folder = folder_of(tmp_path, 2)
    parts = [split_text(module.own_documents(folder), split) for split in SPLITS]
    assert "".join(parts).count("Chapter") == 2
    assert all(parts)


def test_texts_of_ones_own_keep_their_lines(tmp_path):
    (tmp_path / "poem.md").write_bytes("\ufeffEine Zeile,\r\n  noch eine.\r\n\r\n \r\nÜber = 1\n".encode())
    assert module.own_documents(tmp_path) == {"poem.md": ["Eine Zeile,\n  noch eine.", "Über = 1"]}


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (None, "gone.txt", "gone.txt cannot be read: No such file"),
        (b"caf\xe9", "latin.txt", r"latin.txt is not a text in UTF-8 \(byte 3"),
        (b" \n\n\t", "blank.txt", "holds no text"),
        (b"print()", "folder/code.py", "folder holds no text"),
    ],
)
def test_a_root_that_is_no_text_is_answered_in_one_line(tmp_path, content, name, message):
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(UserError, match=message) as refusal:
        prose(split="train", root=path.parent if path.suffix == ".py" else path, length=4)
    assert "\n" not in str(refusal.value)


def test_another_split_is_refused():
    with pytest.raises(UserError, match="train, validation, test; got 'valid'"):
        prose(split="valid", length=8)


DOCSTRING = """Fit a line to the points by least squares, as *closely* as it can be.

Read more in the :ref:`User Guide <linear_model>` about :class:`~sklearn.Line`, and
about ``fit`` in `the paper <https://example.org>`_ of the authors [1]_.

Parameters
----------
x : ndarray of shape (n_samples, n_features)
    The points in the plane, one a row. They need not be sorted.
    A missing one is left out.
y : float, default=1.0

A heading may well read like a sentence that ends in a full stop.
-----------------------------------------------------------------
The sum of the squares is S = a^2 + b^2 for every point of the set.

>>> from sklearn import Line
>>> Line().fit(x)  # The points in the plane are fitted here.

Too short to be of use.
"""


def test_of_a_docstring_its_prose_is_kept_without_markup():
    assert list(paragraphs_of_prose(DOCSTRING)) == [
        "Fit a line to the points by least squares, as closely as it can be.",
        "Read more in the User Guide about sklearn.Line, and about fit in the paper of the authors.",
        "The points in the plane, one a row. They need not be sorted. A missing one is left out.",
    ]


@pytest.mark.parametrize(
    "paragraph",
    [
        "This is short, and no more.",
        "and this is the end of a sentence that began in another paragraph.",
        "This is a heading over what is to come in the next of the paragraphs",
        "The value of alpha is given by alpha = beta in each of the cases here.",
        "A list of (1, 2, 3, 4, 5, 6, 7), (8, 9, 10, 11), (12, 13), is 1, 2, 3, 4.",
        "Minimum maximum average median deviation variance kurtosis skewness quantile percentile covariance scatter and entropy.",
    ],
)
def test_what_is_no_prose_is_left_out(paragraph):
    assert not is_prose(paragraph)


def test_private_functions_and_code_that_does_not_parse_are_passed_over(tmp_path):
    path = tmp_path / "code.py"
    path.write_text('"""a"""\nclass B:\n  """b"""\n  def c(self):\n    r"""c\\d"""\n  def _d(self):\n    """d"""\nx = """e"""\n')
    assert sorted(module.docstrings(path)) == ["a", "b", "c\\d"]
    path.write_text("def broken(:")
    assert list(module.docstrings(path)) == []


def test_the_libraries_hold_about_three_million_characters_of_english():
    splits = {split: prose(split=split, length=128) for split in SPLITS}
    sizes = {split: len(dataset.text) for split, dataset in splits.items()}
    assert 2.5e6 < sum(sizes.values()) < 5e6
    assert all(0.02 < sizes[split] / sum(sizes.values()) < 0.09 for split in ("validation", "test"))
    paragraphs = [paragraph for dataset in splits.values() for paragraph in dataset.text.split("\n\n")]
    assert len(paragraphs) == len(set(paragraphs))
    assert all(map(is_prose, paragraphs))
    letters = "".join(paragraphs)
    assert letters.count("e") / len(letters) == pytest.approx(0.1, abs=0.02)
    assert {"sklearn/datasets/descr/iris.rst", "numpy/linalg/_linalg.py"} <= library_documents().keys()
    facts = character_facts(splits["train"])
    assert 80 < facts["vocab_size"] < 120
    assert facts["max_seq_len"] == 128


def test_facts_name_the_text_that_was_trained_on():
    facts, same, other = (character_facts(TextWindows(text, length=2)) for text in ("abcab", "abcab", "abcba"))
    assert facts["vocab_size"] == facts["tokenizer"].vocab_size == 4
    assert facts["corpus"] == same["corpus"] == {"characters": 5, "sha256": hashlib.sha256(b"abcab").hexdigest()}
    assert facts["corpus"] != other["corpus"]


def test_a_short_window_ends_in_padding_that_the_model_never_sees():
    collate = partial(token_windows, tokenizer=CharacterTokenizer("abc"))
    items = [{"text": "abca", "source": "x"}, {"text": "cb", "source": "y"}]
    batch = collate(items)
    assert batch["tokens"].tolist() == [[1, 2, 3, 1], [3, 2, IGNORE, IGNORE]]
    assert batch["source"] == ["x", "y"]
    assert model_inputs(batch["tokens"]).tolist() == [[1, 2, 3], [3, 2, 0]]
    assert torch.equal(collate(items[:1])["tokens"], batch["tokens"][:1])
