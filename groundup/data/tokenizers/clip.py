"""CLIP's tokenizer: byte-pair encoding of the bytes of words in lower case, `</w>` at the end of each word.

It stands between the other two: bytes as in GPT-2 (byte_level.py), so that no text is unknown, and ends of words as in Sennrich's
(byte_pair.py). "Learning transferable visual models from natural language supervision", Radford et al. 2021, section 2.4.
"""

import gzip
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from groundup.data.tokenizers.byte_level import BYTES, LETTERS, letters
from groundup.data.tokenizers.byte_pair import END, BytePairTokenizer, learn_merges, spell
from groundup.data.tokenizers.splitting import SPACES
from groundup.data.tokenizers.vocabulary import Vocabulary, whole
from groundup.errors import UserError

START_OF_TEXT, END_OF_TEXT = "<start_of_text>", "<end_of_text>"
SPECIAL = (START_OF_TEXT, END_OF_TEXT)
MERGES_FILE = "bpe_simple_vocab_16e6.txt.gz"
PUBLISHED_SIZE = 49_408  # pieces; the published file holds more merges than were taken
OWN_LETTER = [letter for byte, letter in enumerate(LETTERS) if letter == chr(byte)]
ALPHABET = [*OWN_LETTER, *(letter for letter in LETTERS if letter not in OWN_LETTER)]  # the order of the published numbers

# Nothing in such a text is there to be repaired: printable ASCII without the sign that begins an entity of HTML.
PLAIN = re.compile(r"[\t\n\r -%'-~]*")
WHOLE_TOKEN = re.compile("|".join((*SPECIAL, "'(?:s|t|re|ve|m|ll|d)")), re.IGNORECASE)
RUN = re.compile("l+|n|o+")  # of kinds: see `clip_pieces`


class ClipTokenizer:
    """Words in lower case as bytes, merged by what was learnt; numerals one by one. Of white space nothing is kept.

    The last two pieces are the start and the end of a text, which `encode` does not add: see `data/captions.py`. The end has the
    largest number, by which CLIP finds it.

    With `repair`, as the published weights want it, texts are mended by `ftfy` first and freed of HTML's entities; texts of
    printable ASCII need no mending and so no `ftfy`.
    Equals: open_clip.SimpleTokenizer, given its merges, on any text.
    """

    def __init__(self, merges: Iterable[Sequence[str]], *, repair: bool):
        merges = [tuple(pair) for pair in merges]
        pieces = [*ALPHABET, *(letter + END for letter in ALPHABET), *(first + second for first, second in merges), *SPECIAL]
        self.vocabulary, self.repair = Vocabulary(list(dict.fromkeys(pieces)), special=SPECIAL), repair
        self.merging = BytePairTokenizer(self.vocabulary, merges)

    @classmethod
    def read(cls, path: str | Path | None = None) -> Self:
        """The published tokenizer, its merges read from `bpe_simple_vocab_16e6.txt.gz`; without a path, from open_clip's copy.

        Raises: UserError where that is not installed, and for a file that cannot be read or holds something else.
        """
        path = installed_merges() if path is None else Path(path).expanduser()
        try:
            data = path.read_bytes()
            text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise UserError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        lines = text.split("\n")[1 : 1 + PUBLISHED_SIZE - 2 * len(LETTERS) - len(SPECIAL)]  # the first tells the version
        merges = [tuple(line.split()) for line in lines if line]
        wrong = next((number for number, pair in enumerate(merges, start=2) if len(pair) != 2), None)
        if wrong is not None or not merges:
            place = f"line {wrong} is no pair of pieces" if wrong else "it is empty"
            raise UserError(f"{path} holds no merges, two pieces a line below a first line: {place}")
        return cls(merges, repair=True)

    @classmethod
    def fit(cls, texts: Iterable[str], *, vocab_size: int, min_count: int = 2) -> Self:
        """The tokenizer of `vocab_size` pieces, bytes and special ones included; of fewer where the texts give no more.

        It repairs nothing, so it takes no `ftfy`.
        Raises: UserError for a vocab_size below the 514 pieces that there always are.
        """
        least = 2 * len(LETTERS) + len(SPECIAL)
        if vocab_size < least:
            raise UserError(f"CLIP's tokenizer has {least} pieces before it learns any; got vocab_size={vocab_size}")
        count = Counter(piece for text in texts for piece in clip_pieces(cleaned(text, repair=False)) if piece not in SPECIAL)
        spelled = {spell(letters(piece)): number for piece, number in count.items()}
        begin = [*ALPHABET, *(letter + END for letter in ALPHABET)]
        _, merges = learn_merges(spelled, begin, vocab_size=vocab_size - len(SPECIAL), min_count=min_count)
        return cls(merges, repair=False)

    @property
    def vocab_size(self) -> int:
        """How many numbers there are, those of special pieces included."""
        return len(self.vocabulary)

    @property
    def start(self) -> int:
        """The number of the start of a text."""
        return self.vocab_size - 2

    @property
    def end(self) -> int:
        """The number of the end of a text, the largest there is."""
        return self.vocab_size - 1

    def pieces(self, text: str) -> list[str]:
        """The pieces of a text. The special ones stand for themselves where they are written in it."""
        found: list[str] = []
        for piece in clip_pieces(cleaned(text, repair=self.repair)):
            found += [piece] if piece in SPECIAL else self.merging.pieces_of_word(spell(letters(piece)))
        return found

    def unknown(self, text: str) -> list[str]:
        """Nothing: every text is made of the 256 bytes."""
        return []

    def encode(self, text: str) -> Tensor:
        """Shapes: -> (length) of int64.

        Raises: UserError for a text that is to be repaired where `ftfy` is not installed.
        """
        return torch.tensor([self.vocabulary.numbers[piece] for piece in self.pieces(text)], dtype=torch.int64)

    def decode(self, tokens: Tensor, *, show_special: bool = False) -> str:
        """The words of these numbers, with a space between what were words and marks; case is lost.

        Shapes: (length) of integers.
        Raises: ValueError for a number outside the vocabulary.
        """
        spelled = "".join(self.vocabulary.decode(tokens, show_special=show_special))
        return bytes(BYTES[letter] for letter in spelled).decode("utf-8", "replace").replace(END, " ").strip()

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"merges": self.merging.merges, "repair": self.repair}, {}

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(plain["merges"], repair=plain["repair"])


