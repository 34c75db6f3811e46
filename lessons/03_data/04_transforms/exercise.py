"""Transforms: a picture into a square frame, whole and unbent (letterbox).

Write `letterbox`, and its way back. A detector wants squares, and must not lose what lies at the rim: the picture is shrunk
or enlarged until its LONGER side fits the frame, laid into the middle, and the rest of the frame is grey. Boxes that the
detector finds must then be told in the pixels of the picture: hence what is returned beside it.

The size after scaling is each side times the scale, rounded to the nearest whole number (Python's round), at least 1. An odd
pixel of the rest lies at the bottom and at the right. Scaling is by torch.nn.functional.interpolate(..., mode="bilinear",
align_corners=False, antialias=True).
"""

import torch
from torch import Tensor


def letterbox(picture: Tensor, size: int, fill: float = 0.5) -> tuple[Tensor, float, tuple[int, int]]:
    """The whole picture in a square frame; by how much it was scaled, and (top, left), where in the frame it begins.

    Shapes: (channels, height, width) -> (channels, size, size).
    """
    raise NotImplementedError
