"""Instance normalization: it takes the contrast out of each picture by itself, which style transfer lives on."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.normalization import one_and_zero_
from groundup.ops.instance_norm import instance_norm


class InstanceNorm2d(Module):
    """Every channel of every picture at mean 0 and variance 1; with `affine`, then scaled by `weight`, shifted by `bias`.

    The picture's own statistics are used, in evaluation as well. With `track_running_stats` running ones follow their mean
    over the batch by a part `momentum` a step, and are used in evaluation. The count of batches is there for the sake of
    torch's state alone, and stays 0.

    Shapes: (batch, num_features, height, width) or (num_features, height, width) -> the same.
    Raises: ValueError for another shape, and for pictures of one pixel.
    Paper: https://arxiv.org/abs/1607.08022 (section 2).
    Equals: torch.nn.InstanceNorm2d, buffers included.
    """

    def __init__(
        self,
        *,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(torch.empty(num_features)) if affine else None
        self.bias = Parameter(torch.empty(num_features)) if affine else None
        self.register_buffer("running_mean", torch.empty(num_features) if track_running_stats else None)
        self.register_buffer("running_var", torch.empty(num_features) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", torch.empty((), dtype=torch.int64) if track_running_stats else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to the start: weight 1, bias 0, and statistics of nothing seen."""
        one_and_zero_(self.weight, self.bias)
        one_and_zero_(self.running_var, self.running_mean)
        one_and_zero_(None, self.num_batches_tracked)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() not in (3, 4) or x.shape[-3] != self.num_features:
            raise ValueError(
                f"InstanceNorm2d takes ({self.num_features}, height, width), with or without a batch before; "
                f"it was given {tuple(x.shape)}"
            )
        own = self.training or self.running_mean is None
        pictures = x if x.dim() == 4 else x.unsqueeze(0)
        pictures = instance_norm(
            pictures, self.running_mean, self.running_var, self.weight, self.bias, own, self.momentum, self.eps
        )
        return pictures.view(x.shape)
