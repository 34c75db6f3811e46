"""Instance normalization: every channel of every example at mean 0 and variance 1 by itself."""

import math

import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.normalization import (
    along_channels,
    check_channels,
    moments,
    scale_and_shift,
    update_running_statistics,
    widened,
)


def check_instance_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    use_input_stats: bool,
) -> int:
    """How many values each channel of an example has, or a ValueError that says what does not fit."""
    check_channels("instance_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if (running_mean is None) != (running_var is None):
        raise ValueError("instance_norm takes both running_mean and running_var or neither; it was given one")
    if not use_input_stats and running_mean is None:
        raise ValueError("instance_norm: with use_input_stats=False it needs running_mean and running_var")
    count = math.prod(input.shape[2:])
    if use_input_stats and count == 1:
        raise ValueError(
            f"instance_norm needs more than one value in each channel of an example; an input {tuple(input.shape)} has one"
        )
    return count


def instance_norm_tensors(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Every channel of every example at mean 0 and variance 1, times its weight, plus its bias.

    output[n, c, ...] = (input[n, c, ...] - mean[n, c]) / sqrt(var[n, c] + eps) * weight[c] + bias[c]

    Mean and var (divided by the count) are taken over all dimensions after the channels'. Running ones, if given, are moved
    in place: running += momentum * (mean over the examples - running), where the variance is the unbiased one. With
    `use_input_stats=False` they are what is used, for all examples alike; they take no gradient.

    Shapes: input (batch, channels, ...), the four vectors (channels) -> as input.
    Raises: ValueError for vectors of another length, for one value a channel, and for missing running statistics where
    they are to be used.
    Paper: https://arxiv.org/abs/1607.08022 (section 2).
    Equals: torch.nn.functional.instance_norm, but for a batch of nothing: here it leaves the running statistics as they are,
    where torch writes NaN or raises an IndexError.
    """
    count = check_instance_norm(input, running_mean, running_var, weight, bias, use_input_stats)
    weight, bias = along_channels(weight, input), along_channels(bias, input)
    if use_input_stats:
        centred, mean, var = moments(widened(input), list(range(2, input.dim())))
        update_running_statistics(running_mean, running_var, mean, var, count, momentum)
    else:
        centred = widened(input) - along_channels(running_mean.detach(), input)
        var = along_channels(running_var.detach(), input)
    gain = (var + eps).rsqrt()
    return scale_and_shift(centred, gain if weight is None else gain * weight, bias).to(input.dtype)


def instance_norm_fused(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    check_instance_norm(input, running_mean, running_var, weight, bias, use_input_stats)
    normalize = F.instance_norm if input.numel() else instance_norm_tensors
    return normalize(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


instance_norm = Ladder(instance_norm_tensors, fused=instance_norm_fused)
