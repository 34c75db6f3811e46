"""What an answer to `cross_entropy` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Losses, by hand",
    name="cross_entropy",
    solution="groundup.ops.cross_entropy:cross_entropy_tensors",
    hints=(
        "For one row: log(sum of exp(scores)) - scores[target]. Then for a batch, then with more dimensions behind the classes.",
        "Take the largest score of each row off first: the difference of the two terms stays the same, and no exp overflows. "
        "gather(1, target.unsqueeze(1)) takes the score of the right class whatever stands behind.",
        "kept = target != ignore_index; give gather a harmless index where not kept (target.where(kept, 0)); losses = "
        "log_total - chosen; return losses.where(kept, 0).sum() / kept.sum().",
    ),
)


def scores(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def labels(classes: int, *shape: int, seed: int = 5) -> torch.Tensor:
    return torch.randint(classes, shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("four rows of three classes")
def rows(cross_entropy):
    return cross_entropy(scores(4, 3), labels(3, 4))


@EXERCISE.claim("a network that knows nothing: log of the number of classes")
def nothing(cross_entropy):
    return cross_entropy(torch.zeros(5, 10), labels(10, 5))


@EXERCISE.claim("pixels: classes in dimension 1, height and width behind")
def pixels(cross_entropy):
    return cross_entropy(scores(2, 3, 4, 3), labels(3, 2, 4, 3))


@EXERCISE.claim("targets that are ignored")
def ignored(cross_entropy):
    target = labels(4, 6)
    target[1] = target[4] = -100
    other = labels(4, 6)
    other[:3] = 0
    return [cross_entropy(scores(6, 4), target), cross_entropy(scores(6, 4), other, ignore_index=0)]


@EXERCISE.claim("scores of a thousand")
def large(cross_entropy):
    return [cross_entropy(torch.tensor([[1000.0, 0.0, -1000.0]]), torch.tensor([k])) for k in range(3)]


@EXERCISE.claim("gradients, with targets that are ignored")
def gradients(cross_entropy):
    x, target = scores(5, 3).requires_grad_(), labels(3, 5)
    target[2] = -100
    cross_entropy(x, target).backward()
    return {"gradient of input": x.grad}


@EXERCISE.drawn
def drawn(cross_entropy, seed: int):
    classes, rest = 2 + seed % 4, [1 + seed % 3] * (seed % 3)
    x, target = scores(3, classes, *rest, seed=seed).mul(3).requires_grad_(), labels(classes, 3, *rest, seed=seed)
    target.flatten()[seed % 2] = -100 if seed % 2 else target.flatten()[0]
    loss = cross_entropy(x, target)
    loss.backward()
    return loss, x.grad
