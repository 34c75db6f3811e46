"""Airbench on the small sets that its kind of training was made for."""

from dataclasses import replace
from functools import partial

from groundup.data.augment import crop_and_flip
from groundup.data.cifar import cifar10
from groundup.data.images import normalize, picture_facts
from groundup.data.mnist import fashion_mnist
from groundup.data.whitening import colour_facts, whitening_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.airbench import airbench94, airbench95
from groundup.optim.groups import transfer_groups
from groundup.optim.schedules import one_cycle
from groundup.optim.sgd import SGD
from groundup.tasks.classification import Classification


def airbench94_cifar10() -> Recipe:
    """Airbench on CIFAR-10's photographs of 32x32 pixels."""
    recipe = airbench94_fashion()
    return replace(
        recipe,
        train_data=partial(cifar10, split="train"),
        eval_data=partial(cifar10, split="test"),
        augment=partial(crop_and_flip, padding=3, mode="reflect"),
        task=partial(Classification, label_smoothing=0.2, mirror=True, shift=1),
        optimizer=partial(recipe.optimizer, lr=0.6),
        schedule=partial(one_cycle, warmup=0.2, anneal_strategy="linear", div_factor=5.0),
        run=replace(recipe.run, epochs=33, eval_every=1067),  # three times: a score takes as long as half an epoch
    )


def airbench95_cifar10() -> Recipe:
    """The wider Airbench on CIFAR-10: half as many epochs in the same time, and more pictures right."""
    recipe = airbench94_cifar10()
    return replace(
        recipe,
        model=airbench95,
        augment=partial(crop_and_flip, padding=4, mode="reflect"),
        run=replace(recipe.run, epochs=17, eval_every=825),  # twice
    )


def airbench94_fashion() -> Recipe:
    """Airbench on Fashion-MNIST's pieces of clothing."""
    return Recipe(
        model=airbench94,
        train_data=partial(fashion_mnist, split="train"),
        eval_data=partial(fashion_mnist, split="test"),
        facts=(picture_facts, colour_facts, whitening_facts),
        augment=partial(crop_and_flip, padding=2, mode="reflect"),
        prepare=normalize,
        task=partial(Classification, label_smoothing=0.2, mirror=True),
        optimizer=partial(SGD, lr=0.75, momentum=0.85, nesterov=True, weight_decay=1.33e-3),
        groups=partial(transfer_groups, scales={"*norm*.bias": 64.0}),
        schedule=partial(one_cycle, warmup=0.23, anneal_strategy="linear", div_factor=5.0, final_div_factor=3.0),
        # scored every three epochs: a score takes as long as a sixth of one
        run=RunSettings(epochs=12, batch_size=512, seed=0, log_every=10, eval_every=351),
    )
