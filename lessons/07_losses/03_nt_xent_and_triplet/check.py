"""What an answer to `batch_hard` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="NT-Xent and the triplet loss",
    name="batch_hard",
    hints=(
        "The distances of all pairs first, (batch, batch), and a mask of the same shape that says which pairs are of one class.",
        "The furthest alike: fill all others with -infinity and take amax(1). The nearest unlike: fill all others with "
        "+infinity and take amin(1). An anchor is no other picture of its own class: take the diagonal out.",
        "kept = alike.any(1) & unlike.any(1); if not kept.any(): return features.sum() * 0. The loss is (margin + furthest - "
        "nearest)[kept] clamped at 0 and averaged. For the root at 0 give sqrt a harmless number there: torch.where(apart, "
        "torch.where(apart, squares, 1.0).sqrt(), 0.0).",
    ),
)


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def both_ways(batch_hard, features, labels, *options):
    features = features.clone().requires_grad_()
    loss = batch_hard(features, torch.tensor(labels), *options)
    loss.backward()
    return {"loss": loss, "gradient of features": features.grad}


@EXERCISE.claim("three classes of two")
def three(batch_hard):
    return both_ways(batch_hard, rows(6, 4), [0, 0, 1, 1, 2, 2])


@EXERCISE.claim("two classes of four, mixed, and another margin")
def mixed(batch_hard):
    return both_ways(batch_hard, rows(8, 3, seed=1), [1, 0, 0, 1, 1, 0, 1, 0], 1.5)


@EXERCISE.claim("triplets that are far enough apart count as zeros in the mean")
def easy(batch_hard):
    features = rows(6, 2) * 0.3 + torch.tensor([[0.0, 0], [0, 0], [9, 0], [9, 0], [0.5, 0], [0.5, 0]])
    return both_ways(batch_hard, features, [0, 0, 1, 1, 2, 2], 0.2)


@EXERCISE.claim("an anchor without another of its class is left out")
def single(batch_hard):
    return both_ways(batch_hard, rows(5, 3, seed=2), [0, 0, 1, 2, 2], 9.0)


@EXERCISE.claim("one class alone, and all different: the loss is 0, with a way back")
def nothing(batch_hard):
    return [both_ways(batch_hard, rows(3, 2), [4, 4, 4]), both_ways(batch_hard, rows(3, 2), [1, 2, 3])]


@EXERCISE.claim("two pictures in the same place")
def same_place(batch_hard):
    features = rows(5, 3, seed=3)
    features[1] = features[0]
    features[4] = features[2]
    return both_ways(batch_hard, features, [0, 0, 1, 1, 0], 2.0)


@EXERCISE.drawn
def drawn(batch_hard, seed: int):
    count = 3 + seed % 6
    labels = torch.randint(3, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
    return both_ways(batch_hard, rows(count, 1 + seed % 4, seed=seed), labels, 0.1 * (1 + seed % 20))
