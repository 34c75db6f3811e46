"""Each rung of the ops against torch's own kernel, at the sizes of well-known networks: forward, and forward with backward.

The bounds of `tensors` and `manual` are 1.25 times the best that was found with tensor arithmetic; those of `fused` are what
it must reach to be worth its lines. Everything is float32, with the library's default precision of products.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.timing import Row, cpu_seconds, interleaved, median_of_pairs
from groundup.layers.recurrent import LSTM
from groundup.ops.activation import relu
from groundup.ops.attention import scaled_dot_product_attention
from groundup.ops.batch_norm import batch_norm
from groundup.ops.convolution import conv2d
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.gelu import gelu
from groundup.ops.ladder import Ladder, rung
from groundup.ops.layer_norm import layer_norm
from groundup.ops.nms import nms
from groundup.ops.roi_align import roi_align
from groundup.ops.softmax import softmax

SHORTEST = 0.02  # seconds: where the peer takes less, so many calls of each are timed together that it takes as long
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Workload:
    """One op at one size; `bounds` are those of (forward, forward + backward) for a rung. No gradient, no backward."""

    name: str
    ours: Callable
    peer: Callable
    args: Sequence
    kwargs: dict = field(default_factory=dict)
    bounds: dict[str, Bounds] = field(default_factory=dict)
    rounds: int = 7

    def rungs(self) -> list[str]:
        own = self.ours.rungs if isinstance(self.ours, Ladder) else ("tensors", "fused")
        return [name for name in own if name != "loops"]

    def rows(self) -> Iterator[Row]:
        kinds = ("forward", "with backward") if any(map(learns, self.args)) else ("forward",)
        for kind, word in enumerate(kinds):
            calls = [self.call(self.peer, "fused", kind), *(self.call(self.ours, name, kind) for name in self.rungs())]
            calls[0]()
            times = max(1, round(SHORTEST / max(1e-6, cpu_seconds(calls[0]))))
            peer, *times = interleaved(*(partial(repeat, call, times) for call in calls), rounds=self.rounds)
            for name, ours in zip(self.rungs(), times):
                ratio = median_of_pairs(lambda a, b: a / b, ours, peer)
                yield Row(f"{self.name}: {name}, {word}", ratio, "x", self.bounds.get(name, (None, None))[kind])

    def call(self, function: Callable, name: str, kind: int) -> Callable[[], None]:
        """A call without a graph (kind 0), or with the backward pass down to every input and weight that learns (kind 1)."""
        leaves = [*filter(learns, self.args), *(function.parameters() if isinstance(function, nn.Module) else ())]

        def once() -> None:
            with rung(name), torch.set_grad_enabled(kind == 1):
                output = function(*self.args, **self.kwargs)
                output = output[0] if isinstance(output, tuple) else output
                if kind == 1:
                    torch.autograd.grad(output, leaves, torch.ones_like(output))

        return once


def repeat(call: Callable[[], None], times: int) -> None:
    for _ in range(times):
        call()


def learns(value: object) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def draw(*shape: int, last: bool = False) -> Tensor:
    """Random numbers that learn; `last` for a picture in the channels-last layout."""
    tensor = torch.randn(shape)
    return (tensor.to(memory_format=torch.channels_last) if last else tensor).requires_grad_()


def convolutions() -> Iterator[Workload]:
    rows = [
        ("3x3, 64 -> 64 channels, 56 px", (8, 64, 56, 56), (64, 64, 3, 3), dict(padding=1), (3.5, 3.5)),
        ("3x3, 256 -> 256 channels, 14 px", (8, 256, 14, 14), (256, 256, 3, 3), dict(padding=1), (2.4, 2.5)),
        ("7x7 stride 2, 3 -> 64 channels, 224 px", (8, 3, 224, 224), (64, 3, 7, 7), dict(stride=2, padding=3), (2.3, 1.3)),
        ("1x1, 256 -> 64 channels, 28 px", (8, 256, 28, 28), (64, 256, 1, 1), {}, (1.09, 1.07)),
        ("7x7 depthwise, 96 channels, 56 px", (8, 96, 56, 56), (96, 1, 7, 7), dict(padding=3, groups=96), (25.0, None)),
    ]
    for name, shape, kernel, options, found in rows:
        yield Workload(f"conv2d {name}", conv2d, F.conv2d, (draw(*shape), draw(*kernel)), options, slack(found), rounds=5)


def slack(found: Bounds) -> dict[str, Bounds]:
    """The bounds of `tensors`: 1.25 times what was found."""
    return {"tensors": tuple(None if ratio is None else 1.25 * ratio for ratio in found)}


def normalizations() -> Iterator[Workload]:
    x, weight, bias = draw(16, 64, 56, 56), draw(64), draw(64)
    args = (x, torch.zeros(64), torch.ones(64), weight, bias, True)
    bounds = slack((2.1, 4.4)) | {"manual": (None, 1.25 * 2.2)}
    yield Workload("batch_norm 16x64x56x56, training", batch_norm, F.batch_norm, args, bounds=bounds)
    args = (draw(16, 197, 768), (768,), draw(768), draw(768))
    yield Workload("layer_norm 16x197x768", layer_norm, F.layer_norm, args, bounds=slack((4.8, 11.0)))


def attentions() -> Iterator[Workload]:
    for batch, heads, length, head_dim, is_causal, found in (
        (8, 12, 197, 64, False, (1.14, 0.98)),
        (4, 12, 512, 64, True, (1.8, 1.3)),
        (1, 12, 1024, 64, True, (2.4, 1.8)),
        (32, 4, 32, 64, True, (0.98, 1.09)),
    ):
        args = [draw(batch, heads, length, head_dim) for _ in range(3)]
        name = f"attention {batch}x{heads}x{length}x{head_dim}{', causal' * is_causal}"
        bounds = slack(found)
        options = dict(is_causal=is_causal)
        peer = F.scaled_dot_product_attention
        yield Workload(name, scaled_dot_product_attention, peer, args, options, bounds, rounds=9)


def losses() -> Iterator[Workload]:
    bounds = {"fused": (None, 1.0)}
    args = (draw(512, 10_000), torch.randint(10_000, (512,)))
    yield Workload("cross_entropy 512x10000", cross_entropy, F.cross_entropy, args, bounds=slack((1.96, 1.7)) | bounds)
    args = (draw(256, 1000), torch.randint(1000, (256,)))
    bounds = slack((3.5, 3.4))
    yield Workload("cross_entropy 256x1000", cross_entropy, F.cross_entropy, args, bounds=bounds)


def activations() -> Iterator[Workload]:
    yield Workload("softmax 64x1000", softmax, torch.softmax, (draw(64, 1000), -1), bounds=slack((2.0, None)))
    for op, peer in ((relu, torch.relu), (gelu, F.gelu)):
        yield Workload(f"{op.__name__} 64x3072", op, peer, (draw(64, 3072),))


def recurrences() -> Iterator[Workload]:
    for steps, batch, width, found in ((35, 20, 650, (1.5, 2.9)), (50, 64, 256, (2.7, 2.05))):
        ours, theirs = LSTM(input_size=width, hidden_size=width), nn.LSTM(width, width)
        x = draw(steps, batch, width)
        name = f"LSTM {steps} steps, batch {batch}, width {width}"
        yield Workload(name, ours, theirs, (x,), bounds=slack(found), rounds=5)


def boxes(count: int, size: int = 800) -> Tensor:
    corner = torch.rand(count, 2) * size
    return torch.cat([corner, corner + 4 + torch.rand(count, 2) * 96], 1)


def detections() -> Iterator[Workload]:
    from torchvision import ops

    for count, bound in ((1000, None), (4000, 0.80)):
        args = (boxes(count), torch.rand(count), 0.5)
        yield Workload(f"nms of {count} boxes", nms, ops.nms, args, bounds={"fused": (bound, None)})
    rois = torch.cat([torch.randint(2, (256, 1)).float(), boxes(256)], 1)
    args = (draw(2, 256, 50, 50), rois, 7)
    options = dict(spatial_scale=1 / 16, sampling_ratio=2)
    bounds = slack((3.7, 1.14)) | {"fused": (0.25, 0.25)}
    yield Workload("roi_align, 256 boxes, 256 channels, 7x7", roi_align, ops.roi_align, args, options, bounds, rounds=5)


def bench() -> Iterator[Row]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for group in (activations, convolutions, normalizations, attentions, losses, recurrences, detections):
        for workload in group():
            yield from workload.rows()
