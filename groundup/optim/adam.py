"""Adam with decoupled weight decay."""

from collections.abc import Callable
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from groundup.ops.optimizer import adamw_step
from groundup.optim.sgd import check_shapes


class AdamW(Optimizer):
    """Adam whose weight decay acts on the weights themselves, not through the gradient.

    Paper: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2 (betas are beta_1 and beta_2).
    Units and ranges: lr, eps and weight_decay 0 or more; betas from 0 up to, not including, 1.
    Raises: ValueError for options outside of these, of one group as of all.
    Equals: torch.optim.AdamW, whose state dict it shares.
    """

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
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize)
        super().__init__(params, options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        options = self.defaults | param_group
        for name in ("lr", "eps", "weight_decay"):
            if not 0 <= options[name] < inf:
                raise ValueError(f"AdamW: {name} must be 0 or more and finite; it was given {options[name]}")
        if not all(0 <= beta < 1 for beta in options["betas"]):
            raise ValueError(f"AdamW: betas must be at least 0 and less than 1; it was given {options['betas']}")
        super().add_param_group(param_group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_shapes(state["state"])
        super().__setstate__(state)
        for param, own in self.state.items():
            if "step" in own:  # a peer may keep the count in main memory; a kernel wants it beside the weights
                own["step"] = own["step"].to(param.device)

    @torch.no_grad()
    def step(self, closure: Callable | None = None):
        """Update every parameter that has a gradient; a closure is evaluated first, and its loss returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [param for param in group["params"] if param.grad is not None]
            states = [self.state[param] or self.start(param, group["amsgrad"]) for param in params]
            beta1, beta2 = group["betas"]
            adamw_step(
                params,
                [param.grad for param in params],
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
        return loss

    def start(self, param: Tensor, amsgrad: bool) -> dict[str, Tensor]:
        """The state of a parameter before its first update."""
        state = self.state[param]
        state["step"] = torch.zeros((), dtype=torch.float32, device=param.device)
        state["exp_avg"] = torch.zeros_like(param)
        state["exp_avg_sq"] = torch.zeros_like(param)
        if amsgrad:
            state["max_exp_avg_sq"] = torch.zeros_like(param)
        return state
