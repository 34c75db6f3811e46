"""Group normalization: the channels of every example in groups, each group at mean 0 and variance 1."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.normalization import NormalizeManual, check_channels, moments, scale_and_shift, widened


def check_group_norm(input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None) -> None:
    """A ValueError that says what does not fit."""
    check_channels("group_norm", input, weight=weight, bias=bias)
    if num_groups < 1 or input.shape[1] % num_groups:
        raise ValueError(f"group_norm: {input.shape[1]} channels do not divide into {num_groups} groups")
    if 0 in input.shape[1:]:
        raise ValueError(f"group_norm: an input {tuple(input.shape)} has no channel, or channels without a value")
    if input.numel() == num_groups:  # as torch has it: one example, and in it one value a group
        raise ValueError(
            f"group_norm needs more than one value a group; an input {tuple(input.shape)} has one in each of {num_groups} groups"
        )


def group_norm_loops(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    check_group_norm(input, num_groups, weight, bias)
    pixels = widened(input.flatten(2) if input.dim() > 2 else input.unsqueeze(2))
    output = torch.empty_like(pixels)
    batch, channels, places = pixels.shape
    size = channels // num_groups
    for n in range(batch):
        for group in range(num_groups):
            where = [(c, p) for c in range(group * size, (group + 1) * size) for p in range(places)]
            mean = sum(pixels[n, c, p] for c, p in where) / len(where)
            var = sum((pixels[n, c, p] - mean) ** 2 for c, p in where) / len(where)
            for c, p in where:
                value = (pixels[n, c, p] - mean) / (var + eps) ** 0.5
                value = value if weight is None else value * weight[c]
                output[n, c, p] = value if bias is None else value + bias[c]
    return output.view(input.shape).to(input.dtype)


def grouped(input: Tensor, num_groups: int) -> Tensor:
    """(batch, channels, ...) -> (batch, groups, channels / groups, places), widened."""
    batch, channels = input.shape[:2]
    return widened(input).reshape(batch, num_groups, channels // num_groups, math.prod(input.shape[2:]))


def grouped_vector(vector: Tensor | None, num_groups: int) -> Tensor | None:
    """(channels) -> (groups, channels / groups, 1), widened; None stays None."""
    return None if vector is None else widened(vector).view(num_groups, len(vector) // num_groups, 1)


def group_norm_tensors(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Every group of channels of every example at mean 0 and variance 1, times the weight, plus the bias, of each channel.

    output[n, c, ...] = (input[n, c, ...] - mean[n, g]) / sqrt(var[n, g] + eps) * weight[c] + bias[c]

    g is the group that c lies in: the first channels / groups channels are the first group, and so on. Mean and var
    (divided by the count) are taken over the group's channels and all dimensions after them. With one group it is a layer
    norm over channels and places, with as many groups as channels an instance norm.

    Shapes: input (batch, channels, ...), weight and bias (channels) -> as input.
    Raises: ValueError for channels that do not divide into the groups, vectors of another length, and one value a group.
    Paper: https://arxiv.org/abs/1803.08494 (section 3.1, equation 7; weight is gamma and bias is beta).
    Equals: torch.nn.functional.group_norm.
    """
    check_group_norm(input, num_groups, weight, bias)
    centred, _, var = moments(grouped(input, num_groups), [2, 3])
    weight, bias, gain = grouped_vector(weight, num_groups), grouped_vector(bias, num_groups), (var + eps).rsqrt()
    output = scale_and_shift(centred, gain if weight is None else gain * weight, bias)
    return output.view(input.shape).to(input.dtype)


def group_norm_manual(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    check_group_norm(input, num_groups, weight, bias)
    groups = grouped(input, num_groups)
    centred, _, var = moments(groups.detach(), [2, 3])
    weight, bias = grouped_vector(weight, num_groups), grouped_vector(bias, num_groups)
    output, _, _ = NormalizeManual.apply(groups, centred, var, weight, bias, eps, [2, 3], True)
    return output.view(input.shape).to(input.dtype)


def group_norm_fused(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    check_group_norm(input, num_groups, weight, bias)
    return F.group_norm(input, num_groups, weight, bias, eps)


group_norm = Ladder(group_norm_tensors, loops=group_norm_loops, manual=group_norm_manual, fused=group_norm_fused)
