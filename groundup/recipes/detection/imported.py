"""What a detector with published weights is used with: its preparation, its classes' names, photographs of one's own."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from groundup.data.boxed import boxed_batch, detection_facts
from groundup.data.coco import coco_instances
from groundup.data.images import normalize
from groundup.data.transforms.geometry import resize
from groundup.engine.recipe import Part, Recipe, RunSettings
from groundup.optim.adam import AdamW
from groundup.tasks.detection import Detection
from groundup.weights.preparation import SSD300, Preparation

USUAL = SSD300, "SSD300"
BACKGROUND = "__background__"


def imported(*, model: Part, labels: Sequence[str], preparation: Preparation) -> tuple[Recipe, dict[str, object]]:
    """The recipe of an imported model, and the facts that a training would have found.

    `predict` writes the boxes of each picture; `eval --data FOLDER` scores photographs of one's own in COCO's format, whose
    classes are found by their names. Numbers are float32, as those of the libraries.
    """
    side = preparation.image_shape[1]
    photos = partial(coco_instances, masks=False)
    recipe = Recipe(
        model=model,
        train_data=partial(photos, split="train"),
        eval_data=partial(photos, split="val"),
        facts=(detection_facts,),
        collate=partial(boxed_batch, size=side),
        prepare=partial(normalize, mean=list(preparation.mean), std=list(preparation.std)),
        task=partial(Detection, image_size=side),
        optimizer=partial(AdamW, lr=1e-4),
        run=RunSettings(epochs=1, batch_size=8, precision="float32"),
    )
    return recipe, {"labels": list(labels), "num_classes": len(labels), "in_channels": preparation.image_shape[0]}


def classes_in(state: Mapping[str, Tensor]) -> int | None:
    """How many classes the heads of a state tell apart, the background not counted; None where it has no heads."""
    classes, codes = (state.get(f"head.0.{name}.bias") for name in ("classes", "codes"))
    return None if classes is None or codes is None or not len(codes) else 4 * len(classes) // len(codes) - 1


def own_names(names: Sequence[str]) -> list[str]:
    """The names of the classes among those of a library's table, where the background may be the first."""
    return list(names[1:] if names[0] == BACKGROUND else names)


def seen(pictures: Tensor, preparation: Preparation) -> Tensor:
    """Pictures of one size as the run reads them. Shapes: (batch, channels, any, any) -> (batch, *image_shape)."""
    _, height, width = preparation.image_shape
    return torch.stack([resize({"image": picture}, height=height, width=width)["image"] for picture in pictures])
