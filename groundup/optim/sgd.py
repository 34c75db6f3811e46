"""Stochastic gradient descent, and LARS, which gives every tensor of weights a rate of its own."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from groundup.ops.lars_step import lars_step
from groundup.ops.sgd_step import sgd_step
from groundup.optim.optimizer import GroupOptimizer, check_nesterov, check_not_negative


class SGD(GroupOptimizer):
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

    def check(self, options: Mapping[str, Any]) -> None:
        check_not_negative(self, options, "lr", "momentum", "weight_decay")
        check_nesterov(self, options)

    def update(self, group: Mapping[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[param] for param in params] if group["momentum"] else []
        buffers = [state.get("momentum_buffer") for state in states]
        sgd_step(
            params,
            grads,
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


class LARS(GroupOptimizer):
    """SGD in which every tensor of weights moves in proportion to its own length: for batches of thousands.

    Biases and the gains of norms are better left out: give them a group with `weight_decay=0`, which is then plain SGD
    unless `always_adapt`.
    Paper: You, Gitman, Ginsburg 2017, https://arxiv.org/abs/1708.03888, algorithm 1 (trust_coefficient is eta).
    Units and ranges: lr, momentum, weight_decay, trust_coefficient and eps 0 or more; `nesterov` needs momentum and no
    dampening.
    Raises: ValueError for options outside of these, of one group as of all.
    Equals: timm.optim.Lars.
    """

    def __init__(
        self,
        params,
        lr: float = 1.0,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        trust_coefficient: float = 1e-3,
        eps: float = 1e-8,
        always_adapt: bool = False,
        maximize: bool = False,
    ):
        options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov)
        options |= dict(trust_coefficient=trust_coefficient, eps=eps, always_adapt=always_adapt, maximize=maximize)
        super().__init__(params, options)

    def check(self, options: Mapping[str, Any]) -> None:
        check_not_negative(self, options, "lr", "momentum", "weight_decay", "trust_coefficient", "eps")
        check_nesterov(self, options)

    def update(self, group: Mapping[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[param] for param in params] if group["momentum"] else []
        buffers = [state.get("momentum_buffer") for state in states]
        names = ["lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"]
        if group["weight_decay"] or group["always_adapt"]:
            names += ["trust_coefficient", "eps"]
            lars_step(params, grads, buffers, **{name: group[name] for name in names})
        else:
            sgd_step(params, grads, buffers, **{name: group[name] for name in names})
        for state, buffer in zip(states, buffers):
            state["momentum_buffer"] = buffer
