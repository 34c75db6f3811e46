"""What an answer to `summary` must do."""

import torch
from torch.nn import Module, Parameter, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d
from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Parameters: finding, counting, beginning",
    name="summary",
    hints=(
        "child.parameters() walks over all that is below a child; model.parameters(recurse=False) over those of the model "
        "itself.",
        "numel() is how many numbers a tensor has. Keep a set of the id() of each parameter that was counted: equal tensors "
        "may be different parameters.",
        "For each child: (sum of numel of those with requires_grad, sum of those without), over the parameters whose id is "
        'not in the set yet. The "" entry stands first, and only if the model has parameters of its own.',
    ),
)


def listed(found):
    return [[name, *counts] for name, counts in found.items()]


def network() -> Sequential:
    return Sequential(
        Linear(in_features=3, out_features=4), BatchNorm1d(num_features=4), ReLU(), Linear(in_features=4, out_features=2)
    )


@EXERCISE.claim("four layers, one without parameters")
def four(summary):
    return listed(summary(network()))


@EXERCISE.claim("layers inside of layers")
def nested(summary):
    return listed(summary(Sequential(network(), Sequential(network(), Linear(in_features=2, out_features=1)))))


@EXERCISE.claim("frozen ones, whole layers and single parameters")
def frozen(summary):
    model = network()
    model[0].requires_grad_(False)
    model[3].bias.requires_grad_(False)
    return listed(summary(model))


class Own(Module):
    def __init__(self):
        super().__init__()
        self.layer = Linear(in_features=2, out_features=3)
        self.scale = Parameter(torch.ones(3))
        self.fixed = Parameter(torch.ones(2, 2), requires_grad=False)


@EXERCISE.claim("parameters of the model itself")
def own(summary):
    return listed(summary(Own()))


@EXERCISE.claim("shared parameters count once, where they come first")
def shared(summary):
    model = Sequential(Linear(in_features=4, out_features=4), Linear(in_features=4, out_features=4))
    model[1].weight = model[0].weight
    return listed(summary(model))


@EXERCISE.claim("parameters that are equal and not the same count twice")
def equal(summary):
    model = Sequential(Linear(in_features=2, out_features=2), Linear(in_features=2, out_features=2))
    for parameter in model.parameters():
        parameter.detach().zero_()
    return listed(summary(model))


@EXERCISE.claim("buffers are not learnt and not counted; a model without anything is empty")
def nothing(summary):
    return [listed(summary(Sequential(BatchNorm1d(num_features=5, affine=False)))), listed(summary(ReLU()))]


@EXERCISE.drawn
def drawn(summary, seed: int):
    sizes = [1 + (seed * 3 + n) % 5 for n in range(2 + seed % 3)]
    model = Sequential(*(Linear(in_features=i, out_features=o, bias=bool(seed % 2)) for i, o in zip(sizes, sizes[1:])))
    model[seed % len(model)].weight.requires_grad_(False)
    if seed % 4 == 0:
        model.append(model[0])
    return listed(summary(model))
