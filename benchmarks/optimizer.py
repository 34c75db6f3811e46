"""Our fused AdamW against torch's, a step on the weights of a small network."""

from functools import partial

import torch

from benchmarks.timing import Row, interleaved, median_of_pairs
from groundup.optim.adam import AdamW

STEPS = 200
SHAPES = [(512, 256), (512,), (512, 512), (512,), (10, 512), (10,)]


def many_steps(optimizer: torch.optim.Optimizer) -> None:
    for _ in range(STEPS):
        optimizer.step()


def prepared(kind, **options) -> torch.optim.Optimizer:
    weights = [torch.randn(shape).requires_grad_() for shape in SHAPES]
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    return kind(weights, lr=1e-3, **options)


def bench() -> list[Row]:
    torch.set_num_threads(1)
    works = [prepared(AdamW), prepared(torch.optim.AdamW), prepared(torch.optim.AdamW, fused=True)]
    ours, default, fused = interleaved(*(partial(many_steps, work) for work in works))
    return [
        Row("AdamW step / torch.optim.AdamW's default", median_of_pairs(lambda a, b: a / b, ours, default), "x", 0.40),
        Row("AdamW step / torch.optim.AdamW(fused=True)", median_of_pairs(lambda a, b: a / b, ours, fused), "x"),
    ]
