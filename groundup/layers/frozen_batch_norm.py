"""Batch normalization that learns no more: what a pre-trained backbone keeps while something else is trained on top."""

import torch
from torch import Tensor
from torch.nn import Module

from groundup.ops.batch_norm import batch_norm


class FrozenBatchNorm2d(Module):
    """A BatchNorm2d whose statistics, weight and bias stand still, in training too: a fixed scale and shift a channel.

    All four are buffers, so no optimiser sees them. It takes the state of a BatchNorm2d, whose count of batches it drops.

    Shapes: (batch, num_features, height, width) -> the same.
    Raises: ValueError for another shape.
    Equals: torchvision.ops.FrozenBatchNorm2d.
    """

    def __init__(self, *, num_features: int, eps: float = 1e-5):
        super().__init__()
        self.num_features, self.eps = num_features, eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_load_state_dict_pre_hook(drop_count)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4 or x.shape[1] != self.num_features:
            raise ValueError(
                f"FrozenBatchNorm2d takes (batch, {self.num_features}, height, width); it was given {tuple(x.shape)}"
            )
        return batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


def drop_count(module: Module, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Take a BatchNorm2d's count of batches out of a state that is being loaded."""
    state.pop(f"{prefix}num_batches_tracked", None)
