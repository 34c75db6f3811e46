"""Batch and layer normalization: shift to mean 0, scale to variance 1, then let a gain and a bias undo it where that is better.

The two differ only in what the mean and variance are taken over: a channel of the whole batch, or the features of one example.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_batch_norm(input: Tensor, training: bool, **vectors: Tensor | None) -> None:
    """A ValueError that says what does not fit."""
    if input.dim() < 2:
        raise ValueError(f"batch_norm takes input (batch, channels, ...); it was given {tuple(input.shape)}")
    channels = input.shape[1]
    for name, vector in vectors.items():
        if vector is not None and vector.shape != (channels,):
            raise ValueError(f"batch_norm: the input has {channels} channels; {name} has shape {tuple(vector.shape)}")
    if not training and (vectors["running_mean"] is None or vectors["running_var"] is None):
        raise ValueError("batch_norm: with training=False it needs running_mean and running_var")
    if training and input.numel() == channels:
        raise ValueError(f"batch_norm: training needs more than one value a channel; an input {tuple(input.shape)} has one")


def update_running_statistics(
    running_mean: Tensor | None, running_var: Tensor | None, mean: Tensor, var: Tensor, count: int, momentum: float
) -> None:
    """Move both, in place, a part `momentum` of the way to the moments of `count` values a channel, the variance unbiased."""
    with torch.no_grad():
        if running_mean is not None and count:
            running_mean += momentum * (mean.view(-1) - running_mean)
        if running_var is not None and count:
            running_var += momentum * (var.view(-1) * (count / (count - 1)) - running_var)


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
    check_batch_norm(input, training, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    pixels = input.flatten(2) if input.dim() > 2 else input.unsqueeze(2)
    output = torch.zeros_like(pixels)
    batch, channels, places = pixels.shape
    where = [(n, p) for n in range(batch) for p in range(places)]
    for c in range(channels):
        if training:
            mean = sum(pixels[n, c, p] for n, p in where) / max(1, len(where))
            var = sum((pixels[n, c, p] - mean) ** 2 for n, p in where) / max(1, len(where))
        else:
            mean, var = running_mean[c].detach(), running_var[c].detach()
        for n, p in where:
            value = (pixels[n, c, p] - mean) / (var + eps) ** 0.5
            value = value if weight is None else value * weight[c]
            output[n, c, p] = value if bias is None else value + bias[c]
        if training:
            one = [None if running is None else running[c : c + 1] for running in (running_mean, running_var)]
            update_running_statistics(*one, mean, var, len(where), momentum)
    return output.view(input.shape)


def values_in(input: Tensor, dims: Sequence[int]) -> int:
    """How many values each mean over these dimensions is made of; 1 for none, so that the mean of nothing is 0."""
    return max(1, math.prod([input.shape[dim] for dim in dims]))


def moments(input: Tensor, dims: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Mean and biased variance over some dimensions, which stay with size 1."""
    count = values_in(input, dims)
    mean = input.sum(dims, keepdim=True) / count
    return mean, (input - mean).square().sum(dims, keepdim=True) / count


def along_channels(vector: Tensor | None, otherwise: float, input: Tensor) -> Tensor:
    """One number a channel, or `otherwise` for all, in a shape that multiplies (batch, channels, ...)."""
    return input.new_full((), otherwise) if vector is None else vector.view(-1, *[1] * (input.dim() - 2))


