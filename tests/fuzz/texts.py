"""Text: parallel files, running text, labelled sentences, and film reviews."""

import gzip
import io
import re
import tarfile
from collections.abc import Iterator
from functools import partial

from groundup.data.corpora import tiny_shakespeare, word_lines
from groundup.data.parallel import multi30k, parallel_texts, tatoeba
from groundup.data.reviews import imdb
from groundup.data.sentences import labelled_texts, sick, snli, sst2
from groundup.data.text import prose
from groundup.errors import UserError
from tests.fuzz.case import Case, Format, Known
from tests.fuzz.damage import ANY_FILE
from tests.fuzz.text_damage import TEXT, cells_changed

SPLITS = ("train", "validation", "test")
COUNT = 60
INFERENCE = ("entailment", "neutral", "contradiction")
MARKS = ("", " – “naïve”", " \u2028 half", " 😀", " a\u00a0b", ' say "so"', " x\x0cy")  # which lines may well hold


def sentence(number: int) -> str:
    return f"Sentence {number} of the source{MARKS[number % len(MARKS)]}."


def put(case: Case, name: str, text: str) -> None:
    """Write a text, as it is or packed."""
    path = case.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if case.chance.random() < 0.25:
        path = path.with_name(f"{path.name}.gz")
        path.write_bytes(gzip.compress(text.encode()))
        case.packed.append(path)
    else:
        path.write_bytes(text.encode())
        case.texts.append(path)


def text_of(case: Case, name: str) -> str:
    """The text of the first of a file's two forms, decoded as strictly as can be."""
    path = case.folder / name
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes())
    return data.removeprefix(b"\xef\xbb\xbf").decode()


def lines_in(case: Case, name: str) -> list[str]:
    lines = text_of(case, name).split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def rows_in(case: Case, name: str) -> list[list[str]]:
    rows = [line.split("\t") for line in lines_in(case, name) if line]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("ragged")
    return rows


def gather(pairs) -> Known:
    known: Known = {}
    for key, stated in pairs:
        known.setdefault(key, set()).add(stated)
    return known


def write_pairs(case: Case) -> None:
    """Two files line by line, or columns."""
    case.choice = case.chance.choice(("multi30k", "files", "columns", "tatoeba"))
    pairs = [(sentence(n), f"Satz {n} des Ziels{MARKS[n % 5]}.") for n in range(COUNT)]
    if case.choice in ("multi30k", "files"):
        for column, language in enumerate(("en", "de")):
            put(case, f"train.{language}", "".join(pair[column] + "\n" for pair in pairs))
    else:
        name = "own.tsv" if case.choice == "columns" else "fra.txt"
        put(case, name, "".join("\t".join((*pair, "note")) + "\n" for pair in pairs))
    case.naive = naive_pairs
    case.known = naive_pairs(case)


def read_pairs(case: Case) -> Iterator[tuple]:
    if case.choice == "multi30k":
        readers = [partial(multi30k, split="train", root=case.folder)]
    elif case.choice == "files":
        readers = [partial(parallel_texts, split="train", root=case.folder)]
    elif case.choice == "tatoeba":
        readers = [partial(tatoeba, split=split, root=case.folder) for split in SPLITS]
    else:
        own = max(case.folder.glob("own.tsv*"), default=case.folder)
        readers = [partial(parallel_texts, split=split, root=own) for split in SPLITS]
    for reader in readers:
        try:
            for item in case.each(reader()):
                yield item["source"], item["target"]
        except UserError as error:
            if "none belongs to the split" not in str(error):  # of few sentences some split may have none
                raise


def naive_pairs(case: Case) -> Known:
    if case.choice in ("multi30k", "files"):
        pairs = zip(lines_in(case, "train.en"), lines_in(case, "train.de"), strict=True)
    else:
        pairs = [row[:2] for row in rows_in(case, "own.tsv" if case.choice == "columns" else "fra.txt")]
    return gather((a, b) for a, b in pairs if a.strip() and b.strip())


