"""The answer to `agreement`."""

from torch import Tensor


def agreement(p1: Tensor, p2: Tensor, z1: Tensor, z2: Tensor) -> tuple[Tensor, float]:
    """The symmetric loss, through which gradients reach p1 and p2 alone, and its value as a number that remembers nothing."""

    def distance(p: Tensor, z: Tensor) -> Tensor:
        z = z.detach()
        cosine = (p * z).sum(1) / (p.norm(dim=1) * z.norm(dim=1))  # (batch)
        return -cosine.mean()

    loss = (distance(p1, z2) + distance(p2, z1)) / 2
    return loss, loss.item()
