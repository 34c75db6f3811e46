"""What all normalizations share: shift to mean 0, scale to variance 1, then let a gain and a bias undo it where that is better.

They differ in what a mean and a variance are taken over: a channel of the whole batch (`batch_norm`), a channel of one
example (`instance_norm`), a group of channels of one example (`group_norm`), the features of one example (`layer_norm`).
`rms_norm` leaves out the shift.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def check_dtypes(name: str, input: Tensor, **vectors: Tensor | None) -> None:
    """A ValueError unless the input is of floating point and each vector of its type, or of float32 beside half precision."""
    if not input.is_floating_point():
        raise ValueError(f"{name} takes floating-point numbers; the input is of {input.dtype}")
    fitting = {input.dtype, torch.float32} if input.dtype in (torch.bfloat16, torch.float16) else {input.dtype}
    for key, vector in vectors.items():
        if vector is not None and vector.dtype not in fitting:
            raise ValueError(f"{name}: an input of {input.dtype} takes a {key} of the same type; it was given {vector.dtype}")


def check_channels(name: str, input: Tensor, **vectors: Tensor | None) -> None:
    """A ValueError unless the input is (batch, channels, ...) and each vector has one number a channel."""
    if input.dim() < 2:
        raise ValueError(f"{name} takes input (batch, channels, ...); it was given {tuple(input.shape)}")
    for key, vector in vectors.items():
        if vector is not None and vector.shape != input.shape[1:2]:
            raise ValueError(f"{name}: the input has {input.shape[1]} channels; {key} has shape {tuple(vector.shape)}")
    check_dtypes(name, input, **vectors)


def widened(tensor: Tensor | None) -> Tensor | None:
    """Half precision as float32, in which torch's kernels compute too; all else as it is."""
    return tensor.float() if tensor is not None and tensor.dtype in (torch.bfloat16, torch.float16) else tensor


def along_channels(vector: Tensor | None, input: Tensor) -> Tensor | None:
    """One number a channel, widened and in a shape that multiplies (batch, channels, ...); None stays None."""
    return None if vector is None else widened(vector).view(-1, *[1] * (input.dim() - 2))


def values_in(input: Tensor, dims: Sequence[int]) -> int:
    """How many values each mean over these dimensions is made of; 1 for none, so that the mean of nothing is 0."""
    return max(1, math.prod([input.shape[dim] for dim in dims]))


def moments(input: Tensor, dims: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """The input less its mean over some dimensions, that mean, and the biased variance; the dimensions stay with size 1."""
    count = values_in(input, dims)
    mean = input.sum(dims, keepdim=True) / count
    centred = input - mean
    return centred, mean, centred.square().sum(dims, keepdim=True) / count


def update_running_statistics(
    running_mean: Tensor | None, running_var: Tensor | None, mean: Tensor, var: Tensor, count: int, momentum: float
) -> None:
    """Move both, in place, a part `momentum` of the way to the moments of `count` values a channel, the variance unbiased.

    Shapes: the four (channels), or mean and var (..., channels): then the mean over all examples is what is followed.
    """
    if running_mean is None or not mean.numel() or not count:
        return
    with torch.no_grad():
        channels = len(running_mean)
        running_mean += momentum * (mean.reshape(-1, channels).mean(0) - running_mean)
        running_var += momentum * (var.reshape(-1, channels).mean(0) * (count / (count - 1)) - running_var)


def scale_and_shift(values: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """values * weight + bias, without the one or the other where it is None."""
    if weight is None:
        return values if bias is None else values + bias
    return values * weight if bias is None else torch.addcmul(bias, values, weight)


class NormalizeManual(torch.autograd.Function):
    """centred / sqrt(var + eps) * weight + bias with its backward pass by hand, by the input that `centred` and `var` come from.

    `dims` are those that mean and var were taken over, so that they pass gradient on to the input; none if the two are
    constants. `shifted` says whether a mean was subtracted at all; where it was not, var is the mean of squares. Weight and
    bias come in a shape that broadcasts. The normalized values and 1 / sqrt(var + eps) are outputs too: the backward pass
    needs them, and as outputs they can themselves be differentiated, for a second derivative.
    """

    @staticmethod
    def forward(input, centred, var, weight, bias, eps, dims, shifted):
        scale = (var + eps).rsqrt()
        normalized = centred * scale
        output = normalized.clone() if weight is None and bias is None else scale_and_shift(normalized, weight, bias)
        return output, normalized, scale

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, _, _, weight, bias, _, ctx.dims, ctx.shifted = inputs
        ctx.bias_shape = None if bias is None else bias.shape
        ctx.set_materialize_grads(False)  # the second and third output have no gradient but for a second derivative
        ctx.save_for_backward(weight, *output[1:])

    @staticmethod
    def backward(ctx, grad, grad_normalized, grad_scale):
        weight, normalized, scale = ctx.saved_tensors
        grad = torch.zeros_like(normalized) if grad is None else grad
        grad_weight = None if weight is None else (grad * normalized).sum_to_size(weight.shape)
        grad_bias = None if ctx.bias_shape is None else grad.sum_to_size(ctx.bias_shape)
        grad = grad if weight is None else grad * weight
        grad = grad if grad_normalized is None else grad + grad_normalized
        if ctx.dims:
            # to shift all values alike, or to stretch them, leaves the output as it is: nothing of the gradient points there
            count = values_in(normalized, ctx.dims)
            stretch = (grad * normalized).sum(ctx.dims, keepdim=True)
            stretch = stretch if grad_scale is None else stretch + grad_scale * scale
            shift = grad.sum(ctx.dims, keepdim=True) / count if ctx.shifted else 0
            grad = torch.addcmul(grad - shift, normalized, stretch / -count)
        return grad * scale, None, None, grad_weight, grad_bias, None, None, None
