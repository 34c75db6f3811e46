"""Answers to `windows` that are wrong in the ways that people are."""

import torch
from torch import Tensor


def refuse(row: Tensor, size: int) -> None:
    if size > len(row):
        raise ValueError("a window does not fit")


def copied(row: Tensor, size: int, step: int = 1) -> Tensor:
    """The numbers are right, and they are copies: what is written into the row later is not seen in them. Stacking, indexing
    with a list and clone() copy; as_strided and unfold do not."""
    refuse(row, size)
    return torch.stack([row[start : start + size] for start in range(0, len(row) - size + 1, step)])


def one_too_few(row: Tensor, size: int, step: int = 1) -> Tensor:
    """The last window is missing. Between the first start and the last possible one lie (length - size) // step steps, and there
    is one window more than there are steps."""
    refuse(row, size)
    count = (len(row) - size) // step
    return torch.as_strided(row, (count, size), (step * row.stride(0), row.stride(0)), row.storage_offset())


def stride_of_one(row: Tensor, size: int, step: int = 1) -> Tensor:
    """You take it that neighbours in the row are neighbours in memory. Of every other number of a tensor, or of a column, they
    are not: ask row.stride(0)."""
    refuse(row, size)
    count = (len(row) - size) // step + 1
    return torch.as_strided(row, (count, size), (step, 1), row.storage_offset())


def from_the_beginning(row: Tensor, size: int, step: int = 1) -> Tensor:
    """The walk begins at the first number in memory, also where the row begins later: the last argument of as_strided is
    row.storage_offset(), or left out."""
    refuse(row, size)
    count = (len(row) - size) // step + 1
    return torch.as_strided(row, (count, size), (step * row.stride(0), row.stride(0)), 0)


def apart(row: Tensor, size: int, step: int = 1) -> Tensor:
    """The windows lie side by side and do not overlap: each begins where the one before ends. They are to begin `step` numbers
    apart, whatever their size."""
    refuse(row, size)
    return row[: len(row) // size * size].unfold(0, size, size)


def unguarded(row: Tensor, size: int, step: int = 1) -> Tensor:
    """A window larger than the row is not refused. as_strided would look past the end of the row, at whatever lies there: check
    the size first, and raise ValueError."""
    count = max(0, (len(row) - size) // step + 1)
    return torch.as_strided(row, (count, size), (step * row.stride(0), row.stride(0)), row.storage_offset())
