"""What all optimisers here share: options checked for every group, states checked when loaded, one update a group."""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class GroupOptimizer(Optimizer):
    """An optimiser that says which options are right (`check`) and how a group of parameters is updated (`update`)."""

    def check(self, options: Mapping[str, Any]) -> None:
        """Raises: ValueError for an option out of its range."""
        raise NotImplementedError

    def update(self, group: Mapping[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        """Move the parameters of a group that have a gradient, in place."""
        raise NotImplementedError

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        self.check(self.defaults | param_group)
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
            self.update(group, params, [param.grad.to_dense() if param.grad.is_sparse else param.grad for param in params])
        return loss


def check_shapes(states: Mapping[Tensor, Mapping[str, Any]]) -> None:
    """Refuse a state of another shape than its parameter's: a fused kernel would read and write beyond its end."""
    for param, state in states.items():
        for name, value in state.items():
            if name != "step" and isinstance(value, Tensor) and value.shape != param.shape:
                raise ValueError(
                    f"the loaded {name} has shape {tuple(value.shape)} where its parameter has {tuple(param.shape)}: "
                    "the state belongs to another model, or its parameters come in another order"
                )


def check_not_negative(optimizer: Optimizer, options: Mapping[str, Any], *names: str) -> None:
    """Raises: ValueError for one of these options below 0, infinite or NaN."""
    for name in names:
        if not 0 <= options[name] < inf:
            raise ValueError(f"{type(optimizer).__name__}: {name} must be 0 or more and finite; it was given {options[name]}")


def check_nesterov(optimizer: Optimizer, options: Mapping[str, Any]) -> None:
    """Raises: ValueError for Nesterov's momentum without momentum, or with dampening."""
    if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
        raise ValueError(
            f"{type(optimizer).__name__}: nesterov needs a momentum above 0 and a dampening of 0; "
            f"it was given momentum={options['momentum']} and dampening={options['dampening']}"
        )


def count(param: Tensor) -> Tensor:
    """The number of updates so far, none, beside the weights."""
    return torch.zeros((), dtype=torch.float32, device=param.device)
