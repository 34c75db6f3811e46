"""`groundup info NAME`."""

import importlib
import inspect
import json
from typing import Annotated

import typer

from groundup.cli.ancestry import model_changes, recipe_changes
from groundup.cli.contents import KINDS, users
from groundup.errors import UserError, unknown


def info(
    name: Annotated[str, typer.Argument(help="Anything that `groundup list` names.")],
    diff: Annotated[
        bool, typer.Option("--diff", help="A model against its ancestor, or a recipe against the one that it varies.")
    ] = False,
) -> None:
    """Explain a model, recipe, data set, op, layer, loss, optimiser, schedule or lesson."""
    rows = [row for find in KINDS.values() for row in find()]
    row = next((row for row in rows if row["name"] == name), None)
    if row is None:
        raise unknown("name in `groundup list`", name, (row["name"] for row in rows))
    if diff:
        changes = {"model": model_changes, "recipe": recipe_changes}.get(row["kind"])
        if changes is None:
            raise UserError(f"--diff is for models and recipes; {name} is of the kind {row['kind']}")
        changes(name)
        return
    explain = {"model": model, "recipe": recipe, "op": op, "lesson": lesson}.get(row["kind"], part)
    explain(name, row["module"])


def model(name: str, module: str) -> None:
    import torch

    from groundup.models.catalog import card_of, create, module_of

    card, source = card_of(name), module_of(name)
    print(f"{card.title} ({card.year}), {card.family}\n{card.paper}\n")
    print(inspect.getdoc(source))
    with torch.device("meta"):  # shapes without the numbers
        built = create(name)
    print(f"\n{name}{inspect.signature(getattr(source, name))}")
    print(f"parameters  {sum(p.numel() for p in built.parameters()):,}")
    for child, part in built.named_children():
        print(f"  {child:<18} {type(part).__name__:<20} {sum(p.numel() for p in part.parameters()):>12,}")
    print(f"sizes       {', '.join(card.sizes)}")
    print(f"ancestor    {card.ancestor or 'none'}")
    print(f"proven      {proof(name, *card.sizes)}")
    print(f"weights     {', '.join(source.WEIGHTS) or 'no official ones are known'}")
    print(f"source      {module}")


def recipe(name: str, module: str) -> None:
    from groundup.engine.recipe import to_json
    from groundup.recipes.catalog import entries, is_stale, load_recipe, measured

    built, _ = load_recipe(name)
    summary = next(row.summary for row in entries() if row.name == name)
    print(f"{summary}\n")
    print(json.dumps(to_json(built), indent=1))
    stale = " (stale: the recipe has changed since)" if is_stale(name) else ""
    print(f"\nmeasured{stale}: {json.dumps(measured().get(name), indent=1)}")
    print(f"source:   {module}\ntrain it: groundup train {name}")


def op(name: str, module: str) -> None:
    """The formula, the definition letter by letter, what each rung costs here, and who calls it."""
    from groundup.cases.ledger import all_cases

    found = getattr(importlib.import_module(module), name)
    print(f"{name}{inspect.signature(found.tensors)}\n\n{inspect.cleandoc(found.__doc__ or '')}\n")
    definition = "loops" if "loops" in found.rungs else "tensors"
    print(f"The definition, as the rung `{definition}` has it:\n\n{inspect.getsource(getattr(found, definition))}")
    case = all_cases().get(name)
    if case is None or case.missing():
        print(f"rungs       {', '.join(found.rungs)}")
    else:
        print("What each rung costs here, forward and backward, on the first input of its case:")
        for rung in case.rungs():
            cost = case.cost(rung)
            print(f"  {rung:<8} {cost.milliseconds:9.3f} ms {cost.megabytes:9.3f} MB")
        print()
    close(name, module)


def lesson(name: str, folder: str) -> None:
    """What a lesson asks, and how to work through it."""
    import ast
    from pathlib import Path

    from groundup.learn.path import Lesson

    found = Lesson(Path(folder))
    print(f"{ast.get_docstring(ast.parse((found.folder / 'lesson.py').read_text(encoding='utf-8')))}\n")
    print(f"read and run it: python {found.folder / 'lesson.py'}")
    if found.has_exercise:
        print(f"its exercise:    groundup learn start {found.slug}")


def part(name: str, module: str) -> None:
    """A class or function by its signature and its docstring."""
    found = getattr(importlib.import_module(module), name)
    print(f"{name}{inspect.signature(found)}\n\n{inspect.getdoc(found)}\n")
    close(name, module)


def close(name: str, module: str) -> None:
    """Where a part is proven, used and written."""
    print(f"proven      {proof(name)}")
    print(f"used by     {', '.join(users(name, module)) or 'nothing else here'}")
    print(f"source      {module}")


def proof(*names: str) -> str:
    """The case of the first of these names that has one."""
    from groundup.cases.ledger import all_cases

    case = next((all_cases()[name] for name in names if name in all_cases()), None)
    return f"level {case.level}, against {case.reference}: groundup verify {case.name}" if case else "by tests alone"
