"""ResNet-18 on photographs of one's own, from published weights or from nothing.

    groundup train resnet18_folder --data FOLDER --weights torchvision

With weights the network has seen a million photographs already: its parts follow slowly, the head, which begins anew, ten times
as fast.
"""

from dataclasses import replace
from functools import partial

from groundup.data.augment import in_turn
from groundup.data.augment_mix import mixup
from groundup.data.augment_random import rand_augment
from groundup.data.image_folder import image_folder
from groundup.data.images import label_counts, normalize, picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.resnet import resnet18
from groundup.optim.adam import AdamW
from groundup.optim.groups import transfer_groups
from groundup.optim.schedules import one_cycle
from groundup.tasks.classification import Classification

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # what published weights were trained with
FIT = "resize 256 bilinear"  # and how their pictures were evaluated


def resnet18_folder() -> Recipe:
    """ResNet-18 on a folder of one's own, given by --data: photographs at 224x224, a folder for each class."""
    return Recipe(
        model=resnet18,
        train_data=partial(image_folder, split="train", image_shape=(3, 224, 224), crop="random_resized"),
        eval_data=partial(image_folder, split="test", fit=FIT),
        facts=(picture_facts, label_counts),
        prepare=partial(normalize, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        task=partial(Classification, label_smoothing=0.1, class_weights="balanced", mirror=True, fit=FIT),
        optimizer=partial(AdamW, lr=3e-4, weight_decay=0.05),
        groups=partial(transfer_groups, scales={"head*": 10.0}),
        schedule=one_cycle,
        run=RunSettings(epochs=10, batch_size=16, num_workers=2, seed=0),
    )


def named(folder: str) -> Recipe:
    """The same on a folder among the data sets."""
    recipe = resnet18_folder()
    return replace(recipe, train_data=partial(recipe.train_data, name=folder), eval_data=partial(recipe.eval_data, name=folder))


def resnet18_hymenoptera() -> Recipe:
    """ResNet-18 on ants and bees, PyTorch's own example of transfer."""
    return named("hymenoptera_data")


def resnet18_hotdog() -> Recipe:
    """ResNet-18 on hot dog or not."""
    return named("hotdog")


def resnet18_leaves() -> Recipe:
    """ResNet-18 on Kaggle's 176 kinds of leaves, a table of files and labels; pictures changed at random, and mixed."""
    return replace(named("classify-leaves"), augment=partial(in_turn, parts=(partial(rand_augment), partial(mixup, alpha=0.2))))


def resnet18_dogs() -> Recipe:
    """ResNet-18 on Kaggle's 120 breeds of dogs, the deeper layers thawing one after the other."""
    thaw = {"conv1*": 0.6, "norm1*": 0.6, "stage1.*": 0.6, "stage2.*": 0.4, "stage3.*": 0.2, "stage4.*": 0.1}
    recipe = named("dog-breed-identification")
    return replace(recipe, groups=partial(recipe.groups, thaw=thaw))
