"""An exponential moving average of a model's weights."""

from collections.abc import Iterable, Mapping
from copy import deepcopy

import torch
from torch import Tensor
from torch.nn import Module


class EMA:
    """A second copy of a model whose every weight follows the first's slowly: average += (1 - decay) * (weight - average).

    Young averages follow faster, or a short run would end near the random weights that it began with: the decay of update
    n, counted from 0, is min(decay, (1 + n) / (10 + n)), that of TensorFlow's ExponentialMovingAverage with `num_updates`
    (https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage).
    Paper: Polyak & Juditsky 1992; with a decay, Tarvainen & Valpola 2017, https://arxiv.org/abs/1703.01780, section 2.
    Units and ranges: decay from 0 (a plain copy) up to, not including, 1.
    Raises: ValueError for another decay, and for weights of less than 32 bits, in which small changes round to none.
    Equals: torch.optim.swa_utils.AveragedModel with get_ema_multi_avg_fn, once (1 + n) / (10 + n) has passed the decay.
    """

    def __init__(self, model: Module, decay: float):
        if not 0 <= decay < 1:
            raise ValueError(f"EMA: decay must be at least 0 and less than 1; it was given {decay}")
        for name, param in model.named_parameters():
            if param.dtype.itemsize < 4:
                raise ValueError(
                    f"EMA: {name} is {param.dtype}, in which the small steps of an average are lost: "
                    "keep the weights in float32 and compute in lower precision by autocast"
                )
        self.decay = decay
        self.updates = 0
        self.source = model
        self.model = deepcopy(model).eval().requires_grad_(False)
        self.averages: dict[Tensor, Tensor] = dict(zip(model.parameters(), self.model.parameters(), strict=True))

    @torch.no_grad()
    def update(self, parameters: Iterable[Tensor] | None = None) -> None:
        """Draw the averages towards the weights: all of them, or those of these parameters of the model."""
        weights = list(self.averages if parameters is None else parameters)
        averages = [self.averages[weight] for weight in weights]
        if averages:
            torch._foreach_lerp_(averages, weights, 1 - min(self.decay, (1 + self.updates) / (10 + self.updates)))
        self.updates += 1

    @torch.no_grad()
    def averaged(self) -> Module:
        """The copy, in evaluation mode and without gradients, with the model's buffers of this moment.

        A batch norm's running statistics are averages already, so buffers are copied. Ask again after more training.
        """
        for average, buffer in zip(self.model.buffers(), self.source.buffers(), strict=True):
            average.copy_(buffer)
        return self.model

    def plain_state(self) -> dict[str, int]:
        """What a resumed run needs beside the tensors of `averaged().state_dict()`."""
        return {"updates": self.updates}

    def load_state(self, tensors: Mapping[str, Tensor], plain: Mapping[str, int]) -> None:
        """Take up what `averaged().state_dict()` and `plain_state()` gave."""
        self.model.load_state_dict(tensors)
        self.updates = plain["updates"]
