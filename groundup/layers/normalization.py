"""Normalization layers: of a channel over the batch, of a group of channels, and of the features of one example."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.ops.batch_norm import batch_norm
from groundup.ops.group_norm import group_norm
from groundup.ops.layer_norm import layer_norm, rms_norm


# what BatchNorm1d and BatchNorm2d share; they differ in the inputs that they take
class BatchNorm(Module):
    def __init__(
        self,
        *,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
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
        tracking = self.training and self.running_mean is not None
        training = self.training or self.running_mean is None
        mean, var, momentum = self.running_mean, self.running_var, self.momentum
        if tracking and momentum is None:  # the batch's own statistics first, of which the running ones become the mean
            mean, var, momentum = mean.clone(), var.clone(), 1.0
        x = batch_norm(x, mean, var, self.weight, self.bias, training, momentum or 0.0, self.eps)
        if tracking:
            self.num_batches_tracked += 1
            if self.momentum is None:
                self.running_mean += (mean - self.running_mean) / self.num_batches_tracked
                self.running_var += (var - self.running_var) / self.num_batches_tracked
        return x


class BatchNorm1d(BatchNorm):
    """Every feature at mean 0 and variance 1 over the batch (and the length), then scaled by `weight`, shifted by `bias`.

    The rest is as in BatchNorm2d.

    Shapes: (batch, num_features) or (batch, num_features, length) -> the same.
    Raises: ValueError for another shape, and for training on one value a feature.
    Paper: https://arxiv.org/abs/1502.03167 (section 3; weight is gamma and bias is beta).
    Equals: torch.nn.BatchNorm1d, buffers included.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() not in (2, 3) or x.shape[1] != self.num_features:
            raise ValueError(
                f"BatchNorm1d takes (batch, {self.num_features}) or (batch, {self.num_features}, length); "
                f"it was given {tuple(x.shape)}"
            )
        return super().forward(x)


class BatchNorm2d(BatchNorm):
    """Every channel at mean 0 and variance 1 over the batch, then scaled by `weight` and shifted by `bias`.

    In training the batch's own mean and variance are used, and the running ones follow them by a part `momentum` a step
    (None: they are the mean over all batches so far); in evaluation the running ones are used. With
    `track_running_stats=False` there are none, and the batch's serve throughout.

    Shapes: (batch, num_features, height, width) -> the same.
    Raises: ValueError for another shape, and for training on one value a channel.
    Paper: https://arxiv.org/abs/1502.03167 (section 3; weight is gamma and bias is beta).
    Equals: torch.nn.BatchNorm2d, buffers included.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4 or x.shape[1] != self.num_features:
            raise ValueError(f"BatchNorm2d takes (batch, {self.num_features}, height, width); it was given {tuple(x.shape)}")
        return super().forward(x)


class GroupNorm(Module):
    """Every group of channels of an example at mean 0 and variance 1, then scaled by `weight` and shifted by `bias`.

    Shapes: (batch, num_channels, ...) -> the same.
    Raises: ValueError for groups that do not divide the channels, for another shape, and for one value a group.
    Paper: https://arxiv.org/abs/1803.08494 (section 3.1; weight is gamma and bias is beta).
    Equals: torch.nn.GroupNorm.
    """

    def __init__(self, *, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True):
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: {num_channels} channels do not divide into {num_groups} groups")
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight = Parameter(torch.empty(num_channels)) if affine else None
        self.bias = Parameter(torch.empty(num_channels)) if affine else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to the start: weight 1, bias 0."""
        one_and_zero_(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"GroupNorm takes (batch, {self.num_channels}, ...); it was given {tuple(x.shape)}")
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


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
        one_and_zero_(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """Every example divided by the root of the mean of its squares over its last dimensions, then scaled by `weight`.

    An `eps` of None is the machine epsilon of the type that is computed in.

    Shapes: (..., *normalized_shape) -> the same.
    Raises: ValueError for another shape.
    Paper: https://arxiv.org/abs/1910.07467 (section 4; weight is the gain g).
    Equals: torch.nn.RMSNorm.
    """

    def __init__(self, *, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True):
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.weight = Parameter(torch.empty(self.normalized_shape)) if elementwise_affine else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to the start: weight 1."""
        one_and_zero_(self.weight, None)

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.normalized_shape, self.weight, self.eps)


def one_and_zero_(weight: Tensor | None, bias: Tensor | None) -> None:
    """The start at which a normalization is nothing but that: weight 1, bias 0, each where there is one."""
    with torch.no_grad():
        if weight is not None:
            weight.fill_(1)
        if bias is not None:
            bias.zero_()