def write_sentences(case: Case) -> None:
    """A label in each row."""
    case.choice = case.chance.choice(("snli", "sst2", "sick", "labelled_texts"))
    rows = []
    for n in range(COUNT):
        a, b = sentence(n), f"Does it follow {n}?"
        if case.choice == "snli":
            rows.append((INFERENCE[n % 3], a, b, str(n)))
        elif case.choice == "sick":
            rows.append((str(n), a, b, f"{1 + n / 15:.2f}", INFERENCE[n % 3].upper()))
        else:
            rows.append((a, str(n % 2) if case.choice == "sst2" else ("good", "bad", "neither nor")[n % 3]))
    header = {
        "snli": ("gold_label", "sentence1", "sentence2", "pairID"),
        "sick": ("pair_ID", "sentence_A", "sentence_B", "relatedness_score", "entailment_judgment"),
        "sst2": (),
        "labelled_texts": ("text", "label"),
    }[case.choice]
    name = {"snli": "snli_1.0_train.txt", "sick": "SICK_train.txt", "sst2": "train.tsv", "labelled_texts": "train.tsv"}[
        case.choice
    ]
    case.notes["name"] = name
    put(case, name, "".join("\t".join(row) + "\n" for row in ([header] if header else []) + rows))
    case.naive = naive_sentences
    case.known = naive_sentences(case)


def read_sentences(case: Case) -> Iterator[tuple]:
    reader = {"snli": snli, "sst2": sst2, "sick": sick, "labelled_texts": labelled_texts}[case.choice]
    dataset = reader(split="train", root=case.folder)
    for item in case.each(dataset):
        key = item["text"] if "text" in item else (item["premise"], item["hypothesis"])
        score = (round(item["score"].item(), 4),) if "score" in item else ()
        yield key, (dataset.labels[item["label"]], *score)


def naive_sentences(case: Case) -> Known:
    rows = rows_in(case, case.notes["name"])
    if case.choice == "sst2":
        names = {"0": "negative", "1": "positive"}
        return gather((text, (names.get(label),)) for text, label in rows)
    header, *rows = rows
    found = [dict(zip(header, row, strict=True)) for row in rows]
    if case.choice == "snli":
        return gather(((row["sentence1"], row["sentence2"]), (row["gold_label"].lower(),)) for row in found)
    if case.choice == "labelled_texts":
        return gather((row["text"], (row["label"].strip(),)) for row in found)
    return gather(
        ((row["sentence_A"], row["sentence_B"]), (row["entailment_judgment"].lower(), round(float(row["relatedness_score"]), 4)))
        for row in found
    )


def write_corpus(case: Case) -> None:
    """Running text of words, of characters, or in a folder of one's own."""
    case.choice = case.chance.choice(("words", "characters", "folder"))
    if case.choice == "words":
        put(case, "train.txt", "".join(f"word{n} and the {n} rest\n" for n in range(COUNT)))
    elif case.choice == "characters":
        put(case, "input.txt", "".join(f"Line {n} of the play.\n" for n in range(COUNT)))
    else:
        for name in ("a.txt", "below/b.md"):
            path = case.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n\n".join(f"Paragraph {n} of {name}." for n in range(30)) + "\n")
            case.texts.append(path)
    case.naive = naive_corpus
    case.known = naive_corpus(case)


LENGTH = 8


def read_corpus(case: Case) -> Iterator[tuple]:
    if case.choice == "words":
        dataset = word_lines(split="train", root=case.folder, length=LENGTH)
    elif case.choice == "characters":
        dataset = tiny_shakespeare(split="train", root=case.folder, length=LENGTH)
    else:
        dataset = prose(split="train", root=case.folder, length=LENGTH)
    for item in case.each(dataset):
        yield item["start"], item["text"]


