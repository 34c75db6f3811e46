"""What the losses over similarities share: embeddings of length 1, and a temperature that divides their dot products."""

from torch import Tensor

from groundup.ops.distance import normalize


def check_temperature(name: str, **temperatures: float) -> None:
    """A ValueError for a temperature that is not positive."""
    for argument, value in temperatures.items():
        if not value > 0:
            raise ValueError(f"{name}: {argument} must be positive; it was given {value}")


def check_embeddings(name: str, at_least: int = 1, **embeddings: Tensor) -> None:
    """A ValueError unless all are floating-point (batch, features) of one shape, of at least so many rows."""
    shapes = ", ".join(f"{argument} {tensor.dtype} {tuple(tensor.shape)}" for argument, tensor in embeddings.items())
    first = next(iter(embeddings.values()))
    if not all(
        tensor.dim() == 2 and tensor.is_floating_point() and tensor.shape == first.shape for tensor in embeddings.values()
    ):
        raise ValueError(f"{name} takes floating-point embeddings (batch, features) of one shape; it was given {shapes}")
    if len(first) < at_least:
        raise ValueError(
            f"{name} tells an example from the others of its batch and needs at least {at_least}; it was given {shapes}"
        )


def check_queue(name: str, queue: Tensor, features: int) -> None:
    """A ValueError unless the queue is (length, features)."""
    if queue.dim() != 2 or queue.shape[1] != features:
        raise ValueError(f"{name}: a queue beside these embeddings is (length, {features}); it was given {tuple(queue.shape)}")


def similarities(rows: Tensor, others: Tensor) -> Tensor:
    """The cosines of all pairs. Shapes: (rows, features) and (others, features) -> (rows, others)."""
    return normalize(rows) @ normalize(others).T


def own_similarity(rows: Tensor, others: Tensor) -> Tensor:
    """The cosine of each row with the one of the same place. Shapes: two (rows, features) -> (rows, 1)."""
    return (normalize(rows) * normalize(others)).sum(1, keepdim=True)
