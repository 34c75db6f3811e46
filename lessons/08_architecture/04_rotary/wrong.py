"""Answers to `rotate` that are wrong in the ways that people are."""

import torch


def turned(
    x, places, rotary, base, pairing, sign=1, over=None, all_features=False, ordered=True, swap=False, from_zero=False, first=True
):
    rotary = x.shape[-1] if rotary is None or all_features else rotary
    if rotary % 2 or rotary > x.shape[-1] or pairing not in ("halves", "interleaved"):
        raise ValueError
    pairing = pairing if not swap else "interleaved" if pairing == "halves" else "halves"
    exponents = torch.arange(0, rotary, 2, dtype=torch.float64) / (over or rotary)
    places = torch.arange(len(places)) if from_zero else places
    angles = sign * places.double().unsqueeze(-1) / base**exponents
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    part, rest = x[..., :rotary], x[..., rotary:]
    halves = pairing == "halves"
    a, b = (part[..., : rotary // 2], part[..., rotary // 2 :]) if halves else (part[..., ::2], part[..., 1::2])
    both = [a * cos - b * sin, a * sin + b * cos]
    joined = torch.cat(both, -1) if halves or not ordered else torch.stack(both, -1).flatten(-2)
    return torch.cat([joined, rest], -1) if first else torch.cat([rest, joined], -1)


def other_way(x, places, rotary=None, base=10000.0, pairing="halves"):
    """The turn goes the other way round: (a cos - b sin, a sin + b cos)."""
    return turned(x, places, rotary, base, pairing, sign=-1)


def pairing_exchanged(x, places, rotary=None, base=10000.0, pairing="halves"):
    """The two pairings are exchanged: halves pairs i with i + rotary / 2, interleaved pairs neighbours."""
    return turned(x, places, rotary, base, pairing, swap=True)


def all_turned(x, places, rotary=None, base=10000.0, pairing="halves"):
    """All features are turned, whatever `rotary` says: those behind it stay as they are."""
    if rotary is not None and (rotary % 2 or rotary > x.shape[-1]):
        raise ValueError
    return turned(x, places, rotary, base, pairing, all_features=True)


def order_lost(x, places, rotary=None, base=10000.0, pairing="halves"):
    """Interleaved pairs come back sorted, all first members and then all second ones: each goes back to where it was taken
    from."""
    return turned(x, places, rotary, base, pairing, ordered=False)


def places_from_zero(x, places, rotary=None, base=10000.0, pairing="halves"):
    """The places are counted from 0, whichever are given: a text that follows a cache begins elsewhere."""
    return turned(x, places, rotary, base, pairing, from_zero=True)


def over_features(x, places, rotary=None, base=10000.0, pairing="halves"):
    """The exponents are divided by the number of all features: the slowest pair is that of the features that are turned, so
    divide by `rotary`."""
    return turned(x, places, rotary, base, pairing, over=x.shape[-1])


def one_speed(x, places, rotary=None, base=10000.0, pairing="halves"):
    """All pairs turn at one speed: pair number i turns by place / base^(2 i / rotary)."""
    return turned(x, places, rotary, 1.0, pairing)
