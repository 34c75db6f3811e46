"""What counting alone reaches: an interpolated modified Kneser-Ney model of characters, as the bar for a network.

    python benchmarks/ngram.py                    fit on prose's training split, score its test split
    python benchmarks/ngram.py --text FILE        the same on a file of your own

The network must need fewer bits a character than this on the same text, or it has learnt less than frequencies.
Paper: Chen & Goodman 1999, "An empirical study of smoothing techniques for language modeling", section 3.
"""

import argparse
from typing import NamedTuple

import numpy as np


class Table(NamedTuple):
    """All that was counted of the grams of one order. Grams and contexts are numbers in base `vocab_size`, sorted."""

    grams: np.ndarray
    kept: np.ndarray  # the count of each gram less its discount
    contexts: np.ndarray
    totals: np.ndarray  # the sum of the counts behind each context
    backoff: np.ndarray  # the share of each context that the discounts freed for the order below


class NGram:
    """The probability of a token after the `order` - 1 before it.

    A gram keeps its count less a discount; what the discounts free is shared out as the model of the next lower order says.
    That order counts not how often a token stood there but behind how many different tokens, since it is asked only where
    the longer context does not help. The lowest order falls back on the uniform distribution.
    """

    def __init__(self, tokens: np.ndarray, *, vocab_size: int, order: int = 5):
        if vocab_size**order >= 2**63:
            raise ValueError(f"grams of {order} out of {vocab_size} tokens do not fit into 64 bits: give a lower order")
        self.vocab_size, self.order = vocab_size, order
        grams, counts = np.unique(self.numbers(tokens, order), return_counts=True)
        self.tables = {order: self.table(grams, counts)}
        for length in range(order - 1, 0, -1):
            grams, counts = np.unique(grams % vocab_size**length, return_counts=True)  # each longer gram counts once
            self.tables[length] = self.table(grams, counts)

    def numbers(self, tokens: np.ndarray, length: int) -> np.ndarray:
        """Every run of `length` tokens as one number."""
        runs = np.lib.stride_tricks.sliding_window_view(tokens, length)
        return runs @ self.vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)

    def table(self, grams: np.ndarray, counts: np.ndarray) -> Table:
        discounts = modified_discounts(counts)[np.minimum(counts, 3)]
        contexts, starts = np.unique(grams // self.vocab_size, return_index=True)
        totals = np.add.reduceat(counts, starts)
        return Table(grams, counts - discounts, contexts, totals, np.add.reduceat(discounts, starts) / totals)

    def probabilities(self, tokens: np.ndarray) -> np.ndarray:
        """Of each token but the first, given those before it: (length - 1)."""
        found = np.full(len(tokens), 1 / self.vocab_size)
        for length in range(1, min(self.order, len(tokens)) + 1):
            found[length - 1 :] = self.refined(self.tables[length], self.numbers(tokens, length), found[length - 1 :])
        return found[1:]

    def refined(self, table: Table, grams: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """The probability of each gram's last token, from that of the order below; the same where the context is new."""
        context, known = look_up(table.contexts, grams // self.vocab_size)
        gram, seen = look_up(table.grams, grams)
        direct = np.where(seen, table.kept[gram], 0) / table.totals[context]
        return np.where(known, direct + table.backoff[context] * lower, lower)

    def distribution(self, context: np.ndarray) -> np.ndarray:
        """The probability of each token of the vocabulary after these tokens: (vocab_size)."""
        found = np.full(self.vocab_size, 1 / self.vocab_size)
        for length in range(1, min(self.order, len(context) + 1) + 1):
            before = context[len(context) - length + 1 :]
            grams = [self.numbers(np.append(before, token), length)[0] for token in range(self.vocab_size)]
            found = self.refined(self.tables[length], np.array(grams), found)
        return found

    def bits(self, tokens: np.ndarray) -> float:
        """The mean over all tokens but the first of minus the binary logarithm of their probability."""
        return float(-np.log2(self.probabilities(tokens)).mean())


def modified_discounts(counts: np.ndarray) -> np.ndarray:
    """What to take off a count of 0, 1, 2 and 3 or more: equation 26 of the paper, one half where that takes nothing or all."""
    ones, twos, threes, fours = (np.count_nonzero(counts == n) for n in (1, 2, 3, 4))
    half = np.array([0, 0.5, 0.5, 0.5])
    if not (ones and twos and threes):
        return half
    y = ones / (ones + 2 * twos)
    found = np.array([0, 1 - 2 * y * twos / ones, 2 - 3 * y * threes / twos, 3 - 4 * y * fours / threes])
    return found if ((found > 0) & (found < np.arange(4)))[1:].all() else half


def look_up(table: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each key in a sorted table, and whether it is there."""
    places = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return places, table[places] == keys


def main() -> None:
    from groundup.data.text import character_facts, prose

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--text", metavar="FILE", help="a text of your own instead of prose")
    parser.add_argument("--order", type=int, default=5, help="characters in a gram; 5 sees the 4 before")
    options = parser.parse_args()
    train, test = (prose(split=split, root=options.text, length=1) for split in ("train", "test"))
    tokenizer = character_facts(train)["tokenizer"]
    model = NGram(tokenizer.encode(train.text).numpy(), vocab_size=tokenizer.vocab_size, order=options.order)
    tokens = tokenizer.encode(test.text).numpy()
    print(f"fitted on {len(train.text):,} characters, scored on {len(tokens) - 1:,}")
    print(f"{options.order}-gram, modified Kneser-Ney: {model.bits(tokens):.4f} bits per character")


if __name__ == "__main__":
    main()
