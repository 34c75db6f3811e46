"""Two backward passes of cross-entropy, by hand: one to read, and one for logits by the million."""

import torch
from torch import Tensor

CACHED_LOGITS = 2**18  # and what is computed of them, a megabyte each, stay in the cache that a processor's core has to itself


def shift(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The two whose difference, first less second, is the log softmax over the last dimension.

    The highest logit is taken from all, which changes no probability and lets no exponential overflow.
    """
    shifted = logits - logits.detach().amax(-1, keepdim=True)
    return shifted, shifted.exp().sum(-1, keepdim=True).log()


class CrossEntropyManual(torch.autograd.Function):
    """The losses with their backward pass by hand: the gradient of the logits is the softmax minus what was wanted.

    The softmax is an output too: the backward pass needs it, and as an output it can itself be differentiated, for a second
    derivative.
    """

    @staticmethod
    def forward(logits, index, amount, rows):
        highest = logits.amax(-1, keepdim=True)
        softmax = (logits - highest).exp_()
        total = softmax.sum(-1, keepdim=True)
        if index is None:
            losses = (rows * (total.log() - (logits - highest))).sum(-1)
        else:
            losses = (amount * (total.log() - (logits.gather(-1, index) - highest))).squeeze(-1)
        return losses, softmax.div_(total)

    @staticmethod
    def setup_context(ctx, inputs, output):
        logits, index, amount, rows = inputs
        ctx.save_for_backward(None if rows is None else logits, index, amount, rows, output[1])
        ctx.set_materialize_grads(False)  # zeros as large as the softmax would cost as much as all the rest

    @staticmethod
    def backward(ctx, grad, grad_softmax):
        logits, index, amount, rows, softmax = ctx.saved_tensors
        grad = softmax.new_zeros(()) if grad is None else grad.unsqueeze(-1)
        if index is None:
            grad_logits = softmax * (grad * rows.sum(-1, keepdim=True)) - grad * rows
        else:
            grad_logits = (softmax * (grad * amount)).scatter_add_(-1, index, -grad * amount)
        if grad_softmax is not None:
            grad_logits = grad_logits + softmax * (grad_softmax - (grad_softmax * softmax).sum(-1, keepdim=True))
        grad_rows = None
        if ctx.needs_input_grad[3]:
            shifted, log_total = shift(logits)
            grad_rows = grad * (log_total - shifted)
        return grad_logits, None, None, grad_rows


class CrossEntropyFused(torch.autograd.Function):
    """The losses at class indices, a few rows at a time, so that what is computed of them stays in the processor's cache.

    Beside the logits only the logarithm of each row's total is kept, an output that can itself be differentiated; torch's own
    pass keeps, and fills anew, as much as the logits twice. Half precision is computed in float32.
    """

    @staticmethod
    def forward(logits, index, amount, label_smoothing):
        kind = torch.promote_types(logits.dtype, torch.float32)
        log_total, mean = torch.empty(len(logits), 1, dtype=kind), torch.zeros(len(logits), 1, dtype=kind)
        for part, part_total, part_mean in zip(*in_rows(logits, log_total, mean), strict=True):
            part = part.to(kind)
            part_total.copy_(part.logsumexp(-1, keepdim=True))
            if label_smoothing:
                part_mean.copy_(part.mean(-1, keepdim=True))
        wanted = (1 - label_smoothing) * logits.gather(-1, index).to(kind) + label_smoothing * mean
        return (amount * (log_total - wanted)).squeeze(-1), log_total

    @staticmethod
    def setup_context(ctx, inputs, output):
        logits, index, amount, ctx.label_smoothing = inputs
        ctx.save_for_backward(logits, index, amount, output[1])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, grad, grad_log_total):
        logits, index, amount, log_total = ctx.saved_tensors
        scale = torch.zeros_like(log_total) if grad is None else grad.unsqueeze(-1) * amount
        total_scale = scale if grad_log_total is None else scale + grad_log_total
        everywhere, at_index = -scale * (ctx.label_smoothing / logits.shape[-1]), -scale * (1 - ctx.label_smoothing)
        if torch.is_grad_enabled():  # it will be differentiated again: then nothing may be written over
            grad_logits = ((logits - log_total).exp() * total_scale + everywhere).scatter_add(-1, index, at_index)
            return grad_logits.to(logits.dtype), None, None, None
        grad_logits = torch.empty_like(logits)
        columns = in_rows(grad_logits, logits, log_total, total_scale, everywhere, index, at_index)
        for written, part, part_total, part_scale, part_everywhere, part_index, part_at in zip(*columns, strict=True):
            part = (part - part_total).exp_().mul_(part_scale)
            if ctx.label_smoothing:
                part += part_everywhere
            written.copy_(part.scatter_add_(-1, part_index, part_at))
        return grad_logits, None, None, None


def in_rows(logits: Tensor, *others: Tensor) -> list[tuple[Tensor, ...]]:
    """Each tensor in parts of as many rows as logits stay in the cache. Shapes: logits (rows, classes), others (rows, ...)."""
    rows = max(1, CACHED_LOGITS // logits.shape[-1])
    return [tensor.split(rows) for tensor in (logits, *others)]
