"""From the losses of a batch to the one number that training lowers, and what all losses ask of their arguments."""

import torch
from torch import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(name: str, reduction: str, allowed: tuple[str, ...] = REDUCTIONS) -> None:
    """A ValueError that names the reductions there are."""
    if reduction not in allowed:
        raise ValueError(f"{name}: no reduction is called {reduction!r}: choose one of {', '.join(allowed)}")


def reduce(losses: Tensor, reduction: str, count: Tensor | None = None) -> Tensor:
    """The losses as they are, their sum, or their mean: the sum divided by `count`, without one by how many there are."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if count is None else losses.sum() / count


def check_same_shape(name: str, input: Tensor, target: Tensor) -> None:
    """A ValueError for two shapes that differ: stretched to fit each other, they would give a number that means nothing."""
    if input.shape != target.shape:
        raise ValueError(
            f"{name} takes input and target of one shape; it was given {tuple(input.shape)} and {tuple(target.shape)}: "
            "reshape or expand the target"
        )


def check_fits(name: str, argument: str, tensor: Tensor | None, shape: torch.Size) -> None:
    """A ValueError for a tensor that does not broadcast to a shape."""
    if tensor is not None and not fits(tensor.shape, shape):
        raise ValueError(f"{name}: {argument} must broadcast to the input {tuple(shape)}; it was given {tuple(tensor.shape)}")


def fits(shape: torch.Size, whole: torch.Size) -> bool:
    """Whether a tensor of this shape broadcasts to the whole shape without stretching that."""
    return len(shape) <= len(whole) and all(
        part in (1, size) for part, size in zip(reversed(shape), reversed(whole), strict=False)
    )


def can_look_into(*tensors: Tensor) -> bool:
    """Whether a check may read the values: not where one would wait for them (on an accelerator), or trace them."""
    return not torch.compiler.is_compiling() and all(tensor.device.type == "cpu" for tensor in tensors)
