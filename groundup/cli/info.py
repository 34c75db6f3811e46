"""`groundup info NAME`."""

import json
from typing import Annotated

import typer

from groundup.errors import unknown


def info(name: Annotated[str, typer.Argument(help="A model, recipe, data set or op, as `groundup list` names it.")]) -> None:
    """Explain a model, recipe, data set or op."""
    from groundup.cli.list import data_sets, models, ops, recipes

    for rows, explain in ((models(), model), (recipes(), recipe), (ops(), op), (data_sets(), data)):
        if name in {row["name"] for row in rows}:
            explain(name)
            return
    raise unknown("model, recipe, data set or op", name, (row["name"] for f in (models, recipes, ops, data_sets) for row in f()))


def model(name: str) -> None:
    import inspect

    import torch

    from groundup.cases.ledger import all_cases
    from groundup.models.catalog import card_of, create, module_of

    card, module = card_of(name), module_of(name)
    print(f"{card.title} ({card.year}), {card.family}\n{card.paper}\n")
    print(inspect.getdoc(module))
    with torch.device("meta"):  # shapes without the numbers
        built = create(name)
    print(f"\n{name}{inspect.signature(getattr(module, name))}")
    print(f"parameters  {sum(p.numel() for p in built.parameters()):,}")
    for child, part in built.named_children():
        print(f"  {child:<18} {type(part).__name__:<20} {sum(p.numel() for p in part.parameters()):>12,}")
    print(f"sizes       {', '.join(card.sizes)}")
    print(f"ancestor    {card.ancestor or 'none'}")
    case = next((all_cases()[size] for size in (name, *card.sizes) if size in all_cases()), None)
    proof = f"level {case.level}, against {case.reference}: groundup verify {case.name}" if case else "not yet"
    print(f"proven      {proof}")
    print(f"weights     {', '.join(module.WEIGHTS) or 'no official ones are known'}")
    print(f"source      {module.__name__}")


def recipe(name: str) -> None:
    from groundup.engine.recipe import to_json
    from groundup.recipes.catalog import entries, is_stale, load_recipe, measured

    built, _ = load_recipe(name)
    entry = next(row for row in entries() if row.name == name)
    print(f"{entry.summary}\n")
    print(json.dumps(to_json(built), indent=1))
    stale = " (stale: the recipe has changed since)" if is_stale(name) else ""
    print(f"\nmeasured{stale}: {json.dumps(measured().get(name), indent=1)}")
    print(f"source:   {entry.module}\ntrain it: groundup train {name}")


def op(name: str) -> None:
    import importlib
    import inspect

    from groundup.cli.list import PACKAGE
    from groundup.ops.ladder import Ladder

    for path in sorted((PACKAGE / "ops").glob("*.py")):
        found = getattr(importlib.import_module(f"groundup.ops.{path.stem}"), name, None)
        if isinstance(found, Ladder):
            print(f"{name}{inspect.signature(found.tensors)}\n\n{inspect.cleandoc(found.__doc__ or '')}\n")
            print(f"rungs     {', '.join(found.rungs)}\nproof     groundup verify {name}\nsource    groundup/ops/{path.name}")
            return


def data(name: str) -> None:
    import ast
    import inspect

    from groundup.cli.list import PACKAGE, tree

    for path in sorted((PACKAGE / "data").glob("*.py")):
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                print(f"{name}({ast.unparse(node.args)})\n\n{inspect.cleandoc(ast.get_docstring(node) or '')}")
                print(f"\nsource: groundup/data/{path.name}")
