"""The dropout layer."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.dropout import dropout


class Dropout(Module):
    """In training each number is 0 with probability `p` and the kept ones are divided by 1 - p; else nothing happens.

    Paper: Dropout, https://jmlr.org/papers/v15/srivastava14a.html, section 4.
    Shapes: any -> the same.
    Raises: ValueError for a p outside 0 to 1.
    Equals: torch.nn.Dropout.
    """

    def __init__(self, *, p: float = 0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p is a probability between 0 and 1, not {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        return dropout(x, self.p, self.training)
