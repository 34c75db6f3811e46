"""One update of the weights by Adagrad, in place. Call it under `torch.no_grad()`; the lists run in parallel."""

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.optimizer_layout import batches, count_step, laid_out


def adagrad_step_tensors(
    params: list[Tensor],
    grads: list[Tensor],
    state_sums: list[Tensor],
    steps: list[Tensor],
    *,
    lr: float,
    lr_decay: float,
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """Adagrad: each gradient is divided by the root of the sum of all its squares so far.

    g = grad + weight_decay * param
    s = s + g ** 2
    param = param - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    A weight that seldom has a gradient, such as a rare word's, keeps a high rate for when it has one. s (`state_sums`) only
    grows, so every rate falls. `steps` holds t, the number of updates, as a tensor of one number for each parameter; this
    update counts itself.
    Paper: Duchi, Hazan, Singer 2011, https://jmlr.org/papers/v12/duchi11a.html, figure 1, with diagonal matrices (lr is eta,
    eps is delta).
    Equals: torch.optim.Adagrad.
    """
    for param, grad, total, step in zip(params, grads, state_sums, steps, strict=True):
        t = step.add_(1).item()
        if maximize:
            grad = -grad
        if weight_decay:
            grad = grad.add(param, alpha=weight_decay)
        total.addcmul_(grad, grad)
        param.addcdiv_(grad, total.sqrt().add_(eps), value=-lr / (1 + (t - 1) * lr_decay))


def adagrad_step_fused(
    params: list[Tensor],
    grads: list[Tensor],
    state_sums: list[Tensor],
    steps: list[Tensor],
    *,
    lr: float,
    lr_decay: float,
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    options = dict(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps, maximize=maximize)
    for ps, gs, totals, ts in batches(params, grads, state_sums, steps):
        laid = laid_out(ps, gs, totals)
        if laid is None or ps[0].device.type != "cpu":
            adagrad_step_tensors(ps, gs, totals, ts, **options)
        else:
            count_step(ts)
            torch._fused_adagrad_(ps, laid, totals, ts, **options)
            torch.autograd.graph.increment_version(ps)  # the kernel does not: a graph that still holds them must notice


adagrad_step = Ladder(adagrad_step_tensors, fused=adagrad_step_fused)
