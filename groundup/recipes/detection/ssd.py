"""SSD on shapes, on blood cells, and on photographs of one's own.

    groundup train ssd300_voc --data FOLDER --weights torchvision
    groundup train ssd300_voc --data FOLDER --weights vgg16_features-amdegroot-88682ab5.pth

The first begins from torchvision's detector of COCO's classes, of which only what says the classes begins anew; the second from
VGG-16's features alone, as the paper did. Without either, some hundred thousand photographs are needed.
"""

from dataclasses import replace
from functools import partial

from groundup.data.augment_color import color_jitter
from groundup.data.boxed import boxed_batch, detection_facts, mean_box_facts
from groundup.data.coco import coco_instances
from groundup.data.images import normalize
from groundup.data.shapes_world import shapes_world_detection
from groundup.data.transforms.random_boxes import RandomViews
from groundup.data.voc import voc_detection
from groundup.engine.evaluator import Score
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.detection.ssd import ssd300_vgg16, ssd_small
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only, transfer_groups
from groundup.optim.schedules import cosine, one_cycle
from groundup.optim.sgd import SGD
from groundup.tasks.default_boxes import DefaultBoxes, MeanBoxes
from groundup.tasks.detection import Detection

GREY, SPREAD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
CAFFE_MEAN, BYTES = (0.48235, 0.45882, 0.40784), (1 / 255, 1 / 255, 1 / 255)  # what VGG's published features were trained with


def ssd_small_shapes_world() -> Recipe:
    """A light SSD on ShapesWorld's shapes, two to five in a picture of 128x128."""
    side = 128
    return Recipe(
        model=partial(ssd_small, width=20, num_extra=0, scales=(0.15, 0.25, 0.36, 0.5)),  # no shape is larger than 0.375
        train_data=partial(shapes_world_detection, split="train", size=side),
        eval_data=partial(shapes_world_detection, split="test", size=side),
        facts=(detection_facts, mean_box_facts),
        collate=partial(boxed_batch, size=side),
        prepare=partial(normalize, mean=GREY, std=SPREAD),
        task=partial(Detection, image_size=side),
        optimizer=partial(AdamW, lr=3e-3, weight_decay=0.05),
        groups=decay_matrices_only,
        schedule=one_cycle,
        evaluators=(Score, DefaultBoxes, MeanBoxes),
        run=RunSettings(steps=600, batch_size=32, clip_norm=10.0, eval_every=300, seed=0),
    )


def ssd_small_bccd() -> Recipe:
    """A light SSD on blood cells under the microscope: red and white ones, and platelets."""
    side = 192
    recipe = ssd_small_shapes_world()
    cells = partial(voc_detection, folder="bccd_voc")
    return replace(
        recipe,
        model=partial(ssd_small, width=24, num_extra=0, scales=(0.1, 0.32, 0.42, 0.55)),
        train_data=partial(RandomViews, dataset=partial(cells, split="trainval"), size=side, further=1.0),
        eval_data=partial(cells, split="test"),
        collate=partial(boxed_batch, size=side),
        augment=partial(color_jitter, brightness=0.2, contrast=0.2, saturation=0.2),
        task=partial(Detection, image_size=side),
        run=RunSettings(epochs=30, batch_size=8, clip_norm=10.0, eval_every=360, num_workers=2, seed=0),
    )


def ssd300_voc() -> Recipe:
    """SSD300 on photographs of one's own in Pascal VOC's format, given by --data; --weights begins from published ones."""
    photos = partial(voc_detection, folder="voc")
    return Recipe(
        model=ssd300_vgg16,
        train_data=partial(RandomViews, dataset=partial(photos, split="train"), size=300),
        eval_data=partial(photos, split="val"),
        facts=(detection_facts,),
        collate=partial(boxed_batch, size=300),
        augment=partial(color_jitter, brightness=0.125, contrast=0.5, saturation=0.5, hue=0.05),
        prepare=partial(normalize, mean=CAFFE_MEAN, std=BYTES),
        task=Detection,
        optimizer=partial(SGD, lr=1e-3, momentum=0.9, weight_decay=5e-4),
        groups=transfer_groups,
        schedule=partial(cosine, warmup=500),
        evaluators=(Score, DefaultBoxes),
        run=RunSettings(epochs=200, batch_size=32, num_workers=2, clip_norm=10.0, eval_every=1_000, seed=0),
    )


def ssd300_coco() -> Recipe:
    """SSD300 on COCO's objects, or on photographs of one's own in its format, given by --data."""
    recipe = ssd300_voc()
    photos = partial(coco_instances, masks=False)
    return replace(
        recipe,
        train_data=partial(RandomViews, dataset=partial(photos, split="train"), size=300),
        eval_data=partial(photos, split="val"),
        run=replace(recipe.run, epochs=120),
    )
