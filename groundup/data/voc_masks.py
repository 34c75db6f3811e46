"""Pascal VOC: masks of classes and of objects, as pictures with a palette.

A folder holds JPEGImages, SegmentationClass, SegmentationObject, and ImageSets/Segmentation with the names of each split's
pictures. http://host.robots.ox.ac.uk/pascal/VOC (pictures: Flickr terms)
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch.utils.data import Dataset

from groundup.data.annotated import VOID, AnnotatedPictures, boxes_of_masks, check_present, whole_picture
from groundup.data.palette import class_mask, object_numbers, voc_colours
from groundup.data.voc import BACKGROUND, VOC_CLASSES, class_names, names_in_split, picture_files, voc_folder
from groundup.errors import UserError


def voc_segmentation(*, split: str, root: str | Path | None = None, folder: str = "voc") -> Dataset:
    """The class of each pixel, in pictures with VOC's palette: 0 background, then the classes, 255 for the rims between.

    `split` is the name of a list in ImageSets/Segmentation, or "all" for every file of SegmentationClass. The classes are
    the lines of class_names.txt where it lies in the folder, or else background and VOC's twenty.
    Shapes: image (3, height, width) uint8, mask (height, width) int64.
    Raises: UserError for what is not there, masks of another size, and numbers or colours that stand for no class.
    """
    labels, entries = segmented(split, root, folder, ["SegmentationClass"])
    return AnnotatedPictures(folder, entries, read_segmentation, facts={"labels": labels, "ignore_index": VOID}, repairs={})


def voc_instances(*, split: str, root: str | Path | None = None, folder: str = "voc") -> Dataset:
    """A mask of each object and its class, from the two masks that VOC has of a picture: of classes, and of objects.

    Shapes: image (3, height, width) uint8, mask (height, width) int64 as in `voc_segmentation`, masks (n, height, width) bool,
    boxes (n, 4) float32 around them, labels (n) int64.
    Units and ranges: labels from 0, without the background, which is 0 in `mask` alone.
    Raises: UserError as `voc_segmentation` does, and for an object whose pixels are of two classes, or of none.
    """
    labels, entries = segmented(split, root, folder, ["SegmentationClass", "SegmentationObject"])
    return AnnotatedPictures(folder, entries, read_instances, facts={"labels": labels[1:], "ignore_index": VOID}, repairs={})


@dataclass(frozen=True)
class Segmented:
    """A picture with its masks, of classes and perhaps of objects."""

    picture: Path
    masks: list[Path]
    num_classes: int


def segmented(split: str, root: str | Path | None, folder: str, kinds: list[str]) -> tuple[list[str], list[Segmented]]:
    """The names of the classes, background first, and the pictures of a split with their masks."""
    base = voc_folder(root, folder, kinds[0])
    names = names_in_split(base, "Segmentation", split, kinds[0], ".png")
    labels = [BACKGROUND, *(class_names(base) or VOC_CLASSES)]
    pictures = picture_files(base, names)
    entries = [Segmented(pictures[name], [base / kind / f"{name}.png" for kind in kinds], len(labels)) for name in names]
    check_present((mask for entry in entries for mask in entry.masks), "the mask")
    return labels, entries


def read_segmentation(entry: Segmented) -> dict[str, object]:
    """An item of `voc_segmentation`."""
    image = whole_picture(entry.picture)
    size = (image.shape[2], image.shape[1])
    return {"image": image, "mask": class_mask(entry.masks[0], voc_colours(), size, num_classes=entry.num_classes)}


def read_instances(entry: Segmented) -> dict[str, object]:
    """An item of `voc_instances`. The rims between objects are 255 in both masks."""
    item = read_segmentation(entry)
    mask, path = item["mask"], entry.masks[1]
    numbers = object_numbers(path, (mask.shape[1], mask.shape[0]))
    objects = [found for found in numbers.unique().tolist() if found not in (0, VOID)]
    masks = numbers == torch.tensor(objects, dtype=torch.int64)[:, None, None]
    labels = []
    for found, covered in zip(objects, masks, strict=True):
        classes = [label for label in mask[covered].unique().tolist() if label != VOID]
        if len(classes) != 1 or classes == [0]:
            raise UserError(
                f"{path}: object {found} covers pixels of the classes {classes} in {entry.masks[0].parent.name}: one is due"
            )
        labels.append(classes[0] - 1)
    return {**item, "masks": masks, "boxes": boxes_of_masks(masks), "labels": torch.tensor(labels, dtype=torch.int64)}
