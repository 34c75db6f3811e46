"""Random changes of whole batches that leave their meaning alone; all randomness comes from the generator given."""

from collections.abc import Mapping

import torch
from torch import Generator


def shift(batch: Mapping[str, object], generator: Generator, *, pixels: int) -> dict[str, object]:
    """Move each picture by up to so many pixels in each direction; what comes in from outside is black.

    Shapes: image (batch, channels, height, width), unchanged.
    """
    image = batch["image"]
    count, _, height, width = image.shape
    padded = torch.constant_pad_nd(image, (pixels, pixels, pixels, pixels))
    top, left = torch.randint(0, 2 * pixels + 1, (2, count, 1), generator=generator).to(image.device)
    rows = (top + torch.arange(height, device=image.device))[:, None, :, None]
    columns = (left + torch.arange(width, device=image.device))[:, None, None, :]
    item = torch.arange(count, device=image.device)[:, None, None, None]
    channel = torch.arange(image.shape[1], device=image.device)[None, :, None, None]
    return {**batch, "image": padded[item, channel, rows, columns]}
