"""Answers to `read_picture` that are wrong in the ways that people are."""

import numpy as np
import torch
from PIL import Image, ImageOps


def planes_of(file, mode="RGBA", turn=True):
    with Image.open(file) as opened:
        pixels = np.array((ImageOps.exif_transpose(opened) if turn else opened).convert(mode))
    return torch.from_numpy(pixels).permute(2, 0, 1).to(torch.float32) / 255


def on_white(planes):
    return planes[:3] * planes[3:] + (1 - planes[3:])


def not_turned(file):
    """The photograph lies on its side: the camera's note (EXIF) is not followed. ImageOps.exif_transpose does it."""
    return on_white(planes_of(file, turn=False))


def opacity_dropped(file):
    """Transparent pixels show a colour that nobody sees: what stands in them is whatever the program that drew them left there.
    Convert to RGBA, and lay it on white."""
    return planes_of(file, mode="RGB")


def on_black(file):
    """Transparent pixels are black: colours times opacity is what is seen on a black page. On white, add 1 - opacity."""
    planes = planes_of(file)
    return planes[:3] * planes[3:]


def not_divided(file):
    """The numbers go up to 255: divide bytes by 255."""
    return on_white(planes_of(file)) * 255


def on_its_side(file):
    """Height and width are exchanged: permute(2, 0, 1) brings the channels to the front and keeps rows as rows."""
    return on_white(planes_of(file)).transpose(1, 2)


def reshaped(file):
    """The picture's numbers are cut anew by reshape or view, which keeps their order in memory: permute moves dimensions."""
    planes = on_white(planes_of(file))
    return planes.permute(1, 2, 0).reshape(planes.shape)


def four_channels(file):
    """The fourth channel is still there: it has done its work once the picture is laid on white."""
    planes = planes_of(file)
    return torch.cat([on_white(planes), planes[3:]])


def in_double(file):
    """The numbers are of float64: layers have weights of float32. Say .to(torch.float32)."""
    return on_white(planes_of(file)).double()
