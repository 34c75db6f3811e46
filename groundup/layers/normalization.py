"""Normalization layers."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.ops.normalization import batch_norm, layer_norm


class BatchNorm2d(Module):
    """Every channel at mean 0 and variance 1 over the batch, then scaled by `weight` and shifted by `bias`.

    In training the batch's own mean and variance are used, and the running ones follow them by a part `momentum` a step; in
    evaluation the running ones are used. With `track_running_stats=False` there are none, and the batch's serve throughout.

    Shapes: (batch, num_features, height, width) -> the same.
    Raises: ValueError for another shape, and for training on one value a channel.
    Paper: https://arxiv.org/abs/1502.03167 (section 3; weight is gamma and bias is beta).
    Equals: torch.nn.BatchNorm2d, buffers included.
    """

    def __init__(
        self,
        *,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(torch.empty(num_features)) if affine else None
        self.bias = Parameter(torch.empty(num_features)) if affine else None
        self.register_buffer("running_mean", torch.empty(num_features) if track_running_stats else None)
        self.register_buffer("running_var", torch.empty(num_features) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", torch.tensor(0) if track_running_stats else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to the start: weight 1, bias 0, and statistics of nothing seen."""
        with torch.no_grad():
            if self.weight is not None:
                self.weight.fill_(1)
                self.bias.zero_()
            if self.running_mean is not None:
                self.running_mean.zero_()
                self.running_var.fill_(1)
                self.num_batches_tracked.zero_()

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4 or x.shape[1] != self.num_features:
            raise ValueError(f"BatchNorm2d takes (batch, {self.num_features}, height, width); it was given {tuple(x.shape)}")
        training = self.training or self.running_mean is None
        x = batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training, self.momentum, self.eps)
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
        return x


class LayerNorm(Module):
    """Every example at mean 0 and variance 1 over its last dimensions, then scaled by `weight` and shifted by `bias`.

    Shapes: (..., *normalized_shape) -> the same.
    Raises: ValueError for another shape.
    Paper: https://arxiv.org/abs/1607.06450 (section 3; weight is the gain g).
    Equals: torch.nn.LayerNorm.
    """

    def __init__(
        self,
        *,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ):
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.weight = Parameter(torch.empty(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(torch.empty(self.normalized_shape)) if elementwise_affine and bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to the start: weight 1, bias 0."""
        with torch.no_grad():
            if self.weight is not None:
                self.weight.fill_(1)
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
