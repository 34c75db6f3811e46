"""Pictures with captions, for models that read: pictures of one size held in memory, captions as tokens."""

import sys
from collections.abc import Mapping, Sequence
from functools import cache

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.decode import fitted
from groundup.data.tokenizers.clip import ClipTokenizer
from groundup.errors import UserError

AT_ONCE = 256  # pictures that a generator makes in one go
OVERLONG = ("cut", "refuse")


class Captioned(Dataset):
    """The pictures of a data set at size x size, see `fitted`, each with its captions.

    Where training asks, an item comes with one of its captions, drawn anew each time; else with all of them. `kept` are the
    numbers of those that count, from 0, of sets whose captions are of different kinds. With `held` the pictures stay in memory
    once they were read, 12 KB each at 64x64.
    Items: image (3, size, size) uint8, captions a list of texts.
    Raises: UserError for a data set without captions, or without those that are to be kept.
    """

    takes_seeds = True

    def __init__(self, *, dataset: Dataset, size: int, fit: str = "crop", kept: Sequence[int] | None = None, held: bool = True):
        self.dataset, self.size, self.fit, self.kept, self.held = dataset, size, fit, kept, held
        self.known: list[dict | None] = [None] * len(dataset)
        if held and hasattr(dataset, "batch"):  # a generator, which makes many in less time than one by one
            for places in torch.arange(len(dataset)).split(AT_ONCE):
                columns = dataset.batch(places)
                for row, place in enumerate(places.tolist()):
                    self.known[place] = self.brought({name: column[row] for name, column in columns.items()})
        elif len(dataset):
            self.item(0)

    def __len__(self) -> int:
        return len(self.known)

    def brought(self, item: Mapping[str, object]) -> dict[str, object]:
        """An item of the data set in the form of this one."""
        captions = [item["caption"]] if "caption" in item else item.get("captions")
        if not captions:
            raise UserError(f"a set of pictures with captions is needed; these items have {', '.join(item)}")
        image = item["image"]
        if tuple(image.shape[1:]) != (self.size, self.size):
            image = fitted(image, self.size, self.size, self.fit)
        return {"image": image, "captions": self.kept_of(captions)}

    def kept_of(self, captions: Sequence[str]) -> list[str]:
        """Of an item's captions those that count."""
        if self.kept is not None and not all(0 <= place < len(captions) for place in self.kept):
            raise UserError(f"kept={list(self.kept)} names captions that an item with {len(captions)} of them has not")
        return [captions[place] for place in (range(len(captions)) if self.kept is None else self.kept)]

    def item(self, index: int) -> dict[str, object]:
        """The picture with all of its captions."""
        found = self.known[index]
        if found is None:
            found = self.brought(self.dataset[index])
            if self.held:
                self.known[index] = found
        return found

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, object]:
        index, seed = key if isinstance(key, tuple) else (key, None)
        item = self.item(index)
        captions = item["captions"]
        return {**item, "captions": captions if seed is None else [captions[seed % len(captions)]]}

    def texts(self) -> list[str]:
        """All captions. Sets on disk list them apart, so that no picture is read for them."""
        if hasattr(self.dataset, "entries"):  # (picture, captions) each: see AnnotatedPictures
            return [text for _, captions in self.dataset.entries for text in self.kept_of(captions)]
        return [text for index in range(len(self)) for text in self.item(index)["captions"]]


def caption_facts(
    dataset: Captioned, *, vocab_size: int = 1024, max_seq_len: int = 77, merges: str | None = None
) -> dict[str, object]:
    """`tokenizer`, `vocab_size`, `max_seq_len`, and the pictures' `image_shape` and `in_channels`.

    The tokenizer is learnt from the captions. With `merges`, it is the published one: "open_clip" takes the merges from the
    installed library, anything else is the path of their file.
    """
    if merges is None:
        tokenizer = ClipTokenizer.fit(dataset.texts(), vocab_size=vocab_size)
    else:
        tokenizer = ClipTokenizer.read(None if merges == "open_clip" else merges)
    shape = [3, dataset.size, dataset.size]
    facts = {"tokenizer": tokenizer, "vocab_size": tokenizer.vocab_size, "max_seq_len": max_seq_len}
    return {**facts, "image_shape": shape, "in_channels": shape[0]}


def caption_batch(
    items: Sequence[Mapping[str, object]], *, tokenizer: ClipTokenizer, max_seq_len: int, overlong: str = "cut"
) -> dict[str, object]:
    """Items as one batch. Their captions stand one below the other, each with the row of its picture.

    Items without captions, such as a user's picture, become a batch without. `overlong`: see `caption_tokens`.
    Shapes: image (batch, channels, height, width), tokens (texts, longest) int64, owner (texts) int64; captions is a list.
    """
    columns = {name: [item[name] for item in items] for name in items[0] if name != "captions"}
    batch = {name: torch.stack(column) if isinstance(column[0], Tensor) else column for name, column in columns.items()}
    if "captions" not in items[0]:
        return batch
    captions = [text for item in items for text in item["captions"]]
    owner = torch.tensor([row for row, item in enumerate(items) for _ in item["captions"]])
    tokens = caption_tokens(captions, tokenizer, max_seq_len=max_seq_len, overlong=overlong)
    return {**batch, "tokens": tokens, "owner": owner, "captions": captions}


def caption_tokens(texts: Sequence[str], tokenizer: ClipTokenizer, *, max_seq_len: int, overlong: str = "cut") -> Tensor:
    """Each text between its start and its end, filled up with zeros to the length of the longest.

    A text of more than `max_seq_len` tokens keeps the first of them and its end (`overlong="cut"`, as in CLIP; the first time it
    happens it is said in a line on stderr), or is refused ("refuse").
    Shapes: -> (texts, longest) of int64.
    Raises: UserError for an empty text, for one that is too long where that is refused, and for another `overlong`.
    """
    if overlong not in OVERLONG:
        raise UserError(f"overlong is {' or '.join(OVERLONG)}: what becomes of a caption that is too long; got {overlong!r}")
    rows = []
    for text in texts:
        middle = tokenizer.encode(text)
        if not len(middle):
            raise UserError(f"a caption or prompt has to say something; got {text!r}")
        if len(middle) > max_seq_len - 2:
            if overlong == "refuse":
                raise UserError(
                    f"a caption has {len(middle) + 2} tokens, and the model reads {max_seq_len}: {shortened(text)!r}; "
                    "write less, or let it be cut with overlong=cut"
                )
            tell_of_cutting(max_seq_len)
            middle = middle[: max_seq_len - 2]
        rows.append(torch.cat([torch.tensor([tokenizer.start]), middle, torch.tensor([tokenizer.end])]))
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


@cache
def tell_of_cutting(max_seq_len: int) -> None:
    """Say it on stderr, once in a process."""
    print(f"groundup: captions of more than {max_seq_len} tokens are cut there (overlong=refuse refuses them)", file=sys.stderr)
