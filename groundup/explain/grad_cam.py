"""Grad-CAM: which places of a picture speak for a class.

A map late in a network still knows where things are. How much each of its channels speaks for a class is the mean gradient of
the class's logit by that channel; the channels, each weighed so, add up to a map of what speaks for the class. What speaks
against it is left out.

    weight_k = mean over places of d logit / d map_k,    heat = relu(sum over k of weight_k * map_k)

Where a map cannot be negative, as behind a ReLU, heat is something that is seen. Where it can, as behind a tanh, a channel that
is low and speaks against the class adds heat too: then it may be the lack of something that speaks for the class.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.explain.feature_maps import feature_maps, watching
from groundup.explain.sheet import Cell, Row, draw_sheet, enlarged, overlaid
from groundup.explain.subject import NothingToShow
from groundup.layers.attention import MultiHeadAttention

SIDE = 168  # pixels of a picture on the sheet


class Place(NamedTuple):
    """Where to look: at what a part of the model gives, (batch, channels, rows, columns) or tokens (batch, length, channels).

    Of tokens the last rows * columns are the patches, row by row; what stands before them belongs to no place.
    """

    name: str
    module: Module
    rows: int
    columns: int

    def as_map(self, output: Tensor) -> Tensor:
        """Shapes: the part's output -> (batch, channels, rows, columns), in float64 on the CPU."""
        if output.dim() == 3:
            output = output[:, -self.rows * self.columns :].mT.unflatten(2, (self.rows, self.columns))
        return output.detach().cpu().double()


def places(model: Module, images: Tensor) -> list[Place]:
    """The parts that give the model's maps, the last one first; maps of a single pixel tell of no place and are left out.

    A ViT reads its classes off the class token, into which the patches flow by attention alone: behind the last attention no
    patch counts any more. Its places are what each attention reads.
    Shapes: images as the model takes them; only the first one is looked at.
    Raises: NothingToShow for a model without such a part.
    """
    maps = feature_maps(model, images[:1])
    found = [Place(name, module, *output.shape[2:]) for name, module, output in maps if module and output[0, 0].numel() > 1]
    if not found:
        rows, columns = maps[-1].output.shape[2:]
        with torch.no_grad(), watching(model) as seen, reading(model) as read:
            model(images[:1])
        given = [part for x in read for part in seen if part.output is x and x.dim() == 3 and x.shape[1] >= rows * columns > 1]
        found = [Place(part.name, part.module, rows, columns) for part in given]
    if not found:
        raise NothingToShow("no part of the model gives a map of more than one pixel")
    return found[::-1]


@contextmanager
def reading(model: Module) -> Iterator[list[Tensor]]:
    """A list to which what an attention reads is added, each time that one is asked."""
    read: list[Tensor] = []
    attentions = [module for module in model.modules() if isinstance(module, MultiHeadAttention)]
    handles = [each.register_forward_pre_hook(lambda module, inputs: read.append(inputs[0])) for each in attentions]
    try:
        yield read
    finally:
        for handle in handles:
            handle.remove()


def grad_cam(model: Module, images: Tensor, classes: Tensor, place: Place) -> Tensor:
    """The heat of a class over each picture: 0 where nothing speaks for it.

    Gradients are taken by the map alone: no parameter and no layer before the place needs one. The model is to be in
    evaluation mode, or else pictures of a batch may see each other.

    Paper: Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", 2017,
    https://arxiv.org/abs/1610.02391, equations 1 and 2 (alpha is the weight, A the map, y the logit).
    Shapes: images as the model takes them, classes (batch) -> (batch, rows, columns) of the place, float64 on the CPU.
    """
    maps: list[Tensor] = []

    def begin_here(module: Module, inputs: tuple, output: Tensor) -> Tensor:
        maps.append(output.detach().requires_grad_())
        return maps[-1].clone()  # which what follows may write into

    handle = place.module.register_forward_hook(begin_here)
    try:
        with torch.enable_grad():
            logits = model(images)
            (gradient,) = torch.autograd.grad(logits.gather(1, classes.to(logits.device).unsqueeze(1)).sum(), maps[-1])
    finally:
        handle.remove()
    activation, gradient = place.as_map(maps[-1]), place.as_map(gradient)
    weights = gradient.mean((2, 3), keepdim=True)  # (batch, channels, 1, 1)
    return (weights * activation).sum(1).clamp_min(0)


def draw_grad_cam(
    pictures: Sequence[Image.Image], heats: Sequence[tuple[Place, Tensor]], words: Sequence[str], *, title: str
) -> Image.Image:
    """A row for each picture: the picture with its words, then its heat at each place, each as bright as it gets."""
    rows = []
    for number, (picture, line) in enumerate(zip(pictures, words, strict=True)):
        large = enlarged(picture, SIDE)
        cells = [Cell(large, line)]
        for place, heat in heats:
            peak = heat[number].max()
            told = f"{place.rows}x{place.columns} places" if peak > 0 else "nothing speaks for it"
            cells.append(Cell(overlaid(large, heat[number] / peak.clamp_min(1e-300)), told))
        rows.append(Row(cells))
    names = ", then ".join(place.name for place, _ in heats)
    note = f"the brighter, the more a place speaks for it, each at its own scale\n{names}"
    return draw_sheet(rows, title=title, note=note)
