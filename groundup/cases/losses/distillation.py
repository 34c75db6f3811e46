"""Distillation and the two divergences against the same composed from torch's functions, and SEED against its equation."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from torch.distributions import Categorical, kl_divergence

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.losses.settings import with_settings
from groundup.losses.distillation import (
    DistillationLoss,
    SimilarityDistillationLoss,
    feature_distillation_loss,
    hard_distillation_loss,
)
from groundup.losses.divergence import forward_kl, reverse_kl
from groundup.parity.compare import Constant


def torch_forward_kl(logits: Tensor, target_logits: Tensor) -> Tensor:
    return kl_divergence(Categorical(logits=target_logits), Categorical(logits=logits)).mean()


def torch_reverse_kl(logits: Tensor, target_logits: Tensor) -> Tensor:
    return kl_divergence(Categorical(logits=logits), Categorical(logits=target_logits)).mean()


def composed_distillation(
    logits: Tensor, teacher_logits: Tensor, target: Tensor, temperature: float = 4.0, hard_weight: float = 0.1
) -> Tensor:
    shares = F.softmax(teacher_logits.detach() / temperature, 1)
    soft = F.kl_div(F.log_softmax(logits / temperature, 1), shares, reduction="batchmean") * temperature * temperature
    return F.cross_entropy(logits, target) * hard_weight + soft * (1 - hard_weight)


def composed_hard_distillation(logits: Tensor, distillation_logits: Tensor, teacher_logits: Tensor, target: Tensor) -> Tensor:
    decision = torch.tensor([max(range(len(row)), key=row.tolist().__getitem__) for row in teacher_logits])
    return 0.5 * F.cross_entropy(logits, target) + 0.5 * F.cross_entropy(distillation_logits, decision)


def composed_feature_distillation(features: Tensor, teacher_features: Tensor) -> Tensor:
    return 0.5 * F.mse_loss(features, teacher_features.detach(), reduction="sum") / len(features)


def worked_similarity_distillation(
    student: Tensor, teacher: Tensor, queue: Tensor, student_temperature: float = 0.2, teacher_temperature: float = 0.01
) -> Tensor:
    """The equation with its sums written out, for each picture; the teacher's own embedding is the queue's last row."""
    total = 0
    for s, t in zip(student, teacher.detach()):
        s, t = s / (s @ s) ** 0.5, t / (t @ t) ** 0.5
        rows = [*queue, t]
        q = [(s @ d / student_temperature).exp() for d in rows]
        p = [((t @ d - 1) / teacher_temperature).exp() for d in rows]  # t . t = 1 is the largest
        total = total - sum(pj / sum(p) * (qj / sum(q)).log() for pj, qj in zip(p, q))
    return total / len(student)


def logits_of(generator: Generator, *shape: int) -> Tensor:
    return 2 * torch.randn(shape, generator=generator, dtype=torch.float64)


def divergence_samples(generator: Generator) -> Iterator[Sample]:
    for shape in ((4, 3), (2, 3, 5), (6,)):
        yield call(logits_of(generator, *shape), logits_of(generator, *shape))


def distillation_samples(generator: Generator) -> Iterator[Sample]:
    for settings in ({}, dict(temperature=1.5), dict(hard_weight=0.6), dict(hard_weight=1.0), dict(hard_weight=0.0)):
        target = torch.randint(0, 4, (5,), generator=generator)
        yield call(logits_of(generator, 5, 4), logits_of(generator, 5, 4), target, **settings)


def hard_samples(generator: Generator) -> Iterator[Sample]:
    for batch in (5, 1):
        logits = [logits_of(generator, batch, 4) for _ in range(3)]
        yield call(*logits, torch.randint(0, 4, (batch,), generator=generator))


def feature_samples(generator: Generator) -> Iterator[Sample]:
    for shape in ((3, 4), (2, 3, 4, 5)):
        yield call(logits_of(generator, *shape), logits_of(generator, *shape))


def similarity_samples(generator: Generator) -> Iterator[Sample]:
    for settings in ({}, dict(student_temperature=0.7), dict(teacher_temperature=0.3)):
        queue = Constant(F.normalize(logits_of(generator, 6, 3)))
        yield call(logits_of(generator, 4, 3), logits_of(generator, 4, 3), queue, **settings)


CASES = [
    OpCase(
        name="forward_kl",
        kind="loss",
        reference="torch.distributions.kl_divergence",
        ours=forward_kl,
        theirs=torch_forward_kl,
        samples=divergence_samples,
    ),
    OpCase(
        name="reverse_kl",
        kind="loss",
        reference="torch.distributions.kl_divergence",
        ours=reverse_kl,
        theirs=torch_reverse_kl,
        samples=divergence_samples,
    ),
    OpCase(
        name="DistillationLoss",
        kind="loss",
        reference="composed",
        ours=with_settings(DistillationLoss),
        theirs=composed_distillation,
        samples=distillation_samples,
    ),
    OpCase(
        name="hard_distillation_loss",
        kind="loss",
        reference="composed",
        ours=hard_distillation_loss,
        theirs=composed_hard_distillation,
        samples=hard_samples,
    ),
    OpCase(
        name="feature_distillation_loss",
        kind="loss",
        reference="composed",
        ours=feature_distillation_loss,
        theirs=composed_feature_distillation,
        samples=feature_samples,
    ),
    OpCase(
        name="SimilarityDistillationLoss",
        kind="loss",
        level="B",
        reference="section 3.2 of arXiv:2101.04731, one picture after the other",
        ours=with_settings(SimilarityDistillationLoss),
        theirs=worked_similarity_distillation,
        samples=similarity_samples,
    ),
]
