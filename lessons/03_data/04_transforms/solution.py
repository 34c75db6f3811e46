"""The answer to `letterbox`."""

import torch
from torch import Tensor


def letterbox(picture: Tensor, size: int, fill: float = 0.5) -> tuple[Tensor, float, tuple[int, int]]:
    """The whole picture in a square frame; by how much it was scaled, and (top, left), where in the frame it begins."""
    height, width = picture.shape[1:]
    scale = size / max(height, width)
    sides = max(1, round(height * scale)), max(1, round(width * scale))
    options = dict(mode="bilinear", align_corners=False, antialias=True)
    scaled = torch.nn.functional.interpolate(picture[None], sides, **options)[0]
    top, left = (size - sides[0]) // 2, (size - sides[1]) // 2
    frame = picture.new_full((len(picture), size, size), fill)
    frame[:, top : top + sides[0], left : left + sides[1]] = scaled
    return frame, scale, (top, left)
