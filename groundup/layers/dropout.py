"""Dropout layers: in training something is struck out at random; in evaluation nothing happens."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.dropout import check_drop_path, check_probability, drop_path, dropout, dropout2d


class Dropout(Module):
    """In training each number is 0 with probability `p` and the kept ones are divided by 1 - p; else nothing happens.

    Paper: Dropout, https://jmlr.org/papers/v15/srivastava14a.html, section 4.
    Shapes: any -> the same.
    Raises: ValueError for a p outside 0 to 1.
    Equals: torch.nn.Dropout.
    """

    def __init__(self, *, p: float = 0.5):
        super().__init__()
        check_probability("Dropout", p)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        return dropout(x, self.p, self.training)


class Dropout2d(Module):
    """In training each channel is 0 with probability `p` and the kept ones are divided by 1 - p; else nothing happens.

    Paper: Efficient Object Localization Using Convolutional Networks, https://arxiv.org/abs/1411.4280, section 3.2.
    Shapes: (batch, channels, ...) -> the same.
    Raises: ValueError for a p outside 0 to 1.
    Equals: torch.nn.Dropout2d.
    """

    def __init__(self, *, p: float = 0.5):
        super().__init__()
        check_probability("Dropout2d", p)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        return dropout2d(x, self.p, self.training)


class DropPath(Module):
    """Stochastic depth: in training each example is 0 with probability `p`, and the kept ones are divided by 1 - p.

    Stands at the end of a residual branch, which an example struck out then skips. `mode` "batch" decides for all examples
    together.

    Paper: Deep Networks with Stochastic Depth, https://arxiv.org/abs/1603.09382, section 3.
    Shapes: (batch, ...) -> the same.
    Raises: ValueError for a p outside 0 to 1 and for another mode.
    Equals: torchvision.ops.StochasticDepth.
    """

    def __init__(self, *, p: float, mode: str = "row"):
        super().__init__()
        check_drop_path(p, mode)
        self.p, self.mode = p, mode

    def forward(self, x: Tensor) -> Tensor:
        return drop_path(x, self.p, self.mode, self.training)
