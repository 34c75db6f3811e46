"""Embedding against torch.nn's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.embedding import Embedding

EMBEDDING = dict(num_embeddings=7, embedding_dim=4, padding_idx=2, max_norm=0.9, norm_type=1.5, scale_grad_by_freq=True)


def tokens(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randint(7, (3, 8), generator=generator))
    yield call(torch.randint(7, (5, 4), generator=generator).T.int())


CASES = [
    ModuleCase(
        name="Embedding",
        reference="torch.nn.Embedding",
        ours=partial(Embedding, **EMBEDDING),
        theirs=partial(nn.Embedding, **EMBEDDING),
        samples=tokens,
    ),
]
