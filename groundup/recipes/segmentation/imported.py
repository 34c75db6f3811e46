"""What a network for pixels with published weights is used with: its preparation, its classes' names, masks of one's own."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from groundup.data.images import normalize
from groundup.data.labelled_pixels import RandomParts, WholePictures, collate_pixels, fitted_in, pixel_facts
from groundup.data.voc_masks import voc_segmentation
from groundup.engine.recipe import Part, Recipe, RunSettings
from groundup.optim.adam import AdamW
from groundup.tasks.segmentation import Segmentation
from groundup.weights.layout import classes_in as classes_in  # its head tells them
from groundup.weights.preparation import PIXELS, Preparation

USUAL = PIXELS, "torchvision's networks for segmentation"


def imported(*, model: Part, labels: Sequence[str], preparation: Preparation) -> tuple[Recipe, dict[str, object]]:
    """The recipe of an imported model, and the facts that a training would have found.

    `predict` writes a mask for each picture; `eval --data FOLDER` scores pictures of one's own in Pascal VOC's layout, whose
    classes are found by their names. Numbers are float32, as those of the libraries.
    """
    shape = list(preparation.image_shape)
    recipe = Recipe(
        model=model,
        train_data=partial(RandomParts, dataset=partial(voc_segmentation, split="train"), image_shape=shape),
        eval_data=partial(WholePictures, dataset=partial(voc_segmentation, split="val"), image_shape=shape),
        collate=collate_pixels,
        facts=(pixel_facts,),
        prepare=partial(normalize, mean=list(preparation.mean), std=list(preparation.std)),
        task=partial(Segmentation, num_auxiliary=1),
        optimizer=partial(AdamW, lr=1e-4),
        run=RunSettings(epochs=1, batch_size=4, precision="float32"),
    )
    facts = {"labels": list(labels), "num_classes": len(labels), "image_shape": shape, "in_channels": shape[0]}
    return recipe, facts


def own_names(names: Sequence[str]) -> list[str]:
    """The names of the classes among those of a library's table; what lies behind all of them has ours."""
    return ["background" if name == "__background__" else name for name in names]


def seen(pictures: Tensor, preparation: Preparation) -> Tensor:
    """Pictures of one size as the run reads them. Shapes: (batch, channels, any, any) -> (batch, *image_shape)."""
    return torch.stack([fitted_in(picture, preparation.image_shape)[0] for picture in pictures])
