"""The Kullback-Leibler divergence between two sets of logits, in its two directions.

Both are 0 where the two say the same, and they differ in what they punish. Forward: the model must give a share to
everything that the target holds possible, so it spreads over all of it. Reverse: the model must give no share to what the
target holds impossible, so it may settle on a part.
"""

from torch import Tensor

from groundup.ops.divergence import kl_div
from groundup.ops.softmax import log_softmax


def check_logits(name: str, logits: Tensor, target_logits: Tensor) -> None:
    """A ValueError that says what does not fit."""
    same = logits.shape == target_logits.shape and logits.dim() > 0
    if not (same and logits.is_floating_point() and target_logits.is_floating_point()):
        raise ValueError(
            f"{name} takes two floating-point sets of logits (..., classes) of one shape; it was given {logits.dtype} "
            f"{tuple(logits.shape)} and {target_logits.dtype} {tuple(target_logits.shape)}"
        )


def forward_kl(logits: Tensor, target_logits: Tensor) -> Tensor:
    """KL(target || model) = sum over classes of p * (log p - log q), p of the target and q of the model; the mean over rows.

    Shapes: two (..., classes) -> ().
    Raises: ValueError for shapes that differ and for integers.
    """
    check_logits("forward_kl", logits, target_logits)
    return kl_div(log_softmax(logits, -1), log_softmax(target_logits, -1), "none", log_target=True).sum(-1).mean()


def reverse_kl(logits: Tensor, target_logits: Tensor) -> Tensor:
    """KL(model || target) = sum over classes of q * (log q - log p), p of the target and q of the model; the mean over rows.

    Shapes: two (..., classes) -> ().
    Raises: ValueError for shapes that differ and for integers.
    """
    check_logits("reverse_kl", logits, target_logits)
    return forward_kl(target_logits, logits)
