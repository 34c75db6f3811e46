"""Two backward passes of cross-entropy, by hand: one to read, and one for logits by the million."""

import torch
from torch import Tensor


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
    """The losses at class indices by torch's log_softmax, with a backward pass that goes over memory once, not twice.

    torch's own first fills zeros as large as the logits, only to set one number of each row.
    """

    @staticmethod
    def forward(logits, index, amount):
        log_probs = torch.log_softmax(logits, -1)
        return (-amount * log_probs.gather(-1, index)).squeeze(-1), log_probs

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs[1:], output[1])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, grad, grad_log_probs):
        index, amount, log_probs = ctx.saved_tensors
        grad = log_probs.new_zeros(()) if grad is None else grad.unsqueeze(-1)
        scale, shares = grad * amount, log_probs.exp()
        differentiated_again = torch.is_grad_enabled()  # exp then needs its result as it was
        grad_logits = shares * scale if differentiated_again else shares.mul_(scale)
        grad_logits = grad_logits.scatter_add_(-1, index, -scale)
        if grad_log_probs is not None:
            grad_logits = grad_logits + grad_log_probs - log_probs.exp() * grad_log_probs.sum(-1, keepdim=True)
        return grad_logits, None, None
