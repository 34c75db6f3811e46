"""What the package holds, read by syntax tree: nothing of it is imported, so listing is quick.

Each row has kind, name, summary (the first line of its docstring) and module, the dotted name of the file.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
Definition = ast.ClassDef | ast.FunctionDef
ENDINGS = ("_loss", "_penalty", "_kl", "_reconstruction")  # of functions that are losses, or terms of one


def models() -> list[dict]:
    from groundup.models.card import read_cards

    return [
        row("model", size, f"{card.title} ({card.year}): {line}", card.module) | {"family": card.family}
        for card in read_cards()
        for size, line in card.sizes.items()
    ]


def recipes() -> list[dict]:
    from groundup.recipes.catalog import entries, measured

    figures = measured()
    return [
        row("recipe", entry.name, entry.summary, entry.module) | {"family": entry.family, "measured": figures.get(entry.name)}
        for entry in entries()
    ]


def data_sets() -> list[dict]:
    """Functions of `data/` that return a Dataset."""
    return defined("data", "data", lambda node: isinstance(node, ast.FunctionDef) and returned(node) == "Dataset")


def layers() -> list[dict]:
    """The modules of `layers/`."""
    return defined("layer", "layers", is_module)


def losses() -> list[dict]:
    """The modules of `losses/`, and its functions that give a Tensor of one loss."""
    return defined("loss", "losses", lambda node: is_module(node) or node.name.endswith(ENDINGS))


def optimizers() -> list[dict]:
    """The classes that say which optimiser they equal."""
    return defined("optimizer", "optim", lambda node: bool(bases(node)) and "Equals: " in docstring(node))


def schedules() -> list[dict]:
    """Functions of (step, total)."""
    return defined("schedule", "optim", lambda node: arguments(node)[:2] == ["step", "total"])


def ops() -> list[dict]:
    """Names of `ops/` that are a Ladder, with their rungs; the summary is that of the `tensors` function."""
    found = []
    for path in files("ops"):
        functions = {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}
        for node in tree(path).body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Ladder"), args=[ast.Name(id=first)]) as call
                ):
                    rungs = ["tensors", *(keyword.arg for keyword in call.keywords)]
                    found.append(row("op", name, first_line(functions[first]), dotted(path)) | {"rungs": rungs})
    return found


def lessons() -> list[dict]:
    """The lessons by part and number, such as 04_nn/04_conv2d; none where the package stands without its repository."""
    from groundup.errors import UserError
    from groundup.learn.path import all_lessons

    try:
        found = all_lessons()
    except UserError:
        return []
    return [row("lesson", f"{lesson.part}/{lesson.folder.name}", lesson.title, str(lesson.folder)) for lesson in found]


KINDS: dict[str, Callable[[], list[dict]]] = {
    **{"models": models, "recipes": recipes, "data": data_sets, "layers": layers, "losses": losses},
    **{"optimizers": optimizers, "schedules": schedules, "ops": ops, "lessons": lessons},
}


def users(name: str, module: str) -> list[str]:
    """What in the package calls a thing of a module, as `layers/convolution.py: Conv2d`."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        body = tree(path).body
        imported = {
            alias.name for node in body if isinstance(node, ast.ImportFrom) and node.module == module for alias in node.names
        }
        if (name in imported or dotted(path) == module) and path.parent.parent.name != "cases":
            callers = [
                node.name for node in body if isinstance(node, Definition) and name in names_in(node) and node.name != name
            ]
            found += [f"{path.relative_to(PACKAGE).as_posix()}: {' '.join(callers)}"] if callers else []
    return found


def defined(kind: str, folder: str, chosen: Callable[[Definition], bool]) -> list[dict]:
    """The classes and functions at the top level of a folder's files that are chosen, and are no base of others there."""
    found = []
    for path in files(folder):
        body = tree(path).body
        inherited = {base for node in body for base in bases(node)}
        for node in body:
            if isinstance(node, Definition) and chosen(node) and (node.name not in inherited or "Equals: " in docstring(node)):
                found.append(row(kind, node.name, first_line(node), dotted(path)))
    return found


def row(kind: str, name: str, summary: str, module: str) -> dict:
    return {"kind": kind, "name": name, "summary": summary, "module": module}


def files(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).glob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: Path) -> str:
    return ".".join(("groundup", *path.relative_to(PACKAGE).with_suffix("").parts))


def docstring(node: Definition) -> str:
    return ast.get_docstring(node) or ""


def first_line(node: Definition) -> str:
    return docstring(node).partition("\n")[0]


def returned(node: ast.FunctionDef) -> str:
    return ast.unparse(node.returns) if node.returns else ""


def bases(node: ast.stmt) -> list[str]:
    return [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []


def is_module(node: Definition) -> bool:
    return isinstance(node, ast.ClassDef) and docstring(node) != "" and "NamedTuple" not in bases(node)


def arguments(node: Definition) -> list[str]:
    return [argument.arg for argument in node.args.args] if isinstance(node, ast.FunctionDef) else []


def names_in(node: ast.AST) -> Iterator[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
