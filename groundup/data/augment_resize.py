"""Random parts of pictures, brought to one size: what most networks for photographs are trained on."""

import math
from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from groundup.errors import UserError

TRIES = 10  # boxes that are drawn for a picture until one lies within it


def random_resized_crop(
    batch: Mapping[str, object],
    generator: Generator,
    *,
    size: int,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> dict[str, object]:
    """Cut a random box out of each picture and bring it to size x size.

    The box has between `scale[0]` and `scale[1]` of the picture's area, and its width is between `ratio[0]` and `ratio[1]`
    times its height, evenly on a logarithmic scale. Bilinear, with the pixels averaged where the picture gets smaller.
    Paper: Szegedy et al. 2014, https://arxiv.org/abs/1409.4842, section 6.
    Shapes: image (batch, channels, height, width) -> (batch, channels, size, size), of the same type.
    Raises: UserError for ranges that are empty, negative or above the whole picture.
    """
    if not (0 < scale[0] <= scale[1] <= 1 and 0 < ratio[0] <= ratio[1] and size >= 1):
        raise UserError(
            f"random_resized_crop takes 0 < scale[0] <= scale[1] <= 1, 0 < ratio[0] <= ratio[1] and a size of at least 1; "
            f"got scale={scale}, ratio={ratio}, size={size}"
        )
    image = batch["image"]
    boxes = random_boxes(len(image), *image.shape[2:], scale, ratio, generator)
    return {**batch, "image": resized_boxes(image, boxes.to(image.device), size)}


def random_boxes(
    count: int, height: int, width: int, scale: tuple[float, float], ratio: tuple[float, float], generator: Generator
) -> Tensor:
    """Boxes as `random_resized_crop` cuts them; where no try lies in the picture, the largest in its middle that may.

    Shapes: -> (count, 4) int64: top, left, height, width.
    """
    draws = torch.rand(4, TRIES, count, generator=generator, dtype=torch.float64)
    area = height * width * (scale[0] + (scale[1] - scale[0]) * draws[0])
    shape = (math.log(ratio[0]) + (math.log(ratio[1]) - math.log(ratio[0])) * draws[1]).exp()  # width over height
    heights, widths = (area / shape).sqrt().round().long(), (area * shape).sqrt().round().long()
    fits = (heights >= 1) & (heights <= height) & (widths >= 1) & (widths <= width)
    first = fits.int().argmax(dim=0, keepdim=True)  # the first try that fits, where there is one
    tall, wide = heights.gather(0, first)[0], widths.gather(0, first)[0]
    none = ~fits.any(dim=0)
    tall = torch.where(none, min(height, max(1, round(width / ratio[0]))), tall)
    wide = torch.where(none, min(width, max(1, round(height * ratio[1]))), wide)
    top = torch.where(none, (height - tall) // 2, (draws[2, 0] * (height - tall + 1)).long())
    left = torch.where(none, (width - wide) // 2, (draws[3, 0] * (width - wide + 1)).long())
    return torch.stack((top, left, tall, wide), dim=1)


def resized_boxes(image: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Each picture's box, brought to size x size.

    A row of the result is a weighted mean of rows of the box, and likewise for columns; so the whole is two matrices about a
    picture: rows . picture . columns^T.
    Shapes: image (batch, channels, height, width), boxes (batch, 4) of top, left, height, width -> (batch, channels, size, size).
    Equals: torchvision.transforms.v2.functional.resized_crop with antialias.
    """
    numbers = image if image.is_floating_point() else image.float()
    rows = weights(boxes[:, 0], boxes[:, 2], image.shape[2], size, numbers.dtype)
    columns = weights(boxes[:, 1], boxes[:, 3], image.shape[3], size, numbers.dtype)
    resized = rows[:, None] @ numbers @ columns[:, None].mT  # (batch, channels, size, size)
    return resized if image.is_floating_point() else resized.round().clamp(0, 255).to(image.dtype)


def weights(start: Tensor, length: Tensor, total: int, size: int, dtype: torch.dtype) -> Tensor:
    """How much each of `total` pixels counts for each of `size` new ones that divide a stretch of them evenly.

    A new pixel weighs those around its middle by a triangle, as wide to each side as a new pixel and at least as an old one.
    Shapes: start (batch), length (batch) -> (batch, size, total); rows sum to 1.
    """
    step = (length.to(torch.float64) / size)[:, None, None]
    middles = start[:, None, None] + step * (torch.arange(size, device=start.device)[None, :, None] + 0.5)
    pixels = torch.arange(total, device=start.device)[None, None, :]
    triangle = (1 - (pixels + 0.5 - middles).abs() / step.clamp_min(1)).clamp_min(0)
    inside = (pixels >= start[:, None, None]) & (pixels < (start + length)[:, None, None])
    triangle = triangle * inside
    return (triangle / triangle.sum(dim=2, keepdim=True)).to(dtype)
