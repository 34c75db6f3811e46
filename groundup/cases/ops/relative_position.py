"""Buckets of distances against T5's of transformers, steps inside a window against Swin's of torchvision."""

from collections.abc import Iterator
from types import SimpleNamespace

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.relative_position import relative_position_bucket, relative_position_index


def t5_bucket(relative_position: Tensor, bidirectional: bool = True, num_buckets: int = 32, max_distance: int = 128) -> Tensor:
    from transformers.models.t5.modeling_t5 import T5Attention

    return T5Attention._relative_position_bucket(relative_position, bidirectional, num_buckets, max_distance)


def bucket_samples(generator: Generator) -> Iterator[Sample]:
    near, far = torch.arange(-300, 301), torch.tensor([[-100_000, -5000, 0], [1, 700, 100_000]])
    for bidirectional in (True, False):
        for distances in (near, far, torch.arange(-20, 20, dtype=torch.int32)[::3], near[:0]):
            yield call(distances, bidirectional)
            yield call(distances, bidirectional, 8, 20)
            yield call(distances, bidirectional=bidirectional, num_buckets=10, max_distance=50)
    yield call(near)
    yield call(torch.tensor(-7))


def swin_index(window_size: tuple[int, int]) -> Tensor:
    from torchvision.models.swin_transformer import ShiftedWindowAttention

    pixels = window_size[0] * window_size[1]
    window = SimpleNamespace(window_size=window_size)
    window.register_buffer = lambda name, buffer: setattr(window, name, buffer)
    ShiftedWindowAttention.define_relative_position_index(window)
    return window.relative_position_index.view(pixels, pixels)


def index_samples(generator: Generator) -> Iterator[Sample]:
    for window_size in ((7, 7), (3, 5), (1, 1), (4, 1), (1, 3)):
        yield call(window_size)


CASES = [
    OpCase(
        name="relative_position_bucket",
        reference="transformers.models.t5.modeling_t5.T5Attention._relative_position_bucket",
        requires=("transformers",),
        ours=relative_position_bucket,
        theirs=t5_bucket,
        samples=bucket_samples,
    ),
    OpCase(
        name="relative_position_index",
        reference="torchvision.models.swin_transformer.ShiftedWindowAttention.define_relative_position_index",
        requires=("torchvision",),
        ours=relative_position_index,
        theirs=swin_index,
        samples=index_samples,
    ),
]
