"""Batch normalization: every channel at mean 0 and variance 1 over the whole batch."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.normalization import (
    NormalizeManual,
    along_channels,
    check_channels,
    moments,
    scale_and_shift,
    update_running_statistics,
    widened,
)


def check_batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    eps: float,
) -> int:
    """How many values each channel has, or a ValueError that says what does not fit."""
    check_channels("batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if (running_mean is None) != (running_var is None):
        raise ValueError("batch_norm takes both running_mean and running_var or neither; it was given one")
    if not training and running_mean is None:
        raise ValueError("batch_norm: with training=False it needs running_mean and running_var")
    count = math.prod((input.shape[0], *input.shape[2:]))
    if training and count == 1:
        raise ValueError(f"batch_norm: training needs more than one value a channel; an input {tuple(input.shape)} has one")
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"batch_norm: eps is positive (0 only with training=False), not {eps}")
    return count


def batch_norm_loops(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    count = check_batch_norm(input, running_mean, running_var, weight, bias, training, eps)
    pixels = widened(input.flatten(2) if input.dim() > 2 else input.unsqueeze(2))
    output = torch.empty_like(pixels)
    batch, channels, places = pixels.shape
    where = [(n, p) for n in range(batch) for p in range(places)]
    for c in range(channels):
        if training:
            mean = sum((pixels[n, c, p] for n, p in where), pixels.new_zeros(())) / max(1, count)
            var = sum(((pixels[n, c, p] - mean) ** 2 for n, p in where), pixels.new_zeros(())) / max(1, count)
        else:
            mean, var = running_mean[c].detach(), running_var[c].detach()
        for n, p in where:
            value = (pixels[n, c, p] - mean) / (var + eps) ** 0.5
            value = value if weight is None else value * weight[c]
            output[n, c, p] = value if bias is None else value + bias[c]
        if training and running_mean is not None:
            update_running_statistics(running_mean[c : c + 1], running_var[c : c + 1], mean, var, count, momentum)
    return output.view(input.shape).to(input.dtype)


def batch_norm_tensors(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Every channel at mean 0 and variance 1, times its weight, plus its bias.

    output[n, c, ...] = (input[n, c, ...] - mean[c]) / sqrt(var[c] + eps) * weight[c] + bias[c]

    In training, mean and var (divided by the count, not by one less) are those of the batch, over all dimensions but the
    channels', and the running ones are moved in place: running += momentum * (batch's - running), where the batch's
    variance is the unbiased one, divided by one less than the count. Otherwise the running ones are used; they take no
    gradient.

    Shapes: input (batch, channels, ...), the four vectors (channels) -> as input.
    Raises: ValueError for vectors of another length, for training on one value a channel, and for missing running
    statistics outside training.
    Paper: https://arxiv.org/abs/1502.03167 (algorithms 1 and 2; weight is gamma and bias is beta).
    Equals: torch.nn.functional.batch_norm.
    """
    count = check_batch_norm(input, running_mean, running_var, weight, bias, training, eps)
    weight, bias = along_channels(weight, input), along_channels(bias, input)
    if training:
        centred, mean, var = moments(widened(input), [0, *range(2, input.dim())])
        update_running_statistics(running_mean, running_var, mean, var, count, momentum)
    else:
        centred = widened(input) - along_channels(running_mean.detach(), input)
        var = along_channels(running_var.detach(), input)
    gain = (var + eps).rsqrt()
    return scale_and_shift(centred, gain if weight is None else gain * weight, bias).to(input.dtype)


def batch_norm_manual(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    count = check_batch_norm(input, running_mean, running_var, weight, bias, training, eps)
    weight, bias = along_channels(weight, input), along_channels(bias, input)
    if training:
        dims = [0, *range(2, input.dim())]
        centred, mean, var = moments(widened(input.detach()), dims)
        update_running_statistics(running_mean, running_var, mean, var, count, momentum)
    else:
        dims, var = [], along_channels(running_var.detach(), input)
        centred = widened(input.detach()) - along_channels(running_mean.detach(), input)
    return NormalizeManual.apply(widened(input), centred, var, weight, bias, eps, dims, True)[0].to(input.dtype)


def batch_norm_fused(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    check_batch_norm(input, running_mean, running_var, weight, bias, training, eps)
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


batch_norm = Ladder(batch_norm_tensors, loops=batch_norm_loops, manual=batch_norm_manual, fused=batch_norm_fused)
