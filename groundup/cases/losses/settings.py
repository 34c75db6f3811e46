"""How a loss with settings is written as a function, so that each sample of a case can choose its own."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import Module


def with_settings(loss: Callable[..., Module]) -> Callable[..., Tensor]:
    """A function of the loss's tensors, by position, and of its settings, by name."""

    def run(*tensors: Tensor, **settings) -> Tensor:
        return loss(**settings)(*tensors)

    return run
