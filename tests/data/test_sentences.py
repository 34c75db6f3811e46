"""Texts with classes: each label is that of the file, and what has none or another is left out or refused."""

import csv
import gzip

import pytest
import torch

from groundup.data.places import data_home
from groundup.data.sentences import INFERENCE, counterfactual_nli, label_facts, labelled_texts, sick, snli, sst2
from groundup.data.text import SPLITS, split_of
from groundup.errors import UserError

SNLI = "gold_label\tsentence1_parse\tsentence1\tsentence2\n"


def needs(name):
    return pytest.mark.skipif(not (data_home() / name).is_dir(), reason=f"the set {name} is not on this machine")


def read_by_csv(path, header=True):
    with gzip.open(path, "rt", encoding="utf8", newline="\n") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] if header else rows


def counts(dataset):
    found = torch.stack([item["label"] for item in dataset])
    assert found.dtype == torch.int64
    return dict(zip(dataset.labels, found.bincount(minlength=len(dataset.labels)).tolist(), strict=True))


@needs("snli")
@pytest.mark.parametrize(
    ("function", "split", "file", "columns", "expected"),
    [
        (snli, "train", "snli_train_20k.tsv", ("sentence1", "sentence2", "gold_label"), (6667, 6562, 6771)),
        (snli, "validation", "snli_dev.tsv", ("sentence1", "sentence2", "gold_label"), (3329, 3235, 3278)),
        (snli, "test", "snli_test.tsv", ("sentence1", "sentence2", "gold_label"), (3368, 3219, 3237)),
        (
            *(counterfactual_nli, "train", "counterfactual_nli/all_combined/train.tsv"),
            *(("sentence1", "sentence2", "gold_label"), (2770, 2778, 2782)),
        ),
        (sick, "train", "sick/SICK_train.txt", ("sentence_A", "sentence_B", "entailment_judgment"), (1299, 2536, 665)),
        (sick, "test", "sick/SICK_test_annotated.txt", ("sentence_A", "sentence_B", "entailment_judgment"), (1414, 2793, 720)),
    ],
)
def test_pairs_and_labels_are_those_that_the_csv_module_reads(function, split, file, columns, expected):
    dataset = function(split=split)
    theirs = read_by_csv(data_home() / "snli" / f"{file}.gz")
    ours = [(item["premise"], item["hypothesis"], INFERENCE[item["label"]]) for item in dataset]
    assert ours == [(row[columns[0]], row[columns[1]], row[columns[2]].lower()) for row in theirs]
    assert counts(dataset) == dict(zip(INFERENCE, expected, strict=True))
    assert dataset.repairs == {}
    if function is sick:
        assert [round(float(item["score"]), 3) for item in dataset] == [float(row["relatedness_score"]) for row in theirs]


@needs("snli")
def test_the_smaller_parts_have_the_counts_of_their_readme():
    assert [len(counterfactual_nli(split=split, part="original")) for split in SPLITS] == [1666, 200, 400]
    assert [len(counterfactual_nli(split=split)) for split in SPLITS] == [8330, 1000, 2000]
    assert len(sick(split="validation")) == 500


@needs("sst2")
@pytest.mark.parametrize(("split", "file", "expected"), [("train", "train", (3310, 3610)), ("validation", "dev", (428, 444))])
def test_sst2_is_what_the_csv_module_reads(split, file, expected):
    dataset = sst2(split=split)
    theirs = read_by_csv(data_home() / "sst2" / f"{file}.tsv.gz", header=False)
    assert [[item["text"], str(int(item["label"]))] for item in dataset] == theirs
    assert counts(dataset) == dict(zip(("negative", "positive"), expected, strict=True))
    assert len(sst2(split="test")) == 1821


def test_pairs_without_a_label_or_a_sentence_are_left_out_and_counted(tmp_path, capsys):
    rows = "neutral\t(x)\ta\tb\n-\t(x)\tc\td\n\nentailment\t(x)\t \te\ncontradiction\t(x)\tf\tg\n"
    (tmp_path / "snli_1.0_train.txt").write_text(SNLI + rows)
    dataset = snli(split="train", root=tmp_path)
    assert [(item["premise"], item["hypothesis"], int(item["label"])) for item in dataset] == [("a", "b", 1), ("f", "g", 2)]
    assert list(dataset.repairs.values()) == [1, 1, 1]
    told = capsys.readouterr().err.splitlines()
    assert [line.split(": ", 1)[1][:21] for line in told] == [
        "left out 1 items with",
        "left out 1 items with",
        "left out 1 empty line",
    ]


def test_the_files_of_glue_have_a_header(tmp_path):
    (tmp_path / "dev.tsv").write_text("sentence\tlabel\nfine \t1\nbad \t0\n")
    assert [(item["text"], int(item["label"])) for item in sst2(split="validation", root=tmp_path)] == [("fine ", 1), ("bad ", 0)]


