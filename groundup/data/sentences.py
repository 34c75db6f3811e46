"""Texts with a class: reviews, sentences, and pairs of sentences of which one may follow from the other."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.lines import BLANK, Rows, checked_split, existing, read_table, rows_of, told, with_gz
from groundup.data.parallel import SPLIT_FILES, rows_of_split
from groundup.data.places import folder_of
from groundup.data.text import SPLITS
from groundup.errors import UserError

INFERENCE = ("entailment", "neutral", "contradiction")
SENTIMENT = ("negative", "positive")
EMPTY = "items with an empty text"
UNDECIDED = "items without a label ('-': the annotators did not agree)"


def snli(*, split: str, root: str | Path | None = None) -> Dataset:
    """Stanford Natural Language Inference: does the hypothesis follow from the premise, may it be, or is it ruled out?

    `split` is "train", "validation" (9,842 pairs) or "test" (9,824). Read are the published `snli_1.0_train.txt` and so on, and
    files with the columns gold_label, sentence1, sentence2, such as `snli_train_20k.tsv.gz`, 20,000 pairs of the 550,152.
    Items: premise, hypothesis, label () int64, one of INFERENCE. Pairs with the label "-" are left out, and counted.
    Raises: UserError for files that are not there, ragged rows, a column that is not there, an unknown label.
    From https://nlp.stanford.edu/projects/snli (Bowman et al. 2015), CC BY-SA 4.0.
    """
    checked_split("snli", split, SPLITS)
    short = {"train": "train", "validation": "dev", "test": "test"}[split]
    names = [f"snli_1.0_{short}.txt", f"snli_{short}.tsv", f"snli_{short}_20k.tsv"]
    return inference(existing(folder_of("snli", root, [with_gz(names)]), names), "sentence1", "sentence2", "gold_label")


def counterfactual_nli(*, split: str, part: str = "all_combined", root: str | Path | None = None) -> Dataset:
    """Pairs of SNLI and what people made of them when asked to change as little as changes the label: 8,330, 1,000 and 2,000.

    `part` is "all_combined", or "original" for the 1,666, 200 and 400 pairs that they began with.
    Items: premise, hypothesis, label () int64, one of INFERENCE.
    Raises: UserError as `snli`.
    From https://github.com/acmi-lab/counterfactually-augmented-data (Kaushik et al. 2020), Apache-2.0.
    """
    checked_split("counterfactual_nli", split, SPLITS)
    if part not in ("all_combined", "original"):
        raise UserError(f"counterfactual_nli has the parts all_combined and original; got {part!r}")
    names = [f"counterfactual_nli/{part}/{ {'validation': 'dev'}.get(split, split) }.tsv"]
    return inference(existing(folder_of("snli", root, [with_gz(names)]), names), "sentence1", "sentence2", "gold_label")


def sick(*, split: str, root: str | Path | None = None) -> Dataset:
    """Sentences Involving Compositional Knowledge: 4,500, 500 and 4,927 pairs with a label, and how related they are.

    Items: premise, hypothesis, label () int64, one of INFERENCE, score () float32 from 1 (unrelated) to 5.
    Raises: UserError as `snli`, and for a score that is no number from 1 to 5.
    From https://marcobaroni.org/composes/sick.html (Marelli et al. 2014), CC BY-NC-SA 3.0.
    """
    checked_split("sick", split, SPLITS)
    short = {"train": "train", "validation": "trial", "test": "test_annotated"}[split]
    names = [f"sick/SICK_{short}.txt", f"SICK_{short}.txt"]
    path = existing(folder_of("snli", root, [with_gz(names)]), names)
    return inference(path, "sentence_A", "sentence_B", "entailment_judgment", score="relatedness_score")


def sst2(*, split: str, root: str | Path | None = None) -> Dataset:
    """Stanford Sentiment Treebank, whole sentences of film reviews, two classes: 6,920, 872 and 1,821, in lower case.

    Items: text, label () int64, one of SENTIMENT.
    Raises: UserError for files that are not there, ragged rows, a label that is neither 0 nor 1.
    From https://nlp.stanford.edu/sentiment (Socher et al. 2013); no licence stated.
    """
    checked_split("sst2", split, SPLITS)
    names = [f"{ {'validation': 'dev'}.get(split, split) }.tsv"]
    path = existing(folder_of("sst2", root, [with_gz(names)]), names)
    rows, blank = read_table(path)
    if rows and len(rows[0][1]) != 2:
        raise UserError(f"{path}, line {rows[0][0]}: {len(rows[0][1])} fields where a sentence, a tab and a label belong")
    if rows and rows[0][1] == ["sentence", "label"]:  # GLUE's files have a header
        del rows[0]
    found = [(number, {"text": text}, label) for number, (text, label) in rows]
    return labelled(path, found, {"0": 0, "1": 1}, SENTIMENT, blank=blank)


def labelled_texts(*, split: str, root: str | Path) -> Dataset:
    """Texts of your own with classes of your own: tab separated files whose first row names the columns `text` and `label`.

    `root` is such a file, in which a hash of the text decides on the split, "train", "validation" or "test", about 90, 5 and 5
    percent, so that the same text is in one of them only; or a folder with `train.tsv`, `validation.tsv` (or val, valid, dev)
    and `test.tsv`. All may be .gz. The classes are the labels of the training split, in the order of Unicode.
    Items: text, label () int64.
    Raises: UserError for files that are not there, ragged rows, missing columns, fewer than two classes, a label of another
    split that the training split does not have.
    """
    checked_split("labelled_texts", split, SPLITS)
    place = Path(root).expanduser()
    parts = {}
    for name in {"train", split}:
        path = place if place.is_file() else existing(place, [f"{stem}.tsv" for stem in SPLIT_FILES[name]])
        if path is None:
            raise UserError(f"{place} lacks {' or '.join(f'{stem}.tsv' for stem in SPLIT_FILES[name])} (or .gz): put it there")
        named, blank = named_rows(path, ("text", "label"))
        rows = [(number, {"text": row["text"]}, row["label"].strip()) for number, row in named]
        if place.is_file():
            rows = rows_of_split(path, rows, [item["text"] for _, item, _ in rows], name)
        parts[name] = path, rows, blank
    labels = sorted({label for _, item, label in parts["train"][1] if item["text"].strip() and label not in ("", "-")})
    if len(labels) < 2:
        raise UserError(f"{parts['train'][0]} has {len(labels)} class in the training split: there is nothing to tell apart")
    path, rows, blank = parts[split]
    return labelled(path, rows, {label: number for number, label in enumerate(labels)}, labels, blank=blank)


def label_facts(dataset: Rows) -> dict[str, object]:
    """The class names: `labels` and `num_classes`."""
    return {"labels": dataset.labels, "num_classes": len(dataset.labels)}


def inference(path: Path, premise: str, hypothesis: str, label: str, *, score: str | None = None) -> Rows:
    """Pairs of sentences from the columns of these names."""
    found = []
    rows, blank = named_rows(path, [name for name in (premise, hypothesis, label, score) if name])
    for number, row in rows:
        item = {"premise": row[premise], "hypothesis": row[hypothesis]}
        if score:
            item["score"] = read_score(row[score], f"{path}, line {number}")
        found.append((number, item, row[label].lower()))
    return labelled(path, found, {name: number for number, name in enumerate(INFERENCE)}, INFERENCE, blank=blank)


def read_score(text: str, where: str) -> Tensor:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 5:
        raise UserError(f"{where}: the score {text[:40]!r} is no number from 1 to 5; mend the row")
    return torch.tensor(value, dtype=torch.float32)


def named_rows(path: Path, wanted: Sequence[str]) -> tuple[list[tuple[int, dict[str, str]]], int]:
    """The rows under a header, with the numbers of their lines, and how many empty lines stand between.

    Raises: UserError for a header that lacks a wanted column, or has it twice.
    """
    rows, blank = read_table(path)
    header = rows[0][1] if rows else []
    for name in wanted:
        if header.count(name) != 1:
            found = f"{header.count(name)} times" if name in header else f"only {told(', '.join(header)) or 'nothing'}"
            raise UserError(f"{path}: its first row must name the column {name!r} once; it names {found}")
    return [(number, dict(zip(header, fields, strict=True))) for number, fields in rows[1:]], blank


def labelled(
    path: Path, found: Sequence[tuple[int, dict, str]], numbers: Mapping[str, int], labels: Sequence[str], *, blank: int = 0
) -> Rows:
    """Items with their labels as numbers, without those that have an empty text or no label.

    Raises: UserError for a label that is not known.
    """
    rows, empty, undecided = [], 0, 0
    for number, item, label in found:
        if label == "-" and label not in numbers:
            undecided += 1
        elif label not in numbers:
            raise UserError(f"{path}, line {number}: the label {label[:40]!r} is none of {', '.join(numbers)}; mend the row")
        elif not all(text.strip() for text in item.values() if isinstance(text, str)):
            empty += 1
        else:
            rows.append({**item, "label": torch.tensor(numbers[label])})
    return rows_of(path, rows, labels=labels, repairs={EMPTY: empty, UNDECIDED: undecided, BLANK: blank})
