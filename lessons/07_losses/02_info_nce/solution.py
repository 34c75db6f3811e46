"""The answer to `info_nce`."""

import torch
from torch import Tensor


def info_nce(query: Tensor, key: Tensor, temperature: float, queue: Tensor | None = None) -> Tensor:
    """How hard it is to find each query's own key."""
    if temperature <= 0:
        raise ValueError(f"a temperature is above 0; got {temperature}")
    if queue is None and len(query) < 2:
        raise ValueError("a batch of one has no other keys to tell its own from")
    query, key = query / query.norm(dim=1, keepdim=True), key / key.norm(dim=1, keepdim=True)
    own = (query * key).sum(1)  # (batch)
    scores = query @ key.T if queue is None else torch.cat([own[:, None], query @ queue.detach().T], 1)
    return ((scores / temperature).logsumexp(1) - own / temperature).mean()
