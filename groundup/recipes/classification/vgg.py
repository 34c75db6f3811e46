"""VGG on small photographs."""

from functools import partial

from groundup.data.augment import crop_and_flip
from groundup.data.cifar import cifar10
from groundup.data.images import normalize, picture_facts
from groundup.data.whitening import colour_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.vgg import vgg11_bn
from groundup.optim.groups import decay_matrices_only
from groundup.optim.schedules import one_cycle
from groundup.optim.sgd import SGD
from groundup.tasks.classification import Classification


def vgg11_cifar10() -> Recipe:
    """VGG-11 with batch norm on CIFAR-10; the wide layers, made for a thousand classes, are narrower."""
    return Recipe(
        model=partial(vgg11_bn, image_size=32, hidden_dim=512),
        train_data=partial(cifar10, split="train"),
        eval_data=partial(cifar10, split="test"),
        facts=(picture_facts, colour_facts),
        augment=partial(crop_and_flip, padding=4, mode="reflect"),
        prepare=normalize,
        task=partial(Classification, label_smoothing=0.1, mirror=True, shift=1),
        optimizer=partial(SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
        groups=decay_matrices_only,
        schedule=one_cycle,
        run=RunSettings(epochs=12, batch_size=128, seed=0, eval_every=2340),  # twice: a score takes as long as half an epoch
    )
