"""The answer to `kl_from_scores`."""

import torch
from torch import Tensor


def kl_from_scores(student: Tensor, teacher: Tensor, temperature: float = 1.0, reverse: bool = False) -> Tensor:
    """The divergence of what two tables of scores believe."""
    if temperature <= 0:
        raise ValueError(f"a temperature is above 0; got {temperature}")
    mine = torch.log_softmax(student / temperature, 1)
    theirs = torch.log_softmax(teacher.detach() / temperature, 1)
    truth, belief = (mine, theirs) if reverse else (theirs, mine)
    return (truth.exp() * (truth - belief)).sum(1).mean() * temperature**2
