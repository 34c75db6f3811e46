"""`groundup new model|recipe|project NAME`: files that work as they are, to be changed into one's own."""

import keyword
import re
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from groundup.errors import UserError, unknown

PACKAGE = Path(__file__).parents[1]
KINDS = ("model", "recipe", "project")
PROJECT = Path(__file__).parent / "project"  # files in plain PyTorch, which need nothing of groundup
FAMILIES = ("classification", "language", "generative")

MODEL = Template('''"""$title: what its paper changed, in a few sentences.

This file begins as two layers for 32x32 pictures; make it the network that you have in mind.
"""

from torch import Tensor
from torch.nn import Module

from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.ops.activation import relu


class $title(Module):
    """One convolution, the mean over all places, one linear layer.

    Paper: authors, title, year, section; which of its symbols is which argument.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits.
    """

    def __init__(self, *, num_classes: int, in_channels: int = 1, width: int = 16):
        super().__init__()
        self.convolution = Conv2d(in_channels=in_channels, out_channels=width, kernel_size=3, stride=2, padding=1)
        self.output = Linear(in_features=width, out_features=num_classes)

    def forward(self, images: Tensor) -> Tensor:
        x = relu(self.convolution(images))  # (batch, width, height / 2, width / 2)
        return self.output(x.mean((2, 3)))  # (batch, num_classes)


def $name(*, num_classes: int = 10, in_channels: int = 1) -> $title:
    """$title in its only size."""
    return $title(num_classes=num_classes, in_channels=in_channels)


WEIGHTS = {}

CARD = {
    "title": "$title",
    "paper": "title, https://arxiv.org/abs/...",
    "year": $year,
    "family": "$family",
    "sizes": {"$name": "its only size"},
    "references": ("composed",),
    "ancestor": None,
}
''')

CASE = Template('''"""$title against the same network composed from torch.nn."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.$family.$name import $name
from groundup.weights.rules import Rename


def composed() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 7)
    )


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 9, 8, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name="$name",
        reference="composed",
        ours=partial($name, num_classes=7, in_channels=3),
        theirs=composed,
        weights=[Rename("0.{}", "convolution.{}"), Rename("4.{}", "output.{}")],
        samples=pictures,
    ),
]
''')

RECIPE = Template('''"""A recipe of your own. Train it with: groundup train $name.py:$name"""

from functools import partial

from groundup.data.augment import shift
from groundup.data.images import digits, enlarge, picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.lenet import lenet5
from groundup.optim.adam import AdamW
from groundup.optim.schedules import one_cycle
from groundup.tasks.classification import Classification


def $name() -> Recipe:
    """LeNet-5 on digits, for a start; replace what you like."""
    return Recipe(
        model=lenet5,  # num_classes and in_channels come from the facts
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts,),
        augment=partial(shift, pixels=1),
        prepare=partial(enlarge, size=32),
        task=Classification,
        optimizer=partial(AdamW, lr=4e-3, weight_decay=0.05),
        schedule=one_cycle,
        run=RunSettings(epochs=20, batch_size=64, seed=0),
    )
''')


def new(
    kind: Annotated[str, typer.Argument(metavar="model|recipe|project")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="A Python name in lower case, such as my_net; a project's folder.")],
    family: Annotated[
        str, typer.Option(metavar="FAMILY", help="Of a model: classification, language or generative.")
    ] = "classification",
) -> None:
    """Write the file of a new model with its case, or of a new recipe, or a project in plain PyTorch; all work as they are."""
    from datetime import date

    if kind not in KINDS:
        raise unknown("kind of new file", kind, KINDS)
    if kind == "project":
        if not name.strip():
            raise UserError("a project needs a folder: groundup new project my_project")
        new_project(Path(name))
        return
    if family not in FAMILIES:
        raise unknown("family", family, FAMILIES)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UserError(f"{name!r} is no name for a {kind}: write it in small letters, digits and _, such as my_net")
    words = {"name": name, "title": "".join(map(str.capitalize, name.split("_"))), "family": family, "year": date.today().year}
    if kind == "recipe":
        write({Path(f"{name}.py"): RECIPE.substitute(words)})
        print(f"train it:   groundup train {name}.py:{name}\nlook at it: groundup check {name}.py:{name}")
        return
    from groundup.models.card import read_cards

    if name in {size for card in read_cards() for size in card.sizes}:
        raise UserError(f"there is a model {name} already: groundup info {name}")
    write(
        {
            PACKAGE / "models" / family / f"{name}.py": MODEL.substitute(words),
            PACKAGE / "cases" / family / f"{name}.py": CASE.substitute(words),
        }
    )
    print(f"prove it:   groundup verify {name}\nexplain it: groundup info {name}")


def new_project(folder: Path) -> None:
    """Raises: UserError where the folder holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists and is not empty; choose another name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}") from error
    sources = sorted(path for path in PROJECT.iterdir() if path.is_file())
    write({folder / path.name: path.read_text(encoding="utf-8") for path in sources})
    print(f"try it: cd {folder} && python train.py")


def write(files: dict[Path, str]) -> None:
    """Raises: UserError where one of the files exists or the folder cannot be written; none is written then."""
    for path in files:
        if path.exists():
            raise UserError(f"{path} exists; choose another name")
    for path, text in files.items():
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}") from error
        print(f"wrote {path}")
