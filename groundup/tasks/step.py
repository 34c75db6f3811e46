"""One step of training: in which order a task's losses become updates of the weights."""

from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor
from torch.nn import Module

from groundup.tasks.task import Batch, Task

Update = Callable[..., None]  # update(loss, child=None): backward, clipping, optimiser and average of the weights


class Step(Protocol):
    """What the Trainer calls with each batch. It holds order and extra state, never an optimiser."""

    def __call__(self, model: Module, batch: Batch) -> dict[str, Tensor]: ...

    def state_dict(self) -> dict[str, Tensor]: ...

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None: ...


class Stateless:
    """The part of a Step that remembers nothing between batches."""

    def state_dict(self) -> dict[str, Tensor]:
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        if state:
            raise ValueError(f"{type(self).__name__} remembers nothing; the checkpoint holds {', '.join(state)}")


class Supervised(Stateless):
    """The task's one loss, one update."""

    def __init__(self, task: Task, update: Update):
        self.task, self.update = task, update

    def __call__(self, model: Module, batch: Batch) -> dict[str, Tensor]:
        loss, logs = self.task.loss(model, batch)
        self.update(loss)
        return {"loss": loss.detach(), **logs}
