"""Which of many sentences belongs to a picture, and which of many pictures to a sentence."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torchmetrics import MeanMetric

from groundup.data.contact_sheet import INK, PAPER, font_for, wrapped
from groundup.losses.contrastive import clip_loss

RANKS = (1, 5, 10)
SHOWN = 10  # pairs in the picture of similarities


class Pair(NamedTuple):
    """A picture with its captions, as vectors and as a person sees them; the picture itself of the first few alone."""

    image_embed: Tensor
    text_embeds: Tensor
    captions: list[str]
    image: Tensor | None


class Retrieval:
    """How often what belongs together is found among the first 1, 5 and 10; shares from 0 to 1.

    `text_recall_at_5` asks each picture for its caption and is right where one of its own is among the nearest 5 of all
    captions; `image_recall_at_5` asks each caption for its picture; `recall_at_5` is the mean of both, and
    `chance_recall_at_5` what guessing gives. Captions of the same text count as one, and all pictures that have it as right. Of
    answers equally near the wrong ones are taken to come first.

    With `among`, the set is cut in its order into galleries of so many different captions, and the mean over the whole galleries
    is given; a set with fewer is one gallery.
    Reads `image_embeds`, `text_embeds`, `owner` and `captions` of the prediction, `image` of the batch.
    """

    def __init__(self, *, among: int | None = None):
        self.among = among
        self.pairs: list[Pair] = []

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        image_embeds, text_embeds = (prediction[name].detach().float().cpu() for name in ("image_embeds", "text_embeds"))
        owner = prediction["owner"].cpu()
        for row, image_embed in enumerate(image_embeds):
            mine = (owner == row).nonzero().flatten()
            image = batch["image"][row].cpu() if len(self.pairs) < 5 * SHOWN else None
            captions = [prediction["captions"][place] for place in mine.tolist()]
            self.pairs.append(Pair(image_embed, text_embeds[mine], captions, image))

    def galleries(self) -> list[list[Pair]]:
        """The pictures in groups of `among` different captions."""
        found: list[list[Pair]] = [[]]
        texts: set[str] = set()
        for pair in self.pairs:
            if self.among is not None and len(texts | set(pair.captions)) > self.among:
                found.append([])
                texts = set()
            found[-1].append(pair)
            texts |= set(pair.captions)
        whole = len(texts) == self.among or self.among is None
        return found if whole or len(found) == 1 else found[:-1]

    def compute(self) -> dict[str, float]:
        hits = {f"{name}_recall_at_{rank}": [] for name in ("text", "image") for rank in RANKS}
        chance = []
        for gallery in self.galleries():
            cosines, right = similarity(gallery)
            for name, near, own in (("text", cosines, right), ("image", cosines.T, right.T)):
                ranks = wrong_before(near, own)
                for rank in RANKS:
                    hits[f"{name}_recall_at_{rank}"] += (ranks < rank).tolist()
                chance.append(sum(guessed(own.shape[1], count, 5) for count in own.sum(1).tolist()) / len(own))
        found = {name: sum(values) / len(values) for name, values in hits.items()}
        both = {f"recall_at_{rank}": (found[f"text_recall_at_{rank}"] + found[f"image_recall_at_{rank}"]) / 2 for rank in RANKS}
        return {**both, **found, "chance_recall_at_5": sum(chance) / len(chance)}

    def picture(self) -> Image.Image:
        """The first pictures above, a caption of each on the left, and how near each is to each."""
        chosen: list[Pair] = []
        for pair in self.pairs:
            if pair.image is not None and pair.captions[0] not in {known.captions[0] for known in chosen}:
                chosen.append(pair._replace(captions=pair.captions[:1], text_embeds=pair.text_embeds[:1]))
        chosen = chosen[:SHOWN]
        cosines, _ = similarity(chosen)
        return draw_similarities([pair.image for pair in chosen], [pair.captions[0] for pair in chosen], cosines.T)


def similarity(gallery: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    """The cosines of all pictures and different captions of a gallery, and which of them belong together.

    Shapes: two of (pictures, captions), the second bool.
    """
    columns: dict[str, int] = {}
    texts: list[Tensor] = []
    for pair in gallery:
        for caption, embed in zip(pair.captions, pair.text_embeds, strict=True):
            if caption not in columns:
                columns[caption] = len(columns)
                texts.append(embed)
    right = torch.zeros(len(gallery), len(columns), dtype=torch.bool)
    for row, pair in enumerate(gallery):
        right[row, [columns[caption] for caption in pair.captions]] = True
    return torch.stack([pair.image_embed for pair in gallery]) @ torch.stack(texts).T, right


def wrong_before(near: Tensor, own: Tensor) -> Tensor:
    """How many wrong answers are as near as the nearest right one, or nearer.

    Shapes: two of (questions, answers) -> (questions) int64.
    """
    best = near.masked_fill(~own, -math.inf).amax(1, keepdim=True)
    return ((near >= best) & ~own).sum(1)


def guessed(answers: int, right: int, tries: int) -> float:
    """The probability that one of so many tries, each another answer, is right."""
    return 1 - math.comb(answers - right, tries) / math.comb(answers, tries) if answers > tries else 1.0


class ContrastiveLoss:
    """The mean loss of the batches, of each picture with its first caption; as in training, the larger the batch the higher."""

    def __init__(self):
        self.metric = MeanMetric().set_dtype(torch.float64)

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        images, owner = prediction["image_embeds"], prediction["owner"].tolist()
        if len(images) > 1:  # one alone has nothing to be told from
            first = [owner.index(row) for row in range(len(images))]
            loss = clip_loss(images.float(), prediction["text_embeds"].float()[first], prediction["logit_scale"].float())
            self.metric.update(loss.detach().double().cpu(), weight=len(images))

    def compute(self) -> float:
        return self.metric.compute().item()


SIDE, WIDTH, GAP, LINE = 74, 236, 12, 17  # pixels: of a thumbnail and its cell, of a caption, between, of a line of writing
NEAR, OWN, WRONG = (33, 84, 158), (20, 20, 24), (200, 40, 30)


def thumbnail(image: Tensor) -> Image.Image:
    """A prepared picture; its lowest value is black, its highest white. Shapes: (1 or 3, height, width)."""
    image = image.detach().float().cpu()
    image = (image - image.min()) / (image.max() - image.min()).clamp_min(1e-12)
    array = (image.expand(3, -1, -1).permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    return Image.fromarray(array)


def draw_similarities(images: Sequence[Tensor], captions: Sequence[str], cosines: Tensor) -> Image.Image:
    """A row for each caption and a column for each picture, the darker the nearer; what belongs together has a dark frame.

    A red frame is round the picture that is nearest to a caption where that is not its own.
    Shapes: cosines (captions, images).
    """
    lines = [wrapped(caption) for caption in captions]
    heights = [max(SIDE, LINE * len(text)) + 2 for text in lines]
    left, top = GAP + WIDTH + GAP, GAP + LINE + SIDE + 6
    sheet = Image.new("RGB", (left + len(images) * (SIDE + 2) + GAP, top + sum(heights) + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    title = "How near each sentence is to each picture; dark frames: what belongs together, red: what was taken for it"
    draw.text((GAP, GAP // 2), title, INK, font_for(title, 12))
    for column, image in enumerate(images):
        sheet.paste(thumbnail(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC), (left + column * (SIDE + 2), top - SIDE - 4))
    low, high = cosines.min().item(), cosines.max().item()
    for row, text in enumerate(lines):
        down = top + sum(heights[:row])
        for number, line in enumerate(text):
            middle = down + heights[row] // 2 + LINE * number - LINE * (len(text) - 1) // 2
            draw.text((left - GAP, middle), line, INK, font_for(line, 13), anchor="rm")
        for column, cosine in enumerate(cosines[row].tolist()):
            share = (cosine - low) / max(high - low, 1e-12)
            tone = tuple(round(255 + (shade - 255) * share) for shade in NEAR)
            across = left + column * (SIDE + 2)
            box = (across, down, across + SIDE - 1, down + heights[row] - 3)
            nearest = cosine == cosines[row].max().item()
            frame = OWN if column == row else WRONG if nearest else None
            draw.rectangle(box, fill=tone, outline=frame, width=3)
            draw.text(
                (across + SIDE / 2, down + heights[row] / 2 - 1),
                f"{cosine:.2f}",
                (255, 255, 255) if share > 0.55 else INK,
                font_for("0", 13),
                anchor="mm",
            )
    return sheet
