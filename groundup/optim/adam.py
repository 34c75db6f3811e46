"""Adam, and Adam with decoupled weight decay."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from groundup.ops.adam_step import adam_step, adamw_step
from groundup.optim.optimizer import GroupOptimizer, check_not_negative, count


class Adam(GroupOptimizer):
    """Gradient descent in which each weight moves by about lr, whatever the size of its gradient.

    Paper: Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1 (lr is alpha, betas are beta_1 and beta_2).
    Units and ranges: lr, eps and weight_decay 0 or more; betas from 0 up to, not including, 1.
    Raises: ValueError for options outside of these, of one group as of all.
    Equals: torch.optim.Adam, whose state dict it shares.
    """

    move: Callable = staticmethod(adam_step)

    def __init__(
        self,
        params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize)
        super().__init__(params, options)

    def check(self, options: Mapping[str, Any]) -> None:
        check_not_negative(self, options, "lr", "eps", "weight_decay")
        if not all(0 <= beta < 1 for beta in options["betas"]):
            raise ValueError(f"{type(self).__name__}: betas must be at least 0 and less than 1; it was given {options['betas']}")

    def update(self, group: Mapping[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[param] or self.start(param, group["amsgrad"]) for param in params]
        beta1, beta2 = group["betas"]
        self.move(
            params,
            grads,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [state["step"] for state in states],
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
            amsgrad=group["amsgrad"],
            max_exp_avg_sqs=[state["max_exp_avg_sq"] for state in states] if group["amsgrad"] else [],
        )

    def start(self, param: Tensor, amsgrad: bool) -> dict[str, Tensor]:
        """The state of a parameter before its first update."""
        state = self.state[param]
        state["step"] = count(param)
        state["exp_avg"] = torch.zeros_like(param)
        state["exp_avg_sq"] = torch.zeros_like(param)
        if amsgrad:
            state["max_exp_avg_sq"] = torch.zeros_like(param)
        return state


class AdamW(Adam):
    """Adam whose weight decay acts on the weights themselves, not through the gradient.

    Paper: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2 (betas are beta_1 and beta_2).
    Units and ranges: lr, eps and weight_decay 0 or more; betas from 0 up to, not including, 1.
    Raises: ValueError for options outside of these, of one group as of all.
    Equals: torch.optim.AdamW, whose state dict it shares.
    """

    move = staticmethod(adamw_step)

    def __init__(
        self,
        params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
