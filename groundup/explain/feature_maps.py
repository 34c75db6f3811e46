"""Feature maps: what a network makes of one picture on its way, and which of its parts makes them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.explain.sheet import Cell, Row, coloured, draw_sheet, enlarged, scaled
from groundup.explain.subject import NothingToShow
from groundup.models.backbone import Backbone

SIDE, MOST = 92, 8  # pixels of a channel's picture, and how many channels of a map are drawn


class Part(NamedTuple):
    """A part of a model and what it gave; there is no module where no single one gave it."""

    name: str
    module: Module | None
    output: Tensor


@contextmanager
def watching(model: Module) -> Iterator[list[Part]]:
    """A list to which every part of the model is added as it gives a tensor; the whole model comes last."""
    seen: list[Part] = []

    def note(name: str, module: Module, inputs: tuple, output: object) -> None:
        if isinstance(output, Tensor):
            seen.append(Part(name, module, output))

    handles = [module.register_forward_hook(partial(note, name)) for name, module in model.named_modules()]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def feature_maps(model: Module, images: Tensor) -> list[Part]:
    """The last map of each size, from the first to the last: a Backbone's `features`; of another model what its parts give.

    Shapes: images as the model takes them -> outputs of (batch, channels, rows, columns).
    Raises: NothingToShow for a model without maps.
    """
    with watching(model) as seen:
        if isinstance(model, Backbone):
            maps = model.features(images)
        else:
            model(images)
            maps = {part.output.shape[2:]: part.output for part in seen if part.output.dim() == 4}.values()
    if not maps:
        raise NothingToShow("no part of the model gives a map")
    givers = [next((part for part in reversed(seen) if part.output is output), None) for output in maps]
    return [giver or Part("", None, output) for giver, output in zip(givers, maps, strict=True)]


def strongest(values: Tensor, count: int) -> Tensor:
    """The channels that vary most over the picture, the strongest first; of maps of a single pixel, the largest ones.

    Shapes: (channels, rows, columns) -> (count) indices, or as many as there are channels.
    """
    pixels = values.double().flatten(1)
    strength = pixels.std(1, correction=0) if pixels.shape[1] > 1 else pixels.abs().flatten()
    return strength.argsort(descending=True, stable=True)[:count]


def draw_features(picture: Image.Image, maps: Sequence[Part], *, said: str) -> Image.Image:
    """The picture, and below it a row for each map of a batch of one: its strongest channels, each from its lowest value, dark,
    to its highest, bright.
    """
    rows = [Row([Cell(enlarged(picture, SIDE))], f"the picture\n{picture.height}x{picture.width}\n{said}")]
    for name, _, output in maps:
        values = output[0].detach().cpu().double()
        channels, height, width = values.shape
        cells = [
            Cell(enlarged(coloured(scaled(values[channel]), "viridis"), SIDE), f"channel {channel}")
            for channel in strongest(values, MOST).tolist()
        ]
        rows.append(Row(cells, f"{name or 'features'}\n{height}x{width}\n{channels} channels"))
    note = "of each map the channels that vary most over the picture, the strongest first; each from its lowest to its highest"
    return draw_sheet(rows, title="What the network makes of the picture", note=note)
