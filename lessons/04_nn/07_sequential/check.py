"""What an answer to `Row` must do."""

import torch

from groundup.layers.activation import Tanh
from groundup.layers.linear import Linear
from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Sequential: a network as a list",
    name="Row",
    hints=(
        "self.add_module(name, part) makes a part known under any name, also one that begins with a digit, and refuses what "
        "is no Module.",
        "Module keeps its parts in order in the dict self._modules (what self.children() walks). Turn a number into a name "
        "first: list(self._modules)[number], which takes negative ones and raises IndexError.",
        "For a slice make an empty Row and add_module(name, part) for each name in list(self._modules)[key], so that names "
        "stay. __setitem__ is add_module under the name that is there.",
    ),
)


def layer(i: int, o: int, seed: int = 0) -> Linear:
    made = Linear(in_features=i, out_features=o)
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    return made


def rows() -> torch.Tensor:
    return torch.randn(2, 3, generator=torch.Generator().manual_seed(7))


def three():
    return layer(3, 4), Tanh(), layer(4, 2, seed=1)


@EXERCISE.claim("three parts in turn")
def turn(Row):
    row = Row(*three())
    return {"output": row(rows()), "names": [name for name, _ in row.named_parameters()], "count": len(row)}


@EXERCISE.claim("names, and numbers before names")
def named(Row):
    a, b, c = three()
    row = Row(a, bend=b, last=c)
    return {"output": row(rows()), "names": [name for name, _ in row.named_children()]}


@EXERCISE.claim("one of them, by number and by name")
def one(Row):
    a, b, c = three()
    row = Row(a, bend=b, last=c)
    return [row[0] is a, row[1] is b, row[-1] is c, row["last"] is c, row["0"] is a]


@EXERCISE.claim("a slice is a Row of the same modules under the same names")
def slices(Row):
    a, b, c = three()
    row = Row(a, b, last=c)
    rest = row[1:]
    return {
        "kind": type(rest).__name__,
        "names": [name for name, _ in rest.named_children()],
        "the same": rest[-1] is c,
        "whole again": row[1:](row[:1](rows())),
        "nothing": row[3:](rows()),
    }


@EXERCISE.claim("another in its place")
def replaced(Row):
    a, b, c = three()
    row, new = Row(a, b, last=c), layer(4, 5, seed=2)
    row[-1] = new
    row["0"] = layer(3, 4, seed=3)
    return {"names": [name for name, _ in row.named_children()], "output": row(rows()), "count": len(row)}


@EXERCISE.claim("its parts are found: saved, and given gradients")
def found(Row):
    row = Row(*three())
    row(rows()).sum().backward()
    return {name: parameter.grad for name, parameter in row.named_parameters()}


@EXERCISE.claim("what is not there, and what is no Module")
def refused(Row):
    row = Row(*three())
    return [
        raised(lambda: row[3], IndexError),
        raised(lambda: row["last"], KeyError),
        raised(lambda: row.__setitem__("last", Tanh()), KeyError),
        raised(lambda: Row(torch.tanh), TypeError),
    ]


@EXERCISE.drawn
def drawn(Row, seed: int):
    sizes = [3, *(1 + (seed + n) % 4 for n in range(1 + seed % 3))]
    row = Row(*(layer(i, o, seed + n) for n, (i, o) in enumerate(zip(sizes, sizes[1:]))), bend=Tanh())
    part = row[seed % len(row) :]
    return {"all": row(rows()), "count": len(part), "names": list(row.state_dict()), "part": list(part.state_dict())}
