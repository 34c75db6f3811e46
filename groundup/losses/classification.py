"""Losses of classification, as modules with their settings."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.binary_loss import binary_cross_entropy_with_logits
from groundup.ops.loss import cross_entropy


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
