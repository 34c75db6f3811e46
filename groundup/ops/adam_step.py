"""One update of the weights by Adam, in place: with its weight decay in the gradient, or decoupled from it (AdamW).

Each list runs in parallel: the parameters, their gradients and the state that each parameter has of its own. `fused` makes
one pass over memory where `tensors` makes one for each line of the formula. Call it under `torch.no_grad()`.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.optimizer_layout import FUSED_DEVICES, batches, count_step, laid_out


def adam_step_tensors(
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
    """Adam: each weight moves by about lr, whatever the size of its gradient.

    g = grad + weight_decay * param
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g ** 2
    param = param - lr * m / (1 - beta1 ** t) / (sqrt(v / (1 - beta2 ** t)) + eps)

    m (`exp_avgs`) and v (`exp_avg_sqs`) start at zero: dividing by 1 - beta ** t makes up for that. `steps` holds t, the
    number of updates, as a tensor of one number for each parameter; this update counts itself. With `amsgrad` the largest v
    so far, kept in `max_exp_avg_sqs`, takes the place of v.
    Paper: Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1 (lr is alpha). AMSGrad: Reddi et al. 2018,
    https://arxiv.org/abs/1904.09237, algorithm 2.
    Equals: torch.optim.Adam.
    """
    maxima = max_exp_avg_sqs if amsgrad else exp_avg_sqs
    for param, grad, m, v, largest, step in zip(params, grads, exp_avgs, exp_avg_sqs, maxima, steps, strict=True):
        t = step.add_(1).item()
        if maximize:
            grad = -grad
        if weight_decay:
            grad = grad.add(param, alpha=weight_decay)
        m.lerp_(grad, 1 - beta1)
        v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        if amsgrad:
            v = torch.maximum(largest, v, out=largest)
        spread = (v / (1 - beta2**t)).sqrt_().add_(eps)
        param.addcdiv_(m, spread, value=-lr / (1 - beta1**t))


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
    """Adam with decoupled weight decay: the weights shrink by themselves, and the decay does not pass through the gradient.

    param = (1 - lr * weight_decay) * param, and then Adam's update with no decay in the gradient.

    In Adam the decay is divided by sqrt(v) like every gradient, so that weights with large gradients are decayed less; here
    all shrink by the same share. The arguments are those of `adam_step`.
    Paper: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2 (lr is eta * alpha, and lr * weight_decay
    is eta * lambda).
    Equals: torch.optim.AdamW.
    """
    for param in params:
        param.mul_(1 - lr * weight_decay)
    adam_step_tensors(
        params,
        grads,
        exp_avgs,
        exp_avg_sqs,
        steps,
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        weight_decay=0.0,
        maximize=maximize,
        amsgrad=amsgrad,
        max_exp_avg_sqs=max_exp_avg_sqs,
    )


def by_kernel(kernel: Callable, tensors: Callable) -> Callable:
    """The update by a kernel of torch's where it can walk the memory, by `tensors` where it cannot."""

    def step(
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
                tensors(ps, gs, ms, vs, ts, max_exp_avg_sqs=largest, **options)
            else:
                count_step(ts)
                kernel(ps, laid, ms, vs, largest, ts, **options)
                torch.autograd.graph.increment_version(ps)  # the kernel does not: a graph that still holds them must notice

    return step


adam_step_fused = by_kernel(lambda *rows, **options: torch._fused_adam_(*rows, **options), adam_step_tensors)
adamw_step_fused = by_kernel(lambda *rows, **options: torch._fused_adamw_(*rows, **options), adamw_step_tensors)

adam_step = Ladder(adam_step_tensors, fused=adam_step_fused)
adamw_step = Ladder(adamw_step_tensors, fused=adamw_step_fused)
