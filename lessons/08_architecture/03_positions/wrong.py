"""Answers to `positions` that are wrong in the ways that people are."""

import torch


def waves(places, dim, base, dtype=torch.float64, step=2.0, halves=False, exchanged=False, odd=True):
    if dim < 1:
        raise ValueError
    exponents = torch.arange(0, dim, 2, dtype=dtype) / dim * (step / 2)
    angles = places.to(dtype).unsqueeze(-1) / base**exponents
    pair = [angles.cos(), angles.sin()] if exchanged else [angles.sin(), angles.cos()]
    found = torch.cat(pair, -1) if halves else torch.stack(pair, -1).flatten(-2)
    return (found[..., :dim] if odd else found).to(torch.float32)


def in_halves(places, dim, base=10000.0):
    """All sines stand first and all cosines behind them: they are to alternate. (Both are in use; weights of the one are
    useless with the other.)"""
    return waves(places, dim, base, halves=True)


def cosine_first(places, dim, base=10000.0):
    """Sine and cosine are exchanged: the sine stands at the even places, 0, 2, 4 ..."""
    return waves(places, dim, base, exchanged=True)


def in_single(places, dim, base=10000.0):
    """The angles are computed in float32, which has seven digits: at place 999,999 the fast hands stand anywhere. Compute
    in float64, and round once at the end."""
    return waves(places, dim, base, dtype=torch.float32)


def too_slow(places, dim, base=10000.0):
    """The exponents grow twice as fast as they should, or half as fast: wave number i has base to the power of 2 i / dim."""
    return waves(places, dim, base, step=1.0)


def counted_anew(places, dim, base=10000.0):
    """The rows are those of the places 0, 1, 2 ..., whichever are asked for: what follows a cache begins elsewhere."""
    anew = torch.arange(places.numel()).view(places.shape)
    return waves(anew, dim, base)


def in_double(places, dim, base=10000.0):
    """The table is of float64: round it to float32 at the end, which is what it is added to."""
    return waves(places, dim, base).double()


def always_even(places, dim, base=10000.0):
    """An odd number of features gives one too many: the last wave then has its sine only."""
    return waves(places, dim, base, odd=False)
