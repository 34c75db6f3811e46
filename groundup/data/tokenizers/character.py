"""A tokenizer whose tokens are characters."""

from collections.abc import Iterable
from typing import Self

import numpy as np
import torch
from torch import Tensor

UNKNOWN = "\ufffd"  # Unicode's sign for a character that could not be represented


class CharacterTokenizer:
    """Every character of a vocabulary has a number; all others share the number 0, which decodes to U+FFFD.

    The numbers follow the order of Unicode, so they do not depend on the order of the texts.
    Raises: ValueError for a character that stands twice in the vocabulary, or is none: a half of a surrogate pair.
    """

    def __init__(self, characters: str):
        codes = code_points(characters)
        if len(np.unique(codes)) < len(codes):
            raise ValueError("CharacterTokenizer: a character stands twice in the vocabulary")
        if any(is_surrogate(character) for character in characters):
            raise ValueError("CharacterTokenizer: the vocabulary holds half of a surrogate pair, which is no character")
        self.characters = characters
        self.codes = np.append(code_points(UNKNOWN), codes)  # number -> code point
        self.numbers = np.zeros(int(self.codes.max()) + 2, dtype=np.int64)  # code point -> number; last, all above
        self.numbers[self.codes] = np.arange(len(self.codes))

    @classmethod
    def fit(cls, texts: Iterable[str]) -> Self:
        """The tokenizer of all characters in these texts."""
        found = set().union(*map(set, texts)) - {UNKNOWN}
        return cls("".join(sorted(character for character in found if not is_surrogate(character))))

    @property
    def vocab_size(self) -> int:
        """How many numbers there are, that of unknown characters included."""
        return len(self.codes)

    def unknown(self, text: str) -> list[str]:
        """The characters of a text that are not in the vocabulary, each once, in their order."""
        return list(dict.fromkeys(character for character in text if character not in self.characters))

    def encode(self, text: str) -> Tensor:
        """Shapes: -> (length) of int64, one number for each code point."""
        codes = np.minimum(code_points(text), len(self.numbers) - 1)
        return torch.from_numpy(self.numbers[codes])

    def decode(self, tokens: Tensor) -> str:
        """The text of these numbers; the inverse of `encode` on texts of the vocabulary.

        Shapes: (length) of integers.
        Raises: ValueError for a number outside the vocabulary.
        """
        if len(tokens) and not 0 <= tokens.min() <= tokens.max() < self.vocab_size:
            raise ValueError(f"decode takes numbers from 0 to {self.vocab_size - 1}; got {tokens.min()} to {tokens.max()}")
        return self.codes[tokens.cpu().numpy()].tobytes().decode("utf-32-le")

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"characters": self.characters}, {}

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(plain["characters"])


def code_points(text: str) -> np.ndarray:
    """Unicode's number of each character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def is_surrogate(character: str) -> bool:
    return 0xD800 <= ord(character) <= 0xDFFF
