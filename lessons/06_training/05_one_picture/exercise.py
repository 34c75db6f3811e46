"""One picture: the preparation that official weights ask for.

Write `prepare` as nearly all networks trained on ImageNet want it: the SHORTER side becomes `resize` pixels and the longer
one is scaled alike (int(longer * resize / shorter), cut off); the middle square of `crop` pixels is taken, and where the
picture is smaller than the crop, it is padded with black around, before normalising; then bytes become fractions, and from
each channel its mean is taken off and it is divided by its spread. The middle begins at round((side - crop) / 2). Scaling is
picture.resize((width, height), Image.Resampling.BILINEAR), on the picture in RGB. Padding: half of what is missing, rounded
down, at the left and at the top.
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def prepare(picture: Image.Image, resize: int = 256, crop: int = 224, mean: tuple = MEAN, std: tuple = STD) -> Tensor:
    """A picture as a batch of one. Shapes: -> (1, 3, crop, crop) of float32."""
    raise NotImplementedError
