"""Answers to `prepare` that are wrong in the ways that people are."""

import numpy as np
import torch
from PIL import Image

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def prepared(
    picture, resize, crop, mean, std,
    shorter=min, start=round, pad_first=True, permute=(2, 0, 1), divide=255, corner=False, bend=False, batch=True,
):  # fmt: skip
    picture = picture.convert("RGB")
    side = shorter(picture.size)
    sides = [resize if s == side or bend else int(s * resize / side) for s in picture.size]
    pixels = np.array(picture.resize([max(1, s) for s in sides], Image.Resampling.BILINEAR)).astype(np.float32)
    centre, spread = (np.array(numbers, dtype=np.float32) for numbers in (mean, std))
    if not pad_first:
        pixels = (pixels / divide - centre) / spread
    missing = [max(0, crop - s) for s in pixels.shape[:2]]
    pixels = np.pad(pixels, [(gap // 2, gap - gap // 2) for gap in missing] + [(0, 0)])
    top, left = ((0 if corner else start((s - crop) / 2)) for s in pixels.shape[:2])
    middle = pixels[top : top + crop, left : left + crop]
    if pad_first:
        middle = (middle / divide - centre) / spread
    found = torch.from_numpy(np.ascontiguousarray(middle)).permute(*permute)
    return found[None] if batch else found


def longer_side(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """The longer side is brought to `resize`: it is the shorter one, so that a square fits in."""
    return prepared(picture, resize, crop, mean, std, shorter=max)


def bent(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """The picture is bent to a square: both sides are scaled alike, and the middle is taken."""
    return prepared(picture, resize, crop, mean, std, bend=True)


def from_the_corner(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """The crop begins at the top left: the middle is asked for."""
    return prepared(picture, resize, crop, mean, std, corner=True)


def rounded_down(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """The middle begins at (side - crop) // 2; asked for is round((side - crop) / 2), which differs where 1.5 or 3.5 pixels are
    left on each side."""
    return prepared(picture, resize, crop, mean, std, start=int)


def black_is_the_mean(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """What is padded is zero after normalising, the mean colour: it is to be black, so pad before you normalise."""
    return prepared(picture, resize, crop, mean, std, pad_first=False)


def not_divided(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """Bytes are normalised by numbers that are meant for fractions: divide by 255 first."""
    return prepared(picture, resize, crop, mean, std, divide=1)


def no_batch(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """There is no batch: a network takes (batch, channels, height, width), and one picture is a batch of one, [None]."""
    return prepared(picture, resize, crop, mean, std, batch=False)


def on_its_side(picture, resize=256, crop=224, mean=MEAN, std=STD):
    """Rows and columns are exchanged: permute(2, 0, 1) brings the channels to the front and keeps rows as rows."""
    return prepared(picture, resize, crop, mean, std, permute=(2, 1, 0))