@pytest.mark.parametrize(
    ("function", "name", "content", "message"),
    [
        (snli, "snli_train.tsv", SNLI + "maybe\tx\ta\tb\n", r"line 2: the label 'maybe' is none of entailment, neutral"),
        (snli, "snli_train.tsv", SNLI + "\tx\ta\tb\n", r"line 2: the label '' is none of"),
        (snli, "snli_train.tsv", SNLI + "neutral\tx\ta\n", r"line 2: 3 fields between tabs where the first row has 4"),
        (
            snli,
            "snli_train.tsv",
            "label\tsentence1\tsentence2\n",
            r"must name the column 'sentence1'|'gold_label' once; it names only",
        ),
        (snli, "snli_train.tsv", "gold_label\tsentence1\tsentence1\n", r"the column 'sentence1' once; it names 2 times"),
        (snli, "snli_train.tsv", "", "it names only nothing"),
        (snli, "snli_train.tsv", SNLI, "gives no items"),
        (sst2, "train.tsv", "good\t1\nbad\t2\n", r"train\.tsv, line 2: the label '2' is none of 0, 1"),
        (sst2, "train.tsv", "index\tsentence\tlabel\n", r"line 1: 3 fields where a sentence, a tab and a label belong"),
        (
            sick,
            "SICK_train.txt",
            "sentence_A\tsentence_B\trelatedness_score\tentailment_judgment\na\tb\t7\tNEUTRAL\n",
            "'7' is no number",
        ),
        (
            sick,
            "SICK_train.txt",
            "sentence_A\tsentence_B\trelatedness_score\tentailment_judgment\na\tb\tnan\tNEUTRAL\n",
            "'nan' is no",
        ),
    ],
)
def test_a_label_that_is_not_known_never_becomes_another(tmp_path, function, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message) as refusal:
        function(split="train", root=tmp_path)
    assert "\n" not in str(refusal.value)


def test_classes_of_ones_own_are_numbered_by_the_training_split(tmp_path):
    (tmp_path / "train.tsv").write_text("label\ttext\tby\nspam\tbuy now\tx\nham \thello\ty\n-\t?\tz\n", encoding="utf-8")
    (tmp_path / "val.tsv").write_text("text\tlabel\nbuy more\tspam\n")
    (tmp_path / "test.tsv").write_text("text\tlabel\nwho knows\tother\n")
    train, validation = (labelled_texts(split=split, root=tmp_path) for split in ("train", "validation"))
    assert label_facts(train) == {"labels": ["ham", "spam"], "num_classes": 2}
    assert [(item["text"], int(item["label"])) for item in train] == [("buy now", 1), ("hello", 0)]
    assert [(item["text"], int(item["label"])) for item in validation] == [("buy more", 1)]
    with pytest.raises(UserError, match=r"test\.tsv, line 2: the label 'other' is none of ham, spam"):
        labelled_texts(split="test", root=tmp_path)


def test_one_file_of_ones_own_is_split_by_its_texts(tmp_path):
    path = tmp_path / "all.tsv"
    path.write_text("text\tlabel\n" + "".join(f"Text {n // 2}\t{n % 2}\n" for n in range(400)))
    found = {split: [item["text"] for item in labelled_texts(split=split, root=path)] for split in SPLITS}
    assert sorted(text for texts in found.values() for text in texts) == sorted(f"Text {n // 2}" for n in range(400))
    assert all(split_of(text.lower()) == split for split, texts in found.items() for text in texts)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text\tlabel\na\tx\nb\tx\n", "has 1 class in the training split"),
        ("text\tlabel\na\tx\nb\t\nc\ty\n", "line 3: the label '' is none of x, y"),
        ("text\tclass\na\tx\n", "must name the column 'label' once; it names only text, class"),
        (None, r"lacks train\.tsv"),
    ],
)
def test_classes_that_cannot_be_told_apart_are_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "train.tsv").write_text(content)
    with pytest.raises(UserError, match=message):
        labelled_texts(split="train", root=tmp_path)


def test_other_splits_and_parts_are_refused():
    for function in (snli, sick, sst2, counterfactual_nli):
        with pytest.raises(UserError, match=f"{function.__name__} has the splits train, validation, test; got 'dev'"):
            function(split="dev")
    with pytest.raises(UserError, match=r"all_combined and original; got '\.\.'"):
        counterfactual_nli(split="train", part="..")


def test_a_label_or_a_header_of_thousands_of_letters_is_refused_in_a_short_line(tmp_path):
    for content, message in ((f"a\t{'x' * 9999}\n", "the label 'x+' is none of 0, 1"), ("a\x0cb\tc\n", "is none of 0, 1")):
        (tmp_path / "train.tsv").write_text(content)
        with pytest.raises(UserError, match=message) as refused:
            sst2(split="train", root=tmp_path)
        assert len(str(refused.value)) < 500
    with pytest.raises(UserError, match="its first row must name the column 'text' once") as refused:
        labelled_texts(split="train", root=tmp_path)
    assert str(refused.value).isprintable()
