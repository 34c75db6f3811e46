"""One update of the weights by RMSprop, in place. Call it under `torch.no_grad()`; the lists run in parallel."""

from collections.abc import Sequence

from torch import Tensor

from groundup.ops.ladder import Ladder


def rmsprop_step_tensors(
    params: list[Tensor],
    grads: list[Tensor],
    square_avgs: list[Tensor],
    momentum_buffers: Sequence[Tensor],
    grad_avgs: Sequence[Tensor],
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    centered: bool,
    maximize: bool,
) -> None:
    """RMSprop: each gradient is divided by the root of a running mean of its squares.

    g = grad + weight_decay * param
    v = alpha * v + (1 - alpha) * g ** 2
    spread = sqrt(v) + eps, and with `centered` sqrt(v - m ** 2) + eps, where m = alpha * m + (1 - alpha) * g
    buffer = momentum * buffer + g / spread
    param = param - lr * (buffer, or without momentum g / spread)

    v (`square_avgs`), m (`grad_avgs`) and the buffers start at zero. Centred, the division is by the deviation of the
    gradients around their mean. The lists of what is not used may be empty.
    Paper: Tieleman & Hinton 2012, "Neural networks for machine learning", lecture 6.5; centred and with momentum: Graves
    2013, https://arxiv.org/abs/1308.0850, equations 38 to 41 (there eps stands inside the root, in torch outside).
    Equals: torch.optim.RMSprop.
    """
    nothing = [None] * len(params)
    rows = zip(
        *(params, grads, square_avgs, momentum_buffers if momentum else nothing, grad_avgs if centered else nothing), strict=True
    )
    for param, grad, v, buffer, m in rows:
        if maximize:
            grad = -grad
        if weight_decay:
            grad = grad.add(param, alpha=weight_decay)
        v.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if centered:
            m.lerp_(grad, 1 - alpha)
            spread = v.addcmul(m, m, value=-1).sqrt_().add_(eps)
        else:
            spread = v.sqrt().add_(eps)
        if momentum:
            buffer.mul_(momentum).addcdiv_(grad, spread)
            param.add_(buffer, alpha=-lr)
        else:
            param.addcdiv_(grad, spread, value=-lr)


rmsprop_step = Ladder(rmsprop_step_tensors)
