"""WordPiece: words in the longest pieces of a vocabulary, from left to right, as BERT takes them apart (Devlin et al. 2019).

A piece that begins no word is written with `##` before it: "embedding" may be "em", "##bed", "##ding".
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Self

from torch import Tensor

from groundup.data.tokenizers.byte_pair import alphabet, begin, learn_merges
from groundup.data.tokenizers.splitting import bert_normalized, words_and_marks
from groundup.data.tokenizers.vocabulary import Vocabulary, between_special

UNKNOWN = "[UNK]"
INSIDE = "##"  # marks a piece that begins no word
SPECIAL = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]")
LONGEST = 100  # characters of a word; a longer one is [UNK] without a look at it


def spell(word: str) -> tuple[str, ...]:
    """The letters of a word, all but the first with the mark."""
    return (word[0], *(INSIDE + letter for letter in word[1:]))


class WordPieceTokenizer:
    """Words and punctuation marks, in lower case and without accents if `lower`, each in pieces of the vocabulary.

    A word that cannot be put together from pieces is [UNK] as a whole. BERT's own vocabulary may be given as it is.
    Equals: tokenizers' WordPiece with BertNormalizer and BertPreTokenizer.
    """

    def __init__(self, vocabulary: Vocabulary, *, lower: bool = True):
        self.vocabulary, self.lower = vocabulary, lower

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int,
        min_count: int = 1,
        special: Sequence[str] = SPECIAL,
        lower: bool = True,
        marked: Sequence[str] | None = None,
    ) -> Self:
        """The tokenizer of `vocab_size` pieces, special ones and letters included; of fewer where the texts give no more.

        The pieces are those that byte-pair encoding learns, as in the library: how Google chose BERT's was not published.
        `marked` is another order of the letters that begin no word; see `alphabet`.
        Equals: tokenizers' WordPieceTrainer, given that order.
        """
        normalized = (bert_normalized(text, lower=lower) for text in between_special(texts, special))
        count = Counter(word for text in normalized for word in words_and_marks(text))
        spelled = {spell(word): number for word, number in count.items()}
        pieces = begin(special, alphabet(spelled, {letter for word in count for letter in word}), marked)
        pieces, _ = learn_merges(spelled, pieces, vocab_size=vocab_size, min_count=min_count, prefix=INSIDE)
        return cls(Vocabulary(pieces, special=special, unknown=UNKNOWN), lower=lower)

    @property
    def vocab_size(self) -> int:
        """How many numbers there are, those of special pieces included."""
        return len(self.vocabulary)

    def pieces(self, text: str) -> list[str]:
        """The pieces of a text without special ones, with [UNK] for words that have none."""
        found = words_and_marks(bert_normalized(text, lower=self.lower))
        return [piece for word in found for piece in self.pieces_of_word(word) or [UNKNOWN]]

    def pieces_of_word(self, word: str) -> list[str] | None:
        """The longest piece that the word begins with, then the longest of what is left, and so on; None where there is none."""
        if len(word) > LONGEST:
            return None
        found: list[str] = []
        start = 0
        while start < len(word):
            mark = INSIDE if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self.vocabulary.numbers), None)
            if end is None:
                return None
            found.append(mark + word[start:end])
            start = end
        return found

    def unknown(self, text: str) -> list[str]:
        """The words of a text that cannot be put together from pieces, each once, in their order."""
        parts = (part for part, is_special in self.vocabulary.parts(text) if not is_special)
        found = (word for part in parts for word in words_and_marks(bert_normalized(part, lower=self.lower)))
        return list(dict.fromkeys(word for word in found if self.pieces_of_word(word) is None))

    def encode(self, text: str) -> Tensor:
        """Shapes: -> (length) of int64."""
        return self.vocabulary.encode(text, self.pieces)

    def decode(self, tokens: Tensor, *, show_special: bool = False) -> str:
        """The words of these numbers with a space between them.

        Shapes: (length) of integers.
        Raises: ValueError for a number outside the vocabulary.
        """
        first, *pieces = self.vocabulary.decode(tokens, show_special=show_special) or [""]
        return first + "".join(p.removeprefix(INSIDE) if p.startswith(INSIDE) else f" {p}" for p in pieces)

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"vocabulary": self.vocabulary.to_plain(), "lower": self.lower}, {}

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(Vocabulary(**plain["vocabulary"]), lower=plain["lower"])
