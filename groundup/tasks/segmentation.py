"""A class for each pixel."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.data.annotated import VOID
from groundup.data.decode import decode
from groundup.data.labelled_pixels import fitted_in, fitted_size
from groundup.data.palette import Colour
from groundup.errors import UserError
from groundup.losses.classification import CrossEntropyLoss
from groundup.metrics.segmentation import ClassOverlap
from groundup.ops.interpolation import interpolate
from groundup.ops.softmax import softmax
from groundup.tasks.drawing import to_picture
from groundup.tasks.overlays import NOTHING, bright_colours, mask_sheet, overlay, shown_as
from groundup.tasks.settings import is_number
from groundup.tasks.task import Batch, Item, Metric

GROUNDS = ("background", "ground")  # names of a first class that is what lies behind all others
GROUND = (0, 0, 0)  # and its colour
SHOWN, SIDE = 6, 220  # pictures on a sheet, and pixels of their longer side


def weights_by_frequency(frequencies: Sequence[float] | None, labels: Sequence[str], balance: float) -> Tensor | None:
    """What each class counts in the loss: (the median of all frequencies / its own) ** balance; None for a balance of 0.

    A class that no training picture has counts as the median one does.
    Source: Eigen, Fergus 2015, https://arxiv.org/abs/1411.4734, section 3.4 (with balance 1).
    Raises: UserError for a balance outside 0 to 1, and for one above 0 without frequencies.
    """
    if not is_number(balance) or not 0 <= balance <= 1:
        raise UserError(f"balance is from 0 (every pixel counts alike) to 1 (every class does); got {balance!r}")
    if balance == 0:
        return None
    if frequencies is None or len(frequencies) != len(labels):
        raise UserError("balance needs the fact frequencies: add groundup.data.labelled_pixels.class_frequencies to the facts")
    numbers = torch.tensor(frequencies, dtype=torch.float64)
    middle = numbers[numbers > 0].median()
    return torch.where(numbers > 0, middle / numbers, 1.0).pow(balance).float()


def palette(labels: Sequence[str]) -> list[Colour]:
    """A colour for each class; black is for a ground alone."""
    ground = [GROUND] if labels[0].lower() in GROUNDS else []
    return ground + bright_colours(len(labels) - len(ground))


class Segmentation:
    """Cross-entropy of every pixel on `image` and `mask`; predicts the most probable class of each.

    `labels` are the classes' names in the order of the model's outputs, `image_shape` is (channels, height, width) of what the
    model sees; a picture of any size is brought into it by `fitted_in`, and its mask comes back at the picture's own size.
    Pixels of no class (VOID) are neither learnt from nor scored.

    A model that in training answers with `num_auxiliary` other heads' logits behind its own is charged their losses too, each
    `auxiliary_weight` times; `main_loss` is then logged beside the sum. `balance` lets rare classes count more, see
    `weights_by_frequency`. With `mirror` a prediction is that of the picture and of its mirror image together.
    Raises: UserError for settings out of their range.
    """

    ASKED = ("mirror",)

    def __init__(
        self,
        *,
        labels: Sequence[str],
        image_shape: Sequence[int],
        num_auxiliary: int = 0,
        auxiliary_weight: float = 0.4,
        balance: float = 0.0,
        frequencies: Sequence[float] | None = None,
        mirror: bool = False,
    ):
        if not 1 <= len(labels) <= VOID:
            raise UserError(f"a mask tells 1 to {VOID} classes apart, and {VOID} stands for none; got {len(labels)} labels")
        if not (is_number(num_auxiliary) and is_number(auxiliary_weight) and num_auxiliary >= 0 and auxiliary_weight >= 0):
            raise UserError(f"num_auxiliary and auxiliary_weight are 0 or more; got {num_auxiliary!r} and {auxiliary_weight!r}")
        if not isinstance(mirror, bool):
            raise UserError(f"mirror is True or False; got {mirror!r}")
        self.labels, self.image_shape, self.mirror = list(labels), tuple(image_shape), mirror
        self.num_auxiliary, self.auxiliary_weight = num_auxiliary, auxiliary_weight
        self.weights = weights_by_frequency(frequencies, self.labels, balance)
        self.criterion = CrossEntropyLoss(weight=self.weights, ignore_index=VOID, reduction="sum")
        self.colours = palette(self.labels)
        self.chance_loss = math.log(len(self.labels)) * (1 + auxiliary_weight * num_auxiliary)
        self.taken: dict[Path, str] = {}  # the masks that this task wrote, and of which file each is

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        outputs = model(*self.inputs(batch))
        logits, *others = (outputs,) if isinstance(outputs, Tensor) else outputs
        if model.training and len(others) != self.num_auxiliary:
            raise UserError(
                f"in training this model answers with {len(others)} auxiliary heads, and the task expects {self.num_auxiliary}: "
                f"set task.num_auxiliary={len(others)}"
            )
        main, *added = (self.mean_loss(one, batch["mask"]) for one in (logits, *others))
        if not added:
            return main, {}
        return main + self.auxiliary_weight * sum(added), {"main_loss": main.detach()}

    def mean_loss(self, logits: Tensor, mask: Tensor) -> Tensor:
        """The weighed mean over all pixels that have a class; 0 where none has one, as in a part cut out of the void."""
        if not isinstance(mask, Tensor) or mask.shape[1:] != logits.shape[2:]:
            raise UserError("training needs masks of the size that the model sees: wrap train_data in RandomParts")
        logits = logits if logits.dtype == torch.float64 else logits.float()  # a sum over so many pixels needs the digits
        kept = mask != VOID
        counts = kept.sum() if self.weights is None else (self.weights.to(mask.device)[mask.where(kept, 0)] * kept).sum()
        return self.criterion.to(logits.device)(logits, mask) / counts.clamp_min(1e-9)

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return (batch["image"],)

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        (image,) = self.inputs(batch)
        logits = model(image).float()
        if self.mirror:
            logits = softmax(logits, dim=1) + softmax(self.mirrored(model, batch), dim=1)
        sizes = batch["size"].tolist() if "size" in batch else [image.shape[2:]] * len(image)
        masks = [at_size(one, *size) for one, size in zip(logits, sizes, strict=True)]
        return {"mask": masks, "source": batch.get("source")}

    def mirrored(self, model: Module, batch: Batch) -> Tensor:
        """The logits of the pictures' mirror images, turned back; what fills a picture up stays on its right."""
        (image,) = self.inputs(batch)
        height, width = image.shape[2:]
        sizes = batch["size"].tolist() if "size" in batch else [(height, width)] * len(image)
        ends = [fitted_size(size, height, width)[1] for size in sizes]
        turned = torch.stack([torch.cat([one[..., :end].flip(-1), one[..., end:]], -1) for one, end in zip(image, ends)])
        logits = model(turned).float()
        return torch.stack([torch.cat([one[..., :end].flip(-1), one[..., end:]], -1) for one, end in zip(logits, ends)])

    def metrics(self) -> dict[str, Metric]:
        return {"overlap": ClassOverlap(labels=self.labels)}

    def read(self, path: Path) -> list[Item]:
        image, size = fitted_in(decode(path, channels=self.image_shape[0]), self.image_shape)
        return [{"image": image, "size": size, "source": str(path)}]

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        """A PNG of each mask, whose pixels are the classes' numbers and whose palette their colours, and each class's share."""
        rows = []
        for file, mask in zip(prediction["source"], prediction["mask"], strict=True):
            path = self.place(folder, file)
            picture = Image.fromarray(mask.cpu().to(torch.uint8).numpy())
            picture.putpalette([part for colour in self.colours for part in colour])
            picture.save(path)
            shares = mask.flatten().bincount(minlength=len(self.labels)).double() / mask.numel()
            named = {f"share_{name}": round(share, 6) for name, share in zip(self.labels, shares.tolist(), strict=True)}
            rows.append({"file": file, "mask": str(path), **named})
        return rows

    def place(self, folder: Path, file: str) -> Path:
        """Where the mask of a file goes: under the file's name, numbered where another file of that name came before."""
        stem = "stdin" if file == "-" else Path(file).stem
        number, path = 1, folder / f"{stem}.mask.png"
        while self.taken.setdefault(path, file) != file:
            number += 1
            path = folder / f"{stem}-{number}.mask.png"
        return path

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """Each picture with the classes' colours over it, as predicted and, where it is known, as it is; a legend below."""
        shown = [None if colour == GROUND else colour for colour in self.colours]
        rows: list[list[Image.Image]] = []
        there: set[int] = set()
        truths = batch.get("mask", [None] * len(prediction["mask"]))
        for image, truth, mask in list(zip(batch["image"], truths, prediction["mask"], strict=True))[:SHOWN]:
            own_rows, own_columns = fitted_size(mask.shape, *image.shape[1:])
            own = shown_as(to_picture(image[:, :own_rows, :own_columns]), mask.shape, SIDE)
            masks = [one for one in (truth, mask) if one is not None]
            there |= {number for one in masks for number in one.unique().tolist()}
            rows.append([own, *(overlay(own, one, shown) for one in masks)])
        titles = ["picture", "truth", "prediction"] if "mask" in batch else ["picture", "prediction"]
        foot = [(self.labels[number], shown[number]) for number in sorted(there - {VOID})]
        foot += [("no class", NOTHING)] if VOID in there else []
        return mask_sheet(rows, titles, foot)

    def example_batch(self, n: int) -> Batch:
        _, height, width = self.image_shape
        mask = (torch.arange(n * height * width) % len(self.labels)).view(n, height, width)
        return {"image": torch.zeros(n, *self.image_shape, dtype=torch.uint8), "mask": mask}


def at_size(logits: Tensor, height: int, width: int) -> Tensor:
    """The most probable class of each pixel of a picture of this size, given the scores of the size that the model saw.

    The part that the picture takes of it is enlarged a class at a time: at a photograph's size all together fill a memory.
    Shapes: (classes, any, any) -> (height, width) int64.
    """
    rows, columns = fitted_size((height, width), *logits.shape[1:])
    logits = logits[:, :rows, :columns]
    if (rows, columns) == (height, width):
        return logits.argmax(0)
    best, label = None, torch.zeros(height, width, dtype=torch.int64, device=logits.device)
    for number, one in enumerate(logits):
        scores = interpolate(one[None, None], (height, width), mode="bilinear", align_corners=False)[0, 0]
        if best is None:
            best = scores
            continue
        label[scores > best] = number
        best = torch.maximum(best, scores)
    return label
