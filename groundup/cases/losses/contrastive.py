"""Contrastive losses against torch.nn's, transformers', and their equations, one row after the other."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.losses.regression import against_torch
from groundup.cases.losses.settings import with_settings
from groundup.losses.contrastive import InfoNCELoss, NTXentLoss, TripletLoss, TripletMarginLoss, clip_loss
from groundup.losses.metric import BatchHardTripletLoss
from groundup.parity.compare import Constant


def unit(row: Tensor) -> Tensor:
    return row / (row * row).sum().sqrt()


def worked_triplet_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 0.2) -> Tensor:
    total = 0
    for a, p, n in zip(map(unit, anchor), map(unit, positive), map(unit, negative)):
        total = total + torch.clamp(((a - p) ** 2).sum() - ((a - n) ** 2).sum() + margin, min=0)
    return total / len(anchor)


def worked_batch_hard(embeddings: Tensor, label: Tensor, margin: float = 0.3) -> Tensor:
    losses = []
    for a, own in zip(embeddings, label):
        apart = [(((a - x) ** 2).sum() ** 0.5 if x is not a else 0 * x.sum(), other) for x, other in zip(embeddings, label)]
        near = max((d for d, other in apart if other == own and d > 0), default=torch.zeros((), dtype=a.dtype))
        far = min(d for d, other in apart if other != own)
        losses.append(torch.clamp(near - far + margin, min=0))
    return sum(losses) / len(losses)


def worked_info_nce(query: Tensor, key: Tensor, queue: Tensor | None = None, temperature: float = 0.07) -> Tensor:
    queries, keys, total = [unit(row) for row in query], [unit(row) for row in key], 0
    for i, q in enumerate(queries):
        others = [k for j, k in enumerate(keys) if j != i] if queue is None else list(queue)
        own = (q @ keys[i] / temperature).exp()
        total = total - (own / (own + sum((q @ k / temperature).exp() for k in others))).log()
    return total / len(queries)


def worked_nt_xent(first: Tensor, second: Tensor, temperature: float = 0.5) -> Tensor:
    rows, total = [unit(row) for row in (*first, *second)], 0
    for i, row in enumerate(rows):
        other = (i + len(first)) % len(rows)
        below = sum((row @ rows[k] / temperature).exp() for k in range(len(rows)) if k != i)
        total = total - ((row @ rows[other] / temperature).exp() / below).log()
    return total / len(rows)


def transformers_clip_loss(image_embeds: Tensor, text_embeds: Tensor, logit_scale: Tensor) -> Tensor:
    from transformers.models.clip.modeling_clip import image_text_contrastive_loss

    return image_text_contrastive_loss(F.normalize(text_embeds) @ F.normalize(image_embeds).T * logit_scale.exp())


def embeddings(generator: Generator, count: int, *sizes: int) -> list[Tensor]:
    return [3 * torch.randn(*sizes, generator=generator, dtype=torch.float64) for _ in range(count)]


def margin_samples(generator: Generator) -> Iterator[Sample]:
    for settings in ({}, dict(margin=0.3, p=1.5), dict(eps=0.1, swap=True, reduction="sum"), dict(reduction="none")):
        yield call(*embeddings(generator, 3, 5, 4), **settings)


def triplet_samples(generator: Generator) -> Iterator[Sample]:
    for settings in ({}, {"margin": 1.5}):
        yield call(*embeddings(generator, 3, 6, 3), **settings)
    yield call(*embeddings(generator, 3, 1, 3), margin=4.5)


def batch_hard_samples(generator: Generator) -> Iterator[Sample]:
    for label in ([0, 0, 1, 1, 2], [3, 3, 3, 5], [1, 2]):  # also classes of one
        for settings in ({}, {"margin": 4.0}):
            yield call(*embeddings(generator, 1, len(label), 3), torch.tensor(label), **settings)


def info_nce_samples(generator: Generator) -> Iterator[Sample]:
    for settings in ({}, {"temperature": 0.7}):
        yield call(*embeddings(generator, 2, 4, 3), **settings)
        queue = Constant(F.normalize(embeddings(generator, 1, 6, 3)[0]))
        yield call(*embeddings(generator, 2, 4, 3), queue, **settings)
        yield call(*embeddings(generator, 2, 1, 3), queue, **settings)


def nt_xent_samples(generator: Generator) -> Iterator[Sample]:
    for settings in ({}, {"temperature": 0.1}):
        yield call(*embeddings(generator, 2, 4, 3), **settings)
        yield call(*embeddings(generator, 2, 2, 5), **settings)


def clip_samples(generator: Generator) -> Iterator[Sample]:
    for batch, scale in ((4, math.log(1 / 0.07)), (2, 0.3)):
        yield call(*embeddings(generator, 2, batch, 3), torch.tensor(scale, dtype=torch.float64))


CASES = [
    against_torch(TripletMarginLoss, nn.TripletMarginLoss, margin_samples),
    OpCase(
        name="TripletLoss",
        kind="loss",
        level="B",
        reference="equation 3 of arXiv:1503.03832, one triplet after the other",
        ours=with_settings(TripletLoss),
        theirs=worked_triplet_loss,
        samples=triplet_samples,
    ),
    OpCase(
        name="BatchHardTripletLoss",
        kind="loss",
        level="B",
        reference="the batch hard loss of arXiv:1703.07737, one anchor after the other",
        ours=with_settings(BatchHardTripletLoss),
        theirs=worked_batch_hard,
        samples=batch_hard_samples,
    ),
    OpCase(
        name="InfoNCELoss",
        kind="loss",
        level="B",
        reference="equation 1 of arXiv:1911.05722, one query after the other",
        ours=with_settings(InfoNCELoss),
        theirs=worked_info_nce,
        samples=info_nce_samples,
    ),
    OpCase(
        name="NTXentLoss",
        kind="loss",
        level="B",
        reference="equation 1 of arXiv:2002.05709, one view after the other",
        ours=with_settings(NTXentLoss),
        theirs=worked_nt_xent,
        samples=nt_xent_samples,
    ),
    OpCase(
        name="clip_loss",
        kind="loss",
        reference="transformers.models.clip.modeling_clip.image_text_contrastive_loss",
        requires=("transformers",),
        ours=clip_loss,
        theirs=transformers_clip_loss,
        samples=clip_samples,
    ),
]
