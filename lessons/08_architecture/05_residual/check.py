"""What an answer to `Residual` must do."""

import torch
from torch.nn import Module, Sequential

from groundup.layers.activation import Tanh
from groundup.layers.linear import Linear
from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Residual paths: depth that does not hurt",
    name="Residual",
    hints=(
        "Two ways through the block: x (or the shortcut of x), and the change of x (or of its norm). Only the second is "
        "scaled and dropped.",
        "gain has one number for each channel, dimension 1: view it as (channels, 1, 1 ...) with as many ones as dimensions "
        "behind. What is dropped is decided for each example: a shape of (batch, 1, 1 ...).",
        "if self.training and self.drop > 0: stays = torch.rand(len(x)) < 1 - self.drop; change = change * (stays / (1 - "
        "drop)).view(-1, 1, ...). Nothing is drawn otherwise, so that other random numbers stay as they are.",
    ),
)


def filled(module: Module, seed: int = 0) -> Module:
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(module.named_parameters()):
            if name != "gain":
                parameter.copy_(torch.randn(parameter.shape, generator=draw))
    return module


def change(i: int = 3, o: int = 3) -> Module:
    return Sequential(Linear(in_features=i, out_features=o), Tanh())


class Pixels(Module):
    """A change of maps: each channel's number times its place."""

    def forward(self, x):
        return x.square() + torch.arange(x.shape[-1], dtype=x.dtype)


def rows(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def gained(block: Module) -> Module:
    with torch.no_grad():
        block.gain.copy_(torch.arange(1.0, len(block.gain) + 1) / 2)
    return block


@EXERCISE.claim("its gain, and that 0 makes it nothing")
def start(Residual):
    block = filled(Residual(change(), 3, start=0.0))
    return {"gain": block.gain, "learnt": sorted(name for name, _ in block.named_parameters()), "output": block(rows(4, 3))}


@EXERCISE.claim("a change of rows")
def plain(Residual):
    return gained(filled(Residual(change(), 3)))(rows(4, 3))


@EXERCISE.claim("a change of maps: the gain belongs to the channels")
def maps(Residual):
    return gained(Residual(Pixels(), 3))(rows(2, 3, 3, 3))


@EXERCISE.claim("a norm before the change, and not on the path")
def norm(Residual):
    return gained(filled(Residual(change(), 3, norm=Tanh())))(5 * rows(4, 3))


@EXERCISE.claim("a shortcut that changes the width")
def shortcut(Residual):
    block = Residual(change(3, 5), 5, norm=Tanh(), shortcut=Linear(in_features=3, out_features=5))
    return gained(filled(block))(rows(4, 3))


@EXERCISE.claim("in training changes of whole examples are dropped")
def dropped(Residual):
    block = gained(Residual(Pixels(), 2, drop=0.4))
    torch.manual_seed(5)
    found = block(rows(12, 2, 2, 2))
    return {"training": found, "drawn next": torch.rand(2), "evaluation": block.eval()(rows(3, 2, 2, 2))}


@EXERCISE.claim("without dropping nothing is drawn")
def undrawn(Residual):
    torch.manual_seed(6)
    filled(Residual(change(), 3)).train()(rows(4, 3))
    filled(Residual(change(), 3, drop=0.5)).eval()(rows(4, 3))
    torch.manual_seed(7)
    block = filled(Residual(change(), 3))
    torch.manual_seed(8)
    block(rows(4, 3))
    return torch.rand(2)


@EXERCISE.claim("gradients of the input and of the gain")
def gradients(Residual):
    block, x = gained(filled(Residual(change(), 3, norm=Tanh()))), rows(4, 3).requires_grad_()
    (block(x) * rows(4, 3, seed=2)).sum().backward()
    return {"gradient of x": x.grad, "gradient of gain": block.gain.grad}


@EXERCISE.drawn
def drawn(Residual, seed: int):
    block = gained(filled(Residual(change(), 3, norm=Tanh() if seed % 2 else None, drop=seed % 4 / 5), seed))
    block.train(bool(seed % 3))
    torch.manual_seed(seed)
    x = rows(5, 3, seed=seed).requires_grad_()
    y = block(x)
    y.square().sum().backward()
    return y, x.grad, block.gain.grad
