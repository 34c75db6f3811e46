"""What an answer to `rotate` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Rotary positions: turning instead of adding",
    name="rotate",
    hints=(
        "There are rotary / 2 pairs, and as many angles for each place: places[:, None] / base ** (2 i / rotary).",
        "Take the two members of all pairs apart: x[..., :half] and x[..., half:rotary], or x[..., 0:rotary:2] and x[..., "
        "1:rotary:2]. Turn them all at once; cosines and sines of shape (length, pairs) meet them by broadcasting.",
        "Put them together again in the order in which they were taken apart: cat for halves, stack(..., -1).flatten(-2) for "
        "interleaved; behind them x[..., rotary:] as it is. Refuse an odd rotary, one above x.shape[-1], and other pairings "
        "by a ValueError.",
    ),
)


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("five places, eight features, in halves")
def halves(rotate):
    return rotate(rows(5, 8), torch.arange(5))


@EXERCISE.claim("interleaved")
def interleaved(rotate):
    return rotate(rows(5, 8), torch.arange(5), pairing="interleaved")


@EXERCISE.claim("a batch with heads, at places that begin elsewhere")
def batch(rotate):
    x = rows(2, 3, 4, 6)
    return [rotate(x, torch.tensor([7, 8, 9, 10])), rotate(x, torch.tensor([5, 1, 1, 900]), pairing="interleaved")]


@EXERCISE.claim("only the first features are turned")
def part(rotate):
    return [rotate(rows(3, 10), torch.arange(3) + 2, 4), rotate(rows(3, 10), torch.arange(3) + 2, 6, pairing="interleaved")]


@EXERCISE.claim("another base, and as many places as pairs")
def base(rotate):
    return rotate(rows(4, 8), torch.arange(4), base=100.0)


@EXERCISE.claim("lengths stay, and only distances count in a product")
def distances(rotate):
    q, k = rows(1, 8), rows(1, 8, seed=1)
    products = [(rotate(q, torch.tensor([a])) * rotate(k, torch.tensor([b]))).sum() for a, b in ((3, 0), (13, 10), (503, 500))]
    return {"products": torch.stack(products), "length": rotate(q, torch.tensor([77])).norm()}


@EXERCISE.claim("gradients")
def gradients(rotate):
    x = rows(4, 6).requires_grad_()
    (rotate(x, torch.arange(4) + 1, 4) * rows(4, 6, seed=3)).sum().backward()
    return x.grad


@EXERCISE.claim("what cannot be turned is refused by a ValueError")
def refused(rotate):
    x, places = rows(2, 6), torch.arange(2)
    return [raised(lambda o=o: rotate(x, places, **o), ValueError) for o in ({"rotary": 3}, {"rotary": 8}, {"pairing": "thirds"})]


@EXERCISE.drawn
def drawn(rotate, seed: int):
    features = 2 * (1 + seed % 5)
    rotary = 2 * (1 + seed % (features // 2))
    places = torch.randint(500, (3,), generator=torch.Generator().manual_seed(seed))
    pairing = ("halves", "interleaved")[seed % 2]
    return rotate(rows(2, 3, features, seed=seed), places, rotary, 10.0 ** (1 + seed % 4), pairing)
