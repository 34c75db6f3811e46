"""The answer to `read_picture`."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor


def read_picture(file: Path) -> Tensor:
    """A picture as it is seen on white. Shapes: -> (3, height, width) of float32, from 0 to 1."""
    with Image.open(file) as opened:
        pixels = np.array(ImageOps.exif_transpose(opened).convert("RGBA"))  # (height, width, 4)
    planes = torch.from_numpy(pixels).permute(2, 0, 1).to(torch.float32) / 255
    colours, opaque = planes[:3], planes[3:]
    return colours * opaque + (1 - opaque)
