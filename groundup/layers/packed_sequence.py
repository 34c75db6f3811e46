"""Sequences of different lengths without their padding: laid out step by step, the longest sequences first.

A recurrent network that reads a packed batch spends no step on padding, and walking backwards it begins each sequence at
that sequence's own end.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class PackedSequence(NamedTuple):
    """A packed batch: `batch_sizes[t]` rows of `data` are the steps t of all sequences that are longer than t.

    Shapes: data (sum of the lengths, ...), batch_sizes (longest length) on the CPU; sorted_indices (batch) says which
    sequence of the batch each one is, from the longest to the shortest, and unsorted_indices (batch) leads back; both are
    None where the batch was sorted as it came.
    Equals: torch.nn.utils.rnn.PackedSequence, field by field.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None


def check_lengths(lengths: Tensor, steps: int, batch: int) -> None:
    """A ValueError unless there is one whole number from 1 to `steps` for each sequence of the batch."""
    if lengths.shape != (batch,) or lengths.dtype.is_floating_point or not batch:
        raise ValueError(
            f"lengths are {batch} whole numbers, one a sequence, of at least one sequence; it was given {lengths.tolist()}"
        )
    if lengths.min() < 1 or lengths.max() > steps:
        raise ValueError(f"every length lies between 1 and the {steps} steps of the input; it was given {lengths.tolist()}")


def running(lengths: Tensor, steps: int) -> Tensor:
    """Which sequences have a step t. Shapes: (batch) -> (steps, batch), of bool."""
    return torch.arange(steps, device=lengths.device)[:, None] < lengths


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """The steps of a padded batch that belong to its sequences, from the longest sequence to the shortest.

    With `enforce_sorted` the batch must come in that order; without, it is sorted, and the packed batch knows how.

    Shapes: input (time, batch, ...), or (batch, time, ...) with `batch_first`; lengths (batch).
    Raises: ValueError for lengths of another number, below 1 or beyond the input, and for a batch out of order.
    Equals: torch.nn.utils.rnn.pack_padded_sequence.
    """
    if input.dim() < 2:
        raise ValueError(f"pack_padded_sequence takes input (time, batch, ...); it was given {tuple(input.shape)}")
    input = input.transpose(0, 1) if batch_first else input
    lengths = torch.as_tensor(lengths, device="cpu")
    check_lengths(lengths, *input.shape[:2])
    order, back = None, None
    if not enforce_sorted:
        lengths, order = lengths.sort(descending=True)
        order = order.to(input.device)
        back = order.argsort()
        input = input[:, order]
    elif (lengths[1:] > lengths[:-1]).any():
        raise ValueError(
            f"the lengths {lengths.tolist()} do not fall from the longest to the shortest: sort the batch, or let it be sorted "
            f"with enforce_sorted=False"
        )
    mask = running(lengths, int(lengths[0]))
    return PackedSequence(input[: len(mask)][mask.to(input.device)], mask.sum(1), order, back)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch, in its own order, and its lengths: the way back of `pack_padded_sequence`.

    It is as long as its longest sequence, or `total_length`; steps beyond a sequence's end hold `padding_value`.

    Shapes: -> (time, batch, ...), or (batch, time, ...) with `batch_first`; lengths (batch), on the CPU.
    Raises: ValueError for a total length below the longest sequence's.
    Equals: torch.nn.utils.rnn.pad_packed_sequence.
    """
    data, batch_sizes, _, back = sequence
    steps = len(batch_sizes) if total_length is None else total_length
    if steps < len(batch_sizes):
        raise ValueError(f"total_length={total_length} is less than the longest sequence's length, {len(batch_sizes)}")
    lengths = (torch.arange(int(batch_sizes[0]))[:, None] < batch_sizes).sum(1)
    mask = running(lengths, steps).to(data.device)
    padded = data.new_full((*mask.shape, *data.shape[1:]), padding_value).index_put((mask,), data)
    if back is not None:
        padded, lengths = padded[:, back], lengths[back.cpu()]
    return (padded.transpose(0, 1) if batch_first else padded), lengths
