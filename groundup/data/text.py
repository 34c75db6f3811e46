"""Text in windows of characters: English prose that is already on this machine, or files of your own."""

import ast
import gc
import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.tokenizers.character import CharacterTokenizer
from groundup.errors import UserError

IGNORE = -100  # stands behind the end of a short window; what is there is neither shown to the model nor scored
SPLITS = ("train", "validation", "test")
HELD_OUT = 5  # percent for validation, and as many for test

LIBRARIES = ("matplotlib", "networkx", "numpy", "scipy", "sklearn", "sympy", "torchmetrics")
NOT_READ = ("test", "_vendor", "external")  # folders whose names begin so hold tests and copies of other libraries
SHORTEST = 40  # characters in a paragraph

Documents = dict[str, list[str]]  # the name of a file -> its paragraphs


class TextWindows(Dataset):
    """Windows of `length` + 1 characters that begin every `stride` characters: the model predicts all but the first.

    At a stride of `length` each window begins with the last character of the one before, so that every character but the
    first of the text is predicted once. With `keep_short` the window at the end is kept, however short; else what fills no
    window is left out.
    Raises: UserError for a stride outside 1 to `length`, and for a text that gives no window.
    """

    def __init__(
        self, text: str, *, length: int, stride: int | None = None, keep_short: bool = False, source: object = "the text"
    ):
        self.text, self.length, self.stride = text, length, length if stride is None else stride
        if not 1 <= self.stride <= length:
            raise UserError(f"a stride lies between 1 and the length of a window; got stride={stride} and length={length}")
        questions = len(text) - 1
        self.count = max(0, (questions - length) // self.stride + 1)
        reached = (self.count - 1) * self.stride + length if self.count else 0
        self.count += keep_short and reached < questions
        if self.count < 1:
            told = f"{source}: {len(text)} characters of text give no window of {length} + 1"
            raise UserError(f"{told}: give more, or a smaller length")

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, object]:
        start = range(0, self.count * self.stride, self.stride)[index]
        return {"text": self.text[start : start + self.length + 1], "start": start}


def prose(*, split: str, length: int, stride: int | None = None, root: str | Path | None = None) -> Dataset:
    """English about mathematics and programs, 3.3 million characters: the documentation in the libraries that groundup needs.

    Read are the docstrings of modules, public classes and public functions, and scikit-learn's descriptions of its data
    sets; kept are the paragraphs of `is_prose`. With `root`, instead, a file of your own or a folder of .txt and .md files,
    in UTF-8, whose paragraphs are all kept. A paragraph that stands in the corpus again, wherever, is left out.

    `split` is "train", "validation" or "test", about 90, 5 and 5 percent. A hash of a file's name decides where it belongs.
    A single file, or a folder where that leaves a split empty, is instead cut in this order at 90 and 95 percent.
    Items: text, `length` + 1 characters, and start, where they stand; see TextWindows. The last window of a split that is not
    trained on may be shorter.
    Raises: UserError for another split, for a root that is not there, holds no text or is not UTF-8.
    """
    if split not in SPLITS:
        raise UserError(f"prose has the splits {', '.join(SPLITS)}; got {split!r}")
    text = split_text(library_documents() if root is None else own_documents(Path(root)), split)
    return TextWindows(text, length=length, stride=stride, keep_short=split != "train", source=root or "the libraries")