def batch_moments(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, training: bool, momentum: float
) -> tuple[Tensor, Tensor]:
    """The mean and variance to normalize with: the batch's own, which the running ones follow, or the running ones."""
    if not training:
        return along_channels(running_mean.detach(), 0.0, input), along_channels(running_var.detach(), 1.0, input)
    mean, var = moments(input, [0, *range(2, input.dim())])
    update_running_statistics(running_mean, running_var, mean, var, input[:, :1].numel(), momentum)
    return mean, var


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
    check_batch_norm(input, training, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    mean, var = batch_moments(input, running_mean, running_var, training, momentum)
    gain = along_channels(weight, 1.0, input) * (var + eps).rsqrt()
    return (input - mean) * gain + along_channels(bias, 0.0, input)


class NormalizeManual(torch.autograd.Function):
    """(input - mean) / sqrt(var + eps) * weight + bias with its backward pass by hand.

    `dims` are those that mean and var were taken over, so that they pass gradient on to the input; none if the two are
    constants. Weight and bias come in a shape that broadcasts. The normalized values and 1 / sqrt(var + eps) are outputs
    too: the backward pass needs them, and as outputs they can themselves be differentiated, for a second derivative.
    """

    @staticmethod
    def forward(input, mean, var, weight, bias, eps, dims):
        scale = (var + eps).rsqrt()
        normalized = (input - mean) * scale
        return normalized * weight + bias, normalized, scale

    @staticmethod
    def setup_context(ctx, inputs, output):
        weight, ctx.bias_shape, ctx.dims = inputs[3], inputs[4].shape, inputs[6]
        ctx.save_for_backward(weight, *output[1:])

    @staticmethod
    def backward(ctx, grad, grad_normalized, grad_scale):
        weight, normalized, scale = ctx.saved_tensors
        grad_weight = (grad * normalized).sum_to_size(weight.shape)
        grad_bias = grad.sum_to_size(ctx.bias_shape)
        grad = grad * weight + grad_normalized
        if ctx.dims:
            # to shift all values alike, or to stretch them, leaves the output as it is: nothing of the gradient points there
            count = values_in(normalized, ctx.dims)
            shift = grad.sum(ctx.dims, keepdim=True) / count
            stretch = ((grad * normalized).sum(ctx.dims, keepdim=True) + grad_scale * scale) / count
            grad = grad - shift - normalized * stretch
        return grad * scale, None, None, grad_weight, grad_bias, None, None


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
    check_batch_norm(input, training, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    mean, var = batch_moments(input.detach(), running_mean, running_var, training, momentum)
    dims = [0, *range(2, input.dim())] if training else []
    weight, bias = along_channels(weight, 1.0, input), along_channels(bias, 0.0, input)
    return NormalizeManual.apply(input, mean, var, weight, bias, eps, dims)[0]


def check_layer_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None) -> list[int]:
    """The dimensions that are normalized, or a ValueError that says what does not fit."""
    shape = tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise ValueError(
            f"layer_norm over {shape} takes input (..., {', '.join(map(str, shape))}); it was given {tuple(input.shape)}"
        )
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tuple(tensor.shape) != shape:
            raise ValueError(f"layer_norm over {shape}: {name} has shape {tuple(tensor.shape)}")
    return list(range(-len(shape), 0))


def layer_norm_loops(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    dims = check_layer_norm(input, normalized_shape, weight, bias)
    features = math.prod(normalized_shape)
    examples = input.reshape(math.prod(input.shape[: -len(dims)]), features)
    output = torch.zeros_like(examples)
    for n in range(len(examples)):
        mean = sum(examples[n, i] for i in range(features)) / features
        var = sum((examples[n, i] - mean) ** 2 for i in range(features)) / features
        for i in range(features):
            value = (examples[n, i] - mean) / (var + eps) ** 0.5
            value = value if weight is None else value * weight.flatten()[i]
            output[n, i] = value if bias is None else value + bias.flatten()[i]
    return output.view(input.shape)


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
    dims = check_layer_norm(input, normalized_shape, weight, bias)
    mean, var = moments(input, dims)
    output = (input - mean) * (var + eps).rsqrt()
    output = output if weight is None else output * weight
    return output if bias is None else output + bias


def layer_norm_manual(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    dims = check_layer_norm(input, normalized_shape, weight, bias)
    mean, var = moments(input.detach(), dims)
    weight = input.new_ones(()) if weight is None else weight
    bias = input.new_zeros(()) if bias is None else bias
    return NormalizeManual.apply(input, mean, var, weight, bias, eps, dims)[0]


batch_norm = Ladder(batch_norm_tensors, loops=batch_norm_loops, manual=batch_norm_manual, fused=F.batch_norm)
layer_norm = Ladder(layer_norm_tensors, loops=layer_norm_loops, manual=layer_norm_manual, fused=F.layer_norm)
