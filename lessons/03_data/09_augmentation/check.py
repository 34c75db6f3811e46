"""What an answer to `cutmix` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Augmentation: the same cat, seen differently",
    name="cutmix",
    hints=(
        "For rows and for columns alike: side = int(size * sqrt(1 - keep)), start = middle - side // 2, end = start + side; "
        "cut both to 0 and size.",
        "mixed = images.clone(); mixed[:, :, top:bottom, left:right] = images[partner][:, :, top:bottom, left:right]. Read "
        "from the images as they were, not from what you are changing.",
        "covered = (bottom - top) * (right - left) / (height * width), which near the rim is less than 1 - keep; targets = (1"
        " - covered) * targets + covered * targets[partner].",
    ),
)


def batch(count: int, height: int, width: int, classes: int = 3, seed: int = 0):
    draw = torch.Generator().manual_seed(seed)
    targets = torch.randn(count, classes, generator=draw).softmax(1)
    return torch.rand(count, 2, height, width, generator=draw), targets, torch.randperm(count, generator=draw)


def named(answer):
    return {"images": answer[0], "targets": answer[1]}


@EXERCISE.claim("a rectangle in the middle")
def middle(cutmix):
    return named(cutmix(*batch(2, 8, 8), 0.75, (4, 4)))


@EXERCISE.claim("a picture that is wider than high, and sides that are rounded down")
def oblong(cutmix):
    return named(cutmix(*batch(3, 6, 10), 0.6, (3, 5)))


@EXERCISE.claim("at the rim, where a part sticks out")
def rim(cutmix):
    return [named(cutmix(*batch(3, 8, 8), 0.5, (0, 7))), named(cutmix(*batch(3, 9, 7), 0.3, (8, 0)))]


@EXERCISE.claim("all is kept, and nothing")
def extremes(cutmix):
    kept = [named(cutmix(*batch(3, 4, 4), 1.0, centre)) for centre in ((2, 2), (0, 0))]
    return [*kept, named(cutmix(*batch(3, 4, 4), 0.0, (2, 2)))]


@EXERCISE.claim("one picture, which is its own partner")
def alone(cutmix):
    return named(cutmix(*batch(1, 4, 5), 0.5, (2, 2)))


@EXERCISE.claim("partners that exchange their parts")
def exchange(cutmix):
    images, targets, _ = batch(2, 4, 4)
    return named(cutmix(images, targets, torch.tensor([1, 0]), 0.75, (1, 1)))


@EXERCISE.drawn
def drawn(cutmix, seed: int):
    height, width = 3 + seed % 6, 3 + seed % 5
    return named(cutmix(*batch(1 + seed % 4, height, width, seed=seed), seed % 11 / 10, (seed % height, seed * 3 % width)))
