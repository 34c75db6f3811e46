"""Which sentence belongs to which picture."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.data.tokenizers.clip import ClipTokenizer
from groundup.errors import UserError
from groundup.losses.contrastive import clip_loss
from groundup.metrics.retrieval import ContrastiveLoss, Retrieval
from groundup.tasks.caption_drawing import captioned_sheet
from groundup.tasks.drawing import to_picture
from groundup.tasks.step import Supervised
from groundup.tasks.task import Batch, Item, Metric
from groundup.tasks.zero_shot import TEMPLATES, ZeroShot

LARGEST_SCALE = math.log(100)  # of the logarithm that the model keeps
SHOWN = 12  # pictures on the sheet


class ContrastiveCaptions:
    """The symmetric loss of CLIP on `image` and `tokens`, batches as `caption_batch` makes them.

    Predicts vectors where a batch has captions: scored is which belong together, among `among` captions, or among all. Pictures
    of a user's own have none: of these it says which of `labels` fits best, written into `templates`; see ZeroShot, to which
    the other arguments belong too. So `groundup predict RUN --set task.labels="a dog,a cat"` asks for what nobody trained.
    Raises: UserError for what ZeroShot refuses, and for `among` below 2.
    """

    ASKED = ("among", "labels", "templates", "overlong", "fit", "top")

    def __init__(
        self,
        *,
        tokenizer: ClipTokenizer,
        max_seq_len: int,
        image_shape: Sequence[int],
        among: int | None = None,
        labels: str | Sequence[str] | None = None,
        templates: str | Sequence[str] = TEMPLATES,
        overlong: str = "cut",
        fit: str = "crop",
        top: int = 1,
    ):
        if among is not None and among < 2:
            raise UserError(f"among is how many captions a picture's own is looked for: 2 or more; got {among}")
        self.tokenizer, self.image_shape, self.among, self.fit = tokenizer, tuple(image_shape), among, fit
        shared = dict(tokenizer=tokenizer, max_seq_len=max_seq_len, image_shape=image_shape)
        asked = dict(templates=templates, overlong=overlong, fit=fit, top=top)
        self.zero_shot = None if labels is None else ZeroShot(labels=labels, **shared, **asked)

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        image_embeds, text_embeds, logit_scale = model(*self.inputs(batch))
        loss = clip_loss(image_embeds[batch["owner"]], text_embeds, logit_scale)
        return loss, {"scale": logit_scale.detach().exp()}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return batch["image"], batch["tokens"]

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        if "tokens" not in batch:
            return self.asked().predict(model, batch)
        image_embeds, text_embeds, logit_scale = model(*self.inputs(batch))
        vectors = {"image_embeds": image_embeds.float(), "text_embeds": text_embeds.float(), "logit_scale": logit_scale}
        return {**vectors, "owner": batch["owner"], "captions": batch["captions"]}

    def asked(self) -> ZeroShot:
        """Raises: UserError where nobody said what a picture may be."""
        if self.zero_shot is None:
            raise UserError(
                "what may the pictures show? Name it with --set task.labels='a dog,a cat', or a .txt file with a label a line"
            )
        return self.zero_shot

    def metrics(self) -> dict[str, Metric]:
        return {"loss": ContrastiveLoss(), "retrieval": Retrieval(among=self.among)}

    def read(self, path: Path) -> list[Item]:
        return self.asked().read(path)

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        return self.asked().write(prediction, folder)

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """The pictures with the captions of the batch that fit them best; of a user's own, the labels that do."""
        if "text_embeds" not in prediction:
            return self.asked().picture(batch, prediction)
        owner, captions = prediction["owner"].tolist(), prediction["captions"]
        nearest = (prediction["image_embeds"] @ prediction["text_embeds"].T).argmax(1).tolist()
        tiles = []
        for row, place in list(enumerate(nearest))[:SHOWN]:
            own = [caption for caption, whose in zip(captions, owner, strict=True) if whose == row]
            said = captions[place]
            tiles.append((to_picture(batch["image"][row]), said, said if said in own else own[0]))
        return captioned_sheet(sorted(tiles, key=lambda tile: tile[1] == tile[2]))

    def example_batch(self, n: int) -> Batch:
        return {
            "image": torch.zeros(n, *self.image_shape, dtype=torch.uint8),
            "tokens": torch.tensor([[self.tokenizer.start, 0, self.tokenizer.end]]).repeat(n, 1),
            "owner": torch.arange(n),
            "captions": [self.tokenizer.decode(torch.tensor([0]))] * n,
        }


class ClampedScale(Supervised):
    """One update, after which the model's `logit_scale` is held at ln 100: cosines are never multiplied by more than 100.

    Paper: CLIP, https://arxiv.org/abs/2103.00020, section 2.5: without it training becomes unstable.
    """

    def __call__(self, model: Module, batch: Batch) -> dict[str, Tensor]:
        logs = super().__call__(model, batch)
        with torch.no_grad():
            model.logit_scale.clamp_(max=LARGEST_SCALE)
        return logs
