"""Sentences and their translations: line faces line, a sentence is in one split, and what does not fit is refused."""

import csv
import gzip
import hashlib
from pathlib import Path

import pytest

from groundup.data.parallel import MULTI30K, TATOEBA, multi30k, parallel_texts, split_of_sentence, tatoeba
from groundup.data.places import data_home
from groundup.data.text import SPLITS
from groundup.errors import UserError


def needs(name):
    return pytest.mark.skipif(not (data_home() / name).is_dir(), reason=f"the set {name} is not on this machine")


def sentences(dataset):
    return [(item["source"], item["target"]) for item in dataset]


def table(path, rows):
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


@needs("multi30k")
@pytest.mark.parametrize(("split", "count"), [("train", 29_000), ("validation", 1_014), ("test", 1_000), ("test_2017", 1_000)])
def test_multi30k_holds_the_pairs_that_gzip_reads(split, count):
    dataset = multi30k(split=split)
    files = [data_home() / "multi30k" / f"{MULTI30K[split]}.{language}.gz" for language in ("en", "de")]
    theirs = [gzip.decompress(file.read_bytes()).decode().split("\n")[:-1] for file in files]
    assert sentences(dataset) == list(zip(*theirs, strict=True))
    assert (len(dataset), dataset.repairs) == (count, {})
    assert sentences(multi30k(split=split, source="de", target="en"))[0] == sentences(dataset)[0][::-1]


@needs("multi30k")
def test_multi30ks_tests_have_no_english_sentence_of_the_training_set():
    train = {source for source, _ in sentences(multi30k(split="train"))}
    shared = {split: sum(source in train for source, _ in sentences(multi30k(split=split))) for split in MULTI30K}
    assert shared == {"train": 29_000, "validation": 1, "test": 0, "test_2017": 0}


@needs("parallel")
@pytest.mark.parametrize(("target", "count"), [("fra", 142_787), ("cmn", 26_388)])
def test_tatoebas_splits_hold_each_row_once_and_no_english_sentence_in_two(target, count):
    found = {split: sentences(tatoeba(split=split, target=target)) for split in SPLITS}
    with gzip.open(data_home() / "parallel" / f"{TATOEBA[target]}.gz", "rt", encoding="utf8", newline="\n") as file:
        theirs = [tuple(row[:2]) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    assert len(theirs) == count
    assert sorted(pair for pairs in found.values() for pair in pairs) == sorted(theirs)
    english = {split: {" ".join(source.lower().split()) for source, _ in pairs} for split, pairs in found.items()}
    assert sum(map(len, english.values())) == len(set.union(*english.values()))
    assert {split: round(len(pairs) / count, 2) for split, pairs in found.items()} == {
        "train": 0.9,
        "validation": 0.05,
        "test": 0.05,
    }


def test_a_sentence_falls_on_the_same_split_everywhere_whatever_its_capitals_and_spaces():
    assert split_of_sentence("Hug me.") == split_of_sentence(" hug\u00a0 ME. ") == "validation"
    percent = int.from_bytes(hashlib.sha256(b"i try.").digest()[:4], "little") % 100
    assert percent < 5
    assert split_of_sentence("I try.") == "test"


def test_two_files_of_ones_own_face_each_other_line_by_line(tmp_path):
    (tmp_path / "train.en").write_bytes("one\u2028more\r\ntwo\r\n".encode())
    (tmp_path / "train.fr.gz").write_bytes(gzip.compress(b"un\ndeux"))
    (tmp_path / "dev.en").write_text("three\n")
    (tmp_path / "dev.fr").write_text("trois\n")
    found = parallel_texts(split="train", root=tmp_path, target="fr")
    assert sentences(found) == [("one\u2028more", "un"), ("two", "deux")]
    assert sentences(parallel_texts(split="validation", root=tmp_path, target="fr")) == [("three", "trois")]
    with pytest.raises(UserError, match=r"lacks test\.en \(or \.gz\)"):
        parallel_texts(split="test", root=tmp_path, target="fr")


def test_a_file_of_columns_is_split_by_its_first(tmp_path):
    rows = [(f"sentence {n // 2}", f"phrase {n}", "source") for n in range(400)]
    path = table(tmp_path / "pairs.tsv", rows)
    found = {split: sentences(parallel_texts(split=split, root=path)) for split in SPLITS}
    assert sorted(pair for pairs in found.values() for pair in pairs) == sorted(row[:2] for row in rows)
    assert all(split_of_sentence(source) == split for split, pairs in found.items() for source, _ in pairs)


def test_pairs_with_an_empty_sentence_are_left_out_and_counted(tmp_path, capsys):
    (tmp_path / "train.en").write_text("a\n\nc\n d\n\n")
    (tmp_path / "train.de").write_text("A\nB\n \u3000\nD\n\n")
    found = parallel_texts(split="train", root=tmp_path)
    assert sentences(found) == [("a", "A"), (" d", "D")]
    assert found.repairs == {"pairs with an empty sentence": 3}
    assert capsys.readouterr().err == f"{tmp_path / 'train.en'}: left out 3 pairs with an empty sentence\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"train.en": b"a\nb\nc\n", "train.de": b"A\nB\n"}, r"train\.en has 3 lines and .*train\.de has 2: every line needs"),
        ({"train.en": b"a\nb\n", "train.de": b"A\n\xff\n"}, r"train\.de, line 2: byte 0xff is not UTF-8"),
        ({"train.en": b"a\n", "train.de.gz": b"\x1f\x8b\x08"}, r"train\.de\.gz is not a whole gzip file"),
        ({"train.en": b"a\n"}, r"lacks train\.de \(or \.gz\)"),
        ({"train.en": b"", "train.de": b""}, "gives no items"),
        ({"pairs.tsv": b"a\tA\nb\n"}, r"pairs\.tsv, line 2: 1 fields between tabs where the first row has 2"),
        ({"pairs.tsv": b"a\nb\n"}, r"pairs\.tsv, line 1: one field where two belong"),
        ({"pairs.tsv": b"\t\n"}, r"gives no items \(left out: 1 pairs with an empty sentence\)"),
        ({"pairs.tsv": b"I try.\tA\n"}, "of its 1 rows none belongs to the split 'train', which a hash of the text decides"),
        ({}, r"lacks train\.en"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    root = tmp_path / "pairs.tsv" if "pairs.tsv" in files else tmp_path
    with pytest.raises(UserError, match=message) as refusal:
        parallel_texts(split="train", root=root)
    assert "\n" not in str(refusal.value)


def test_other_splits_and_languages_are_refused(tmp_path):
    with pytest.raises(UserError, match="test_2017; got 'valid'"):
        multi30k(split="valid")
    with pytest.raises(UserError, match="fra and cmn; got 'deu'"):
        tatoeba(split="train", target="deu")
    table(tmp_path / "fra.txt", [("a", "A")])
    with pytest.raises(UserError, match="train, validation, test; got 'dev'"):
        tatoeba(split="dev", root=tmp_path)
    with pytest.raises(
        UserError, match=r"multi30k is not on this machine: .* lacks train\.en or train\.en\.gz\. Put .* train\.fr"
    ):
        multi30k(split="train", target="fr", root=Path(tmp_path))
