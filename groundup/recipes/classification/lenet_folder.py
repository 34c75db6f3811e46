"""LeNet-5 on pictures of one's own."""

from functools import partial

from groundup.data.augment import shift
from groundup.data.image_folder import image_folder
from groundup.data.images import enlarge, picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.lenet import lenet5
from groundup.optim.adam import AdamW
from groundup.optim.schedules import one_cycle
from groundup.tasks.classification import Classification


def lenet5_folder() -> Recipe:
    """LeNet-5 on a folder of one's own, given by --data: colour at 32x32, a folder for each class."""
    return Recipe(
        model=lenet5,
        train_data=partial(image_folder, split="train", image_shape=(3, 32, 32), in_memory=True),
        eval_data=partial(image_folder, split="test", in_memory=True),  # classes and shape are those of the training
        facts=(picture_facts,),
        augment=partial(shift, pixels=2),
        prepare=partial(enlarge, size=32, low=-1.0, high=1.0),
        task=partial(Classification, label_smoothing=0.1),
        optimizer=partial(AdamW, lr=2e-3, weight_decay=0.05),
        schedule=one_cycle,
        run=RunSettings(epochs=40, batch_size=4, seed=0),  # so few that ten pictures are enough to train on
    )
