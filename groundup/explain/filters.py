"""The first kernels: the only ones whose input is the picture itself, so that they can be looked at like pictures."""

import math
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.explain.sheet import Cell, Row, coloured, draw_sheet, enlarged, in_rows
from groundup.explain.subject import NothingToShow
from groundup.layers.convolution import Conv2d

SIDE = 56  # pixels of a kernel's picture


class Kernels(NamedTuple):
    """The weights of a convolution, (out_channels, in_channels, height, width), and its name in the model."""

    name: str
    weight: Tensor


def first_kernels(model: Module) -> Kernels:
    """The kernels of the model's first convolution; of a ViT, what cuts the picture into patches.

    Raises: NothingToShow for a model without convolutions.
    """
    for name, module in model.named_modules():
        if isinstance(module, Conv2d | torch.nn.Conv2d):
            return Kernels(name, module.weight.detach().cpu().double())
    raise NothingToShow("the model has no convolution")


def draw_filters(kernels: Kernels) -> Image.Image:
    """Every kernel at its own scale. Three channels give its colours, with grey for weights of 0; each other channel is a tile
    of its own, red where the weights are positive, blue where they are negative.
    """
    number, channels, height, width = kernels.weight.shape
    tiles = [kernel_tiles(kernel) for kernel in kernels.weight]
    if len(tiles[0]) == 1:
        rows = in_rows([tile for (tile,) in tiles], columns_for(number))
    else:
        rows = [Row(row, f"kernel {place}") for place, row in enumerate(tiles)]
    sees = {1: "one channel", 3: "red, green and blue"}.get(channels, f"{channels} channels")
    note = "grey is a weight of 0" if channels == 3 else "white is a weight of 0, red above it, blue below"
    title = f"{number} kernels of {height}x{width} on {sees}: {kernels.name}"
    return draw_sheet(rows, title=title, note=f"{note}; each kernel at its own scale")


def columns_for(number: int) -> int:
    """How many stand in a row: so many that rows are full, where a number of about the right size divides them."""
    best = math.sqrt(1.6 * number)
    full = [columns for columns in range(math.ceil(0.7 * best), math.floor(1.6 * best) + 1) if number % columns == 0]
    return min(full, key=lambda columns: abs(columns - best)) if full else math.ceil(best)


def kernel_tiles(kernel: Tensor) -> list[Cell]:
    """The tiles of one kernel, (channels, height, width), scaled so that its largest weight is as far from 0 as can be."""
    shares = 0.5 + 0.5 * kernel / kernel.abs().max().clamp_min(1e-12)
    if len(kernel) == 3:
        pixels = (shares * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        return [Cell(enlarged(Image.fromarray(pixels), SIDE))]
    return [Cell(enlarged(coloured(share, "RdBu_r"), SIDE)) for share in shares]
