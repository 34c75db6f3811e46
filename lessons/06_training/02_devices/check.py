"""What an answer to `move` must do."""

from typing import NamedTuple

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Training on a GPU, or on whatever is there",
    name="move",
    hints=(
        "A function that calls itself: what to do with a tensor, a dict, a list, a tuple, and with anything else.",
        "A NamedTuple is a tuple with _fields, and is made by type(value)(*parts), where a plain tuple is made by "
        "type(value)(parts). A text is a sequence too: do not walk into it. value.is_floating_point() says whether dtype "
        "applies.",
        "For a tensor at several places keep a dict from id(tensor) to what you made of it, for the length of one call. "
        "value.to(device) returns the tensor itself where there is nothing to do, which is right.",
    ),
)


class Boxes(NamedTuple):
    corners: torch.Tensor
    label: int


def told(value):
    """A nest with every tensor told by its device, type and shape."""
    if isinstance(value, torch.Tensor):
        return f"{value.device.type} {value.dtype} {tuple(value.shape)}"
    if isinstance(value, dict):
        return {key: told(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return {"kind": type(value).__name__, "parts": [told(part) for part in value]}
    return repr(value)


@EXERCISE.claim("one tensor")
def one(move):
    return told(move(torch.ones(2), "meta"))


@EXERCISE.claim("a dict of tensors, texts and numbers")
def batch(move):
    return told(
        move(
            {"image": torch.zeros(2, 3), "label": torch.tensor([1, 2]), "file": ["a.jpg", "b.jpg"], "seed": 3, "none": None},
            "meta",
        )
    )


@EXERCISE.claim("lists and tuples in each other stay what they are")
def nested(move):
    return told(move([(torch.ones(1), [torch.ones(2)]), (), [], ("text", 1.5)], "meta"))


@EXERCISE.claim("a NamedTuple stays one")
def named(move):
    return told(move({"boxes": [Boxes(torch.ones(3, 4), 7), Boxes(torch.ones(0, 4), 2)]}, "meta"))


@EXERCISE.claim("a type for what is of floating point, and for nothing else")
def kinds(move):
    value = {
        "image": torch.ones(2),
        "label": torch.tensor([1]),
        "mask": torch.tensor([True]),
        "byte": torch.zeros(1, dtype=torch.uint8),
    }
    return [told(move(value, "meta", torch.float32)), told(move(value, "cpu", torch.float16)), move(value, "cpu")]


@EXERCISE.claim("what is given is not changed")
def unchanged(move):
    value = {"image": torch.ones(2), "rest": [torch.ones(1)]}
    move(value, "meta")
    return told(value)


@EXERCISE.claim("a tensor that stands at several places stays one")
def shared(move):
    image = torch.ones(2)
    found = move({"a": image, "b": [image, torch.ones(2)]}, "meta")
    return [found["a"] is found["b"][0], found["a"] is found["b"][1]]


@EXERCISE.drawn
def drawn(move, seed: int):
    value = torch.ones(1 + seed % 3, dtype=[torch.float64, torch.int64, torch.bool][seed % 3])
    for depth in range(seed % 5):
        value = [{"x": value, "n": depth}, [value, "t"], (value, None), Boxes(value, depth)][(seed + depth) % 4]
    return told(move(value, ["meta", "cpu"][seed % 2], [None, torch.float16][seed // 2 % 2]))
