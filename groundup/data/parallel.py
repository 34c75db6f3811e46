"""Sentences and their translations: Multi30k, the pairs of Tatoeba, and files of your own."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from torch.utils.data import Dataset

from groundup.data.lines import BLANK, Rows, checked_split, existing, read_lines, read_table, rows_of, with_gz
from groundup.data.places import folder_of
from groundup.data.text import SPLITS, split_of
from groundup.errors import UserError

EMPTY = "pairs with an empty sentence"
SPLIT_FILES = {"train": ("train",), "validation": ("validation", "val", "valid", "dev"), "test": ("test",)}
MULTI30K = {"train": "train", "validation": "val", "test": "test_2016_flickr", "test_2017": "test_2017_flickr"}
TATOEBA = {"fra": "fra-eng/fra.txt", "cmn": "cmn-eng/cmn.txt"}


def multi30k(*, split: str, source: str = "en", target: str = "de", root: str | Path | None = None) -> Dataset:
    """Multi30k, English and German captions of pictures: 29,000 pairs to train on, 1,014 to validate, two tests of 1,000.

    `split` is "train", "validation", "test" (2016) or "test_2017"; as published: one English
    sentence of "validation" stands in "train", too, and none of the tests.
    Items: source and target, one sentence each.
    Raises: UserError for files that are not there, of unequal length, or not UTF-8.
    From https://github.com/multi30k/dataset (Elliott et al. 2016), task 1, raw; for research and education, not commercial.
    """
    checked_split("multi30k", split, tuple(MULTI30K))
    names = [f"{MULTI30K[split]}.{language}" for language in (source, target)]
    folder = folder_of("multi30k", root, [with_gz([name]) for name in names])
    return paired_files(*(existing(folder, [name]) for name in names))


def tatoeba(*, split: str, target: str = "fra", root: str | Path | None = None) -> Dataset:
    """Short sentences in English with a translation: French ("fra", 142,787 pairs) or Chinese ("cmn", 26,388 pairs).

    `split` is "train", "validation" or "test", about 90, 5 and 5 percent. The same English sentence stands there with several
    translations; a hash of it decides, so that all of them are in one split.
    Items: source and target, one sentence each, in the order of the file: short ones first.
    Raises: UserError for another language, a file that is not there, is not UTF-8, or has a row with too many or few fields.
    From https://www.manythings.org/anki (sentences of https://tatoeba.org), CC BY 2.0 (France).
    """
    if target not in TATOEBA:
        raise UserError(f"tatoeba has translations into {' and '.join(TATOEBA)}; got {target!r}")
    name = TATOEBA[target]
    folder = folder_of("parallel", root, [with_gz([name, Path(name).name])])
    return paired_columns(existing(folder, [name, Path(name).name]), split)


def parallel_texts(*, split: str, root: str | Path, source: str = "en", target: str = "de") -> Dataset:
    """Sentences of your own with their translations, plain or .gz: a tab separated file, or a folder of two files a split.

    The file has the source sentence in its first column and the target in its second; a hash of the source sentence decides
    on the split, "train", "validation" or "test", about 90, 5 and 5 percent, so that a sentence is in one of them only.
    The folder has `train.en` and `train.de` and so on, by the names of the languages `source` and `target`, line facing line;
    for "validation" the names val, valid and dev are known, too.
    Items: source and target, one sentence each. A pair with an empty sentence is left out, and counted.
    Raises: UserError for files that are not there, of unequal length, ragged, or not UTF-8.
    """
    checked_split("parallel_texts", split, SPLITS)
    place = Path(root).expanduser()
    if place.is_file():
        return paired_columns(place, split)
    files = [existing(place, [f"{name}.{language}" for name in SPLIT_FILES[split]]) for language in (source, target)]
    for language, file in zip((source, target), files, strict=True):
        if file is None:
            wanted = " or ".join(f"{name}.{language}" for name in SPLIT_FILES[split])
            raise UserError(f"{place} lacks {wanted} (or .gz): put it there, or give a file with two columns between tabs")
    return paired_files(*files)


def paired_files(source: Path, target: Path) -> Rows:
    """Line facing line of two files.

    Raises: UserError for files of different length: which line lost its partner cannot be known.
    """
    lines = read_lines(source), read_lines(target)
    if len(lines[0]) != len(lines[1]):
        counts = f"{source} has {len(lines[0]):,} lines and {target} has {len(lines[1]):,}"
        raise UserError(f"{counts}: every line needs its translation in the same line of the other file")
    return pairs(source, zip(*lines, strict=True))


def paired_columns(path: Path, split: str) -> Rows:
    """The first two columns of a file; of its rows those that belong to a split.

    Raises: UserError for a file of one column.
    """
    checked_split(path.name, split, SPLITS)
    rows, blank = read_table(path)
    if rows and len(rows[0][1]) < 2:
        raise UserError(f"{path}, line {rows[0][0]}: one field where two belong; put a tab between sentence and translation")
    chosen = rows_of_split(path, [fields for _, fields in rows], [fields[0] for _, fields in rows], split)
    return pairs(path, (fields[:2] for fields in chosen), blank=blank)


def rows_of_split(path: Path, rows: Sequence, sentences: Sequence[str], split: str) -> list:
    """Of a file's rows those whose sentence belongs to a split.

    Raises: UserError where the file has rows, and none of them does.
    """
    chosen = [row for row, sentence in zip(rows, sentences, strict=True) if split_of_sentence(sentence) == split]
    if rows and not chosen:
        given = f"{path}: of its {len(rows)} rows none belongs to the split {split!r}, which a hash of the text decides"
        raise UserError(f"{given}: give more rows, or a file for each split")
    return chosen


def split_of_sentence(sentence: str) -> str:
    """The split of a sentence, whatever its capitals and spaces."""
    return split_of(" ".join(sentence.casefold().split()))


def pairs(path: Path, found: Iterable[Sequence[str]], *, blank: int = 0) -> Rows:
    """Pairs as items, without those that lack a sentence."""
    rows, empty = [], 0
    for source, target in found:
        if source.strip() and target.strip():
            rows.append({"source": source, "target": target})
        else:
            empty += 1
    return rows_of(path, rows, repairs={EMPTY: empty, BLANK: blank})
