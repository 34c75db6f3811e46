"""Answers to `ScaledNorm` that are wrong in the ways that people are."""

import torch
from torch.autograd import Function


def parts(x, eps):
    scale = (x.square().mean(-1, keepdim=True) + eps).rsqrt()
    return x * scale, scale


def by_x(gradient, normalized, scale, weight):
    inner = gradient * weight
    return scale * (inner - normalized * (inner * normalized).mean(-1, keepdim=True))


def by_weight(gradient, normalized):
    return (gradient * normalized).reshape(-1, normalized.shape[-1]).sum(0)


class ScaleIsConstant(Function):
    """The gradient of x knows only the way through x itself. scale depends on x as well: every number of the row makes the root
    larger, and the others smaller."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        normalized, scale = parts(x, eps)
        ctx.save_for_backward(normalized, scale, weight)
        return normalized * weight

    @staticmethod
    def backward(ctx, gradient):
        normalized, scale, weight = ctx.saved_tensors
        return scale * gradient * weight, by_weight(gradient, normalized), None


class GradientIgnored(Function):
    """What arrives in backward is not used: these are the slopes of the sum of the output. The chain rule multiplies with how
    fast the loss rises with each number of the output, which is `gradient`."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        normalized, scale = parts(x, eps)
        ctx.save_for_backward(normalized, scale, weight)
        return normalized * weight

    @staticmethod
    def backward(ctx, gradient):
        normalized, scale, weight = ctx.saved_tensors
        ones = torch.ones_like(normalized)
        return by_x(ones, normalized, scale, weight), by_weight(ones, normalized), None


class WeightByX(Function):
    """The gradient of weight is that by x and not by the normalized x: the output is normalized * weight, so its slope by
    weight is what weight is multiplied with."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        normalized, scale = parts(x, eps)
        ctx.save_for_backward(x, normalized, scale, weight)
        return normalized * weight

    @staticmethod
    def backward(ctx, gradient):
        x, normalized, scale, weight = ctx.saved_tensors
        return by_x(gradient, normalized, scale, weight), by_weight(gradient, x), None


class SumForMean(Function):
    """In the gradient of x the products are summed over the row where their mean is taken: the mean inside the root divides by
    the number of features."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        normalized, scale = parts(x, eps)
        ctx.save_for_backward(normalized, scale, weight)
        return normalized * weight

    @staticmethod
    def backward(ctx, gradient):
        normalized, scale, weight = ctx.saved_tensors
        inner = gradient * weight
        found = scale * (inner - normalized * (inner * normalized).sum(-1, keepdim=True))
        return found, by_weight(gradient, normalized), None


class WeightAfter(Function):
    """The weight is multiplied in last, on the gradient of x as a whole. It belongs to the gradient that arrives (inner =
    gradient * weight) before the mean over the row is taken: each feature has a weight of its own."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        normalized, scale = parts(x, eps)
        ctx.save_for_backward(normalized, scale, weight)
        return normalized * weight

    @staticmethod
    def backward(ctx, gradient):
        normalized, scale, weight = ctx.saved_tensors
        found = weight * scale * (gradient - normalized * (gradient * normalized).mean(-1, keepdim=True))
        return found, by_weight(gradient, normalized), None


class EpsOutside(Function):
    """eps stands outside of the root, added to the length: asked for is sqrt(mean(x²) + eps)."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        root = x.square().mean(-1, keepdim=True).sqrt()
        ctx.save_for_backward(x, weight)
        ctx.eps = eps
        return x / (root + eps) * weight

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        with torch.enable_grad():
            x, weight = x.detach().requires_grad_(), weight.detach().requires_grad_()
            output = x / (x.square().mean(-1, keepdim=True).sqrt() + ctx.eps) * weight
            return (*torch.autograd.grad(output, (x, weight), gradient), None)
