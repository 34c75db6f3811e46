"""Byte-pair encoding of bytes, as in GPT-2 ("Language Models are Unsupervised Multitask Learners", Radford et al. 2019).

Any text is a string of bytes in UTF-8, and there are 256 of them: so no text is unknown, and none is changed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Self

from torch import Tensor

from groundup.data.tokenizers.byte_pair import BytePairTokenizer, begin, learn_merges
from groundup.data.tokenizers.splitting import gpt2_pieces
from groundup.data.tokenizers.vocabulary import Vocabulary, between_special


def letters_of_bytes() -> list[str]:
    """A visible letter for every byte, so that pieces can be printed: its own in Latin-1, else one from U+0100 on.

    A space is "Ġ" and a line end "Ċ".
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = iter(range(256, 512))
    return [chr(byte if byte in visible else next(others)) for byte in range(256)]


LETTERS = letters_of_bytes()
BYTES = {letter: byte for byte, letter in enumerate(LETTERS)}


class ByteLevelTokenizer:
    """The pieces of `gpt2_pieces` as bytes, merged by what was learnt. Decoding gives back every text as it was.

    Equals: tokenizers' BPE with its ByteLevel before and after it.
    """

    def __init__(self, vocabulary: Vocabulary, merges: Iterable[Sequence[str]]):
        self.vocabulary = vocabulary
        self.merging = BytePairTokenizer(vocabulary, merges)

    @classmethod
    def fit(cls, texts: Iterable[str], *, vocab_size: int, min_count: int = 1, special: Sequence[str] = ()) -> Self:
        """The tokenizer of `vocab_size` pieces, special ones and bytes included; of fewer where the texts give no more."""
        count = Counter(piece for text in between_special(texts, special) for piece in gpt2_pieces(text))
        spelled = {tuple(letters(piece)): number for piece, number in count.items()}
        pieces, merges = learn_merges(spelled, begin(special, sorted(LETTERS)), vocab_size=vocab_size, min_count=min_count)
        return cls(Vocabulary(pieces, special=special), merges)

    @property
    def vocab_size(self) -> int:
        """How many numbers there are, those of special pieces included."""
        return len(self.vocabulary)

    def pieces(self, text: str) -> list[str]:
        """The pieces of a text without special ones."""
        return [piece for found in gpt2_pieces(text) for piece in self.merging.pieces_of_word(letters(found))]

    def unknown(self, text: str) -> list[str]:
        """Nothing: every text is made of the 256 bytes."""
        return []

    def encode(self, text: str) -> Tensor:
        """Shapes: -> (length) of int64."""
        return self.vocabulary.encode(text, self.pieces)

    def decode(self, tokens: Tensor, *, show_special: bool = False) -> str:
        """The text of these numbers; U+FFFD stands for bytes that are no character, as where one was cut off.

        Shapes: (length) of integers.
        Raises: ValueError for a number outside the vocabulary.
        """
        pieces = self.vocabulary.decode(tokens, show_special=show_special)
        found = b"".join(p.encode() if p in self.vocabulary.special else bytes(BYTES[letter] for letter in p) for p in pieces)
        return found.decode("utf-8", "replace")

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return self.merging.to_fact()

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(Vocabulary(**plain["vocabulary"]), plain["merges"])


def letters(text: str) -> str:
    """The letters that stand for the bytes of a text."""
    return "".join(LETTERS[byte] for byte in text.encode())
