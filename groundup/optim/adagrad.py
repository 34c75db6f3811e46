"""Adagrad."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from groundup.ops.adagrad_step import adagrad_step
from groundup.optim.optimizer import GroupOptimizer, check_not_negative, count


class Adagrad(GroupOptimizer):
    """Gradient descent with each gradient divided by the root of the sum of all its squares so far.

    Paper: Duchi, Hazan, Singer 2011, https://jmlr.org/papers/v12/duchi11a.html, figure 1.
    Units and ranges: lr, lr_decay, weight_decay, initial_accumulator_value and eps 0 or more.
    Raises: ValueError for options outside of these, of one group as of all.
    Equals: torch.optim.Adagrad, whose state dict it shares.
    """

    def __init__(
        self,
        params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ):
        options = dict(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps, maximize=maximize)
        super().__init__(params, options | dict(initial_accumulator_value=initial_accumulator_value))

    def check(self, options: Mapping[str, Any]) -> None:
        check_not_negative(self, options, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for param in group["params"]:  # from the beginning: torch, given our state, takes it for granted
            self.state[param]["step"] = count(param)
            self.state[param]["sum"] = torch.full_like(param, group["initial_accumulator_value"])

    def update(self, group: Mapping[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[param] for param in params]
        adagrad_step(
            params,
            grads,
            [state["sum"] for state in states],
            [state["step"] for state in states],
            lr=group["lr"],
            lr_decay=group["lr_decay"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=group["maximize"],
        )
