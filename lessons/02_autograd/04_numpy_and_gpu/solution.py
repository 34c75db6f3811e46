"""The answer to `to_batch`."""

import numpy as np
import torch
from torch import Tensor


def to_batch(pictures: list[np.ndarray], device: str = "cpu") -> Tensor:
    """Pictures of bytes as a batch of fractions from 0 to 1."""
    sizes = {picture.shape[:2] for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"pictures of one batch have one size; these have {sorted(sizes)}")
    rows = []
    for picture in pictures:
        colours = picture if picture.ndim == 3 else picture[..., None]  # (height, width, channels)
        colours = torch.from_numpy(np.ascontiguousarray(colours[..., :3])).permute(2, 0, 1)
        rows.append(colours.expand(3, -1, -1))
    return torch.stack(rows).to(device, torch.float32) / 255