def naive_corpus(case: Case) -> Known:
    """Window by window, at its place."""
    if case.choice == "words":
        words = [word for line in lines_in(case, "train.txt") for word in [*line.split(), "<eos>"]]
        return {at: {" ".join(words[at : at + LENGTH + 1])} for at in range(0, len(words) - LENGTH, LENGTH)}
    if case.choice == "characters":
        text = text_of(case, "input.txt").replace("\r\n", "\n")
    else:
        seen: dict[str, None] = {}
        for path in sorted(path for path in case.folder.rglob("*") if path.suffix in (".txt", ".md")):
            whole = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
            seen |= {block.strip("\n"): None for block in re.split(r"\n\s*\n", whole) if block.strip()}
        text = "\n\n".join(seen)
    text = text[: len(text) * 90 // 100]
    return {at: {text[at : at + LENGTH + 1]} for at in range(0, len(text) - LENGTH, LENGTH)}


def review(number: int, label: str) -> tuple[str, str]:
    stars = 7 + number % 4 if label == "pos" else 1 + number % 4
    return f"train/{label}/{number}_{stars}.txt", f"Review {number} is {label}<br />{MARKS[number % len(MARKS)]}"


def write_reviews(case: Case) -> None:
    case.choice = case.chance.choice(("folder", "archive"))
    files = dict(review(number, ("neg", "pos")[number % 2]) for number in range(16))
    case.known = gather((text, name.split("/")[1]) for name, text in files.items())
    if case.choice == "folder":
        for name, text in files.items():
            path = case.folder / "aclImdb" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            case.texts.append(path)
        case.naive = naive_reviews
        return
    case.notes["entries"] = [(f"aclImdb/{name}", text.encode()) for name, text in files.items()]
    case.packed = [case.folder / "aclImdb_v1.tar.gz"]
    write_archive(case, [])


def write_archive(case: Case, more: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    """The reviews as an archive, among them entries that nobody asked for."""
    members = [(tarfile.TarInfo(name), content) for name, content in case.notes["entries"]]
    members += more
    case.chance.shuffle(members)
    with tarfile.open(case.packed[0], "w:gz", compresslevel=1) as archive:
        for member, content in members:
            if member.isreg():
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def naive_reviews(case: Case) -> Known:
    """Every file by itself: one that is no text says nothing."""
    known: Known = {}
    for path in case.folder.glob("aclImdb/train/*/*.txt"):
        if path.is_file():
            text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
            known.setdefault(text, set()).add(path.parent.name)
    return known


def read_reviews(case: Case) -> Iterator[tuple]:
    for item in case.each(imdb(split="train", root=case.folder)):
        yield item["text"], ("neg", "pos")[item["label"]]


def review_contradicted(case: Case) -> str | None:
    """A review with many stars lies among the bad."""
    path = case.pick(case.texts)
    if path is None or case.choice != "folder":
        return None
    there = path.parent.parent / ("pos" if path.parent.name == "neg" else "neg") / path.name
    if not there.parent.is_dir():
        return None
    path.rename(there)
    return path.name


def hostile_member(case: Case) -> str | None:
    """An entry of the archive leads out of it, is a link or a device, or is beyond all measure."""
    if case.choice != "archive" or not case.packed[0].is_file():
        return None
    kind = case.chance.choice(("dots", "absolute", "link", "hard link", "device", "pipe", "twice", "long", "bomb", "huge"))
    member, content = tarfile.TarInfo("aclImdb/train/pos/999_9.txt"), b"hostile"
    if kind == "dots":
        member.name = "aclImdb/../../outside/train/pos/999_9.txt"
    elif kind == "absolute":
        member.name = f"{case.folder.parent}/outside/train/pos/999_9.txt"
    elif kind in ("link", "hard link"):
        member.type = tarfile.SYMTYPE if kind == "link" else tarfile.LNKTYPE
        member.linkname = case.chance.choice(("../../../../outside/secret.txt", "/etc/hostname", "aclImdb/train/neg/0_1.txt"))
    elif kind in ("device", "pipe"):
        member.type = tarfile.CHRTYPE if kind == "device" else tarfile.FIFOTYPE
    elif kind == "twice":
        member.name, content = case.chance.choice(case.notes["entries"])
    elif kind == "long":
        member.name = f"aclImdb/{'deep/' * 500}train/pos/999_9.txt"
    elif kind == "bomb":
        member.name, content = "aclImdb/README", bytes(30 * 2**20)
    elif kind == "huge":
        member.pax_headers = {"size": str(2**60)}
    if kind == "long":
        case.known["hostile"] = {"pos"}
    write_archive(case, [(member, content)])
    return kind


ROWS = cells_changed("\t") * 3
FORMATS = (
    Format("parallel", write_pairs, read_pairs, (*ANY_FILE, *TEXT * 3, *ROWS)),
    Format("sentences", write_sentences, read_sentences, (*ANY_FILE, *TEXT * 2, *ROWS)),
    Format("corpora", write_corpus, read_corpus, (*ANY_FILE, *TEXT)),
    Format("reviews", write_reviews, read_reviews, (*ANY_FILE, *TEXT, review_contradicted, *(hostile_member,) * 8)),
)
