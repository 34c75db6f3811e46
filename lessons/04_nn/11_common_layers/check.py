"""What an answer to `BatchNorm1d` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="The common layers: norm, dropout, embedding",
    name="BatchNorm1d",
    solution="groundup.layers.normalization:BatchNorm1d",
    build=lambda BatchNorm1d: (BatchNorm1d(num_features=4), torch.randn(6, 4)),
    hints=(
        "self.training says in which mode the layer is. Two Parameters, three buffers (self.register_buffer(name, tensor)).",
        "The batch's variance is x.var(0, correction=0) for the norm, and x.var(0) (divided by one less) for the running one."
        " Buffers are changed in place and without a graph.",
        "with torch.no_grad(): self.running_mean.lerp_(x.mean(0), momentum); self.running_var.lerp_(x.var(0), momentum); "
        "self.num_batches_tracked += 1. In evaluation mode take the running ones, and refuse a batch of one only in training.",
    ),
)


def rows(count: int, features: int = 4, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, features, generator=draw) * 3 + torch.arange(float(features))


def made(BatchNorm1d, **options):
    layer = BatchNorm1d(num_features=4, **options)
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(4, generator=draw))
        layer.bias.copy_(torch.randn(4, generator=draw))
    return layer


def state(layer) -> dict:
    return {name: value.clone() for name, value in sorted(layer.state_dict().items())}


@EXERCISE.claim("what it holds at the start")
def start(BatchNorm1d):
    layer = BatchNorm1d(num_features=3)
    return {**state(layer), "learnt": sorted(name for name, _ in layer.named_parameters())}


@EXERCISE.claim("a batch in training")
def training(BatchNorm1d):
    return made(BatchNorm1d)(rows(5))


@EXERCISE.claim("what it remembers of three batches")
def remembers(BatchNorm1d):
    layer = made(BatchNorm1d, momentum=0.3)
    for seed in range(3):
        layer(rows(4 + seed, seed=seed))
    return state(layer)


@EXERCISE.claim("evaluation by what it remembers, changing nothing, one row at a time too")
def evaluation(BatchNorm1d):
    layer = made(BatchNorm1d, eps=0.1)
    layer(rows(6))
    layer.eval()
    before = state(layer)
    return {"rows": layer(rows(3, seed=1)), "one row": layer(rows(1, seed=2)), "before": before, "after": state(layer)}


@EXERCISE.claim("gradients in training reach the input through mean and variance")
def gradients(BatchNorm1d):
    layer, x = made(BatchNorm1d), rows(5).requires_grad_()
    (layer(x) * rows(5, seed=7)).sum().backward()
    return {"gradient of x": x.grad, "gradient of weight": layer.weight.grad, "gradient of bias": layer.bias.grad}


@EXERCISE.claim("its memory keeps no graph")
def graph(BatchNorm1d):
    layer = made(BatchNorm1d)
    layer(rows(4).requires_grad_())
    return [layer.running_mean.requires_grad, layer.running_var.requires_grad]


@EXERCISE.claim("a batch of one is refused in training by a ValueError")
def one(BatchNorm1d):
    return raised(lambda: made(BatchNorm1d)(rows(1)), ValueError)


@EXERCISE.drawn
def drawn(BatchNorm1d, seed: int):
    layer = made(BatchNorm1d, eps=0.01 * (1 + seed % 5), momentum=0.1 + seed % 4 * 0.2)
    first = layer(rows(2 + seed % 5, seed=seed))
    layer.train(bool(seed % 2))
    return first, layer(rows(3, seed=seed + 1)), state(layer)
