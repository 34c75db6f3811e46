"""Focal loss for yes and no, safe for any score.

Write `sigmoid_focal`. For each score s and truth t (1 or 0), with p = sigmoid(s) and p_t what is given to the truth (p
where t is 1, 1 - p where t is 0):

    loss = - alpha_t (1 - p_t)^gamma log(p_t),    alpha_t = alpha where t is 1, 1 - alpha where t is 0

Return the sum over all, divided by how many are yes (at least by 1). Scores of plus or minus a thousand must give finite
losses and gradients: log(p_t) is -softplus of a score with the right sign, and never the logarithm of a probability.
"""

import torch
from torch import Tensor


def sigmoid_focal(scores: Tensor, truth: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss of independent questions, for each thing that is there. Shapes: two alike, of any shape -> ()."""
    raise NotImplementedError
