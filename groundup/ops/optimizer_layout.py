"""How the tensors of an update lie in memory: what a fused kernel may take together, and in which order it must find them."""

from collections.abc import Iterator, Sequence
from itertools import compress

import torch
from torch import Tensor

FUSED_DEVICES = ("cpu", "cuda", "mps")
ONE = torch.ones(())


def batches(params: Sequence[Tensor], *rows: Sequence[Tensor]) -> Iterator[tuple[Sequence[Tensor], ...]]:
    """The lists cut so that each cut holds tensors of one device and dtype: what one call of a kernel may take."""
    kinds = [(param.device, param.dtype) for param in params]
    if len(set(kinds)) == 1:
        yield params, *rows
        return
    for kind in dict.fromkeys(kinds):
        chosen = [other == kind for other in kinds]
        yield tuple(list(compress(row, chosen)) for row in (params, *rows))


def is_dense(tensor: Tensor) -> bool:
    """Whether the elements fill a stretch of memory without gap or overlap, in whatever order of the dimensions."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape)):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def laid_out(params: Sequence[Tensor], grads: Sequence[Tensor], *states: Sequence[Tensor]) -> Sequence[Tensor] | None:
    """The gradients in the memory order of their parameters; states of another order are brought into it in place.

    A fused kernel walks all of them as raw memory, side by side: a channels-last weight with a gradient of the usual order
    would take each number from the wrong place. None where a parameter has gaps (a slice of a larger tensor), since the walk
    would write into them.
    """
    if all(all(map(Tensor.is_contiguous, row)) for row in (params, grads, *states)):
        return grads
    if not all(map(is_dense, params)):
        return None
    for row in states:
        for param, state in zip(params, row):
            if state.stride() != param.stride():
                state.set_(torch.empty_like(param).copy_(state))
    return [
        grad if grad.stride() == param.stride() else torch.empty_like(param).copy_(grad) for param, grad in zip(params, grads)
    ]


def count_step(steps: Sequence[Tensor]) -> None:
    """Add 1 to each count, in place."""
    if steps and steps[0].is_cpu:
        torch._foreach_add_(steps, ONE, alpha=1)  # in main memory three times as fast as adding the number 1
    else:
        torch._foreach_add_(steps, 1)
