"""ResNet-18 on ShapesWorld: which shape is it, whatever its colour, its size, its turn and its ground?"""

from functools import partial

from groundup.data.images import normalize, picture_facts
from groundup.data.shapes_world import shapes_world_labels
from groundup.data.whitening import colour_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.resnet import resnet18
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only
from groundup.optim.schedules import one_cycle
from groundup.tasks.classification import Classification


def resnet18_shapes_world() -> Recipe:
    """A narrow ResNet-18 on ShapesWorld's eight shapes, a picture with one thing each."""
    return Recipe(
        model=partial(resnet18, width=16, stem_stride=1),
        train_data=partial(shapes_world_labels, split="train", size=32),
        eval_data=partial(shapes_world_labels, split="test", size=32),
        facts=(picture_facts, colour_facts),
        prepare=normalize,
        task=Classification,
        optimizer=partial(AdamW, lr=4e-3, weight_decay=0.05),
        groups=decay_matrices_only,
        schedule=one_cycle,
        run=RunSettings(epochs=5, batch_size=64, seed=0),
    )
