"""Scalar and Array: the same formula computed by our engine and by torch, values and gradients of every input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from groundup.autograd.array import Array
from groundup.autograd.scalar import Scalar
from groundup.cases.case import Case
from groundup.parity.compare import Errors, largest_error


def of_scalars(x, y, z):
    """Every operation of Scalar; numbers that are used twice; constants on both sides."""
    product = x * y + 2 * x - 3
    ratio = (1 - z) / (y**2 + 1) + 4 / (z + 5) - 1.5
    bent = product.tanh() * ratio.sigmoid() + (x / 3).exp() + (z**2 + 0.5).log()
    return bent.relu() + (-bent).relu() * 0.1 + product**3 * 0.01 + z**0


def largest(array: Array | Tensor, axis: int) -> Array | Tensor:
    return array.max(axis) if isinstance(array, Array) else array.amax(axis)


def turned(stack: Array | Tensor) -> Array | Tensor:
    return stack.transpose(0, 2, 1) if isinstance(stack, Array) else stack.permute(0, 2, 1)


def of_arrays(x, y, z):
    """Every operation of Array on (4, 3), (3, 5) and (5,): products, broadcasting, reductions, indices, shapes."""
    hidden = (x @ y + z).tanh() * 2 - 1 / (z**2 + 3)
    rows = hidden.log_softmax(-1)
    picked = rows[[0, 1, 1, 3], [4, 0, 0, 2]]
    pooled = largest(hidden, 1) + (hidden / 2).exp().mean(0, keepdims=True).sum()
    stacked = turned(hidden.reshape(2, 2, 5)) @ x.reshape(2, 2, 3)
    bent = stacked.relu().sum((0, 2)) - stacked.sigmoid().mean(1).sum(0, keepdims=True).sum(1)
    return picked.mean() + (pooled * pooled).sum() + (bent**2 + 1).log().sum() + (5 - x).sum() * 0.1


@dataclass(frozen=True, kw_only=True)
class EngineCase(Case):
    """One formula on our numbers and on torch's; errors of the value and of each input's gradient."""

    formula: Callable
    wrap: Callable
    shapes: Sequence[tuple[int, ...]]
    kind: str = "op"

    def measure(self) -> Errors:
        errors = Errors(None, None)
        for seed in range(5):
            generator = Generator().manual_seed(seed)
            starts = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in self.shapes]
            theirs = [start.clone().requires_grad_() for start in starts]
            ours = [self.wrap(start.numpy()) for start in starts]
            our_value, their_value = self.formula(*ours), self.formula(*theirs)
            our_value.backward()
            their_value.backward()
            values = [torch.as_tensor(our_value.value, dtype=torch.float64)], [their_value]
            gradients = (
                [torch.as_tensor(number.gradient, dtype=torch.float64) for number in ours],
                [number.grad for number in theirs],
            )
            errors |= Errors(largest_error(*values), largest_error(*gradients))
        return errors


CASES = [
    EngineCase(name="Scalar", reference="torch", formula=of_scalars, wrap=Scalar, shapes=[(), (), ()]),
    EngineCase(name="Array", reference="torch", formula=of_arrays, wrap=Array, shapes=[(4, 3), (3, 5), (5,)]),
]
