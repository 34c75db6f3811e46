"""What an answer to `record` must do."""

import torch
from torch.nn import Module, Sequential

from groundup.layers.activation import Tanh
from groundup.layers.linear import Linear
from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Hooks: looking in while it runs",
    name="record",
    hints=(
        "dict(model.named_modules()) finds a submodule by its name. Register a forward hook on each of those asked for, and "
        "note outputs by name; a hook does not know its own name, so make one for each.",
        "torch.autograd.grad(total, outputs) gives the gradients by the outputs without touching any .grad; backward() would "
        "add to those of the parameters. What you note must be the output itself until then, and detach() after.",
        "handles = [...register_forward_hook...]; try: total = model(input).sum(); finally: for handle in handles: "
        "handle.remove(). In a loop, `lambda module, given, output: outputs.update({name: output})` sees the last name only: "
        "let a function make it.",
    ),
)


class Gate(Module):
    """Two branches, of which one scales the other."""

    def __init__(self):
        super().__init__()
        self.body = Sequential(Linear(in_features=3, out_features=4), Tanh())
        self.gate = Linear(in_features=3, out_features=4)

    def forward(self, x):
        return self.body(x) * self.gate(x)


class Broken(Module):
    def __init__(self):
        super().__init__()
        self.first = Linear(in_features=3, out_features=3)

    def forward(self, x):
        raise RuntimeError(f"broken after {self.first(x).shape}")


def filled(model: Module, seed: int = 0) -> Module:
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    return model


def picture(seed: int = 1) -> torch.Tensor:
    return torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))


def hooks_of(model: Module) -> int:
    return sum(len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules())


@EXERCISE.claim("one layer of a stack")
def one(record):
    return record(filled(Gate()).body, ["0"], picture())


@EXERCISE.claim("several, also one inside another, in the order asked for")
def several(record):
    found = record(filled(Gate()), ["gate", "body.1", "body.0", "body"], picture())
    return {"names": list(found), **found}


@EXERCISE.claim("what is returned remembers nothing")
def plain(record):
    found = record(filled(Gate()), ["body.0", "gate"], picture())
    return [tensor.requires_grad for pair in found.values() for tensor in pair]


@EXERCISE.claim("the parameters' gradients are as they were")
def untouched(record):
    model = filled(Gate())
    model.gate.weight.grad = torch.ones(4, 3)
    record(model, ["gate"], picture())
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@EXERCISE.claim("no hook is left, though the model fails")
def cleaned(record):
    model, broken = filled(Gate()), filled(Broken())
    record(model, ["gate", "body"], picture())
    failed = raised(lambda: record(broken, ["first"], picture()), RuntimeError)
    return {"hooks left": hooks_of(model), "hooks left after a failure": hooks_of(broken), "the failure is": failed}


@EXERCISE.claim("a name that does not exist is a KeyError, and leaves no hook")
def unknown(record):
    model = filled(Gate())
    return [raised(lambda: record(model, ["gate", "door"], picture()), KeyError), hooks_of(model)]


@EXERCISE.drawn
def drawn(record, seed: int):
    names = [["gate"], ["body", "gate"], ["body.1"], ["body.0", "body"]][seed % 4]
    return record(filled(Gate(), seed), names, picture(seed))
