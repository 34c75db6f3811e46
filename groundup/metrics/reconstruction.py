"""How far what is said again is from what was shown."""

from collections.abc import Mapping

from torch import Tensor
from torchmetrics import MeanMetric


def brightness(image: Tensor) -> Tensor:
    """Pictures from -1 to 1 as numbers from 0, black, to 1, white."""
    return (image + 1) / 2


def brightness_error(said: Tensor, image: Tensor) -> Tensor:
    """The mean squared error of a picture's pixels, which count black as 0 and white as 1.

    Shapes: two alike, (batch, ...), from -1 to 1 -> (batch).
    """
    return (brightness(said) - brightness(image)).square().flatten(1).mean(1)


class SquaredError:
    """The mean of `brightness_error` over all pictures."""

    def __init__(self):
        self.metric = MeanMetric()

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        self.metric.update(prediction["error"].double().cpu())

    def compute(self) -> float:
        return self.metric.compute().item()
