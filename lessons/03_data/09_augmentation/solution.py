"""The answer to `cutmix`."""

import math

from torch import Tensor


def cutmix(images: Tensor, targets: Tensor, partner: Tensor, keep: float, centre: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """One rectangle of each picture's partner, and the targets mixed alike."""
    spans = []
    for size, middle in zip(images.shape[2:], centre):
        side = int(size * math.sqrt(1 - keep))
        start = middle - side // 2
        spans.append(slice(max(0, start), max(0, min(size, start + side))))
    rows, columns = spans
    mixed = images.clone()
    mixed[:, :, rows, columns] = images[partner][:, :, rows, columns]
    covered = mixed[0, 0, rows, columns].numel() / images[0, 0].numel()
    return mixed, (1 - covered) * targets + covered * targets[partner]
