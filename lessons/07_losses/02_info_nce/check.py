"""What an answer to `info_nce` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="InfoNCE: which of these belongs to that?",
    name="info_nce",
    hints=(
        "Bring both to length 1. Without a queue the scores are query @ key.T, and the right answer of row i is column i.",
        "With a queue the scores of a row are its own similarity first and those with the queue behind it: torch.cat([own[:, "
        "None], query @ queue.detach().T], 1), and the right answer is column 0.",
        "own = (query * key).sum(1); loss = ((scores / temperature).logsumexp(1) - own / temperature).mean(), which is "
        "cross-entropy in both cases. Refuse a temperature that is not positive, and a batch of one without a queue.",
    ),
)


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * (1 + seed)


def both_ways(info_nce, query, key, temperature, queue=None):
    tensors = [tensor if tensor is None else tensor.clone().requires_grad_() for tensor in (query, key, queue)]
    loss = info_nce(tensors[0], tensors[1], temperature, tensors[2])
    loss.backward()
    names = ("query", "key", "queue")
    return {"loss": loss, **{f"gradient of {n}": t.grad for n, t in zip(names, tensors) if t is not None}}


@EXERCISE.claim("five queries and their keys")
def five(info_nce):
    return both_ways(info_nce, rows(5, 3), rows(5, 3, seed=1), 1.0)


@EXERCISE.claim("a low temperature")
def cold(info_nce):
    return both_ways(info_nce, rows(4, 6), rows(4, 6, seed=1), 0.07)


@EXERCISE.claim("vectors of any length say the same")
def lengths(info_nce):
    return [info_nce(10 * rows(4, 3), 0.01 * rows(4, 3, seed=1), 0.3), info_nce(rows(4, 3), rows(4, 3, seed=1), 0.3)]


@EXERCISE.claim("with a queue, whose rows are of any length and take no gradient")
def queue(info_nce):
    return both_ways(info_nce, rows(3, 4), rows(3, 4, seed=1), 0.5, rows(7, 4, seed=2))


@EXERCISE.claim("two queries are enough to tell their keys apart")
def two(info_nce):
    return both_ways(info_nce, rows(2, 3), rows(2, 3, seed=1), 0.5)


@EXERCISE.claim("one query and a queue")
def one(info_nce):
    return both_ways(info_nce, rows(1, 4), rows(1, 4, seed=1), 0.5, rows(3, 4, seed=2))


@EXERCISE.claim("nothing overflows at a temperature of a thousandth")
def very_cold(info_nce):
    return info_nce(rows(4, 3), rows(4, 3, seed=1), 0.001)


@EXERCISE.claim("what cannot be is refused by a ValueError")
def refused(info_nce):
    zero = raised(lambda: info_nce(rows(2, 3), rows(2, 3, seed=1), 0.0), ValueError)
    return [zero, raised(lambda: info_nce(rows(1, 3), rows(1, 3, seed=1), 0.5), ValueError)]


@EXERCISE.drawn
def drawn(info_nce, seed: int):
    batch, features = 2 + seed % 4, 2 + seed % 5
    queue = rows(1 + seed % 6, features, seed=seed % 7) if seed % 2 else None
    return both_ways(
        info_nce, rows(batch, features, seed=seed), rows(batch, features, seed=seed + 1), 0.1 * (1 + seed % 9), queue
    )
