"""RMSprop."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from groundup.ops.rmsprop_step import rmsprop_step
from groundup.optim.optimizer import GroupOptimizer, check_not_negative, count


class RMSprop(GroupOptimizer):
    """Gradient descent with each gradient divided by the root of a running mean of its squares.

    Paper: Tieleman & Hinton 2012, "Neural networks for machine learning", lecture 6.5; `centered` and momentum of Graves
    2013, https://arxiv.org/abs/1308.0850, equations 38 to 41.
    Units and ranges: lr, eps, weight_decay and momentum 0 or more; alpha from 0 up to, not including, 1.
    Raises: ValueError for options outside of these, of one group as of all.
    Equals: torch.optim.RMSprop, whose state dict it shares.
    """

    def __init__(
        self,
        params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ):
        options = dict(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay)
        super().__init__(params, options | dict(momentum=momentum, centered=centered, maximize=maximize))

    def check(self, options: Mapping[str, Any]) -> None:
        check_not_negative(self, options, "lr", "eps", "weight_decay", "momentum")
        if not 0 <= options["alpha"] < 1:
            raise ValueError(f"RMSprop: alpha must be at least 0 and less than 1; it was given {options['alpha']}")

    def update(self, group: Mapping[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[param] or self.start(param, group) for param in params]
        rmsprop_step(
            params,
            grads,
            [state["square_avg"] for state in states],
            [state["momentum_buffer"] for state in states] if group["momentum"] else [],
            [state["grad_avg"] for state in states] if group["centered"] else [],
            lr=group["lr"],
            alpha=group["alpha"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            centered=group["centered"],
            maximize=group["maximize"],
        )
        for state in states:
            state["step"] += 1  # which only torch reads

    def start(self, param: Tensor, group: Mapping[str, Any]) -> dict[str, Tensor]:
        """The state of a parameter before its first update."""
        state = self.state[param]
        state["step"] = count(param)
        state["square_avg"] = torch.zeros_like(param)
        if group["momentum"]:
            state["momentum_buffer"] = torch.zeros_like(param)
        if group["centered"]:
            state["grad_avg"] = torch.zeros_like(param)
        return state
