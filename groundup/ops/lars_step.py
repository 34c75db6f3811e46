"""One update of the weights by LARS, in place. Call it under `torch.no_grad()`; the lists run in parallel."""

from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.sgd_step import sgd_step


def trust_ratio(param: Tensor, grad: Tensor, trust_coefficient: float, weight_decay: float, eps: float) -> Tensor:
    """How fast a tensor of weights may go: in proportion to its own length over its gradient's; 1 where either is zero."""
    weight, slope = param.norm(), grad.norm()
    ratio = trust_coefficient * weight / (slope + weight_decay * weight + eps)
    return ratio.where((weight > 0) & (slope > 0), 1.0)


def lars_step_tensors(
    params: list[Tensor],
    grads: list[Tensor],
    momentum_buffers: list[Tensor | None],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    trust_coefficient: float,
    eps: float,
    maximize: bool,
) -> None:
    """Layer-wise adaptive rate scaling: every tensor of weights moves in proportion to its own length.

    ratio = trust_coefficient * |param| / (|grad| + weight_decay * |param| + eps)
    g = ratio * (grad + weight_decay * param)

    and then gradient descent with momentum on g (`sgd_step`, without decay of its own). |x| is the Euclidean length of the
    whole tensor. In large batches, with their large rates, one layer whose gradient is long beside its weights would
    otherwise run away before the others have moved.
    Paper: You, Gitman, Ginsburg 2017, https://arxiv.org/abs/1708.03888, algorithm 1 (trust_coefficient is eta, weight_decay
    beta, lr gamma); as in torch the rate multiplies the buffer when it is used, not when it is filled.
    Equals: timm.optim.Lars with always_adapt.
    """
    scaled = []
    for param, grad in zip(params, grads, strict=True):
        if maximize:
            grad = -grad
        ratio = trust_ratio(param, grad, trust_coefficient, weight_decay, eps)
        scaled.append(grad.add(param, alpha=weight_decay).mul_(ratio))
    options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=0.0, nesterov=nesterov, maximize=False)
    sgd_step(params, scaled, momentum_buffers, **options)


lars_step = Ladder(lars_step_tensors)
