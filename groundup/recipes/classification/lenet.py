"""LeNet-5 on small grey pictures."""

from dataclasses import replace
from functools import partial

from groundup.data.augment import crop_and_flip, shift
from groundup.data.images import digits, enlarge, picture_facts
from groundup.data.mnist import fashion_mnist, mnist
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


def lenet5_mnist() -> Recipe:
    """LeNet-5 on MNIST, the digits that it was made for."""
    return Recipe(
        model=lenet5,
        train_data=partial(mnist, split="train"),
        eval_data=partial(mnist, split="test"),
        facts=(picture_facts,),
        augment=partial(shift, pixels=2),
        prepare=partial(enlarge, size=32, low=-0.1, high=1.175),
        task=Classification,
        optimizer=partial(AdamW, lr=4e-3, weight_decay=0.05),
        schedule=one_cycle,
        run=RunSettings(epochs=10, batch_size=128, seed=0),
    )


def lenet5_fashion() -> Recipe:
    """LeNet-5 on Fashion-MNIST's pieces of clothing, which may be mirrored as digits may not."""
    return replace(
        lenet5_mnist(),
        train_data=partial(fashion_mnist, split="train"),
        eval_data=partial(fashion_mnist, split="test"),
        augment=partial(crop_and_flip, padding=2),
    )
