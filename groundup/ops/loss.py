"""Cross-entropy for one class out of many, straight from the logits.

The logarithm of a probability is formed without the probability itself, so that neither overflows nor vanishes however large
a logit is.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(name: str, reduction: str) -> None:
    if reduction not in REDUCTIONS:
        raise ValueError(f"{name}: no reduction is called {reduction!r}: choose one of {', '.join(REDUCTIONS)}")


def reduce(losses: Tensor, reduction: str, count: Tensor | float) -> Tensor:
    """The losses as they are, their sum, or their sum divided by `count`."""
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / count


def classes_last(input: Tensor) -> Tensor:
    """(classes), (batch, classes) or (batch, classes, ...) with the classes as the last dimension."""
    return input.movedim(min(1, input.dim() - 1), -1)


def check_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> None:
    """A ValueError that says what does not fit; the values of the target are left to `check_classes`."""
    if not input.is_floating_point() or input.dim() == 0:
        raise ValueError(
            f"cross_entropy takes floating-point logits (batch, classes, ...); it was given {input.dtype} {[*input.shape]}"
        )
    *places, classes = classes_last(input).shape
    soft = target.is_floating_point()
    if target.shape != (input.shape if soft else torch.Size(places)):
        raise ValueError(
            f"cross_entropy: logits of shape {tuple(input.shape)} take integer class indices of shape {tuple(places)} or "
            f"floating-point probabilities of their own shape; the target is {target.dtype} of shape {tuple(target.shape)}"
        )
    if soft and ignore_index >= 0:
        raise ValueError(f"cross_entropy: class probabilities know no ignore_index; it was given {ignore_index}")
    if weight is not None and weight.shape != (classes,):
        raise ValueError(f"cross_entropy: {classes} classes take {classes} weights; weight has shape {tuple(weight.shape)}")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must lie between 0 and 1; it was given {label_smoothing}")
    check_reduction("cross_entropy", reduction)


def check_classes(target: Tensor, classes: int, ignore_index: int) -> None:
    """A ValueError that names a target outside the classes; not looked for where one would wait for it, or trace it."""
    if target.device.type == "cpu" and not torch.compiler.is_compiling():
        wrong = target[((target < 0) | (target >= classes)) & (target != ignore_index)]
        if len(wrong):
            raise ValueError(f"cross_entropy: target {wrong[0].item()} is none of the {classes} classes, 0 to {classes - 1}")


def cross_entropy_loops(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    logits, soft = classes_last(input), target.is_floating_point()
    shape, classes = logits.shape[:-1], logits.shape[-1]
    logits = logits.reshape(-1, classes)
    target = classes_last(target).reshape(-1, classes) if soft else target.long().reshape(-1)
    if not soft:
        check_classes(target, classes, ignore_index)
    weight = input.new_ones(classes) if weight is None else weight.detach()
    losses, count = input.new_zeros(len(logits)), 0.0
    for n in range(len(logits)):
        if not soft and target[n] == ignore_index:
            continue
        highest = max(logits[n, c].detach() for c in range(classes))  # taken from every logit, so that no exponential overflows
        log_total = sum((logits[n, c] - highest).exp() for c in range(classes)).log()
        loss = input.new_zeros(())
        for c in range(classes):
            wanted = target[n, c] if soft else float(target[n] == c)
            wanted = (1 - label_smoothing) * wanted + label_smoothing / classes
            if soft or wanted:  # a logit of minus infinity matters only where its class is wanted
                loss = loss + weight[c] * wanted * (log_total - (logits[n, c] - highest))
        losses[n] = loss
        count = count + (1 if soft else weight[target[n]])
    return reduce(losses.view(shape), reduction, count)


class Wanted(NamedTuple):
    """Of which classes each loss is made: `amount` times the one at `index`, or, where these are None, all, as `rows` says.

    Shapes: index and amount (..., 1), rows (..., classes), kept (...): false where a target is ignored.
    """

    index: Tensor | None
    amount: Tensor | None
    rows: Tensor | None
    kept: Tensor | None
    count: Tensor | int


def wanted_classes(logits: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float) -> Wanted:
    """What the target asks of logits that have the classes last, and what a mean of the losses is divided by."""
    classes = logits.shape[-1]
    weight = logits.new_ones(classes) if weight is None else weight.detach()
    if target.is_floating_point():
        rows = ((1 - label_smoothing) * classes_last(target) + label_smoothing / classes) * weight
        return Wanted(None, None, rows, None, logits.shape[:-1].numel())
    target = target.long()
    check_classes(target, classes, ignore_index)
    kept = target != ignore_index
    index = target.where(kept, 0).unsqueeze(-1)
    amount = weight[index] * kept.unsqueeze(-1)
    if not label_smoothing:
        return Wanted(index, amount, None, kept, amount.sum())
    rows = torch.zeros_like(logits).scatter(-1, index, 1 - label_smoothing) + label_smoothing / classes
    return Wanted(None, None, rows * weight, kept, amount.sum())


def cross_entropy_tensors(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """How surprised the model is by the target: minus the logarithm of the probability that it gave to the right class.

    loss = - sum over classes c of weight[c] * wanted[c] * log softmax(input)[c]
    log softmax(input)[c] = input[c] - log(sum over classes k of exp(input[k]))

    wanted is the class probabilities given as target, or 1 for the class given as target and 0 for the others; smoothing
    mixes in the uniform distribution: (1 - label_smoothing) * wanted + label_smoothing / classes. The mean is over the
    targets that are not `ignore_index`, each counted as much as the weight of its class; of probabilities, over all.

    Shapes: input (batch, classes, ...) or (classes); target class indices (batch, ...) or (), or class probabilities shaped
    as the input; weight (classes), which takes no gradient -> () for "mean" and "sum", (batch, ...) for "none".
    Raises: ValueError for integer logits, shapes that do not match and, on the CPU, a target outside the classes.
    Paper: label smoothing is of https://arxiv.org/abs/1512.00567 (section 7; label_smoothing is epsilon).
    Equals: torch.nn.functional.cross_entropy.
    """
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    logits = classes_last(input)
    index, amount, rows, kept, count = wanted_classes(logits, target, weight, ignore_index, label_smoothing)
    shifted, log_total = shift(logits)
    if index is None:
        losses = (rows * (log_total - shifted)).sum(-1)
    else:
        losses = (amount * (log_total - shifted.gather(-1, index))).squeeze(-1)
    return reduce(losses if kept is None else losses.where(kept, 0), reduction, count)


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
        grad = softmax.new_zeros(*softmax.shape[:-1], 1) if grad is None else grad.unsqueeze(-1)
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


def cross_entropy_manual(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    logits = classes_last(input)
    index, amount, rows, kept, count = wanted_classes(logits, target, weight, ignore_index, label_smoothing)
    losses, _ = CrossEntropyManual.apply(logits, index, amount, rows)
    return reduce(losses if kept is None else losses.where(kept, 0), reduction, count)


def cross_entropy_fused(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    target = target if target.is_floating_point() else target.long()
    try:
        return F.cross_entropy(
            input, target, weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
        )
    except IndexError:
        check_classes(target, classes_last(input).shape[-1], ignore_index)
        raise


cross_entropy = Ladder(cross_entropy_tensors, loops=cross_entropy_loops, manual=cross_entropy_manual, fused=cross_entropy_fused)
