"""SiLU and the GELUs against torch's and transformers'."""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.activation import awkward, plain_samples
from groundup.ops.gelu import gelu, quick_gelu, silu


def gelu_samples(generator: Generator) -> Iterator[Sample]:
    for numbers in awkward(generator):
        yield call(numbers)
        yield call(numbers, approximate="tanh")


def transformers_quick_gelu(input: Tensor) -> Tensor:
    from transformers.activations import QuickGELUActivation

    return QuickGELUActivation()(input)


CASES = [
    OpCase(name="silu", reference="torch.nn.functional.silu", ours=silu, theirs=F.silu, samples=plain_samples),
    OpCase(name="gelu", reference="torch.nn.functional.gelu", ours=gelu, theirs=F.gelu, samples=gelu_samples),
    OpCase(
        name="quick_gelu",
        reference="transformers.activations.QuickGELUActivation",
        requires=("transformers",),
        ours=quick_gelu,
        theirs=transformers_quick_gelu,
        samples=plain_samples,
    ),
]
