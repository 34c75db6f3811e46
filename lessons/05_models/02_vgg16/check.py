"""What an answer to `for_new_classes` must do."""

import torch
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d
from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="A trained network, changed: VGG-16",
    name="for_new_classes",
    hints=(
        "Find the layer first: dict(model.named_modules()) or model.get_submodule(name). Is it a Linear? Only then change "
        "anything.",
        'setattr(parent, name, new) replaces it, where parent is the module that holds it: "classifier.6".rpartition(".") '
        'gives "classifier" and "6", and get_submodule("") is the model itself. Freeze first, so that the new layer learns.',
        "For the norms: module.eval(), and since model.train() would set them back, give each its own train that does "
        "nothing: module.train = lambda mode=True: module (mind the loop: bind module as a default). Return "
        "list(new.parameters()).",
    ),
)


class Net(Module):
    def __init__(self, bias: bool = True):
        super().__init__()
        self.body = Sequential(Linear(in_features=3, out_features=4), BatchNorm1d(num_features=4), ReLU())
        self.classifier = Sequential(
            Linear(in_features=4, out_features=5), ReLU(), Linear(in_features=5, out_features=6, bias=bias)
        )
        self.head = Linear(in_features=6, out_features=7)

    def forward(self, x):
        return self.head(self.classifier(self.body(x)))


def filled(model: Module) -> Module:
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(torch.randn(value.shape, generator=draw).abs() + 0.1)
    return model


def rows(seed: int = 0) -> torch.Tensor:
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(seed)) * 2 + 1


def told(model: Module, found) -> dict:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        "learn": [names.get(id(parameter), "not in the model") for parameter in found],
        "marked": [name for name, parameter in model.named_parameters() if parameter.requires_grad],
        "shapes": {name: tuple(parameter.shape) for name, parameter in model.named_parameters()},
    }


@EXERCISE.claim("a head of three classes in place of seven")
def head(for_new_classes):
    model = filled(Net())
    return told(model, for_new_classes(model, "head", 3))


@EXERCISE.claim("a layer inside of another, without a bias")
def inside(for_new_classes):
    model = filled(Net(bias=False))
    return told(model, for_new_classes(model, "classifier.2", 2))


@EXERCISE.claim("everything before the head gives what it gave, in training mode too")
def kept(for_new_classes):
    model = filled(Net())
    for_new_classes(model, "head", 3)
    found = []
    for mode in (True, False, True):
        model.train(mode)
        found.append(model.classifier(model.body(rows())))
    return {
        "features": found,
        "running mean": model.body[1].running_mean.clone(),
        "seen": model.body[1].num_batches_tracked.clone(),
    }


@EXERCISE.claim("the new head learns, and nothing else has a gradient")
def learns(for_new_classes):
    model = filled(Net())
    found = for_new_classes(model, "head", 3)
    with torch.no_grad():
        for parameter in found:
            parameter.fill_(0.5)
    model(rows()).square().sum().backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@EXERCISE.claim("no Linear of that name is a ValueError, and nothing is frozen then")
def refused(for_new_classes):
    model = filled(Net())
    found = [raised(lambda n=name: for_new_classes(model, n, 3), ValueError) for name in ("tail", "body.2", "classifier", "")]
    return {"raised": found, "marked": [name for name, parameter in model.named_parameters() if parameter.requires_grad]}


@EXERCISE.drawn
def drawn(for_new_classes, seed: int):
    model = filled(Net(bias=bool(seed % 2)))
    found = for_new_classes(model, ["head", "classifier.0", "classifier.2", "body.0"][seed % 4], 1 + seed % 6)
    model.train(bool(seed % 3))
    return told(model, found), model.body[1](torch.ones(2, 4) * seed)
