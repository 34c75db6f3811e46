"""From a loss to new weights: accumulation, scaling, backward, clipping, the optimiser's step and the average of the weights."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import Module

from groundup.optim.ema import EMA

Packed = tuple[dict[str, Tensor], dict]


class Update:
    """`update(loss)`, or `update(loss, child=name)` where each child of the model has an optimiser of its own.

    The gradient reaches only the weights of that optimiser. Every `accumulate_steps` calls (for each child) it steps.
    """

    def __init__(
        self,
        model: Module,
        optimizers: Mapping[str | None, torch.optim.Optimizer],
        *,
        device: str,
        accumulate_steps: int = 1,
        clip_norm: float | None = None,
        scale: bool = False,
        ema: EMA | None = None,
    ):
        self.model, self.optimizers, self.ema = model, dict(optimizers), ema
        self.accumulate_steps, self.clip_norm = accumulate_steps, clip_norm
        self.device = torch.device(device).type
        self.scaler = torch.amp.GradScaler(self.device, enabled=scale)
        self.parameters = {
            child: [parameter for group in optimizer.param_groups for parameter in group["params"]]
            for child, optimizer in self.optimizers.items()
        }
        self.pending = dict.fromkeys(self.optimizers, 0)

    def __call__(self, loss: Tensor, child: str | None = None) -> None:
        if not torch.is_autocast_enabled(self.device):
            self.move(loss, child)
            return
        with torch.autocast(self.device, enabled=False):
            self.move(loss, child)
        torch.clear_autocast_cache()  # else the next call within this batch would compute with the weights of before

    def move(self, loss: Tensor, child: str | None) -> None:
        """The same outside of autocast."""
        parameters, optimizer = self.parameters[child], self.optimizers[child]
        loss = self.scaler.scale(loss if self.accumulate_steps == 1 else loss / self.accumulate_steps)
        loss.backward(inputs=None if child is None else parameters)
        self.pending[child] += 1
        if self.pending[child] < self.accumulate_steps:
            return
        self.pending[child] = 0
        if self.clip_norm is not None:
            self.scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(parameters, self.clip_norm)
        self.scaler.step(optimizer)
        self.scaler.update()
        optimizer.zero_grad()
        if self.ema is not None:
            self.ema.update(parameters)

    def set_rates(self, factor: float, progress: float = 1.0) -> bool:
        """Let every group learn at its own rate times the schedule's factor, and those that are frozen until later not at all.

        `progress` is the part of the training that is done. Tells whether the weights that learn are other ones than before.
        """
        changed = False
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * factor
                if "frozen_until" in group:
                    learns = progress >= group["frozen_until"]
                    changed |= group["params"][0].requires_grad != learns
                    for parameter in group["params"]:
                        parameter.requires_grad_(learns)
        return changed

    def state(self) -> Packed:
        """The optimisers' tensors by name, and their plain values. Taken between steps, where nothing is pending."""
        assert not any(self.pending.values()), "a state is taken only between steps"
        tensors, plain = {}, {"scaler": self.scaler.state_dict(), "groups": {}}
        for child, optimizer in self.optimizers.items():
            state = optimizer.state_dict()
            for index, values in state["state"].items():
                tensors |= {f"{child or ''}.{index}.{name}": value for name, value in values.items() if value is not None}
            plain["groups"][child or ""] = state["param_groups"]
        return tensors, plain

    def load_state(self, tensors: Mapping[str, Tensor], plain: Mapping) -> None:
        """Take up what `state` gave."""
        self.scaler.load_state_dict(plain["scaler"])
        for child, optimizer in self.optimizers.items():
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                owner, index, name = key.split(".")
                if owner == (child or ""):
                    state.setdefault(int(index), {})[name] = like(value, self.parameters[child][int(index)])
            groups = [{name: tuple(v) if isinstance(v, list) and name != "params" else v for name, v in group.items()}
                      for group in plain["groups"][child or ""]]  # fmt: skip
            optimizer.load_state_dict({"state": state, "param_groups": groups})


def like(value: Tensor, parameter: Tensor) -> Tensor:
    """A state tensor in the memory layout of its parameter, as it had when it was saved."""
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value) if value.shape == parameter.shape else value
