"""The negative log-likelihood: what is left of cross-entropy where the log-probabilities are already there."""

import torch.nn.functional as F
from torch import Tensor

from groundup.ops.class_target import check_class_scores, check_classes, chosen_classes, classes_last
from groundup.ops.ladder import Ladder
from groundup.ops.reduction import reduce


def check_nll_loss(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> None:
    """A ValueError that says what does not fit; the values of the target are left to `check_classes`."""
    *places, _ = check_class_scores("nll_loss", "log-probabilities", input, weight, reduction)
    if target.is_floating_point() or [*target.shape] != places:
        raise ValueError(
            f"nll_loss: log-probabilities of shape {tuple(input.shape)} take integer class indices of shape {tuple(places)}; "
            f"the target is {target.dtype} of shape {tuple(target.shape)}"
        )


def nll_loss_loops(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    check_nll_loss(input, target, weight, reduction)
    log_probs = classes_last(input)
    rows, classes = log_probs.reshape(-1, log_probs.shape[-1]), target.reshape(-1).tolist()
    check_classes("nll_loss", target.long(), rows.shape[1], ignore_index)
    losses, count = input.new_zeros(len(classes)), input.new_zeros(())
    for n, c in enumerate(classes):
        if c != ignore_index:
            counted = 1 if weight is None else weight[c].detach()
            losses[n] = -counted * rows[n, c]
            count = count + counted
    return reduce(losses.view(target.shape), reduction, count)


def nll_loss_tensors(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Minus the log-probability of the class that is right.

    loss[n] = - weight[target[n]] * input[n, target[n]]

    The mean is over the targets that are not `ignore_index`, each counted as much as the weight of its class.

    Shapes: input (batch, classes, ...) or (classes); target (batch, ...) or (); weight (classes), which takes no gradient
    -> () for "mean" and "sum", as the target for "none".
    Units and ranges: the input is logarithms of probabilities, such as log_softmax gives; that they are is not checked.
    Raises: ValueError for integer input, shapes that do not match and, on the CPU, a target outside the classes.
    Equals: torch.nn.functional.nll_loss.
    """
    check_nll_loss(input, target, weight, reduction)
    log_probs = classes_last(input)
    index, amount, kept, count = chosen_classes("nll_loss", log_probs, target, weight, ignore_index)
    losses = (-amount * log_probs.gather(-1, index)).squeeze(-1)
    return reduce(losses.where(kept, 0), reduction, count)


def nll_loss_fused(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    check_nll_loss(input, target, weight, reduction)
    weight = None if weight is None else weight.detach()
    try:
        # of a transposed picture torch's kernel takes the loss, but not the gradient
        return F.nll_loss(input.contiguous(), target.long(), weight, ignore_index=ignore_index, reduction=reduction)
    except (IndexError, RuntimeError):
        check_classes("nll_loss", target.long(), classes_last(input).shape[-1], ignore_index)
        raise


nll_loss = Ladder(nll_loss_tensors, loops=nll_loss_loops, fused=nll_loss_fused)
