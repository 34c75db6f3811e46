"""Layer normalization: the features of every example at mean 0 and variance 1; and the same without the shift, RMS norm."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.normalization import NormalizeManual, check_dtypes, moments, scale_and_shift, values_in, widened


def check_features(name: str, input: Tensor, normalized_shape: Sequence[int], **vectors: Tensor | None) -> list[int]:
    """The dimensions that are normalized, or a ValueError that says what does not fit."""
    shape = tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise ValueError(
            f"{name} over {shape} takes input (..., {', '.join(map(str, shape))}); it was given {tuple(input.shape)}"
        )
    for key, tensor in vectors.items():
        if tensor is not None and tuple(tensor.shape) != shape:
            raise ValueError(f"{name} over {shape}: {key} has shape {tuple(tensor.shape)}")
    check_dtypes(name, input, **vectors)
    return list(range(-len(shape), 0))


def layer_norm_loops(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    dims = check_features("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    features = math.prod(normalized_shape)
    examples = widened(input).reshape(math.prod(input.shape[: -len(dims)]), features)
    output = torch.empty_like(examples)
    for n in range(len(examples)):
        mean = sum(examples[n, i] for i in range(features)) / max(1, features)
        var = sum((examples[n, i] - mean) ** 2 for i in range(features)) / max(1, features)
        for i in range(features):
            value = (examples[n, i] - mean) / (var + eps) ** 0.5
            value = value if weight is None else value * weight.flatten()[i]
            output[n, i] = value if bias is None else value + bias.flatten()[i]
    return output.view(input.shape).to(input.dtype)


def layer_norm_tensors(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Every example at mean 0 and variance 1 over its last dimensions, times the weight, plus the bias, of each feature.

    output = (input - mean) / sqrt(var + eps) * weight + bias

    Mean and var (divided by the count) are taken over the last dimensions, those of `normalized_shape`: no example sees
    another, and training and evaluation are the same.

    Shapes: input (..., *normalized_shape), weight and bias (*normalized_shape) -> as input.
    Raises: ValueError for shapes that do not match.
    Paper: https://arxiv.org/abs/1607.06450 (section 3; weight is the gain g).
    Equals: torch.nn.functional.layer_norm.
    """
    dims = check_features("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    centred, _, var = moments(widened(input), dims)
    return scale_and_shift(centred * (var + eps).rsqrt(), widened(weight), widened(bias)).to(input.dtype)


def layer_norm_manual(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    dims = check_features("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    centred, _, var = moments(widened(input.detach()), dims)
    output, _, _ = NormalizeManual.apply(widened(input), centred, var, widened(weight), widened(bias), eps, dims, True)
    return output.to(input.dtype)


def layer_norm_fused(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    check_features("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


def smallest_step(input: Tensor, eps: float | None) -> float:
    """`eps`, or where it is None the distance from 1 to the next number of the type that is computed in."""
    return torch.finfo(widened(input).dtype).eps if eps is None else eps


def rms_norm_loops(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    dims = check_features("rms_norm", input, normalized_shape, weight=weight)
    eps = smallest_step(input, eps)
    features = math.prod(normalized_shape)
    examples = widened(input).reshape(math.prod(input.shape[: -len(dims)]), features)
    output = torch.empty_like(examples)
    for n in range(len(examples)):
        mean_square = sum(examples[n, i] ** 2 for i in range(features)) / max(1, features)
        for i in range(features):
            value = examples[n, i] / (mean_square + eps) ** 0.5
            output[n, i] = value if weight is None else value * weight.flatten()[i]
    return output.view(input.shape).to(input.dtype)


def mean_square(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The mean of the squares over some dimensions, which stay with size 1."""
    return input.square().sum(dims, keepdim=True) / values_in(input, dims)


def rms_norm_tensors(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Every example divided by the root of the mean of its squares over its last dimensions, times the weight of each feature.

    output = input / sqrt(mean(input^2) + eps) * weight

    The mean is taken over the last dimensions, those of `normalized_shape`. Nothing is subtracted: against `layer_norm`,
    what is saved is the mean and the bias. An `eps` of None is the machine epsilon (of float32 for half precision).

    Shapes: input (..., *normalized_shape), weight (*normalized_shape) -> as input.
    Raises: ValueError for shapes that do not match.
    Paper: https://arxiv.org/abs/1910.07467 (section 4, equation 4; weight is the gain g).
    Equals: torch.nn.functional.rms_norm.
    """
    dims = check_features("rms_norm", input, normalized_shape, weight=weight)
    wide, eps = widened(input), smallest_step(input, eps)
    return scale_and_shift(wide * (mean_square(wide, dims) + eps).rsqrt(), widened(weight), None).to(input.dtype)


def rms_norm_manual(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    dims = check_features("rms_norm", input, normalized_shape, weight=weight)
    wide, eps = widened(input), smallest_step(input, eps)
    squares = mean_square(wide.detach(), dims)
    return NormalizeManual.apply(wide, wide.detach(), squares, widened(weight), None, eps, dims, False)[0].to(input.dtype)


def rms_norm_fused(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    check_features("rms_norm", input, normalized_shape, weight=weight)
    return F.rms_norm(input, normalized_shape, weight, eps)


layer_norm = Ladder(layer_norm_tensors, loops=layer_norm_loops, manual=layer_norm_manual, fused=layer_norm_fused)
rms_norm = Ladder(rms_norm_tensors, loops=rms_norm_loops, manual=rms_norm_manual, fused=rms_norm_fused)
