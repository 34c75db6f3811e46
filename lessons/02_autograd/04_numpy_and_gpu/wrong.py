"""Answers to `to_batch` that are wrong in the ways that people are."""

import numpy as np
import torch


def colours(picture):
    picture = picture if picture.ndim == 3 else picture[..., None]
    return torch.from_numpy(np.ascontiguousarray(picture[..., :3]))


def check(pictures):
    if len({picture.shape[:2] for picture in pictures}) > 1:
        raise ValueError("pictures of one batch have one size")


def reshaped(pictures, device="cpu"):
    """The numbers of each picture are cut anew instead of moved: reshape and view keep the row of numbers in memory, in which the
    three colours of a pixel lie side by side. permute(2, 0, 1) moves the dimensions."""
    check(pictures)
    rows = []
    for picture in pictures:
        found = colours(picture)
        height, width, channels = found.shape
        rows.append(found.reshape(channels, height, width).expand(3, -1, -1))
    return torch.stack(rows).to(device, torch.float32) / 255


def on_its_side(pictures, device="cpu"):
    """Height and width are exchanged: permute(2, 1, 0) brings the channels to the front and turns the picture on its side."""
    check(pictures)
    rows = [colours(picture).permute(2, 1, 0).expand(3, -1, -1) for picture in pictures]
    return torch.stack(rows).to(device, torch.float32) / 255


def not_divided(pictures, device="cpu"):
    """The numbers still go up to 255: divide by 255 to have fractions."""
    check(pictures)
    rows = [colours(picture).permute(2, 0, 1).expand(3, -1, -1) for picture in pictures]
    return torch.stack(rows).to(device, torch.float32)


def by_256(pictures, device="cpu"):
    """White is not 1: a byte goes from 0 to 255, so it is divided by 255 and not by 256."""
    check(pictures)
    rows = [colours(picture).permute(2, 0, 1).expand(3, -1, -1) for picture in pictures]
    return torch.stack(rows).to(device, torch.float32) / 256


def in_double(pictures, device="cpu"):
    """The batch is of float64, NumPy's habit. Layers have weights of float32 and refuse it: say .float(), or
    to(torch.float32)."""
    check(pictures)
    rows = [colours(picture).permute(2, 0, 1).expand(3, -1, -1) for picture in pictures]
    return torch.stack(rows).to(device, torch.float64) / 255


def grey_refused(pictures, device="cpu"):
    """Grey pictures are not taken: one of two dimensions wants a third of size 1 first (picture[..., None]), and a single
    channel is repeated three times by expand(3, -1, -1)."""
    check(pictures)
    rows = [torch.from_numpy(np.ascontiguousarray(picture[..., :3])).permute(2, 0, 1) for picture in pictures]
    return torch.stack(rows).to(device, torch.float32) / 255


def opacity_kept(pictures, device="cpu"):
    """The fourth channel is still there: it says how opaque a pixel is, and is no colour. Take the first three, [..., :3]."""
    check(pictures)
    rows = []
    for picture in pictures:
        picture = np.ascontiguousarray(picture if picture.ndim == 3 else picture[..., None])
        channels = torch.from_numpy(picture).permute(2, 0, 1)
        rows.append(channels.expand(3, -1, -1) if len(channels) == 1 else channels)
    return torch.stack(rows).to(device, torch.float32) / 255


def backwards_refused(pictures, device="cpu"):
    """A picture that was turned over by [:, ::-1] is refused: its array runs backwards through memory, which a tensor cannot.
    Copy such an array first: np.ascontiguousarray(picture)."""
    check(pictures)
    rows = []
    for picture in pictures:
        picture = picture if picture.ndim == 3 else picture[..., None]
        rows.append(torch.from_numpy(picture[..., :3]).permute(2, 0, 1).expand(3, -1, -1))
    return torch.stack(rows).to(device, torch.float32) / 255
