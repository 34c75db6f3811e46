"""Losses that want distances in an order, by a margin: pairs that belong together nearer than pairs that do not."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.distance import check_broadcast, pairwise_distance_tensors
from groundup.ops.ladder import Ladder
from groundup.ops.reduction import can_look_into, check_reduction, reduce


def check_triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, reduction: str) -> None:
    """A ValueError that says what does not fit."""
    check_broadcast("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    if not anchor.dim() == positive.dim() == negative.dim() > 0:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in (anchor, positive, negative))
        raise ValueError(f"triplet_margin_loss takes three tensors (..., features) of as many dimensions; it was given {shapes}")
    if not margin > 0:
        raise ValueError(f"triplet_margin_loss: margin must be positive; it was given {margin}")
    check_reduction("triplet_margin_loss", reduction)


def triplet_margin_loss_tensors(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """An anchor should be nearer to what belongs to it than to what does not, by a margin; what is so already costs nothing.

    loss = max(d(anchor, positive) - d(anchor, negative) + margin, 0), with d the `pairwise_distance` of norm p

    With `swap` the nearer of anchor and positive faces the negative: d(anchor, negative) becomes the lesser of itself and
    d(positive, negative).

    Shapes: three (batch, features), (features) or (..., features) -> () for "mean" and "sum", without features for "none".
    Raises: ValueError for shapes that do not match and a margin that is not positive.
    Paper: the swap is of Balntas et al. 2016, Learning local feature descriptors with triplets and shallow convolutional
    neural networks.
    Equals: torch.nn.functional.triplet_margin_loss.
    """
    check_triplet(anchor, positive, negative, margin, reduction)
    near, far = pairwise_distance_tensors(anchor, positive, p, eps), pairwise_distance_tensors(anchor, negative, p, eps)
    if swap:
        far = torch.minimum(far, pairwise_distance_tensors(positive, negative, p, eps))
    return reduce((near - far + margin).clamp_min(0), reduction)


def triplet_margin_loss_fused(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    check_triplet(anchor, positive, negative, margin, reduction)
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=reduction)


SHORTEST = 9.999999960041972e-13  # 1e-12 in float32, as torch has it: added to squared lengths, so that none is zero


def check_cosine_embedding(input1: Tensor, input2: Tensor, target: Tensor, reduction: str) -> None:
    """A ValueError that says what does not fit."""
    name = "cosine_embedding_loss"
    if not (input1.is_floating_point() or input2.is_floating_point()):
        raise ValueError(f"{name} takes floating-point vectors; it was given {input1.dtype} and {input2.dtype}")
    if not input1.dim() == input2.dim() == target.dim() + 1 or input1.dim() > 2:
        raise ValueError(
            f"{name} takes vectors (batch, features) with targets (batch), or one (features) with (); it was given "
            f"{tuple(input1.shape)}, {tuple(input2.shape)} and targets {tuple(target.shape)}"
        )
    shape = check_broadcast(name, input1=input1, input2=input2)
    if target.dim() and target.shape[0] != shape[0]:
        raise ValueError(f"{name}: {shape[0]} pairs of vectors take {shape[0]} targets; it was given {target.shape[0]}")
    check_reduction(name, reduction)
    if can_look_into(target) and (target.abs() != 1).any():
        wrong = target[target.abs() != 1].flatten()[0].item()
        raise ValueError(f"{name}: a target is 1 (alike) or -1 (unlike); it was given {wrong:g}")


def cosine_embedding_loss_tensors(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    """Vectors that are alike should point in one direction, others not: by the cosine of their angle.

    loss = 1 - cos(input1, input2) where the target is 1, and max(cos(input1, input2) - margin, 0) where it is -1

    Shapes: two (batch, features) and target (batch), or (features) and () -> () for "mean" and "sum", as the target for
    "none".
    Units and ranges: margin from -1 to 1; 0 to 0.5 is usual.
    Raises: ValueError for integer vectors, shapes that do not match and, on the CPU, a target other than 1 and -1.
    Equals: torch.nn.functional.cosine_embedding_loss.
    """
    check_cosine_embedding(input1, input2, target, reduction)
    squares = (input1.square().sum(-1) + SHORTEST) * (input2.square().sum(-1) + SHORTEST)
    cosine = (input1 * input2).sum(-1) / squares.sqrt()
    return reduce(torch.where(target == 1, 1 - cosine, (cosine - margin).clamp_min(0)), reduction)


def cosine_embedding_loss_fused(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    check_cosine_embedding(input1, input2, target, reduction)
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=reduction)


triplet_margin_loss = Ladder(triplet_margin_loss_tensors, fused=triplet_margin_loss_fused)
cosine_embedding_loss = Ladder(cosine_embedding_loss_tensors, fused=cosine_embedding_loss_fused)
