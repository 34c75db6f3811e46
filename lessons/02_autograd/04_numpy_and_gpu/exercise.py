"""NumPy and devices: pictures into the network, and out of it.

Write `to_batch`: a list of pictures as Pillow or Matplotlib hand them over, NumPy arrays of bytes, becomes one batch for a
network. A grey picture (height, width) and a colour picture (height, width, channels) may both come; one with a fourth
channel, which says how opaque each pixel is, loses it. In the batch all have three channels: grey is three times the same.
"""

import numpy as np
import torch
from torch import Tensor


def to_batch(pictures: list[np.ndarray], device: str = "cpu") -> Tensor:
    """Pictures of bytes as a batch of fractions from 0 to 1.

    Shapes: each (height, width), (height, width, 1), (height, width, 3) or (height, width, 4) of uint8 -> (pictures, 3, height,
    width) of float32, on the device. The arrays are not changed, and the batch shares no memory with them.
    Raises: ValueError where two pictures differ in height or width.
    """
    raise NotImplementedError
