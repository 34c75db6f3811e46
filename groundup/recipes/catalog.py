"""Recipes by name. Every function of a recipe file that takes nothing and is annotated `-> Recipe` is listed; there is no
second place.
"""

import ast
import importlib
import json
from dataclasses import dataclass
from pathlib import Path

from groundup.errors import UserError, unknown

RECIPES = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A recipe as the syntax tree shows it, without running its file."""

    name: str
    family: str
    summary: str
    module: str


def entries() -> list[Entry]:
    """All recipes, by family and file."""
    return [entry for path in sorted(RECIPES.glob("*/*.py")) for entry in read_entries(path)]


def read_entries(path: Path) -> list[Entry]:
    """The recipes of one file."""
    module = ".".join(("groundup", "recipes", *path.relative_to(RECIPES).with_suffix("").parts))
    return [
        Entry(node.name, path.parent.name, (ast.get_docstring(node) or "").partition("\n")[0], module)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Name)
        and node.returns.id == "Recipe"
        and not (node.args.args or node.args.kwonlyargs)
    ]


def load_recipe(name: str):
    """The recipe of a name, and the user's file where it is one: `lenet5_digits` or `my.py:recipe`.

    Raises: UserError with the nearest names, or where the file gives no Recipe.
    """
    from groundup.engine.names import load_file
    from groundup.engine.recipe import Recipe

    file, colon, function = name.rpartition(":")
    if colon and file.endswith(".py"):
        code = load_file(Path(file))
        if not hasattr(code, function):
            raise unknown(f"function of {file}", function, (key for key in vars(code) if not key.startswith("_")))
        recipe = getattr(code, function)()
        if not isinstance(recipe, Recipe):
            raise UserError(f"{name} must be a function that returns a groundup Recipe; it returned {type(recipe).__name__}")
        return recipe, code
    known = {entry.name: entry for entry in entries()}
    if name not in known:
        raise unknown("recipe", name, known)
    return getattr(importlib.import_module(known[name].module), name)(), None


def measured() -> dict[str, dict]:
    """What each recipe reached, by name, as `make results` wrote it."""
    path = RECIPES / "measured.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def is_stale(name: str) -> bool:
    """Whether the recipe has changed since it was measured; false for one that never was. This builds it, so imports torch."""
    from groundup.engine.recipe import recipe_hash

    found = measured().get(name)
    return found is not None and found["hash"] != recipe_hash(load_recipe(name)[0])
