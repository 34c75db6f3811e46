"""`groundup diff MINE REFERENCE`: the first submodule in which two modules part."""

import ast
import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundup.errors import UserError, unknown

if TYPE_CHECKING:
    from types import ModuleType

    from torch import Tensor
    from torch.nn import Module

SOURCES = "FILE.py:NAME, an importable module.path:NAME or a model of groundup, with arguments as in NAME(num_layers=2)"


def diff(
    mine: Annotated[str, typer.Argument(metavar="MINE", help=f"Your module: {SOURCES}.")],
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="What it should equal, written likewise.")],
    shape: Annotated[list[str] | None, typer.Option(metavar="1,3,32,32", help="The shape of an input, once for each.")] = None,
    tokens: Annotated[int | None, typer.Option(metavar="VOCAB", min=1, help="Inputs are whole numbers below this.")] = None,
) -> None:
    """Copy the reference's weights, feed both the same input, and name the first submodule that computes something else.

    Without --shape the input is guessed from the reference's weights. The exit status is 0 where the two agree, 1 where not.
    """
    modules = build(mine), build(reference)
    inputs = draw(shape or (["2,8"] if tokens else []), tokens)
    from groundup.parity.diverge import diverge

    try:
        found = diverge(*modules, inputs or None)
    except UserError as error:
        raise UserError(f"{error}; say with --shape (and --tokens) what {reference} takes") from error
    print(found)
    raise typer.Exit(0 if found.agrees else 1)


def build(text: str) -> "Module":
    """The module that is written as `where:NAME` or `where:NAME(key=value)`, or as the name of a model of groundup.

    Raises: UserError where there is no such thing, where it cannot be built or is no torch Module.
    """
    from torch.nn import Module

    from groundup.models.catalog import create

    match = re.fullmatch(r"(?:(.+?):)?(\w+)(?:\((.*)\))?", text, re.DOTALL)
    if match is None:
        raise UserError(f"{text!r} names no module: write {SOURCES}")
    where, name, written = match.groups()
    args, kwargs = read_arguments(text, written or "")
    if where is None and args:
        raise UserError(f"{text}: a model of groundup takes its arguments by name, as in {name}(num_classes=10)")
    make = find(import_from(where), name) if where else create
    try:
        module = make if isinstance(make, Module) else make(*args, **kwargs) if where else create(name, **kwargs)
    except UserError:
        raise
    except Exception as error:
        hint = f"; write its arguments as in {name}(num_layers=2)" if isinstance(error, TypeError) else ""
        raise UserError(f"{text} could not be built: {type(error).__name__}: {error}{hint}") from error
    if not isinstance(module, Module):
        raise UserError(f"{text} gives a value of type {type(module).__name__}: it must give a torch.nn.Module")
    return module


def read_arguments(text: str, written: str) -> tuple[list, dict]:
    """The arguments between the brackets, which are literals: nothing that is written there is run."""
    try:
        call = ast.parse(f"f({written})", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or None in {k.arg for k in call.keywords}:
            raise ValueError("not one call")
        return [ast.literal_eval(value) for value in call.args], {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    except (ValueError, SyntaxError) as error:
        raise UserError(f"{text}: arguments are plain values, as in (num_layers=2, activation='gelu')") from error


def import_from(where: str) -> "ModuleType":
    """The user's own file, or an installed module."""
    if where.endswith(".py"):
        from groundup.engine.names import load_file

        folder = str(Path(where).resolve().parent)
        if folder not in sys.path:  # the file may import what lies beside it
            sys.path.insert(0, folder)
        return load_file(Path(where))
    try:
        return importlib.import_module(where)
    except (ImportError, ValueError) as error:
        raise UserError(f"{where} cannot be imported: {error}") from error


def find(source: "ModuleType", name: str) -> object:
    """What a module has under this name."""
    if not hasattr(source, name):
        raise unknown(f"module of {source.__name__}", name, (key for key in vars(source) if not key.startswith("_")))
    if not callable(getattr(source, name)):
        raise UserError(
            f"{name} is of type {type(getattr(source, name)).__name__}: name a class, a function or a torch.nn.Module"
        )
    return getattr(source, name)


def draw(shapes: list[str], tokens: int | None) -> "list[Tensor]":
    """One random input for each shape."""
    import torch

    generator = torch.Generator().manual_seed(0)
    inputs = []
    for shape in shapes:
        if re.fullmatch(r"\s*[1-9]\d*\s*(,\s*[1-9]\d*\s*)*", shape) is None:
            raise UserError(f"--shape takes sizes of at least 1 with commas between, such as 1,3,32,32; it was given {shape!r}")
        sizes = [int(size) for size in shape.split(",")]
        inputs.append(torch.randint(tokens, sizes, generator=generator) if tokens else torch.randn(sizes, generator=generator))
    return inputs
