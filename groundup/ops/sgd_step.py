"""One update of the weights by gradient descent with momentum, in place.

Each list runs in parallel: the parameters, their gradients and the state that each parameter has of its own. `fused` makes
one pass over memory where `tensors` makes one for each line of the formula. Call it under `torch.no_grad()`.
"""

from itertools import compress

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.optimizer_layout import FUSED_DEVICES, batches, laid_out


def sgd_step_tensors(
    params: list[Tensor],
    grads: list[Tensor],
    momentum_buffers: list[Tensor | None],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """Stochastic gradient descent, with momentum where `momentum` is not zero.

    g = grad + weight_decay * param
    buffer = momentum * buffer + (1 - dampening) * g, and simply g the first time
    param = param - lr * (buffer, or with `nesterov` g + momentum * buffer)

    A buffer that is None has its first time now: it is made, and written into the list. Without momentum the list may be empty.
    Paper: Sutskever et al. 2013, section 2, equations 1 to 4 (momentum is mu, lr is epsilon); as in torch the rate multiplies
    the buffer when it is used, not when it is filled, so that a change of the rate is felt at once.
    Equals: torch.optim.SGD.
    """
    for position, (param, grad) in enumerate(zip(params, grads, strict=True)):
        if maximize:
            grad = -grad
        if weight_decay:
            grad = grad.add(param, alpha=weight_decay)
        if momentum:
            buffer = momentum_buffers[position]
            if buffer is None:
                buffer = momentum_buffers[position] = grad.clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - dampening)
            grad = grad.add(buffer, alpha=momentum) if nesterov else buffer
        param.add_(grad, alpha=-lr)


def sgd_step_fused(
    params: list[Tensor],
    grads: list[Tensor],
    momentum_buffers: list[Tensor | None],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov, maximize=maximize)
    begun = [buffer is not None for buffer in momentum_buffers] if momentum else []
    if not all(begun):
        for position in [position for position, old in enumerate(begun) if not old]:
            buffer = [None]
            sgd_step_tensors([params[position]], [grads[position]], buffer, **options)
            momentum_buffers[position] = buffer[0]
        params, grads, momentum_buffers = (list(compress(row, begun)) for row in (params, grads, momentum_buffers))
    for ps, gs, buffers in batches(params, grads, momentum_buffers if momentum else []):
        laid = laid_out(ps, gs, buffers)
        if laid is None or ps[0].device.type not in FUSED_DEVICES:
            sgd_step_tensors(ps, gs, buffers, **options)
        else:
            torch._fused_sgd_(ps, laid, buffers, is_first_step=False, **options)
            torch.autograd.graph.increment_version(ps)  # the kernel does not: a graph that still holds them must notice


sgd_step = Ladder(sgd_step_tensors, fused=sgd_step_fused)
