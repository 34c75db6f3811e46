"""One update of the weights, in place: gradient descent with momentum, and Adam with decoupled weight decay.

Each op takes lists that run in parallel: the parameters, their gradients and the state that each parameter has of its own.
`fused` makes one pass over memory where `tensors` makes one for each line of the formula. Call them under `torch.no_grad()`.
"""

from collections.abc import Iterator, Sequence
from itertools import compress

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder

FUSED_DEVICES = ("cpu", "cuda", "mps")
ONE = torch.ones(())


def batches(params: Sequence[Tensor], *rows: Sequence[Tensor]) -> Iterator[tuple[Sequence[Tensor], ...]]:
    """The lists cut so that each cut holds tensors of one device and dtype: what one call of a kernel may take."""
    kinds = [(param.device, param.dtype) for param in params]
    if len(set(kinds)) == 1:
        yield params, *rows
        return
    for kind in dict.fromkeys(kinds):
        chosen = [other == kind for other in kinds]
        yield tuple(list(compress(row, chosen)) for row in (params, *rows))


def is_dense(tensor: Tensor) -> bool:
    """Whether the elements fill a stretch of memory without gap or overlap, in whatever order of the dimensions."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape)):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def laid_out(params: Sequence[Tensor], grads: Sequence[Tensor], *states: Sequence[Tensor]) -> Sequence[Tensor] | None:
    """The gradients in the memory order of their parameters; states of another order are brought into it in place.

    A fused kernel walks all of them as raw memory, side by side: a channels-last weight with a gradient of the usual order
    would take each number from the wrong place. None where a parameter has gaps (a slice of a larger tensor), since the walk
    would write into them.
    """
    if all(all(map(Tensor.is_contiguous, row)) for row in (params, grads, *states)):
        return grads
    if not all(map(is_dense, params)):
        return None
    for row in states:
        for param, state in zip(params, row):
            if state.stride() != param.stride():
                state.set_(torch.empty_like(param).copy_(state))
    return [
        grad if grad.stride() == param.stride() else torch.empty_like(param).copy_(grad) for param, grad in zip(params, grads)
    ]


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


def adamw_step_tensors(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    steps: list[Tensor],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
    amsgrad: bool = False,
    max_exp_avg_sqs: Sequence[Tensor] = (),
) -> None:
    """Adam with decoupled weight decay: each weight moves by about lr, whatever the size of its gradient.

    param = (1 - lr * weight_decay) * param
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad ** 2
    param = param - lr * m / (1 - beta1 ** t) / (sqrt(v / (1 - beta2 ** t)) + eps)

    m (`exp_avgs`) and v (`exp_avg_sqs`) start at zero: dividing by 1 - beta ** t makes up for that. `steps` holds t, the
    number of updates, as a tensor of one number for each parameter; this update counts itself. With `amsgrad` the largest v
    so far, kept in `max_exp_avg_sqs`, takes the place of v.
    Paper: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2 (lr is eta * alpha, and lr * weight_decay
    is eta * lambda). AMSGrad: Reddi et al. 2018, https://arxiv.org/abs/1904.09237, algorithm 2.
    Equals: torch.optim.AdamW.
    """
    maxima = max_exp_avg_sqs if amsgrad else exp_avg_sqs
    for param, grad, m, v, largest, step in zip(params, grads, exp_avgs, exp_avg_sqs, maxima, steps, strict=True):
        t = step.add_(1).item()
        if maximize:
            grad = -grad
        param.mul_(1 - lr * weight_decay)
        m.lerp_(grad, 1 - beta1)
        v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        if amsgrad:
            v = torch.maximum(largest, v, out=largest)
        spread = (v / (1 - beta2**t)).sqrt_().add_(eps)
        param.addcdiv_(m, spread, value=-lr / (1 - beta1**t))


def adamw_step_fused(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    steps: list[Tensor],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
    amsgrad: bool = False,
    max_exp_avg_sqs: Sequence[Tensor] = (),
) -> None:
    options = dict(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, maximize=maximize, amsgrad=amsgrad)
    maxima = max_exp_avg_sqs if amsgrad else []
    for ps, gs, ms, vs, largest, ts in batches(params, grads, exp_avgs, exp_avg_sqs, maxima, steps):
        laid = laid_out(ps, gs, ms, vs, largest)
        if laid is None or ps[0].device.type not in FUSED_DEVICES:
            adamw_step_tensors(ps, gs, ms, vs, ts, max_exp_avg_sqs=largest, **options)
        else:
            if ts[0].is_cpu:
                torch._foreach_add_(ts, ONE, alpha=1)  # in main memory three times as fast as adding the number 1
            else:
                torch._foreach_add_(ts, 1)
            torch._fused_adamw_(ps, laid, ms, vs, largest, ts, **options)
            torch.autograd.graph.increment_version(ps)


sgd_step = Ladder(sgd_step_tensors, fused=sgd_step_fused)
adamw_step = Ladder(adamw_step_tensors, fused=adamw_step_fused)
