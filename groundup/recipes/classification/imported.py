"""What a classifier with published weights is used with: its preparation, its classes' names, pictures of one's own."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from groundup.data.decode import fitted
from groundup.data.image_folder import image_folder
from groundup.data.images import normalize, picture_facts
from groundup.engine.recipe import Part, Recipe, RunSettings
from groundup.optim.adam import AdamW
from groundup.tasks.classification import Classification
from groundup.weights.layout import classes_in as classes_in  # its head tells them
from groundup.weights.preparation import Preparation

USUAL = Preparation(), "most of ImageNet's classifiers"


def imported(*, model: Part, labels: Sequence[str], preparation: Preparation) -> tuple[Recipe, dict[str, object]]:
    """The recipe of an imported model, and the facts that a training would have found.

    `predict` writes the five most probable classes; `eval --data FOLDER` scores pictures of one's own in folders of their
    classes' names. Numbers are float32, as those of the libraries.
    """
    shape, fit = list(preparation.image_shape), preparation.fit
    pictures = partial(image_folder, image_shape=shape, fit=fit)
    recipe = Recipe(
        model=model,
        train_data=partial(pictures, split="train"),
        eval_data=partial(pictures, split="test"),
        facts=(picture_facts,),
        prepare=partial(normalize, mean=list(preparation.mean), std=list(preparation.std)),
        task=partial(Classification, fit=fit, top=5),
        optimizer=partial(AdamW, lr=1e-4),
        run=RunSettings(epochs=1, precision="float32"),
    )
    facts = {"labels": list(labels), "num_classes": len(labels), "image_shape": shape, "in_channels": shape[0]}
    return recipe, facts


def own_names(names: Sequence[str]) -> list[str]:
    """The names of the classes among those of a library's table: all of them."""
    return list(names)


def seen(pictures: Tensor, preparation: Preparation) -> Tensor:
    """Pictures of one size as the run reads them. Shapes: (batch, channels, any, any) -> (batch, *image_shape)."""
    _, height, width = preparation.image_shape
    return torch.stack([fitted(picture, height, width, preparation.fit) for picture in pictures])
