"""LeNet-5 on small grey pictures."""

from functools import partial

from groundup.data.augment import shift
from groundup.data.images import digits, enlarge, picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.lenet import lenet5
from groundup.optim.adam import AdamW
from groundup.optim.schedules import one_cycle
from groundup.tasks.classification import Classification


def lenet5_digits() -> Recipe:
    """LeNet-5 on scikit-learn's handwritten digits."""
    return Recipe(
        model=lenet5,
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts,),
        augment=partial(shift, pixels=1),
        prepare=partial(enlarge, size=32, low=-0.1, high=1.175),  # the paper's values: about mean 0 and variance 1
        task=partial(Classification, label_smoothing=0.1),
        optimizer=partial(AdamW, lr=4e-3, weight_decay=0.05),
        schedule=one_cycle,
        run=RunSettings(epochs=80, batch_size=64, seed=0),
    )
