"""Answers to `letterbox` that are wrong in the ways that people are."""

import torch


def scaled_to(picture, sides):
    options = dict(mode="bilinear", align_corners=False, antialias=True)
    return torch.nn.functional.interpolate(picture[None], sides, **options)[0]


def sides_of(picture, scale, whole=round):
    return tuple(max(1, whole(side * scale)) for side in picture.shape[1:])


def framed(picture, size, fill, scale, sides, top=None, left=None):
    top = (size - sides[0]) // 2 if top is None else top
    left = (size - sides[1]) // 2 if left is None else left
    frame = picture.new_full((len(picture), size, size), fill)
    frame[:, top : top + sides[0], left : left + sides[1]] = scaled_to(picture, sides)
    return frame, scale, (top, left)


def bent(picture, size, fill=0.5):
    """The picture is bent to a square: both sides take one scale, size divided by the longer side."""
    return framed(picture, size, fill, size / max(picture.shape[1:]), (size, size))


def by_the_shorter(picture, size, fill=0.5):
    """You scale by the shorter side, and cut off what sticks out: nothing is to be lost, so the longer side fits the frame."""
    scale = size / min(picture.shape[1:])
    scaled = scaled_to(picture, sides_of(picture, scale))
    top, left = (scaled.shape[1] - size) // 2, (scaled.shape[2] - size) // 2
    return scaled[:, top : top + size, left : left + size], scale, (-top, -left)


def in_the_corner(picture, size, fill=0.5):
    """The picture lies in the corner at the top and left; asked for is the middle."""
    scale = size / max(picture.shape[1:])
    return framed(picture, size, fill, scale, sides_of(picture, scale), 0, 0)


def odd_above(picture, size, fill=0.5):
    """The odd pixel of the rest is at the top and left: halve and round down, and it lies at the bottom and right."""
    scale = size / max(picture.shape[1:])
    sides = sides_of(picture, scale)
    return framed(picture, size, fill, scale, sides, -(-(size - sides[0]) // 2), -(-(size - sides[1]) // 2))


def cut_off(picture, size, fill=0.5):
    """Sides are cut off to whole numbers, where the nearest is asked for: int(7.8) is 7, round(7.8) is 8."""
    scale = size / max(picture.shape[1:])
    return framed(picture, size, fill, scale, sides_of(picture, scale, int))


def black(picture, size, fill=0.5):
    """The frame is black whatever `fill` says."""
    scale = size / max(picture.shape[1:])
    return framed(picture, size, 0.0, scale, sides_of(picture, scale))


def place_exchanged(picture, size, fill=0.5):
    """What you return is (left, top); asked for is (top, left), rows before columns as in the shape."""
    scale = size / max(picture.shape[1:])
    frame, scale, (top, left) = framed(picture, size, fill, scale, sides_of(picture, scale))
    return frame, scale, (left, top)


def never_larger(picture, size, fill=0.5):
    """A picture smaller than the frame is left as it is; it is to be enlarged until its longer side fits."""
    scale = min(1.0, size / max(picture.shape[1:]))
    return framed(picture, size, fill, scale, sides_of(picture, scale))
