"""Stochastic gradient descent."""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from groundup.ops.optimizer import sgd_step


def check_shapes(states: Mapping[Tensor, Mapping[str, Any]]) -> None:
    """Refuse a state of another shape than its parameter's: a fused kernel would read and write beyond its end."""
    for param, state in states.items():
        for name, value in state.items():
            if name != "step" and isinstance(value, Tensor) and value.shape != param.shape:
                raise ValueError(
                    f"the loaded {name} has shape {tuple(value.shape)} where its parameter has {tuple(param.shape)}: "
                    "the state belongs to another model, or its parameters come in another order"
                )


class SGD(Optimizer):
    """Stochastic gradient descent with momentum.

    Paper: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", section 2.
    Units and ranges: lr, momentum and weight_decay 0 or more; `nesterov` needs momentum and no dampening.
    Raises: ValueError for options outside of these, of one group as of all.
    Equals: torch.optim.SGD, whose state dict it shares.
    """

    def __init__(
        self,
        params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ):
        options = dict(
            lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov, maximize=maximize
        )
        super().__init__(params, options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        options = self.defaults | param_group
        for name in ("lr", "momentum", "weight_decay"):
            if not 0 <= options[name] < inf:
                raise ValueError(f"SGD: {name} must be 0 or more and finite; it was given {options[name]}")
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise ValueError(
                "SGD: nesterov needs a momentum above 0 and a dampening of 0; "
                f"it was given momentum={options['momentum']} and dampening={options['dampening']}"
            )
        super().add_param_group(param_group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_shapes(state["state"])
        super().__setstate__(state)

    @torch.no_grad()
    def step(self, closure: Callable | None = None):
        """Update every parameter that has a gradient; a closure is evaluated first, and its loss returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [param for param in group["params"] if param.grad is not None]
            states = [self.state[param] for param in params] if group["momentum"] else []
            buffers = [state.get("momentum_buffer") for state in states]
            sgd_step(
                params,
                [param.grad for param in params],
                buffers,
                lr=group["lr"],
                momentum=group["momentum"],
                dampening=group["dampening"],
                weight_decay=group["weight_decay"],
                nesterov=group["nesterov"],
                maximize=group["maximize"],
            )
            for state, buffer in zip(states, buffers):
                state["momentum_buffer"] = buffer
        return loss
