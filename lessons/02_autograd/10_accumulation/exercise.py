"""Accumulation and clipping: one step's gradient, from parts, no longer than it may be.

Write `accumulate`. A batch comes in parts that need not be equally large. `loss_sum(model, part)` gives the SUM of the
losses of a part and how many losses there are. Leave in the parameters' `.grad` the gradient of the MEAN over all parts, and
where its length, of all parameters together, is above `most`, scaled down to that length. Only one part's graph is to be
alive at a time: call backward for each part. Gradients that were there before do not count.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import Module


def accumulate(
    model: Module, parts: Sequence[object], loss_sum: Callable[[Module, object], tuple[Tensor, int]], most: float | None = None
) -> tuple[float, float]:
    """The gradient of the mean loss, clipped, in the parameters' .grad; returns the mean loss and the length before clipping.

    Parameters that took no part keep .grad None. With `most` None nothing is clipped.
    """
    raise NotImplementedError
