"""The answer to `prepare`."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def prepare(picture: Image.Image, resize: int = 256, crop: int = 224, mean: tuple = MEAN, std: tuple = STD) -> Tensor:
    """A picture as a batch of one."""
    picture = picture.convert("RGB")
    shorter = min(picture.size)
    sides = [resize if side == shorter else int(side * resize / shorter) for side in picture.size]
    pixels = np.array(picture.resize(sides, Image.Resampling.BILINEAR))  # (height, width, channels)
    missing = [max(0, crop - side) for side in pixels.shape[:2]]
    pixels = np.pad(pixels, [(gap // 2, gap - gap // 2) for gap in missing] + [(0, 0)])
    top, left = (round((side - crop) / 2) for side in pixels.shape[:2])
    middle = torch.from_numpy(pixels[top : top + crop, left : left + crop].copy()).permute(2, 0, 1).to(torch.float32) / 255
    centre, spread = (torch.tensor(numbers, dtype=torch.float32)[:, None, None] for numbers in (mean, std))
    return ((middle - centre) / spread)[None]
