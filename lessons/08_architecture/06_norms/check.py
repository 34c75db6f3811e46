"""What an answer to `group_norm` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Which norm?",
    name="group_norm",
    solution="groundup.ops.group_norm:group_norm_tensors",
    hints=(
        "View the input so that a group is one row: (batch, groups, everything of the group). Then mean and variance are over"
        " the last dimension.",
        "x = input.reshape(len(input), num_groups, -1); x.var(-1, correction=0, keepdim=True) is the variance divided by the "
        "count. View it back as the input was shaped before weights come in.",
        "Weight and bias have one number for each channel, dimension 1: view(-1, 1, 1 ...) with a 1 for each dimension "
        "behind. Refuse input.shape[1] % num_groups by a ValueError.",
    ),
)


def maps(*shape: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(shape, generator=draw) + torch.randn(1, shape[1], *[1] * (len(shape) - 2), generator=draw)


def vector(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("six channels in two groups")
def two(group_norm):
    return group_norm(maps(3, 6, 4, 5), 2)


@EXERCISE.claim("one group, and as many as channels")
def extremes(group_norm):
    return [group_norm(maps(2, 4, 3, 3), 1), group_norm(maps(2, 4, 3, 3), 4)]


@EXERCISE.claim("a weight and a bias for each channel")
def affine(group_norm):
    return [group_norm(maps(2, 6, 6, 6), 3, vector(6, 1), vector(6, 2)), group_norm(maps(2, 4, 3), 2, vector(4, 1))]


@EXERCISE.claim("rows without places, and volumes")
def dimensions(group_norm):
    return [group_norm(maps(3, 6), 2), group_norm(maps(2, 4, 2, 3, 2), 2, vector(4, 1), vector(4, 2))]


@EXERCISE.claim("a large eps, and numbers that are all the same")
def eps(group_norm):
    return [group_norm(maps(2, 4, 3), 2, eps=0.5), group_norm(torch.full((1, 4, 2), 3.0), 2)]


@EXERCISE.claim("gradients")
def gradients(group_norm):
    parts = [maps(2, 4, 3, 2), vector(4, 1), vector(4, 2)]
    x, weight, bias = (part.requires_grad_() for part in parts)
    output = group_norm(x, 2, weight, bias)
    (output * maps(2, 4, 3, 2, seed=5)).sum().backward()
    return {"gradient of input": x.grad, "gradient of weight": weight.grad, "gradient of bias": bias.grad}


@EXERCISE.claim("groups that do not divide are refused by a ValueError")
def refused(group_norm):
    return raised(lambda: group_norm(maps(2, 6, 3), 4), ValueError)


@EXERCISE.drawn
def drawn(group_norm, seed: int):
    groups, each = 1 + seed % 3, 2 + seed % 3
    x = maps(1 + seed % 3, groups * each, *[2] * (seed % 3), seed=seed)
    return group_norm(
        x, groups, vector(groups * each, seed) if seed % 2 else None, vector(groups * each, seed + 1), 0.01 * (1 + seed % 7)
    )
