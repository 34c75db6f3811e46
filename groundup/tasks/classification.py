"""One label for each picture."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.data.decode import read_picture
from groundup.errors import UserError
from groundup.losses.classification import CrossEntropyLoss
from groundup.metrics.classification import Accuracy, Confusion, MeanLoss
from groundup.ops.softmax import softmax
from groundup.tasks.drawing import tile_sheet, to_picture
from groundup.tasks.task import Batch, Item, Metric


def smoothed_ideal(num_classes: int, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """The logits that no better ones can follow, where labels are smoothed, and a target for them."""
    share = torch.full((1, num_classes), label_smoothing / num_classes, dtype=torch.float64)
    share[0, 0] += 1 - label_smoothing
    return share.clamp_min(1e-300).log(), torch.zeros(1, dtype=torch.int64)


def weights_of_classes(
    class_weights: str | Sequence[float] | None, counts: Sequence[int] | None, labels: Sequence[str]
) -> Tensor | None:
    """What each class counts in the loss; "balanced" is in inverse proportion to its share of the training pictures.

    Raises: UserError for another word, for numbers that are not one positive one a class, and for "balanced" without counts.
    """
    if class_weights is None:
        return None
    if class_weights == "balanced":
        if counts is None:
            raise UserError(
                'class_weights="balanced" needs the fact label_counts: add groundup.data.images.label_counts to the facts'
            )
        if 0 in counts:
            raise UserError(f"the class {labels[list(counts).index(0)]!r} has no picture to train on, and so no balanced weight")
        numbers = torch.tensor(counts, dtype=torch.float32)
        return numbers.sum() / (len(numbers) * numbers)
    if isinstance(class_weights, str) or len(class_weights) != len(labels) or not all(weight > 0 for weight in class_weights):
        raise UserError(f'class_weights is "balanced" or {len(labels)} numbers above 0, one a class; got {class_weights!r}')
    return torch.tensor(class_weights, dtype=torch.float32)


def views(image: Tensor, mirror: bool, shift: int) -> Iterator[tuple[Tensor, float]]:
    """The pictures as they are, and as a viewer who stands elsewhere would see them, each with its weight in a prediction.

    Moved ones go up and left, and down and right; what comes in from outside is the picture's mirror image at its edge.
    Source: https://arxiv.org/abs/2404.00498, section 3.5 ("multicrop" test-time augmentation).
    Shapes: (batch, channels, height, width), each as this.
    """
    places = [(image, 0.5), (moved(image, -shift), 0.25), (moved(image, shift), 0.25)] if shift else [(image, 1.0)]
    for view, weight in places:
        if mirror:
            yield from ((view, weight / 2), (view.flip(-1), weight / 2))
        else:
            yield view, weight


def moved(image: Tensor, by: int) -> Tensor:
    """Pictures whose pixel (i, j) is what stood at (i + by, j + by), reflected at the edges."""
    for dim in (-2, -1):
        last = image.shape[dim] - 1
        place = (torch.arange(last + 1, device=image.device) + by).abs()
        image = image.index_select(dim, torch.where(place > last, 2 * last - place, place))
    return image


class Classification:
    """Cross-entropy on `image` and `label`; predicts the most probable class.

    `labels` are the classes' names in the order of the model's outputs, `image_shape` is (channels, height, width) of the
    data set's pictures: a picture from disk is brought to it as `fit` says, see `fitted`. `class_weights` says what each
    class counts in the loss, see `weights_of_classes`. With `mirror` a prediction is that of the picture and of its mirror
    image together, the mean of their logits; with `shift` also that of the picture moved by so many pixels, which then counts
    as much as the picture where it stands, see `views`. `top` is how many classes are written of a picture, the most probable
    first.
    Raises: UserError for weights that do not fit.
    """

    ASKED = ("mirror", "shift", "fit", "top")

    def __init__(
        self,
        *,
        labels: Sequence[str],
        image_shape: Sequence[int],
        label_smoothing: float = 0.0,
        class_weights: str | Sequence[float] | None = None,
        label_counts: Sequence[int] | None = None,
        mirror: bool = False,
        shift: int = 0,
        fit: str = "stretch",
        top: int = 1,
    ):
        self.labels = list(labels)
        self.image_shape = tuple(image_shape)
        self.fit, self.top = fit, min(top, len(self.labels))
        weight = weights_of_classes(class_weights, label_counts, self.labels)
        self.criterion = CrossEntropyLoss(weight=weight, label_smoothing=label_smoothing)
        if not 0 <= shift < min(self.image_shape[1:]):
            raise UserError(f"shift is a number of pixels from 0 to the picture's side less 1; got {shift} at {self.image_shape}")
        self.mirror, self.shift = mirror, shift
        self.chance_loss = math.log(len(self.labels))
        ideal = smoothed_ideal(len(self.labels), label_smoothing)
        self.least_loss = CrossEntropyLoss(label_smoothing=label_smoothing)(*ideal).item()

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        logits = model(*self.inputs(batch))
        if not isinstance(logits, Tensor):
            raise UserError(
                f"in training the model answers with {type(logits).__name__}, not with logits alone: take AuxiliaryClassification"
            )
        return self.criterion.to(logits.device)(logits, batch["label"]), {}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return (batch["image"],)

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        (image,) = self.inputs(batch)
        logits = sum(weight * model(view).float() for view, weight in views(image, self.mirror, self.shift))
        confidence, label = softmax(logits, dim=-1).max(dim=-1)
        return {"logits": logits, "label": label, "confidence": confidence, "source": batch.get("source")}

    def metrics(self) -> dict[str, Metric]:
        return {
            "accuracy": Accuracy(num_classes=len(self.labels)),
            "loss": MeanLoss(),
            "confusion": Confusion(labels=self.labels),
        }

    def read(self, path: Path) -> list[Item]:
        return [{"image": read_picture(path, self.image_shape, fit=self.fit), "source": str(path)}]

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        sure, labels = softmax(prediction["logits"], dim=-1).topk(self.top)
        rows = []
        for file, shares, numbers in zip(prediction["source"], sure.tolist(), labels.tolist(), strict=True):
            row: dict[str, object] = {"file": file}
            for rank, (share, number) in enumerate(zip(shares, numbers, strict=True), start=1):
                place = "" if rank == 1 else f"_{rank}"
                row |= {f"label{place}": self.labels[number], f"confidence{place}": round(share, 6)}
            rows.append(row)
        return rows

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """The pictures with what was said of them; where the truth is known, mistakes come first and are marked."""
        said, truth = prediction["label"].tolist(), batch.get("label", prediction["label"]).tolist()
        tiles = []
        for i in sorted(range(len(said)), key=lambda i: said[i] == truth[i]):
            right = said[i] == truth[i]
            words = self.labels[said[i]] if right else f"{self.labels[said[i]]}, is {self.labels[truth[i]]}"
            tiles.append((to_picture(batch["image"][i]), words, right))
        return tile_sheet(tiles)

    def example_batch(self, n: int) -> Batch:
        return {
            "image": torch.zeros(n, *self.image_shape, dtype=torch.uint8),
            "label": torch.arange(n) % len(self.labels),
        }
