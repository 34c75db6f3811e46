"""RandAugment: a few operations by chance on each picture, all of one strength, which is the only thing to be chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from groundup.data.augment_color import (
    adjust_brightness,
    adjust_contrast,
    adjust_saturation,
    adjust_sharpness,
    autocontrast,
    equalize,
    posterize,
    solarize,
)
from groundup.data.augment_geometry import rotate, shear_x, shear_y, translate_x, translate_y
from groundup.errors import UserError

BINS = 31  # magnitudes are 0 to 30, as in the paper


@dataclass(frozen=True)
class Operation:
    """A change of pictures by a strength, and what its strength is.

    `strength` of (level from 0 to 1, height, width) -> number. A `signed` one goes in both directions by chance.
    """

    change: Callable[[Tensor, Tensor], Tensor]
    strength: Callable[[float, int, int], float] = lambda level, height, width: level
    signed: bool = False


OPERATIONS = {
    "identity": Operation(lambda image, _: image),
    "shear_x": Operation(shear_x, lambda level, height, width: 0.3 * level, signed=True),
    "shear_y": Operation(shear_y, lambda level, height, width: 0.3 * level, signed=True),
    "translate_x": Operation(translate_x, lambda level, height, width: 150 / 331 * width * level, signed=True),
    "translate_y": Operation(translate_y, lambda level, height, width: 150 / 331 * height * level, signed=True),
    "rotate": Operation(rotate, lambda level, height, width: 30 * level, signed=True),
    "brightness": Operation(lambda image, m: adjust_brightness(image, 1 + m), lambda level, *_: 0.9 * level, signed=True),
    "color": Operation(lambda image, m: adjust_saturation(image, 1 + m), lambda level, *_: 0.9 * level, signed=True),
    "contrast": Operation(lambda image, m: adjust_contrast(image, 1 + m), lambda level, *_: 0.9 * level, signed=True),
    "sharpness": Operation(lambda image, m: adjust_sharpness(image, 1 + m), lambda level, *_: 0.9 * level, signed=True),
    "posterize": Operation(posterize, lambda level, *_: round(8 - 4 * level)),
    "solarize": Operation(lambda image, m: solarize(image, 255 * m), lambda level, *_: 1 - level),
    "autocontrast": Operation(lambda image, _: autocontrast(image)),
    "equalize": Operation(lambda image, _: equalize(image)),
}


def rand_augment(batch: Mapping[str, object], generator: Generator, *, num_ops: int = 2, magnitude: int = 9) -> dict[str, object]:
    """Change each picture by `num_ops` of fourteen operations, drawn for it alone, all of one magnitude.

    Paper: Cubuk et al. 2019, https://arxiv.org/abs/1909.13719, section 3; num_ops is its N, magnitude its M. The operations'
    ranges are torchvision's.
    Shapes: image (batch, 1 or 3, height, width) uint8, unchanged.
    Raises: UserError for a magnitude outside 0 to 30, or fewer than 0 operations.
    """
    if not 0 <= magnitude < BINS or num_ops < 0:
        raise UserError(f"rand_augment takes magnitude 0 to {BINS - 1} and num_ops from 0; got {magnitude} and {num_ops}")
    image = batch["image"]
    chosen = torch.randint(len(OPERATIONS), (num_ops, len(image)), generator=generator).to(image.device)
    signs = (torch.randint(2, (num_ops, len(image)), generator=generator) * 2 - 1).to(image.device)
    for which, sign in zip(chosen, signs, strict=True):
        image = applied(image, which, sign, magnitude / (BINS - 1))
    return {**batch, "image": image}


def applied(image: Tensor, which: Tensor, sign: Tensor, level: float) -> Tensor:
    """Each picture after the operation of its number, all pictures of one operation together.

    Shapes: image (batch, channels, height, width), which and sign (batch) -> image, unchanged.
    """
    output = image.clone()
    for number, operation in enumerate(OPERATIONS.values()):
        rows = (which == number).nonzero().flatten()
        if len(rows):
            strength = operation.strength(level, *image.shape[2:])
            strengths = torch.full(rows.shape, strength, dtype=torch.float64, device=image.device)
            output[rows] = operation.change(image[rows], strengths * sign[rows] if operation.signed else strengths)
    return output
