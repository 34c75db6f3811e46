"""How well a language model expects a text. Each token counts alike, however the text was cut into batches.

All read `log_likelihood` of the prediction, (batch, length) in nats, at the tokens to be predicted that are not padding.
"""

import math
from collections.abc import Mapping

import torch
from torchmetrics import MeanMetric

from groundup.data.text import IGNORE


class MeanSurprise:
    """The mean of minus the log-likelihood of a token, in nats: the loss of training."""

    def __init__(self):
        self.metric = MeanMetric().set_dtype(torch.float64)

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        scored = batch["tokens"][:, 1:] != IGNORE
        self.metric.update(-prediction["log_likelihood"][scored].double().cpu())

    def compute(self) -> float:
        return self.metric.compute().item()


class Perplexity(MeanSurprise):
    """Among how many equally likely tokens the choice would be as hard: from 1 up."""

    def compute(self) -> float:
        return self.metric.compute().exp().item()


class BitsPerCharacter(MeanSurprise):
    """How many bits a character takes in a file compressed by the model, where tokens are characters."""

    def compute(self) -> float:
        return super().compute() / math.log(2)
