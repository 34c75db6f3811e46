"""What an answer to `distances` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Broadcasting: two shapes that meet",
    name="distances",
    hints=(
        "The difference of every pair has shape (..., n, m, features): a needs a 1 where m stands, b needs a 1 where n stands.",
        "a.unsqueeze(-2) is (..., n, 1, features) and b.unsqueeze(-3) is (..., 1, m, features). Square, sum the last "
        "dimension, take the root. Count dimensions from the right, and whatever stands in front takes care of itself.",
        "For the gradient: torch.where(squares > 0, squares.sqrt(), 0) is not enough, since where the root is not taken its "
        "slope, infinite, is still multiplied by 0, which is NaN. Give the root a harmless number there first: "
        "torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0), with apart = squares > 0.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("four points and three cities in the plane")
def plane(distances):
    return distances(numbers(4, 2), numbers(3, 2, seed=1))


@EXERCISE.claim("as many points as cities, and as many as features")
def square(distances):
    return distances(numbers(3, 3), numbers(3, 3, seed=1))


@EXERCISE.claim("batches of both")
def batches(distances):
    return distances(numbers(2, 5, 4, 3), numbers(2, 5, 6, 3, seed=1))


@EXERCISE.claim("a batch of points, and one set of cities for all")
def one_for_all(distances):
    return [distances(numbers(2, 4, 3), numbers(5, 3, seed=1)), distances(numbers(4, 3), numbers(2, 1, 5, 3, seed=1))]


@EXERCISE.claim("a point on a city is at distance 0")
def same_place(distances):
    points = numbers(3, 2)
    return distances(points, points)


@EXERCISE.claim("gradients, those of points on cities too")
def gradients(distances):
    a, b = numbers(4, 2), torch.cat([numbers(4, 2)[1:3], numbers(2, 2, seed=1)])
    a, b = a.requires_grad_(), b.requires_grad_()
    found = distances(a, b)
    (found * numbers(*found.shape, seed=2)).sum().backward()
    return {"gradient of a": a.grad, "gradient of b": b.grad}


@EXERCISE.drawn
def drawn(distances, seed: int):
    draw = torch.Generator().manual_seed(seed)
    n, m, features, batch = torch.randint(1, 5, (4,), generator=draw).tolist()
    a = torch.randn(batch, n, features, generator=draw)
    b = torch.randn(*([batch] if seed % 2 else []), m, features, generator=draw)
    return distances(a, b)
