"""Cross-entropy for one class out of many, straight from the logits.

The logarithm of a probability is formed without the probability itself, so that neither overflows nor vanishes however large
a logit is.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.class_target import check_class_scores, check_classes, chosen_classes, classes_last
from groundup.ops.cross_entropy_backward import CrossEntropyFused, CrossEntropyManual, shift
from groundup.ops.ladder import Ladder
from groundup.ops.reduction import can_look_into, reduce

MANY_LOGITS = 1_500_000  # from here on the kernels' time goes into memory, and passes less over it pay


def check_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> None:
    """A ValueError that says what does not fit; the values of the target are left to `check_classes`."""
    *places, _ = check_class_scores("cross_entropy", "logits", input, weight, reduction)
    soft = target.is_floating_point()
    if target.shape != (input.shape if soft else torch.Size(places)):
        raise ValueError(
            f"cross_entropy: logits of shape {tuple(input.shape)} take integer class indices of shape {tuple(places)} or "
            f"floating-point probabilities of their own shape; the target is {target.dtype} of shape {tuple(target.shape)}"
        )
    if soft and ignore_index >= 0:
        raise ValueError(f"cross_entropy: class probabilities know no ignore_index; it was given {ignore_index}")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must lie between 0 and 1; it was given {label_smoothing}")


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
        check_classes("cross_entropy", target, classes, ignore_index)
    weight = input.new_ones(classes) if weight is None else weight.detach()
    losses, count = input.new_zeros(len(logits)), input.new_zeros(())
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


def wanted_rows(logits: Tensor, target: Tensor, weight: Tensor | None, label_smoothing: float) -> Tensor:
    """How much of every class each loss is made of, for class probabilities or, in any shape (..., 1), indices.

    Shapes: logits with the classes last -> as the logits.
    """
    classes = logits.shape[-1]
    if target.is_floating_point():
        rows = (1 - label_smoothing) * classes_last(target) + label_smoothing / classes
    else:
        rows = torch.zeros_like(logits).scatter(-1, target, 1 - label_smoothing) + label_smoothing / classes
    return rows if weight is None else rows * weight.detach()


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
    return cross_entropy_with(tensor_losses, input, target, weight, ignore_index, reduction, label_smoothing)


def cross_entropy_with(
    losses_of: Callable[..., Tensor],
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """The loss by a function that takes logits with the classes last and either (index, amount) or rows of what is wanted."""
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    logits = classes_last(input)
    if target.is_floating_point():
        losses = losses_of(logits, None, None, wanted_rows(logits, target, weight, label_smoothing))
        return reduce(losses, reduction)
    index, amount, kept, count = chosen_classes("cross_entropy", logits, target, weight, ignore_index)
    if label_smoothing:
        losses = losses_of(logits, None, None, wanted_rows(logits, index, weight, label_smoothing))
    else:
        losses = losses_of(logits, index, amount, None)
    return reduce(losses.where(kept, 0), reduction, count)


def tensor_losses(logits: Tensor, index: Tensor | None, amount: Tensor | None, rows: Tensor | None) -> Tensor:
    """`amount` times the surprise at the class `index`, or the surprise at all classes weighed by `rows`. Shapes: -> (...)."""
    shifted, log_total = shift(logits)
    if index is None:
        return (rows * (log_total - shifted)).sum(-1)
    return (amount * (log_total - shifted.gather(-1, index))).squeeze(-1)


def manual_losses(logits: Tensor, index: Tensor | None, amount: Tensor | None, rows: Tensor | None) -> Tensor:
    """What `tensor_losses` gives, with the backward pass by hand."""
    return CrossEntropyManual.apply(logits, index, amount, rows)[0]


def cross_entropy_manual(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    return cross_entropy_with(manual_losses, input, target, weight, ignore_index, reduction, label_smoothing)


def own_pass_pays(input: Tensor, target: Tensor, weight: Tensor | None, label_smoothing: float) -> bool:
    """Whether a training step on a CPU is faster by `CrossEntropyFused` than by torch's kernels."""
    return (
        can_look_into(input)
        and input.dim() == 2
        and input.numel() >= MANY_LOGITS
        and (input.dtype == torch.float32 or (input.dtype == torch.bfloat16 and torch.is_autocast_enabled("cpu")))
        and input.requires_grad
        and torch.is_grad_enabled()
        and not target.is_floating_point()
        and (weight is None or not label_smoothing)
    )


def one_pass_losses(
    logits: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float
) -> tuple[Tensor, Tensor]:
    """The losses of class indices with the fewest passes over memory, and what their mean is divided by."""
    index, amount, kept, _ = chosen_classes("cross_entropy", logits, target, weight, ignore_index)
    amount = amount.to(torch.promote_types(amount.dtype, torch.float32))  # no half precision counts to a thousand
    return CrossEntropyFused.apply(logits, index, amount, label_smoothing)[0].where(kept, 0), amount.sum()


def cross_entropy_fused(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    if own_pass_pays(input, target, weight, label_smoothing):
        losses, count = one_pass_losses(input, target, weight, ignore_index, label_smoothing)
        return reduce(losses, reduction, count)
    target = target if target.is_floating_point() else target.long()
    weight = None if weight is None else weight.detach()
    try:
        return F.cross_entropy(
            input, target, weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
        )
    except IndexError:
        check_classes("cross_entropy", target, classes_last(input).shape[-1], ignore_index)
        raise


cross_entropy = Ladder(cross_entropy_tensors, loops=cross_entropy_loops, manual=cross_entropy_manual, fused=cross_entropy_fused)
