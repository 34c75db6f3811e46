"""Things in pictures: what is there, and a box around each."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.data.boxed import annotated, boxed_batch, learnt, own_pixels, stretched
from groundup.data.decode import decode
from groundup.data.decode import to_picture as pixels_to_picture
from groundup.errors import UserError
from groundup.losses.detection import multibox_loss
from groundup.metrics.detection import AveragePrecision, Seen
from groundup.ops.box_coding import decode_boxes
from groundup.ops.boxes import clip_boxes_to_image
from groundup.ops.detections import select_detections
from groundup.ops.softmax import softmax
from groundup.tasks.box_drawing import draw_boxes, tile_of, tint_of
from groundup.tasks.drawing import tile_sheet
from groundup.tasks.settings import is_number, within
from groundup.tasks.task import Batch, Item, Metric

CODING = (10.0, 10.0, 5.0, 5.0)  # how much moves and stretches count, see `encode_boxes`
SHOWN = 6  # pictures of a batch on a sheet
NOTHING = {"label": "", "score": "", "x1": "", "y1": "", "x2": "", "y2": ""}


class Detection:
    """SSD's two losses on `boxes` and `labels`, as `boxed_batch` makes them; predicts boxes in each picture's own pixels.

    The model answers with logits and codes of default boxes, see `SSDOutput`. Pictures are stretched to image_size x
    image_size, so that the boxes of a user's picture come back to its pixels whatever its size.

    A prediction holds every box surer than `least_score`, which is what COCO's scores ask for; a user is shown those surer
    than `score_threshold`. Of boxes of one class that overlap by more than `iou_threshold` the surest stays, and of a picture
    the `max_detections` surest. In training a default box is an object's from an overlap of `match_threshold` on, and
    `negative_ratio` times as many of background are learnt from.
    Raises: UserError for settings out of their range.
    """

    ASKED = ("score_threshold", "least_score", "iou_threshold", "max_detections")

    def __init__(
        self,
        *,
        labels: Sequence[str],
        image_size: int = 300,
        score_threshold: float = 0.4,
        least_score: float = 0.01,
        iou_threshold: float = 0.45,
        max_detections: int = 200,
        match_threshold: float = 0.5,
        negative_ratio: float = 3.0,
    ):
        shares = {"score_threshold": score_threshold, "least_score": least_score, "iou_threshold": iou_threshold}
        for name, value in {**shares, "match_threshold": match_threshold}.items():
            within(name, value, 0, 1)
        if not is_number(negative_ratio) or negative_ratio < 0:
            raise UserError(f"negative_ratio is a number of 0 or more; got {negative_ratio!r}")
        for name, value in {"image_size": image_size, "max_detections": max_detections}.items():
            if not isinstance(value, int) or value < 1:
                raise UserError(f"{name} is a whole number of 1 or more; got {value!r}")
        self.labels, self.image_size = list(labels), image_size
        self.score_threshold, self.least_score = score_threshold, least_score
        self.iou_threshold, self.max_detections = iou_threshold, max_detections
        self.match_threshold, self.negative_ratio = match_threshold, negative_ratio
        self.drawn: dict[Path, str] = {}  # which picture of a user's was drawn into which file

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        logits, codes, default_boxes = (at_least_float(x) for x in model(*self.inputs(batch)))
        boxes, labels = learnt(batch)
        class_loss, box_loss = multibox_loss(
            logits,
            codes,
            default_boxes,
            [row.to(codes) for row in boxes],
            [row + 1 for row in labels],  # 0 is the background
            match_threshold=self.match_threshold,
            negative_ratio=self.negative_ratio,
            weights=CODING,
        )
        return class_loss + box_loss, {"class_loss": class_loss.detach(), "box_loss": box_loss.detach()}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return (batch["image"],)

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        """For each picture `boxes` (found, 4) in its own pixels, `scores` and `labels` (found), the surest first."""
        (image,) = self.inputs(batch)
        logits, codes, default_boxes = (at_least_float(x) for x in model(image))
        boxes = clip_boxes_to_image(decode_boxes(codes, default_boxes, CODING), tuple(image.shape[2:]))
        found: dict[str, list[Tensor]] = {"boxes": [], "scores": [], "labels": []}
        for scores, places, size in zip(softmax(logits, dim=-1)[..., 1:], boxes, batch["size"], strict=True):
            chosen = select_detections(scores, places, self.least_score, self.iou_threshold, max_detections=self.max_detections)
            found["boxes"].append(own_pixels(chosen.boxes, size, image.shape[-1]))
            found["scores"].append(chosen.scores)
            found["labels"].append(chosen.labels)
        return {**found, "size": batch["size"], "source": batch.get("source")}

    def metrics(self) -> dict[str, Metric]:
        return {"average_precision": AveragePrecision(labels=self.labels), "seen": Seen(threshold=self.score_threshold)}

    def read(self, path: Path) -> list[Item]:
        return [stretched({"image": decode(path), "source": str(path)}, self.image_size)]

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        """A row for each box that is shown, or one without a box for a picture in which nothing was found.

        Beside it the picture with its boxes, as NAME.boxes.png; of a picture from a pipe there is no file to draw on.
        """
        rows = []
        for number, file in enumerate(prediction["source"]):
            boxes, scores, labels = self.shown(prediction, number)
            names = [self.labels[label] for label in labels]
            for box, score, name in zip(boxes, scores, names, strict=True):
                corners = {corner: round(value, 2) for corner, value in zip(("x1", "y1", "x2", "y2"), box, strict=True)}
                rows.append({"file": file, "label": name, "score": round(score, 6), **corners})
            if not boxes:
                rows.append({"file": file, **NOTHING})
            if Path(file).is_file():
                picture = pixels_to_picture(decode(file))
                letters = max(11, round(max(picture.size) / 45))
                tints, words = [tint_of(label) for label in labels], list(map(worded, names, scores))
                picture = draw_boxes(picture, boxes, tints, words, line=max(2, letters // 6), letters=letters)
                picture.save(self.free_place(folder, file))
        return rows

    def free_place(self, folder: Path, file: str) -> Path:
        """Where the drawing of a picture goes: pictures of one name from several folders are told apart by a number."""
        place, number = folder / f"{Path(file).name}.boxes.png", 1
        while self.drawn.get(place, file) != file:
            number += 1
            place = folder / f"{Path(file).name}-{number}.boxes.png"
        self.drawn[place] = file
        return place

    def shown(self, prediction: Batch, number: int) -> tuple[list, list, list]:
        """Boxes, scores and labels of one picture that a user is shown."""
        sure = prediction["scores"][number] >= self.score_threshold
        return tuple(prediction[key][number][sure].tolist() for key in ("boxes", "scores", "labels"))

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """Pictures with the boxes that were found; where the truth is known, beside what is annotated."""
        truths, tiles = annotated(batch) if "boxes" in batch else None, []
        for number in range(min(SHOWN, len(prediction["boxes"]))):
            size = prediction["size"][number].tolist()
            tile = tile_of(batch["image"][number], size)
            scale = (tile.width / size[1], tile.height / size[0])
            if truths is not None:
                objects = truths[number]
                tints, words = self.marks(objects.labels.tolist())
                tiles.append((draw_boxes(tile, objects.boxes.tolist(), tints, words, scale=scale), "annotated", True))
            boxes, scores, labels = self.shown(prediction, number)
            tints, names = self.marks(labels)
            drawn = draw_boxes(tile, boxes, tints, list(map(worded, names, scores)), scale=scale)
            tiles.append((drawn, f"found: {len(boxes)}", True))
        columns = 4 if truths is not None else 3
        return tile_sheet(tiles, columns=min(columns, len(tiles)), side=max(max(tile.size) for tile, *_ in tiles))

    def marks(self, labels: Sequence[int]) -> tuple[list, list[str]]:
        """The colours and the names of these classes."""
        return [tint_of(label) for label in labels], [self.labels[label] for label in labels]

    def example_batch(self, n: int) -> Batch:
        """Black pictures, with an object each in their middle."""
        side = self.image_size
        quarter = torch.tensor([[side / 4, side / 4, side * 3 / 4, side * 3 / 4]])
        image = torch.zeros(3, side, side, dtype=torch.uint8)
        classes = [torch.tensor([number % len(self.labels)]) for number in range(n)]
        return boxed_batch([{"image": image, "boxes": quarter, "labels": label} for label in classes], size=side)


def worded(name: str, score: float) -> str:
    """A class and how sure it is."""
    return f"{name} {math.floor(100 * score)}%"  # rounded down: 100% is said of nothing that is not


def at_least_float(x: Tensor) -> Tensor:
    """In numbers of at least 32 bits: boxes have more than the three digits of bfloat16."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
