"""Cross-entropy for yes-or-no questions, straight from the logits."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.loss import check_reduction, reduce


def check_binary_cross_entropy(input: Tensor, target: Tensor, reduction: str) -> None:
    """A ValueError that says what does not fit."""
    if not input.is_floating_point() or not target.is_floating_point() or input.shape != target.shape:
        raise ValueError(
            f"binary_cross_entropy_with_logits takes floating-point logits and targets of one shape; it was given {input.dtype} "
            f"{tuple(input.shape)} and {target.dtype} {tuple(target.shape)}"
        )
    check_reduction("binary_cross_entropy_with_logits", reduction)


def binary_cross_entropy_with_logits_tensors(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The cross-entropy of independent yes-or-no questions, with sigmoid(input) the probability of yes.

    loss = - weight * (pos_weight * target * log sigmoid(input) + (1 - target) * log(1 - sigmoid(input)))
    - log sigmoid(x) = log(1 + exp(-x)), and for 1 - sigmoid(x) = sigmoid(-x) the same with the sign changed

    A target between 0 and 1 is the probability of yes. weight and pos_weight broadcast and take no gradient.

    Shapes: input and target alike, of any shape -> () for "mean" and "sum", that shape for "none".
    Raises: ValueError for shapes that differ and for integers.
    Equals: torch.nn.functional.binary_cross_entropy_with_logits.
    """
    check_binary_cross_entropy(input, target, reduction)
    zero = input.new_zeros(())
    yes, no = torch.logaddexp(zero, -input), torch.logaddexp(zero, input)  # log(exp(0) + exp(x)) overflows for no x
    losses = target * yes * (1 if pos_weight is None else pos_weight.detach()) + (1 - target) * no
    losses = losses if weight is None else losses * weight.detach()
    return reduce(losses, reduction, losses.numel())


def binary_cross_entropy_with_logits_fused(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    check_binary_cross_entropy(input, target, reduction)
    return F.binary_cross_entropy_with_logits(input, target, weight, reduction=reduction, pos_weight=pos_weight)


binary_cross_entropy_with_logits = Ladder(binary_cross_entropy_with_logits_tensors, fused=binary_cross_entropy_with_logits_fused)
