"""Cross-entropy for yes-or-no questions, from the probabilities of yes or, better, straight from the logits."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.reduction import can_look_into, check_fits, check_reduction, check_same_shape, reduce

LEAST_LOG = -100.0  # a wrong answer that was sure costs this much, not infinity
LEAST_SPREAD = 9.999999960041972e-13  # 1e-12 in float32, as torch has it: what a slope is at least divided by


def check_binary(name: str, input: Tensor, target: Tensor, reduction: str, **weights: Tensor | None) -> None:
    """A ValueError that says what does not fit; the values of probabilities are left to `check_probabilities`."""
    if not input.is_floating_point() or not target.is_floating_point():
        raise ValueError(f"{name} takes floating-point input and targets; it was given {input.dtype} and {target.dtype}")
    check_same_shape(name, input, target)
    for argument, weight in weights.items():
        check_fits(name, argument, weight, input.shape)
    check_reduction(name, reduction)


def check_binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> None:
    """A ValueError that says what does not fit."""
    check_binary("binary_cross_entropy", input, target, reduction, weight=weight)
    for other in (target, weight):
        if other is not None and other.dtype != input.dtype:
            raise ValueError(f"binary_cross_entropy takes tensors of one type; it was given {input.dtype} and {other.dtype}")


def check_probabilities(input: Tensor) -> None:
    """A ValueError that names a number outside 0 to 1; not looked for where one would wait for it, or trace it."""
    if can_look_into(input):
        wrong = input[~((input >= 0) & (input <= 1))]
        if len(wrong):
            raise ValueError(
                f"binary_cross_entropy takes probabilities from 0 to 1; it was given {wrong[0].item():g}. "
                "Logits go to binary_cross_entropy_with_logits"
            )


def logarithms(probability: Tensor) -> tuple[Tensor, Tensor]:
    """log(p) and log(1 - p), each at least -100, with the slopes (1 - p) / s and -p / s, where s = max(p * (1 - p), 1e-12).

    Away from 0 and 1 these are the slopes of the logarithms, 1 / p and -1 / (1 - p); at 0 and 1 they stay finite.
    """
    p = probability.detach()
    edge = p * (1 - p) < LEAST_SPREAD
    inside = torch.where(edge, 0.5, probability)
    step = (probability - p) / LEAST_SPREAD  # 0, with a slope
    yes = p.log().clamp(min=LEAST_LOG) + (1 - p) * step
    no = torch.log1p(-p).clamp(min=LEAST_LOG) - p * step
    return torch.where(edge, yes, inside.log()), torch.where(edge, no, torch.log1p(-inside))


def binary_cross_entropy_tensors(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """The cross-entropy of independent yes-or-no questions, with the input the probability of yes.

    loss = - weight * (target * log(input) + (1 - target) * log(1 - input)), each logarithm at least -100

    A target between 0 and 1 is the probability of yes. weight broadcasts and takes no gradient. From logits
    `binary_cross_entropy_with_logits` is exact where a rounded probability of 0 or 1 has lost what it was.

    Shapes: input and target alike, of any shape -> () for "mean" and "sum", that shape for "none".
    Raises: ValueError for shapes or types that differ, for integers and, on the CPU, for input outside 0 to 1.
    Equals: torch.nn.functional.binary_cross_entropy.
    """
    check_binary_cross_entropy(input, target, weight, reduction)
    check_probabilities(input)
    log_yes, log_no = logarithms(input)
    losses = -target * log_yes - (1 - target) * log_no
    return reduce(losses if weight is None else losses * weight.detach(), reduction)


def binary_cross_entropy_fused(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    check_binary_cross_entropy(input, target, weight, reduction)
    weight = None if weight is None else weight.detach()
    try:
        return F.binary_cross_entropy(input, target, weight, reduction=reduction)
    except RuntimeError:
        check_probabilities(input)
        raise


def check_binary_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, pos_weight: Tensor | None
) -> None:
    """A ValueError that says what does not fit."""
    check_binary("binary_cross_entropy_with_logits", input, target, reduction, weight=weight, pos_weight=pos_weight)


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
    Raises: ValueError for shapes that differ, weights that do not broadcast to them, and for integers.
    Equals: torch.nn.functional.binary_cross_entropy_with_logits.
    """
    check_binary_with_logits(input, target, weight, reduction, pos_weight)
    zero = input.new_zeros(())
    yes, no = torch.logaddexp(zero, -input), torch.logaddexp(zero, input)  # log(exp(0) + exp(x)) overflows for no x
    losses = target * yes * (1 if pos_weight is None else pos_weight.detach()) + (1 - target) * no
    return reduce(losses if weight is None else losses * weight.detach(), reduction)


def binary_cross_entropy_with_logits_fused(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    check_binary_with_logits(input, target, weight, reduction, pos_weight)
    weight, pos_weight = (None if value is None else value.detach() for value in (weight, pos_weight))
    return F.binary_cross_entropy_with_logits(input, target, weight, reduction=reduction, pos_weight=pos_weight)


binary_cross_entropy = Ladder(binary_cross_entropy_tensors, fused=binary_cross_entropy_fused)
binary_cross_entropy_with_logits = Ladder(binary_cross_entropy_with_logits_tensors, fused=binary_cross_entropy_with_logits_fused)