def installed_merges() -> Path:
    """Where open_clip keeps the published merges; found without importing it.

    Raises: UserError where it is not installed.
    """
    spec = find_spec("open_clip")
    if spec is None or not spec.origin:
        raise UserError(
            f"CLIP's own merges come with open_clip: pip install open_clip_torch, or give the path of {MERGES_FILE}, which "
            "https://github.com/openai/CLIP holds"
        )
    return Path(spec.origin).parent / MERGES_FILE


def cleaned(text: str, *, repair: bool) -> str:
    """The text in lower case with single spaces; with `repair`, mended before.

    Raises: UserError for a text that is to be mended where `ftfy` is not installed.
    """
    if not repair:
        text = whole(text)
    elif not PLAIN.fullmatch(text):
        text = html.unescape(html.unescape(mended(text))).strip()
    return " ".join(text.split()).lower()


def mended(text: str) -> str:
    """The text as `ftfy` gives it back, the library that CLIP's authors cleaned their captions with."""
    try:
        import ftfy
    except ImportError:
        odd = next(sign for sign in text if not PLAIN.fullmatch(sign))
        raise UserError(
            f"CLIP's tokenizer cleans texts with signs such as {odd!r} by the library ftfy: pip install ftfy, or write without"
        ) from None
    return ftfy.fix_text(text)


def clip_pieces(text: str) -> Iterator[str]:
    """Runs of letters, single numerals, runs of other signs; "'s" and its like, and special pieces, whole. No white space.

    Equals: the pattern of open_clip's tokenizer, which is written with Unicode classes that `re` lacks: so it is matched on a
    string of the characters' kinds.
    """
    kinds = "".join(map(kind, text))
    position = 0
    while position < len(text):
        found = WHOLE_TOKEN.match(text, position) or RUN.match(kinds, position)
        if found:
            yield text[position : found.end()]
        position = found.end() if found else position + 1


@lru_cache(maxsize=65536)
def kind(character: str) -> str:
    """l for a letter, n for a numeral, o for another sign, a space for what is passed over.

    What came into Unicode after the running Python did is asked of the library `regex`, which comes with open_clip.
    """
    if character in SPACES or character == "\u0345":  # a mark that is a letter when it is a capital: it matches neither class
        return " "
    category = unicodedata.category(character)
    if category == "Cn" and find_spec("regex"):
        import regex

        category = "L" if regex.match(r"\p{L}", character) else "N" if regex.match(r"\p{N}", character) else category
    return {"L": "l", "N": "n"}.get(category[0], "o")
