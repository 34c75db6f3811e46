"""Byte-pair encoding: the two pieces that stand side by side most often become one piece, again and again.

Here of letters, with words that end in `</w>`, as in "Neural Machine Translation of Rare Words with Subword Units" (Sennrich
et al. 2016); of bytes in byte_level.py.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Self

from torch import Tensor

from groundup.data.tokenizers.splitting import words
from groundup.data.tokenizers.vocabulary import Vocabulary, between_special

UNKNOWN = "<unk>"
END = "</w>"  # marks the last letter of a word
REMEMBERED = 50_000  # words whose pieces are kept, so that a frequent word is taken apart once

Pair = tuple[str, str]


def learn_merges(
    spelled: Mapping[tuple[str, ...], int], pieces: Sequence[str], *, vocab_size: int, min_count: int = 1, prefix: str = ""
) -> tuple[list[str], list[Pair]]:
    """All pieces, and which were merged, in the order in which they were learnt.

    `spelled` tells how often each word stands in the text, a word being a tuple of pieces; `pieces` are those to begin with.
    Learning ends at `vocab_size` pieces, or where no pair is left that stands `min_count` times. Of pairs equally frequent the
    first by the numbers of its pieces is merged. `prefix` marks pieces that begin no word, and is lost where they are joined.
    Equals: tokenizers' BpeTrainer, given the order of `pieces`.
    """
    numbers = {piece: number for number, piece in enumerate(pieces)}
    texts, times = [list(word) for word in spelled], list(spelled.values())
    count: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)  # pair -> the words that it stands in, or stood in
    for place, text in enumerate(texts):
        for pair in pairwise(text):
            count[pair] += times[place]
            places[pair].add(place)
    waiting = [(-number, numbers[a], numbers[b], (a, b)) for (a, b), number in count.items()]
    heapq.heapify(waiting)
    merges: list[Pair] = []
    while waiting and len(numbers) < vocab_size:
        number, _, _, pair = heapq.heappop(waiting)
        if -number != count[pair]:
            continue  # it was counted anew since, and waits with that number too
        if -number < max(1, min_count):
            break
        merges.append(pair)
        new = joined(pair, prefix)
        numbers.setdefault(new, len(numbers))
        change: Counter[Pair] = Counter()
        for place in places.pop(pair):
            for old in pairwise(texts[place]):
                change[old] -= times[place]
            texts[place] = merge(texts[place], pair, new)
            for now in pairwise(texts[place]):
                change[now] += times[place]
                places[now].add(place)
        for (a, b), difference in change.items():
            count[a, b] += difference
            if difference and count[a, b]:
                heapq.heappush(waiting, (-count[a, b], numbers[a], numbers[b], (a, b)))
    return list(numbers), merges


def joined(pair: Pair, prefix: str = "") -> str:
    return pair[0] + pair[1].removeprefix(prefix)


def merge(pieces: list[str], pair: Pair, new: str) -> list[str]:
    """The pieces with `new` wherever the pair stands, from left to right."""
    found: list[str] = []
    for piece in pieces:
        if found and (found[-1], piece) == pair:
            found[-1] = new  # longer than the pair's first piece, so what was just made is not taken again: "aaa" is "aa" and "a"
        else:
            found.append(piece)
    return found


def apply_merges(pieces: list[str], ranks: Mapping[Pair, int]) -> list[str]:
    """The pieces after all merges that apply, those learnt first going first."""
    while len(pieces) > 1:
        pair = min(pairwise(pieces), key=lambda pair: ranks.get(pair, len(ranks)))
        if pair not in ranks:
            break
        pieces = merge(pieces, pair, joined(pair))
    return pieces


def alphabet(spelled: Iterable[Sequence[str]], letters: Iterable[str]) -> list[str]:
    """The pieces to begin with: the letters, then those that mark a place in a word, each in the order of Unicode.

    The library numbers the second in the order of a hash table, which differs from run to run; all else is the same.
    """
    letters = set(letters)
    marked = {piece for word in spelled for piece in word} - letters
    return [*sorted(letters), *sorted(marked)]


def spell(word: str) -> tuple[str, ...]:
    """The letters of a word, the last with the mark of the end."""
    return (*word[:-1], word[-1] + END)


class BytePairTokenizer:
    """Words at white space, each taken apart by the merges that were learnt. A letter that is not known is `<unk>`.

    Whether `</w>` stands at the end of a piece tells where a word ends, so decoding gives the words back, with one space
    between them.
    Equals: tokenizers' BPE with WhitespaceSplit and BPEDecoder.
    """

    def __init__(self, vocabulary: Vocabulary, merges: Iterable[Sequence[str]]):
        self.vocabulary, self.merges = vocabulary, [tuple(pair) for pair in merges]
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self.remembered: dict[str, list[str]] = {}

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int,
        min_count: int = 1,
        special: Sequence[str] = (UNKNOWN,),
        marked: Sequence[str] | None = None,
    ) -> Self:
        """The tokenizer of `vocab_size` pieces, special ones and letters included; of fewer where the texts give no more.

        `marked` is another order of the letters that end words; see `alphabet`.
        """
        count = Counter(word for text in between_special(texts, special) for word in words(text))
        spelled = {spell(word): number for word, number in count.items()}
        pieces = begin(special, alphabet(spelled, {letter for word in count for letter in word}), marked)
        pieces, merges = learn_merges(spelled, pieces, vocab_size=vocab_size, min_count=min_count)
        return cls(Vocabulary(pieces, special=special, unknown=UNKNOWN), merges)

    @property
    def vocab_size(self) -> int:
        """How many numbers there are, those of special pieces included."""
        return len(self.vocabulary)

    def pieces(self, text: str) -> list[str]:
        """The pieces of a text without special ones; what is not in the vocabulary is a piece, too."""
        return [piece for word in words(text) for piece in self.pieces_of_word(spell(word))]

    def pieces_of_word(self, letters: Sequence[str]) -> list[str]:
        """The merges applied, or remembered from the last time."""
        word = "".join(letters)
        if word not in self.remembered:
            if len(self.remembered) >= REMEMBERED:
                self.remembered.clear()
            self.remembered[word] = apply_merges(list(letters), self.ranks)
        return self.remembered[word]

    def unknown(self, text: str) -> list[str]:
        """The letters of a text that are not in the vocabulary, each once, in their order."""
        parts = (part for part, is_special in self.vocabulary.parts(text) if not is_special)
        pieces = (piece for part in parts for piece in self.pieces(part))
        return list(dict.fromkeys(piece.removesuffix(END) for piece in pieces if piece not in self.vocabulary.numbers))

    def encode(self, text: str) -> Tensor:
        """Shapes: -> (length) of int64."""
        return self.vocabulary.encode(text, self.pieces)

    def decode(self, tokens: Tensor, *, show_special: bool = False) -> str:
        """The words of these numbers.

        Shapes: (length) of integers.
        Raises: ValueError for a number outside the vocabulary.
        """
        *pieces, last = self.vocabulary.decode(tokens, show_special=show_special) or [""]
        return "".join(piece.replace(END, " ") for piece in pieces) + last.replace(END, "")

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"vocabulary": self.vocabulary.to_plain(), "merges": self.merges}, {}

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(Vocabulary(**plain["vocabulary"]), plain["merges"])


def begin(special: Sequence[str], pieces: Sequence[str], marked: Sequence[str] | None = None) -> list[str]:
    """The special pieces and the others, each once; those that are `marked`, if given, last and in that order."""
    last = marked or ()
    return list(dict.fromkeys([*special, *(piece for piece in pieces if piece not in set(last)), *last]))
