"""`groundup list`: read by syntax tree, without importing torch."""

import ast
import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.options import Json
from groundup.errors import unknown

PACKAGE = Path(__file__).parents[1]


def list_names(
    what: Annotated[str | None, typer.Argument(metavar="[models|recipes|data|ops]", help="Which kind; all by default.")] = None,
    json: Json = False,
) -> None:
    """List what is here: models, recipes, data sets and ops."""
    kinds = {"models": models, "recipes": recipes, "data": data_sets, "ops": ops}
    if what is not None and what not in kinds:
        raise unknown("list", what, kinds)
    rows = [row for kind in ([what] if what else kinds) for row in kinds[kind]()]
    if json:
        print(json_format.dumps(rows))
        return
    width = max(len(row["name"]) for row in rows)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        print(kind)
        for row in rows:
            if row["kind"] == kind:
                print(f"  {row['name']:<{width}}  {row['summary']}{reached(row)}")


def reached(row: dict) -> str:
    """What a recipe was measured to reach, in words."""
    if "measured" not in row:
        return ""
    if row["measured"] is None:
        return "  (not measured yet)"
    return "  (" + ", ".join(f"{name} {value['mean']:.4g}" for name, value in row["measured"]["metrics"].items()) + ")"


def models() -> list[dict]:
    from groundup.models.card import read_cards

    return [
        {"kind": "model", "name": size, "summary": f"{card.title} ({card.year}): {line}", "family": card.family}
        for card in read_cards()
        for size, line in card.sizes.items()
    ]


def recipes() -> list[dict]:
    from groundup.recipes.catalog import entries, measured

    figures = measured()
    return [
        {
            "kind": "recipe",
            "name": entry.name,
            "summary": entry.summary,
            "family": entry.family,
            "measured": figures.get(entry.name),
        }
        for entry in entries()
    ]


def data_sets() -> list[dict]:
    """Functions of `data/` that return a Dataset."""
    return [
        {"kind": "data", "name": node.name, "summary": first_line(node)}
        for path in sorted((PACKAGE / "data").glob("*.py"))
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name) and node.returns.id == "Dataset"
    ]


def ops() -> list[dict]:
    """Names of `ops/` that are a Ladder, with their rungs; the summary is that of the `tensors` function."""
    found = []
    for path in sorted((PACKAGE / "ops").glob("*.py")):
        functions = {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}
        for node in tree(path).body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Ladder"), args=[ast.Name(id=first)]) as call
                ):
                    rungs = ["tensors", *(keyword.arg for keyword in call.keywords)]
                    found.append({"kind": "op", "name": name, "summary": first_line(functions[first]), "rungs": rungs})
    return found


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def first_line(node: ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]