def split_text(documents: Documents, split: str) -> str:
    """The text of a split: by file, or by position where some split would be left without a file."""
    parts: dict[str, list[str]] = {name: [] for name in SPLITS}
    for name, paragraphs in documents.items():
        parts[split_of(name)] += paragraphs
    if all(parts.values()):
        return "\n\n".join(parts[split])
    text = "\n\n".join(paragraph for paragraphs in documents.values() for paragraph in paragraphs)
    borders = [len(text) * percent // 100 for percent in (0, 100 - 2 * HELD_OUT, 100 - HELD_OUT, 100)]
    position = SPLITS.index(split)
    return text[borders[position] : borders[position + 1]]


def split_of(name: str) -> str:
    """The split of a file by its name: the same on every machine, whatever other files there are."""
    percent = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little") % 100
    return "test" if percent < HELD_OUT else "validation" if percent < 2 * HELD_OUT else "train"


def each_once(documents: Mapping[str, Sequence[str]]) -> Documents:
    """The documents without the paragraphs that stood before, in the same document or in another."""
    seen: set[str] = set()
    found: Documents = {}
    for name, paragraphs in documents.items():
        found[name] = []
        for paragraph in paragraphs:
            if paragraph not in seen:
                seen.add(paragraph)
                found[name].append(paragraph)
    return found


def own_documents(root: Path) -> Documents:
    """A file, or every .txt and .md file of a folder and the folders below it; paragraphs end at an empty line."""
    files = sorted(path for path in root.rglob("*") if path.suffix in (".txt", ".md")) if root.is_dir() else [root]
    documents = {}
    for path in files:
        paragraphs = re.split(r"\n\s*\n", read_text(path))
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        documents[name] = [paragraph.strip("\n") for paragraph in paragraphs if paragraph.strip()]
    if not any(documents.values()):
        raise UserError(f"{root} holds no text: give a file, or a folder with .txt or .md files")
    return each_once(documents)


def read_text(path: Path) -> str:
    """The text of a file; line ends become a plain newline.

    Raises: UserError for a file that is not there, or that is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a text in UTF-8 (byte {error.start} does not fit): save it as UTF-8") from error


@cache
def library_documents() -> Documents:
    """The prose of the installed libraries by file, without running any of them."""
    documents = {}
    collected = gc.isenabled()
    gc.disable()  # syntax trees are millions of small objects, none of them garbage: looking for some takes a fifth of the time
    try:
        for library in LIBRARIES:
            spec = find_spec(library)
            if spec is None or not spec.submodule_search_locations:
                continue
            folder = Path(spec.submodule_search_locations[0])
            for path in sorted((*folder.rglob("*.py"), *folder.glob("datasets/descr/*.rst"))):
                name = path.relative_to(folder.parent)
                if not any(part.startswith(NOT_READ) for part in name.parts):
                    documents[name.as_posix()] = [p for text in docstrings(path) for p in paragraphs_of_prose(text)]
    finally:
        if collected:
            gc.enable()
    return each_once(documents)


def docstrings(path: Path) -> Iterator[str]:
    """The docstrings of a module and of its public classes and functions; the whole of a file that is no code."""
    source = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix != ".py":
        yield source
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes in their strings
            waiting: list[ast.AST] = [ast.parse(source)]
    except SyntaxError:  # written for another Python
        return
    for node in waiting:
        yield ast.get_docstring(node) or ""
        for child in node.body:
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
                waiting.append(child)


def paragraphs_of_prose(text: str) -> Iterator[str]:
    """The paragraphs of a docstring that are prose, each as one line without markup."""
    for block in blocks(text):
        if len(block) >= SHORTEST and block[0].isupper():  # most of what is no prose is known by this, cheaply
            paragraph = MARKUP.sub(lambda found: found[1] or found[2] or found[3] or "", " ".join(block.split()))
            if is_prose(paragraph):
                yield paragraph


def blocks(text: str) -> Iterator[str]:
    """Runs of lines of one indentation. So the explanation of a parameter comes apart from its name and type."""
    lines: list[str] = []
    indent = 0
    for line in (*text.splitlines(), ""):
        words = line.strip()
        underline = RULER.fullmatch(words)
        if not words or underline or len(line) - len(line.lstrip()) != indent:
            yield "\n".join(lines[:-1] if underline else lines)  # what is underlined is a heading
            lines, indent = [], len(line) - len(line.lstrip())
        if words and not underline:
            lines.append(words)


RULER = re.compile(r"[-=~^\"*+#]{3,}")

MARKUP = re.compile(
    r":[\w:+-]+:`[~!]?([^`<]*?)(?:\s*<[^`]*>)?`"  # :class:`~package.Name`, :ref:`words <target>`
    r"|`{1,2}([^`<]+?)(?:\s*<[^`]*>)?`{1,2}_{0,2}"  # ``code``, `name`, `words <address>`_
    r"|\*{1,2}(?=\S)([^*]+?)(?<=\S)\*{1,2}"  # *emphasis*, **strong emphasis**
    r"|\s*\[[\w#*, ]+\]_"  # a footnote
)

SENTENCES = re.compile(r"[A-Z][A-Za-z0-9 ,.;:()'\"!?/%+&\[\]éöüäáèóñç’‘“”–—-]*[.!?][\")]?")
SIGNS = re.compile(r"[^A-Za-z ]")
SMALL_WORDS = re.compile(r"\b(?:the|an?|of|is|are|to|in|and|or|if|for|by|be|with)\b", re.IGNORECASE)


def is_prose(paragraph: str) -> bool:
    """Whether a paragraph is made of sentences.

    It begins with a capital and ends with a full stop, holds no sign that belongs to code, formulas or tables, is nine parts
    in ten letters and spaces, and every twelfth word or more is one of the small ones without which no English goes far.
    """
    if len(paragraph) < SHORTEST or not SENTENCES.fullmatch(paragraph):
        return False
    if 10 * len(SIGNS.findall(paragraph)) > len(paragraph):
        return False
    return 12 * len(SMALL_WORDS.findall(paragraph)) >= len(paragraph.split())


def character_facts(dataset: TextWindows) -> dict[str, object]:
    """What the training text fixes: `tokenizer`, `vocab_size`, `max_seq_len`, and which text it was, as `corpus`.

    The text of `prose` changes with the versions of the libraries; its hash shows that.
    """
    tokenizer = CharacterTokenizer.fit([dataset.text])
    corpus = {"characters": len(dataset.text), "sha256": hashlib.sha256(dataset.text.encode()).hexdigest()}
    return {"tokenizer": tokenizer, "vocab_size": tokenizer.vocab_size, "max_seq_len": dataset.length, "corpus": corpus}


def token_windows(items: Sequence[Mapping[str, object]], *, tokenizer: CharacterTokenizer) -> dict[str, object]:
    """Windows of text as one batch: `tokens`, and the items' other values as lists. Short windows end in IGNORE.

    Shapes: tokens (batch, longest) of int64.
    """
    texts = [item["text"] for item in items]
    rows = tokenizer.encode("".join(texts)).split([len(text) for text in texts])
    tokens = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=IGNORE)
    return {"tokens": tokens, **{name: [item[name] for item in items] for name in items[0] if name != "text"}}


def model_inputs(tokens: Tensor) -> Tensor:
    """The tokens that the model sees of a batch of windows: all but the last of each, with 0 for what is to be ignored.

    The model may see anything there: it stands behind all that is scored, and no position sees a later one.
    Shapes: (batch, length + 1) -> (batch, length).
    """
    return tokens[:, :-1].clamp_min(0)
