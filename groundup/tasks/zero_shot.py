"""Which of some words fits a picture best, asked of a model that was never trained on such a list."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.data.captions import caption_tokens
from groundup.data.lines import read_lines
from groundup.data.tokenizers.clip import ClipTokenizer
from groundup.errors import UserError
from groundup.ops.distance import normalize
from groundup.ops.softmax import softmax
from groundup.tasks.caption_drawing import ranked_sheet
from groundup.tasks.classification import Classification
from groundup.tasks.drawing import to_picture
from groundup.tasks.task import Batch, Metric

TEMPLATES = ("a photo of a {}.",)
AT_ONCE = 256  # prompts that are read in one forward pass
BARS, ROWS = 5, 18  # labels that a picture of a prediction shows, and pictures
TABLE = 30  # labels that a table of confusions may have


class ZeroShot(Classification):
    """Classification by words: a picture is what the nearest label says.

    Each label is put into each template in place of {}, and stands for the mean of what the model makes of these sentences; the
    cosines of a picture and its labels, times the model's scale, are logits.
    `labels` is a list, a text with commas between them, or the path of a file with one a line; `templates` is one or several.
    `overlong` says what becomes of prompts that are too long, see `caption_tokens`; the rest is as in Classification.

    Paper: CLIP, https://arxiv.org/abs/2103.00020, sections 3.1.2 and 3.1.4 (the mean of the vectors, not of the answers).
    Raises: UserError for fewer than two labels, one that is empty or comes twice, a template without {}, and prompts that are
    too long where these are refused.
    """

    ASKED = ("labels", "templates", "overlong", "fit", "top")

    def __init__(
        self,
        *,
        tokenizer: ClipTokenizer,
        max_seq_len: int,
        image_shape: Sequence[int],
        labels: str | Sequence[str],
        templates: str | Sequence[str] = TEMPLATES,
        overlong: str = "cut",
        fit: str = "crop",
        top: int = 1,
    ):
        super().__init__(labels=names(labels), image_shape=image_shape, fit=fit, top=top)
        templates = [templates] if isinstance(templates, str) else list(templates)
        wrong = next((template for template in templates if "{}" not in str(template)), None)
        if wrong is not None or not templates:
            raise UserError(f"a template has {{}} where the label goes, as in 'a photo of a {{}}.'; got {wrong!r}")
        prompts = [template.replace("{}", label) for label in self.labels for template in templates]
        self.num_templates = len(templates)
        self.tokens = caption_tokens(prompts, tokenizer, max_seq_len=max_seq_len, overlong=overlong)

    def classes(self, model: Module) -> Tensor:
        """A vector of length 1 for each label. Shapes: -> (labels, projection_dim)."""
        tokens = self.tokens.to(next(model.parameters()).device)
        embeds = torch.cat([model.embed_texts(part).float() for part in tokens.split(AT_ONCE)])  # (prompts, projection_dim)
        return normalize(embeds.unflatten(0, (-1, self.num_templates)).mean(1))

    def logits(self, model: Module, images: Tensor) -> Tensor:
        """Shapes: -> (batch, labels)."""
        return model.logit_scale.exp() * (model.embed_images(images).float() @ self.classes(model).T)

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        return super().loss(lambda images: self.logits(model, images), batch)

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        return super().predict(lambda images: self.logits(model, images), batch)

    def metrics(self) -> dict[str, Metric]:
        """As in Classification; the table of confusions is left out where nobody could read it."""
        found = super().metrics()
        return found if len(self.labels) <= TABLE else {name: found[name] for name in found if name != "confusion"}

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """The pictures with the labels that fit them best; where the truth is known, mistakes come first."""
        shares, places = softmax(prediction["logits"].cpu(), dim=-1).topk(min(BARS, len(self.labels)), dim=-1)
        said = prediction["label"].tolist()
        truth = batch["label"].tolist() if "label" in batch else [None] * len(said)
        rows = []
        for i in sorted(range(len(said)), key=lambda i: truth[i] is None or said[i] == truth[i])[:ROWS]:
            bars = [
                (self.labels[place], share, truth[i] in (None, place))
                for share, place in zip(shares[i].tolist(), places[i].tolist(), strict=True)
            ]
            wrong = truth[i] is not None and said[i] != truth[i]
            rows.append((to_picture(batch["image"][i]), bars, f"is {self.labels[truth[i]]}" if wrong else ""))
        return ranked_sheet(rows)


def names(labels: str | Sequence[str]) -> list[str]:
    """The labels that a list, a text with commas, or a file stands for.

    Raises: UserError for fewer than two, for one that is empty or comes twice, and for a file that is not there.
    """
    if isinstance(labels, str):
        path = Path(labels).expanduser()
        if path.suffix == ".txt" or path.is_file():
            found = [line.strip() for line in read_lines(path)]
        else:
            found = [label.strip() for label in labels.split(",")]
    else:
        found = [str(label).strip() for label in labels]
    twice = [label for label, count in Counter(found).items() if count > 1]
    if "" in found or twice or len(found) < 2:
        fault = "one is empty" if "" in found else f"{twice[0]!r} comes twice" if twice else f"there is {len(found)}"
        raise UserError(
            f"a picture is told apart by two or more labels, each once: {fault}; write task.labels='a dog,a cat', or the path of "
            "a .txt file with a label a line"
        )
    return found
