"""Pairs of sentences as numbers: one tokenizer for both languages, and three numbers that no text contains."""

import sys
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.tokenizers.library import LibraryTokenizer
from groundup.errors import UserError

PADDING, START, END = 0, 1, 2
FIRST = 3  # the tokenizer's own numbers begin here


def pair_facts(
    dataset: Dataset, *, vocab_size: int = 8_000, max_seq_len: int = 256, kind: str = "byte_level"
) -> dict[str, object]:
    """What the training pairs fix: `tokenizer`, learnt from both languages together, `vocab_size` and `max_seq_len`.

    `vocab_size` is how many pieces there are at most, with the three special ones. What the languages share, names, numbers
    and marks, then has one vector in both. A training sentence of more tokens than `max_seq_len` is cut off, and told of.
    Raises: UserError for a vocabulary that holds nothing but single bytes.
    """
    if vocab_size <= 256 + FIRST and kind == "byte_level":
        raise UserError(f"a vocabulary of {vocab_size} has no room beyond the 256 bytes and {FIRST} special tokens: give more")
    items = [dataset[i] for i in range(len(dataset))]
    texts = [spaced(item[side]) for side in ("source", "target") for item in items]
    tokenizer = LibraryTokenizer.fit(texts, kind=kind, vocab_size=vocab_size - FIRST)
    lengths = [len(tokenizer.encode(text)) + 1 for text in texts]
    long = sum(length > max_seq_len for length in lengths)
    if long:
        told = f"{long} of {len(texts)} training sentences have more than {max_seq_len} tokens, the longest {max(lengths)}"
        print(f"{told}: these are cut off", file=sys.stderr)
    return {"tokenizer": tokenizer, "vocab_size": tokenizer.vocab_size + FIRST, "max_seq_len": max_seq_len}


def spaced(text: str) -> str:
    """The sentence with a space before it, so that its first word has the piece that it has elsewhere."""
    return f" {text.strip()}"


def encode_sentence(text: str, tokenizer: LibraryTokenizer) -> Tensor:
    """The tokens of a sentence with its end. Shapes: -> (length) of int64."""
    return torch.cat([tokenizer.encode(spaced(text)) + FIRST, torch.tensor([END])])


def decode_sentence(tokens: Tensor, tokenizer: LibraryTokenizer) -> str:
    """The text of tokens up to the first end; what is special is left out. Shapes: (length) of int64."""
    ends = (tokens == END).nonzero()
    tokens = tokens[: int(ends[0])] if len(ends) else tokens
    return tokenizer.decode(tokens[tokens >= FIRST].cpu() - FIRST).strip()


def pieces_of(tokens: Tensor, tokenizer: LibraryTokenizer) -> list[str]:
    """The text of each token alone, with names for the special ones: the words on a picture's axes."""
    names = {PADDING: "(pad)", START: "(start)", END: "(end)"}
    return [names[t] if t < FIRST else tokenizer.decode(torch.tensor([t - FIRST])).strip() or "_" for t in tokens.tolist()]


def token_pairs(items: Sequence[Mapping[str, object]], *, tokenizer: LibraryTokenizer, max_seq_len: int) -> dict[str, object]:
    """Pairs as one batch: `source` with an end, `target` between start and end, both padded, and their texts.

    Items of a data set have a source and a target. Items read from a user's file have the sentence as `text`, and tell in
    `source` and `line` where it stood: the batch has these as `file` and `line`, and no target. Sentences are cut off where
    the model has no more positions.
    Shapes: source (batch, longest source), target (batch, longest target) of int64.
    """
    read = "text" in items[0]
    texts = [str(item["text" if read else "source"]) for item in items]
    batch: dict[str, object] = {"source": padded([cut(encode_sentence(text, tokenizer), max_seq_len) for text in texts])}
    batch["source_text"] = texts
    if read:
        return batch | {"file": [item["source"] for item in items], "line": [item["line"] for item in items]}
    begin, truths = torch.tensor([START]), [str(item["target"]) for item in items]
    targets = [torch.cat([begin, cut(encode_sentence(text, tokenizer), max_seq_len)]) for text in truths]
    return batch | {"target": padded(targets), "target_text": truths}


def cut(tokens: Tensor, longest: int) -> Tensor:
    """At most so many tokens, the last of them still the end. Shapes: (length) -> (at most longest)."""
    return tokens if len(tokens) <= longest else torch.cat([tokens[: longest - 1], tokens[-1:]])


def padded(rows: Sequence[Tensor]) -> Tensor:
    """Rows of unequal lengths as one tensor. Shapes: (length) each -> (rows, longest)."""
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=PADDING)
