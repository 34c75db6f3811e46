"""The numbered pieces that a tokenizer puts texts together from."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor

REPLACEMENT = "\ufffd"  # what half of a surrogate pair becomes


class Vocabulary:
    """Pieces and their numbers; the `special` ones stand for themselves wherever a text contains them, whole.

    `unknown`, if given, is the special piece that takes the place of what is not in the vocabulary.
    Raises: ValueError for a piece that stands twice, and for a special piece that is not among the pieces.
    """

    def __init__(self, pieces: Sequence[str], *, special: Sequence[str] = (), unknown: str | None = None):
        self.pieces, self.special, self.unknown = list(pieces), list(special), unknown
        self.numbers = {piece: number for number, piece in enumerate(self.pieces)}
        if len(self.numbers) < len(self.pieces):
            raise ValueError("Vocabulary: a piece stands twice")
        absent = [piece for piece in (*special, *([unknown] if unknown is not None else [])) if piece not in self.numbers]
        if absent or "" in self.numbers:
            raise ValueError(f"Vocabulary: {absent[0]!r} is not among the pieces" if absent else "Vocabulary: a piece is empty")
        self.at_special = at_special(special)

    def __len__(self) -> int:
        return len(self.pieces)

    def encode(self, text: str, split: Callable[[str], Iterable[str]]) -> Tensor:
        """The numbers of a text, which `split` takes apart between the special pieces.

        Shapes: -> (length) of int64.
        """
        unknown = None if self.unknown is None else self.numbers[self.unknown]
        found: list[int] = []
        for part, is_special in self.parts(text):
            pieces = (part,) if is_special else split(part)
            found += [self.numbers.get(piece, unknown) for piece in pieces]
        return torch.tensor(found, dtype=torch.int64)

    def parts(self, text: str) -> Iterator[tuple[str, bool]]:
        """The special pieces in a text, and what stands between them; the leftmost and then the longest is taken."""
        text = whole(text)
        parts = self.at_special.split(text) if self.special else [text]
        for position, part in enumerate(parts):
            if part:
                yield part, position % 2 == 1

    def decode(self, tokens: Tensor, *, show_special: bool) -> list[str]:
        """The pieces of these numbers; without the special ones, unless they are to be shown.

        Raises: ValueError for a number outside the vocabulary.
        """
        if len(tokens) and not 0 <= tokens.min() <= tokens.max() < len(self):
            raise ValueError(f"decode takes numbers from 0 to {len(self) - 1}; got {tokens.min()} to {tokens.max()}")
        pieces = (self.pieces[number] for number in tokens.tolist())
        return [piece for piece in pieces if show_special or piece not in self.special]

    def to_plain(self) -> dict:
        """What `Vocabulary(**plain)` makes the same vocabulary of."""
        return {"pieces": self.pieces, "special": self.special, "unknown": self.unknown}


def at_special(special: Sequence[str]) -> re.Pattern:
    """A pattern that splits a text at its special pieces, and keeps them; of two that begin alike the longer goes first."""
    return re.compile("(" + "|".join(map(re.escape, sorted(special, key=len, reverse=True))) + ")")


def between_special(texts: Iterable[str], special: Sequence[str]) -> Iterator[str]:
    """The texts, taken apart at the special pieces and without them: what there is to learn from."""
    pattern = at_special(special)
    for text in texts:
        yield from pattern.split(whole(text))[::2] if special else [whole(text)]


def whole(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, which no file in UTF-8 holds; two that fit become a character."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
