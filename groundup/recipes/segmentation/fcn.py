"""FCN: on the world of shapes, on roads, and on masks of one's own.

groundup train fcn_resnet50_folder --data FOLDER --weights torchvision
"""

from functools import partial

from groundup.data.augment_color import color_jitter
from groundup.data.camvid import camvid
from groundup.data.images import normalize
from groundup.data.labelled_pixels import (
    ObjectPixels,
    RandomParts,
    WholePictures,
    class_frequencies,
    collate_pixels,
    pixel_facts,
)
from groundup.data.mask_folder import penn_fudan
from groundup.data.shapes_world import shapes_world_segmentation
from groundup.data.voc_masks import voc_segmentation
from groundup.data.whitening import colour_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.resnet import resnet18
from groundup.models.segmentation.fcn import fcn_light
from groundup.models.segmentation.fcn_resnet import fcn_resnet50
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only, transfer_groups
from groundup.optim.schedules import one_cycle, polynomial
from groundup.tasks.segmentation import Segmentation

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # what published weights were trained with


def fcn_shapes_world() -> Recipe:
    """A light FCN on ShapesWorld: which of eight shapes, or the ground, is at each pixel?"""
    return Recipe(
        model=partial(fcn_light, backbone=partial(resnet18, width=24, stem_stride=1)),
        train_data=partial(shapes_world_segmentation, split="train", size=64),
        eval_data=partial(shapes_world_segmentation, split="test", size=64, count=1000),
        facts=(pixel_facts, colour_facts),
        prepare=normalize,
        task=Segmentation,
        optimizer=partial(AdamW, lr=4e-3, weight_decay=0.05),
        groups=decay_matrices_only,
        schedule=one_cycle,
        run=RunSettings(steps=600, batch_size=32, seed=0, eval_every=100),
    )


def fcn_camvid() -> Recipe:
    """A light FCN on CamVid's road scenes, from nothing: parts of them, larger and smaller, mirrored and in other light."""
    return Recipe(
        model=partial(fcn_light, backbone=partial(resnet18, width=32)),
        train_data=partial(
            RandomParts,
            dataset=partial(camvid, split="train", folder="camvid_small"),
            image_shape=(3, 180, 240),
            scale=(0.75, 2.0),
        ),
        eval_data=partial(WholePictures, dataset=partial(camvid, split="test", folder="camvid_small")),
        collate=collate_pixels,
        augment=partial(color_jitter, brightness=0.4, contrast=0.4, saturation=0.4),
        facts=(pixel_facts, colour_facts, class_frequencies),
        prepare=normalize,
        task=partial(Segmentation, balance=0.5, mirror=True),
        optimizer=partial(AdamW, lr=2e-3, weight_decay=0.05),
        groups=decay_matrices_only,
        schedule=one_cycle,
        run=RunSettings(epochs=250, batch_size=8, seed=0, eval_every=750, ema_decay=0.995),
    )


def from_weights(train: partial, held_out: partial) -> Recipe:
    """FCN on ResNet-50 for photographs, best begun from published weights: its heads begin anew, the rest follows slowly."""
    return Recipe(
        model=fcn_resnet50,
        train_data=partial(RandomParts, dataset=train, image_shape=(3, 384, 384)),
        eval_data=partial(WholePictures, dataset=held_out),
        collate=collate_pixels,
        augment=partial(color_jitter, brightness=0.2, contrast=0.2, saturation=0.2),
        facts=(pixel_facts,),
        prepare=partial(normalize, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        task=partial(Segmentation, num_auxiliary=1),
        optimizer=partial(AdamW, lr=1e-4, weight_decay=0.05),
        groups=partial(transfer_groups, scales={"*.head.*": 10.0}),
        schedule=partial(polynomial, power=0.9),
        run=RunSettings(epochs=20, batch_size=8, num_workers=2, seed=0),
    )


def fcn_resnet50_folder() -> Recipe:
    """FCN on objects of one's own, given by --data: a folder with PNGImages and PedMasks, as PennFudan's (0 is the ground)."""
    train, held_out = (partial(ObjectPixels, dataset=partial(penn_fudan, split=split)) for split in ("train", "test"))
    return from_weights(train, held_out)


def fcn_resnet50_camvid() -> Recipe:
    """FCN on masks of several classes: a folder in CamVid's layout, by --data; its label_colors.txt names classes and colours."""
    return from_weights(partial(camvid, split="train"), partial(camvid, split="test"))


def fcn_resnet50_voc() -> Recipe:
    """FCN on Pascal VOC's 21 classes, or a folder in its layout, by --data."""
    return from_weights(partial(voc_segmentation, split="train"), partial(voc_segmentation, split="val"))
