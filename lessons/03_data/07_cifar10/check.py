"""What an answer to `Moments` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="CIFAR-10: fifty thousand pictures of 32 x 32",
    name="Moments",
    hints=(
        "Carry three things along: how many values each channel has had, their mean, and the sum of their squared deviations "
        "from it.",
        "batch.transpose(0, 1).flatten(1) is (channels, values): its mean(1) and (values - mean[:, None]).square().sum(1) are"
        " the part's b and T. Skip an empty batch before you divide by its count.",
        "gap = b - a; the new sum is S + T + gap**2 * n * m / (n + m), the new mean a + gap * m / (n + m), the new count n + "
        "m. Compute all three from the old values. std is the root of the sum divided by the count; NaN while the count is 0.",
    ),
)


def pictures(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def shown(Moments, *batches: torch.Tensor):
    moments = Moments(batches[0].shape[1])
    for batch in batches:
        moments.update(batch)
    return {"mean": moments.mean(), "std": moments.std()}


@EXERCISE.claim("one batch")
def one(Moments):
    return shown(Moments, pictures(4, 3, 5, 6))


@EXERCISE.claim("batches of different sizes and different brightness")
def several(Moments):
    return shown(Moments, pictures(4, 2, 3, 3), pictures(1, 2, 3, 3, seed=1) + 5, pictures(7, 2, 3, 3, seed=2) * 3 - 2)


@EXERCISE.claim("pictures of different sizes")
def sizes(Moments):
    return shown(Moments, pictures(2, 3, 2, 8), pictures(2, 3, 5, 4, seed=1) + 1)


@EXERCISE.claim("a small spread around a large mean")
def far(Moments):
    moments = Moments(1)
    for seed in range(3):
        moments.update(1e8 + pictures(50, 1, 2, 2, seed=seed))
    return {"std": moments.std()}


@EXERCISE.claim("asked in between, and shown an empty batch")
def between(Moments):
    moments = Moments(2)
    moments.update(pictures(3, 2, 2, 2))
    first = moments.mean(), moments.std()
    moments.update(pictures(0, 2, 2, 2))
    moments.update(pictures(3, 2, 2, 2, seed=1) + 2)
    return [first, moments.mean(), moments.std()]


@EXERCISE.claim("bytes")
def in_bytes(Moments):
    return shown(Moments, (pictures(3, 1, 4, 4).abs() * 60).to(torch.uint8), (pictures(2, 1, 4, 4).abs() * 90).to(torch.uint8))


@EXERCISE.claim("NaN before anything was shown")
def nothing(Moments):
    moments = Moments(2)
    return {"mean": moments.mean(), "std": moments.std()}


@EXERCISE.drawn
def drawn(Moments, seed: int):
    batches = [pictures(1 + (seed + n) % 4, 2, 1 + n, 2, seed=seed + n) * (n + 1) + seed % 5 * n for n in range(1 + seed % 4)]
    return shown(Moments, *batches)
