"""How near two vectors are: the length of their difference, the cosine of their angle, and vectors brought to length 1."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder

Dims = int | Sequence[int]


def check_dims(name: str, dim: Dims, dimensions: int) -> None:
    """A ValueError for a dimension that is not there."""
    for one in [dim] if isinstance(dim, int) else dim:
        if not -max(1, dimensions) <= one < max(1, dimensions):
            raise ValueError(f"{name}: there is no dimension {one} in {dimensions}; for single vectors it is dim=-1")


def check_broadcast(name: str, **tensors: Tensor) -> torch.Size:
    """The shape that tensors have together, or a ValueError that names theirs."""
    try:
        return torch.broadcast_shapes(*(tensor.shape for tensor in tensors.values()))
    except RuntimeError:
        shapes = ", ".join(f"{argument} {tuple(tensor.shape)}" for argument, tensor in tensors.items())
        raise ValueError(f"{name} takes tensors that broadcast to one shape; it was given {shapes}") from None


def raised(values: Tensor, least: float) -> Tensor:
    """The values, or `least` where they lie below it; the gradient is that of the values everywhere, as torch has it."""
    return torch.where(values < least, values - values.detach() + least, values)


def length(input: Tensor, p: float, dim: Dims, keepdim: bool = False) -> Tensor:
    """(sum of |x|^p)^(1/p) over some dimensions; the largest |x| for p = inf, the least for -inf, how many are not 0 for p = 0.

    Where the curve has a corner or no slope at all, at 0, its gradient is 0.
    """
    size = input.abs()
    if math.isinf(p):
        return size.amax(dim, keepdim=keepdim) if p > 0 else size.amin(dim, keepdim=keepdim)
    if p == 0:
        return (input != 0).sum(dim, keepdim=keepdim).to(input.dtype)
    if p == 1:
        return size.sum(dim, keepdim=keepdim)
    if p == 2:
        return root(input.square().sum(dim, keepdim=keepdim), p)
    zero = size == 0
    powers = torch.where(zero, 0.0 if p > 0 else math.inf, torch.where(zero, 1, size) ** p)
    return root(powers.sum(dim, keepdim=keepdim), p)


def root(total: Tensor, p: float) -> Tensor:
    """total^(1/p), with gradient 0 where the total is 0."""
    zero = total == 0
    safe = torch.where(zero, 1, total)
    return torch.where(zero, 0, safe.sqrt() if p == 2 else safe ** (1 / p))


def check_normalize(input: Tensor, p: float, dim: Dims) -> None:
    """A ValueError that says what does not fit."""
    if not input.is_floating_point():
        raise ValueError(f"normalize takes floating-point vectors; it was given {input.dtype}")
    check_dims("normalize", dim, input.dim())


def normalize_tensors(input: Tensor, p: float = 2.0, dim: Dims = 1, eps: float = 1e-12) -> Tensor:
    """Vectors brought to length 1: input / max(length, eps), with length = (sum of |input|^p)^(1/p) along a dimension.

    A vector shorter than eps stays shorter than 1, and that of zeros stays what it is.

    Shapes: any with that dimension -> the same. `dim` may be several, then all their numbers are one vector.
    Raises: ValueError for integers and for a dimension that is not there.
    Equals: torch.nn.functional.normalize.
    """
    check_normalize(input, p, dim)
    return input / length(input, p, dim, keepdim=True).clamp_min(eps)


def normalize_fused(input: Tensor, p: float = 2.0, dim: Dims = 1, eps: float = 1e-12) -> Tensor:
    check_normalize(input, p, dim)
    return F.normalize(input, p, dim, eps)


def check_cosine_similarity(x1: Tensor, x2: Tensor, dim: int) -> None:
    """A ValueError that says what does not fit."""
    if not (x1.is_floating_point() or x2.is_floating_point()):
        raise ValueError(f"cosine_similarity takes floating-point vectors; it was given {x1.dtype} and {x2.dtype}")
    check_dims("cosine_similarity", dim, len(check_broadcast("cosine_similarity", x1=x1, x2=x2)))


def cosine_similarity_tensors(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors: x1 . x2 / (max(|x1|, eps) * max(|x2|, eps)), from -1 to 1.

    A vector of zeros has cosine 0 with all others. The gradient takes no notice of the floor eps.

    Shapes: two that broadcast; `dim` is counted in their common shape -> that shape without dim.
    Raises: ValueError for integers, shapes that do not broadcast and a dimension that is not there.
    Equals: torch.nn.functional.cosine_similarity.
    """
    check_cosine_similarity(x1, x2, dim)
    x1, x2 = torch.broadcast_tensors(x1, x2)
    lengths = [raised(length(x, 2, dim, keepdim=True), eps) for x in (x1, x2)]
    return ((x1 / lengths[0]) * (x2 / lengths[1])).sum(dim)


def cosine_similarity_fused(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    check_cosine_similarity(x1, x2, dim)
    return F.cosine_similarity(x1, x2, dim, eps)


def pairwise_distance_tensors(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """How far apart vectors are: (sum of |x1 - x2 + eps|^p)^(1/p) over the last dimension.

    eps keeps the distance of two equal vectors off 0, where it has no slope.

    Shapes: two that broadcast to (..., features) -> (...), or (..., 1) with keepdim.
    Raises: ValueError for shapes that do not broadcast.
    Equals: torch.nn.functional.pairwise_distance.
    """
    check_broadcast("pairwise_distance", x1=x1, x2=x2)
    return length(x1 - x2 + eps, p, -1, keepdim)


def pairwise_distance_fused(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    check_broadcast("pairwise_distance", x1=x1, x2=x2)
    return F.pairwise_distance(x1, x2, p, eps, keepdim)


normalize = Ladder(normalize_tensors, fused=normalize_fused)
cosine_similarity = Ladder(cosine_similarity_tensors, fused=cosine_similarity_fused)
pairwise_distance = Ladder(pairwise_distance_tensors, fused=pairwise_distance_fused)
