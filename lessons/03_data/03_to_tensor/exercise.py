"""ToTensor: whatever Pillow opens, as three channels of fractions.

Write `read_picture`. The file may be grey, in colour, with a palette, with a channel that says how opaque each pixel is, or
turned by a note of the camera (EXIF). What comes out is what one sees when one looks at it on a white page: transparent
pixels show the white, half transparent ones are half white.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor


def read_picture(file: Path) -> Tensor:
    """A picture as it is seen on white. Shapes: -> (3, height, width) of float32, from 0 to 1."""
    raise NotImplementedError
