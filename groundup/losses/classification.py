"""Losses of classification, as modules with their settings, and focal loss, which is cross-entropy for the hard examples."""

import torch
from torch import Tensor
from torch.nn import Module

from groundup.ops.activation import sigmoid
from groundup.ops.binary_loss import binary_cross_entropy, binary_cross_entropy_with_logits
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.nll_loss import nll_loss
from groundup.ops.reduction import check_reduction, reduce


class CrossEntropyLoss(Module):
    """Cross-entropy of logits against classes or class probabilities; the op `cross_entropy` says what each setting does.

    Shapes: logits (batch, classes, ...), target (batch, ...) of classes or as the logits of probabilities -> ().
    Equals: torch.nn.CrossEntropyLoss.
    """

    def __init__(
        self, *, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ):
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index, self.reduction, self.label_smoothing = ignore_index, reduction, label_smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(logits, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class NLLLoss(Module):
    """Minus the log-probability of the right class, for a model that ends in a log-softmax.

    Shapes: log-probabilities (batch, classes, ...), target (batch, ...) of classes -> ().
    Equals: torch.nn.NLLLoss.
    """

    def __init__(self, *, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index, self.reduction = ignore_index, reduction

    def forward(self, log_probs: Tensor, target: Tensor) -> Tensor:
        return nll_loss(log_probs, target, self.weight, self.ignore_index, self.reduction)


class BCELoss(Module):
    """Cross-entropy of independent yes-or-no questions from the probability of yes; from logits, take BCEWithLogitsLoss.

    Shapes: probabilities and target alike, of any shape -> ().
    Equals: torch.nn.BCELoss.
    """

    def __init__(self, *, weight: Tensor | None = None, reduction: str = "mean"):
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = reduction

    def forward(self, probabilities: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy(probabilities, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Module):
    """Cross-entropy of independent yes-or-no questions; `pos_weight` is what a yes counts beside a no.

    Shapes: logits and target alike, of any shape -> ().
    Equals: torch.nn.BCEWithLogitsLoss.
    """

    def __init__(self, *, weight: Tensor | None = None, reduction: str = "mean", pos_weight: Tensor | None = None):
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)
        self.reduction = reduction

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(logits, target, self.weight, self.reduction, self.pos_weight)


def focus(miss: Tensor, gamma: float) -> Tensor:
    """(1 - p_t)^gamma, given 1 - p_t; its slope stays finite where nothing is missed, for any gamma."""
    return miss.clamp(min=torch.finfo(miss.dtype).tiny) ** gamma


def check_gamma(name: str, gamma: float) -> None:
    if not gamma >= 0:
        raise ValueError(f"{name}: gamma must not be negative, or the easy examples would count most; it was given {gamma}")


class FocalLoss(Module):
    """Cross-entropy that forgets the examples it already gets right: each counts (1 - p_t)^gamma, p_t the right class's share.

    loss = - weight[t] * (1 - p_t)^gamma * log(p_t), with p_t = softmax(logits)[t] and t the target

    The mean is over the targets that are not `ignore_index`; a weight changes what an example costs, not how many there are.
    With gamma = 0 and no weight it is the cross-entropy.

    Shapes: logits (batch, classes, ...), target (batch, ...) of classes, weight (classes) -> ().
    Raises: ValueError for a negative gamma, and as `cross_entropy`.
    Paper: https://arxiv.org/abs/1708.02002 (section 3.2, equation 5, for classes instead of yes and no; weight is alpha).
    """

    def __init__(self, *, gamma: float = 2.0, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__()
        check_gamma("FocalLoss", gamma)
        self.register_buffer("weight", weight)
        self.gamma, self.ignore_index, self.reduction = gamma, ignore_index, reduction

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        check_reduction("FocalLoss", self.reduction)
        if target.is_floating_point():
            raise ValueError(f"FocalLoss takes class indices as target; it was given {target.dtype} {tuple(target.shape)}")
        target = target.long()
        surprise = cross_entropy(logits, target, ignore_index=self.ignore_index, reduction="none")
        losses = focus(-torch.expm1(-surprise), self.gamma) * surprise
        kept = target != self.ignore_index
        if self.weight is not None:
            losses = losses * self.weight[target.where(kept, 0)]
        return reduce(losses.where(kept, 0), self.reduction, kept.sum())


def sigmoid_focal_loss(input: Tensor, target: Tensor, alpha: float = 0.25, gamma: float = 2.0, reduction: str = "none") -> Tensor:
    """Focal loss of independent yes-or-no questions, of which nearly all have the answer no, as in dense detection.

    loss = - alpha_t * (1 - p_t)^gamma * log(p_t)

    p_t is the probability given to the right answer; alpha_t is alpha for a yes and 1 - alpha for a no, or 1 throughout with
    alpha = -1. Detectors divide the sum by the number of objects, not of questions.

    Shapes: logits and target (1 yes, 0 no, or between) alike, of any shape -> that shape, or () for "mean" and "sum".
    Raises: ValueError for shapes that differ, integers, an alpha outside 0 to 1 that is not -1, and a negative gamma.
    Paper: https://arxiv.org/abs/1708.02002 (section 3.2, equation 5).
    Equals: torchvision.ops.sigmoid_focal_loss.
    """
    if not (0 <= alpha <= 1 or alpha == -1):
        raise ValueError(f"sigmoid_focal_loss: alpha lies between 0 and 1, or is -1 for none; it was given {alpha}")
    check_gamma("sigmoid_focal_loss", gamma)
    check_reduction("sigmoid_focal_loss", reduction)
    surprise = binary_cross_entropy_with_logits(input, target, reduction="none")
    yes, no = sigmoid(input), sigmoid(-input)
    losses = focus(no * target + yes * (1 - target), gamma) * surprise
    if alpha >= 0:
        losses = losses * (alpha * target + (1 - alpha) * (1 - target))
    return reduce(losses, reduction)
