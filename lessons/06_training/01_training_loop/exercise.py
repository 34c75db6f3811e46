"""The training loop: the page, with early stopping.

Write `fit`. In each epoch: for every batch of `train` a step of the optimiser in training mode; then over all batches of
`validation`, in evaluation mode and without gradients, the mean loss per EXAMPLE (batches differ in size). When the
validation loss has not fallen below its best for `patience` epochs in a row, stop. At the end the model has the weights of
the best epoch again (buffers too), and is in evaluation mode. Return the validation losses of all epochs that were run.
`loss_of(scores, labels)` is a mean over the batch.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import Module

Batches = Sequence[tuple[Tensor, Tensor]]


def fit(
    model: Module,
    optimizer,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    train: Batches,
    validation: Batches,
    epochs: int,
    patience: int,
) -> list[float]:
    """Train until the validation loss stops falling; the validation loss of each epoch.

    The optimiser has zero_grad() and step(). Batches are pairs (inputs, labels).
    """
    raise NotImplementedError
