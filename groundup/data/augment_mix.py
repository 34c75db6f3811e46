"""Pictures made of two, and labels to match: probabilities of the classes instead of one class."""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from groundup.data.augment import boxes_inside, random_pixel
from groundup.errors import UserError


def mixup(batch: Mapping[str, object], generator: Generator, *, num_classes: int, alpha: float = 0.2) -> dict[str, object]:
    """Lay each picture over another of the batch, as two slides one upon the other, and mix their labels alike.

    The share of the first picture is drawn for each pair from Beta(alpha, alpha): a small alpha mostly leaves one of the two
    alone. Whole numbers stay whole: pictures of uint8 are rounded.
    Paper: Zhang et al. 2017, https://arxiv.org/abs/1710.09412, section 2; alpha is the paper's.
    Shapes: image (batch, channels, height, width), unchanged; label (batch) int64 or (batch, num_classes) -> (batch, num_classes)
    float, rows sum to 1.
    Raises: UserError for an alpha that is not above 0, and for a label that is no class.
    """
    image, label = batch["image"], class_probabilities(batch["label"], num_classes)
    share = beta(len(image), alpha, generator)
    other = torch.randperm(len(image), generator=generator).to(image.device)
    part = share.to(image.device, torch.float32)[:, None, None, None]
    mixed = part * image + (1 - part) * image[other]
    return {
        **batch,
        "image": (mixed if image.is_floating_point() else mixed.round()).to(image.dtype),
        "label": mixed_labels(label, other, share),
    }


def cutmix(batch: Mapping[str, object], generator: Generator, *, num_classes: int, alpha: float = 1.0) -> dict[str, object]:
    """Put a box of another picture of the batch over each picture; the labels share by area.

    The share of the first picture is drawn for each pair from Beta(alpha, alpha), and the box has the picture's proportions.
    Its middle falls on any pixel alike; what lies outside is cut off, and the labels follow the pixels that are left.
    Paper: Yun et al. 2019, https://arxiv.org/abs/1905.04899, section 3.1; alpha is the paper's.
    Shapes: image (batch, channels, height, width), unchanged; label (batch) int64 or (batch, num_classes) -> (batch, num_classes)
    float, rows sum to 1.
    Raises: UserError for an alpha that is not above 0, and for a label that is no class.
    """
    image, label = batch["image"], class_probabilities(batch["label"], num_classes)
    height, width = image.shape[2:]
    side = (1 - beta(len(image), alpha, generator)).sqrt().to(image.device)
    other = torch.randperm(len(image), generator=generator).to(image.device)
    tall, wide = (height * side).long(), (width * side).long()
    row, column = random_pixel(image, generator)
    top, left = row - tall // 2, column - wide // 2
    inside = boxes_inside(image, top, left, top + tall, left + wide)
    share = 1 - inside.flatten(1).double().mean(dim=1)
    return {**batch, "image": torch.where(inside, image[other], image), "label": mixed_labels(label, other, share)}


def class_probabilities(label: Tensor, num_classes: int) -> Tensor:
    """Labels as probabilities of the classes; those that are already stay as they are, so that mixtures can be mixed.

    Shapes: (batch) int64 or (batch, num_classes) float -> (batch, num_classes) float.
    Raises: UserError for a label that is no class.
    """
    if label.is_floating_point():
        return label
    if len(label) and not 0 <= label.min() <= label.max() < num_classes:
        raise UserError(f"the classes are 0 to {num_classes - 1}; a batch has labels from {label.min()} to {label.max()}")
    return torch.nn.functional.one_hot(label, num_classes).to(torch.get_default_dtype())


def mixed_labels(label: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """The labels of pairs, of which the first counts by its share.

    Shapes: (batch, classes), (batch), (batch) -> (batch, classes).
    """
    share = share.to(label.device, label.dtype)[:, None]
    return share * label + (1 - share) * label[other]


def beta(count: int, alpha: float, generator: Generator) -> Tensor:
    """Draws from Beta(alpha, alpha): of two draws from Gamma(alpha), the part that the first has of both.

    Shapes: -> (count) float64.
    Raises: UserError for an alpha that is not above 0.
    """
    if not 0 < alpha < float("inf"):
        raise UserError(f"Beta(alpha, alpha) takes an alpha above 0; got alpha={alpha}")
    first, second = torch._standard_gamma(torch.full((2, count), alpha, dtype=torch.float64), generator=generator)
    return torch.where(first + second > 0, first / (first + second).clamp_min(1e-300), 0.5)
