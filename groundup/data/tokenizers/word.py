"""A tokenizer whose tokens are words: the most frequent ones of the training text."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from torch import Tensor

from groundup.data.tokenizers.splitting import words, words_and_marks
from groundup.data.tokenizers.vocabulary import Vocabulary, between_special

UNKNOWN = "<unk>"


class WordTokenizer:
    """Words have numbers by their frequency; a word that is not in the vocabulary is `<unk>`.

    `split` is "english": in lower case, with punctuation marks as words of their own; or "spaces": what stands between white
    space is a word as it is, for texts that were taken apart before. `special` pieces have the first numbers.
    """

    def __init__(self, vocabulary: Vocabulary, *, split: str = "english"):
        self.vocabulary, self.split = vocabulary, split
        self.words = splitter(split)

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int | None = None,
        min_count: int = 1,
        special: Sequence[str] = (UNKNOWN,),
        split: str = "english",
    ) -> Self:
        """The tokenizer of the words that stand at least `min_count` times in these texts, at most `vocab_size` with the special.

        Of words that are equally frequent, those first in the order of Unicode are taken.
        Equals: tokenizers' WordLevelTrainer.
        """
        count: Counter[str] = Counter()
        for text in between_special(texts, special):
            count.update(splitter(split)(text))
        ordered = sorted((word for word in count if count[word] >= min_count), key=lambda word: (-count[word], word))
        pieces = [*special, *ordered][:vocab_size]
        return cls(Vocabulary(pieces, special=special, unknown=UNKNOWN), split=split)

    @property
    def vocab_size(self) -> int:
        """How many numbers there are, those of special pieces included."""
        return len(self.vocabulary)

    def unknown(self, text: str) -> list[str]:
        """The words of a text that are not in the vocabulary, each once, in their order."""
        parts = (part for part, is_special in self.vocabulary.parts(text) if not is_special)
        return list(dict.fromkeys(word for part in parts for word in self.words(part) if word not in self.vocabulary.numbers))

    def encode(self, text: str) -> Tensor:
        """Shapes: -> (length) of int64."""
        return self.vocabulary.encode(text, self.words)

    def decode(self, tokens: Tensor, *, show_special: bool = False) -> str:
        """The words of these numbers with a space between them: how they stood in the text is not known.

        Shapes: (length) of integers.
        Raises: ValueError for a number outside the vocabulary.
        """
        return " ".join(self.vocabulary.decode(tokens, show_special=show_special))

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"vocabulary": self.vocabulary.to_plain(), "split": self.split}, {}

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(Vocabulary(**plain["vocabulary"]), split=plain["split"])


def splitter(split: str) -> Callable[[str], list[str]]:
    """The function of a name that takes a text apart.

    Raises: ValueError for another name.
    """
    if split not in ("english", "spaces"):
        raise ValueError(f"WordTokenizer splits texts as 'english' or at 'spaces'; got {split!r}")
    return english_words if split == "english" else words


def english_words(text: str) -> list[str]:
    """Words and punctuation marks in lower case."""
    return words_and_marks("".join(character.lower() for character in text))
