"""`groundup info NAME --diff`: what a model changed of its ancestor, what a recipe changed of the one that it varies."""

import ast
import difflib
import inspect
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from groundup.errors import UserError

Definition = ast.ClassDef | ast.FunctionDef
SIDES = (224, 32, 64, 128, 28)  # of the pictures that are tried, the first that the model takes
LENGTH = 64  # of a sequence that is tried
APART = {"WEIGHTS", "CARD"}  # of a file: they say nothing of how the network computes


@dataclass(frozen=True)
class Portrait:
    """A size of a model in numbers.

    `kinds` holds how many layers of a kind there are, and their parameters; `steps` what each part gives, where its shape is
    another than what came; `maps` are those at the end of each stage by stride, empty for what is no pyramid.
    """

    name: str
    parameters: int
    shape: tuple[int, ...]
    flops: int
    kinds: dict[str, tuple[int, int]]
    steps: dict[str, str]
    maps: dict[int, str]


def model_changes(name: str) -> None:
    """A model beside its ancestor: what was changed in words, in numbers, stage by stage, and in the source.

    Raises: UserError for a model without an ancestor, or with one that is not here.
    """
    from groundup.models.card import read_cards
    from groundup.models.catalog import card_of, module_of

    card = card_of(name)
    if card.ancestor is None:
        raise UserError(f"{name} changes no other model here: its card names no ancestor, so --diff has nothing to show")
    if card.ancestor not in {size for one in read_cards() for size in one.sizes}:
        raise UserError(f"the card of {name} names {card.ancestor} as its ancestor, which is not here yet: nothing to show")
    before = card_of(card.ancestor)
    print(f"{card.title} ({card.year}) changed {before.title} ({before.year}). What, and why:\n")
    print(inspect.getdoc(module_of(name)))
    print()
    print_portraits(*portraits(card.ancestor, name))
    old, new = (Path(module_of(one).__file__) for one in (card.ancestor, name))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in source_changes(old, new, skipped=({*before.sizes} - {card.ancestor}, {*card.sizes} - {name})):
        print(painted(line) if colour else line)


def portraits(*names: str) -> list[Portrait]:
    """The sizes, all with the last one's own input if they take it, or with one that all take; else each with its own."""
    import torch

    from groundup.models.catalog import create

    with torch.device("meta"):  # shapes without the numbers
        models = [create(name).eval() for name in names]
    tried = [dict(inputs(name)) for name in names]
    taken = [{key for key, given in one.items() if takes(model, given)} for model, one in zip(models, tried)]
    together = [key for key in tried[-1] if all(key in one for one in taken)]
    chosen = [together[0] if together else next((key for key in one if key in own), None) for one, own in zip(tried, taken)]
    return [portrait(name, model, one.get(key)) for name, model, one, key in zip(names, models, tried, chosen)]


def inputs(name: str) -> Iterator[tuple[str, object]]:
    """Inputs that a model may take, by what they are; the one first that its card speaks of: "for 32x32 pictures"."""
    import torch

    from groundup.models.catalog import card_of, module_of

    parameters = inspect.signature(getattr(module_of(name), name)).parameters
    channels = parameters["in_channels"].default if "in_channels" in parameters else 3
    if not isinstance(channels, int):
        channels = 3
    spoken = re.search(r"(\d+)x\1 pictures", card_of(name).sizes[name])
    for side in dict.fromkeys([*([int(spoken[1])] if spoken else []), *SIDES]):
        yield f"picture {side}", torch.empty(1, channels, side, side, device="meta")
    yield "tokens", torch.zeros(1, LENGTH, dtype=torch.int64, device="meta")
    if isinstance(size := getattr(parameters.get("latent_dim"), "default", None), int):
        yield "latent", torch.empty(1, size, device="meta")


def takes(model, given) -> bool:
    import torch

    try:
        with torch.no_grad():
            model(given)
    except Exception:  # whatever a model says of an input that is not for it
        return False
    return True


def portrait(name: str, model, given) -> Portrait:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    kinds: Counter = Counter()
    weights: Counter = Counter()
    for module in model.modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if own:
            kinds[type(module).__name__] += 1
            weights[type(module).__name__] += own
    flops, steps, maps = 0, {}, {}
    if given is not None:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(given)
        flops = counter.get_total_flops()
        steps = outputs_of_parts(model, given)
        maps = maps_by_stride(model, given) if hasattr(model, "feature_strides") else {}
    return Portrait(
        name=name,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        shape=() if given is None else tuple(given.shape),
        flops=flops,
        kinds={kind: (count, weights[kind]) for kind, count in kinds.items()},
        steps=steps,
        maps=maps,
    )


def maps_by_stride(model, given) -> dict[int, str]:
    """The map at the end of each stage, by how many pixels of the picture one of its pixels stands for."""
    import torch

    with torch.no_grad():
        maps = model.features(given)
    return {stride: by_x(one.shape[1:]) for stride, one in zip(model.feature_strides, maps)}


def outputs_of_parts(model, given) -> dict[str, str]:
    """What each part of the model gives, in the order in which they compute; of a Sequential, each of its parts."""
    import torch
    from torch.nn import Sequential

    found: dict[str, str] = {}
    parts: dict[str, torch.nn.Module] = {}
    for name, child in model.named_children():
        inner = child.named_children() if isinstance(child, Sequential) else ()
        parts |= {f"{name}.{place}": one for place, one in inner} or {name: child}

    def note(name: str):
        def hook(module, arguments, output) -> None:
            shape = by_x(output.shape[1:]) if isinstance(output, torch.Tensor) else ""
            if shape and shape != next(reversed(found.values()), ""):
                found[name] = shape

        return hook

    handles = [child.register_forward_hook(note(name)) for name, child in parts.items()]
    try:
        with torch.no_grad():
            model(given)
    finally:
        for handle in handles:
            handle.remove()
    return found


def by_x(shape) -> str:
    return " x ".join(map(str, shape))


def print_portraits(old: Portrait, new: Portrait) -> None:
    """Two portraits side by side."""
    rows = [("", old.name, new.name), ratio_row("parameters", old.parameters, new.parameters)]
    rows.append(("input", by_x(old.shape) or "-", by_x(new.shape) or "-"))
    if old.flops and new.flops:
        rows.append(ratio_row("FLOPs", old.flops, new.flops))
    rows.append(("",))
    rows.append(("layers with weights",))
    for kind in {**old.kinds, **new.kinds}:
        rows.append((f"  {kind}", *("-" if kind not in one.kinds else counted(*one.kinds[kind]) for one in (old, new))))
    rows.append(("",))
    if old.maps and new.maps:
        rows.append(("map at the end of a stage, by its stride",))
        rows += [(f"  {one}", old.maps.get(one, "-"), new.maps.get(one, "-")) for one in sorted({*old.maps, *new.maps})]
    else:
        rows.append(("where the shape changes",))
        for number, pair in enumerate(zip_longest(old.steps.items(), new.steps.items()), start=1):
            rows.append((f"  {number}", *("-" if one is None else f"{one[0]}: {one[1]}" for one in pair)))
    widths = [max(len(row[place]) for row in rows if len(row) > max(place, 1)) for place in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths)] if len(row) > 1 else list(row)
        print("  ".join([*cells, *row[3:]]).rstrip())
    if old.flops and new.flops:
        print("\nA FLOP is a multiplication or an addition; those of convolutions and matrix products are counted, for one item.")
    print()


def counted(count: int, weights: int) -> str:
    return f"{count} with {weights:,}"


def times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def ratio_row(label: str, old: int, new: int) -> tuple[str, ...]:
    return (label, f"{old:,}", f"{new:,}", f"{times(new / old)} times" if old else "")


def source_changes(old: Path, new: Path, *, skipped: tuple[set[str], set[str]]) -> Iterator[str]:
    """The code of a file against that of another: what it takes over, what is new, what changed, what is gone.

    Weights, cards and the `skipped` sizes are left out. The class that stands for the network is laid beside the other's,
    method by method, whatever the two are called.
    """
    texts = [path.read_text(encoding="utf-8") for path in (old, new)]
    if old == new:
        yield f"Both stand in {new.name}: they differ in their sizes alone."
        return
    before, after = (definitions(text, names) for text, names in zip(texts, skipped))
    taken = imported_from(texts[1], old)
    if taken:
        yield f"Taken over from {old.name}: {', '.join(taken)}\n"
    main_before, main_after = network(texts[0], before), network(texts[1], after)
    for name, text in after.items():
        if name == main_after and main_before:
            yield from class_changes(old.name, new.name, before[main_before], text)
        elif name in before:
            yield from differing(f"{old.name}: {name}", f"{new.name}: {name}", before[name], text)
        else:
            yield from (f"+++ {new.name}: {name}, new", *(f"+{line}" for line in text.splitlines()), "")
    gone = [name for name in before if name not in (*after, *taken, main_before) and not name.isupper()]
    if gone:
        yield f"Gone with {old.name}: {', '.join(gone)}"


def definitions(text: str, skipped: set[str]) -> dict[str, str]:
    """The classes, functions and constants of a file by name, but for those that give weights their names."""
    found, lines = {}, text.splitlines()
    tree = ast.parse(text)
    apart = {*APART, *(name for node in tree.body if assigned(node) in APART for name in names_in(node))}
    for node in tree.body:
        name = node.name if isinstance(node, Definition) else assigned(node)
        rules = isinstance(node, ast.FunctionDef) and node.returns is not None and "Rule" in ast.unparse(node.returns)
        if name and name not in apart and name not in skipped and not rules:
            start = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
            found[name] = "\n".join(lines[start - 1 : node.end_lineno])
    return found


def assigned(node: ast.stmt) -> str:
    return node.targets[0].id if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) else ""


def names_in(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def network(text: str, found: dict[str, str]) -> str:
    """The last class of a file that computes: the network, which is made of the ones before; empty where there is none."""
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name in found]
    return next((node.name for node in reversed(classes) if "forward" in methods(found[node.name])), "")


def methods(text: str) -> dict[str, str]:
    """The head of a class (its line, docstring and values), then its methods."""
    node, lines = ast.parse(text).body[0], text.splitlines()
    inner = [one for one in node.body if isinstance(one, ast.FunctionDef)]
    starts = [min([one.lineno, *(decorator.lineno for decorator in one.decorator_list)]) for one in inner]
    found = {"": "\n".join(lines[: starts[0] - 1]).rstrip()} if inner else {"": text}
    for one, start in zip(inner, starts):
        found[one.name] = "\n".join(lines[start - 1 : one.end_lineno])
    return found


def class_changes(old: str, new: str, before: str, after: str) -> Iterator[str]:
    was, now = methods(before), methods(after)
    for name, text in now.items():
        place = f": the network{f', {name}' if name else ''}"
        yield from differing(old + place, new + place, was.get(name, ""), text)
    for name in was.keys() - now.keys():
        yield from differing(f"{old}: the network, {name}", "gone", was[name], "")


def differing(old: str, new: str, before: str, after: str) -> Iterator[str]:
    """Two texts as a unified diff, whole: they are short, and what stays the same is where a reader finds his feet."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), old, new, n=1000, lineterm=""))
    if lines:
        yield from (line for line in lines if not line.startswith("@@"))
        yield ""


def imported_from(text: str, other: Path) -> list[str]:
    """What a file imports of another one."""
    return [
        alias.name
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == other.stem
        for alias in node.names
    ]


def painted(line: str) -> str:
    """A line of a diff in the colours of a terminal."""
    if line.startswith(("---", "+++")):
        return f"\033[1m{line}\033[0m"
    return {"+": f"\033[32m{line}\033[0m", "-": f"\033[31m{line}\033[0m"}.get(line[:1], line)


def recipe_changes(name: str) -> None:
    """The values in which a recipe differs from the one that it was made of.

    Raises: UserError for a recipe that varies no other.
    """
    from groundup.engine.comparison import differences, in_words
    from groundup.engine.recipe import to_json
    from groundup.recipes.catalog import load_recipe

    origin = varied(name)
    if origin is None:
        raise UserError(f"{name} varies no other recipe, so --diff has nothing to show; groundup info {name} has its values")
    found = differences([to_json(load_recipe(one)[0]) for one in (origin, name)])
    print(f"{name} is {origin} with\n")
    width = max(map(len, found), default=0)
    for value, pair in found.items():
        print(f"  {value:<{width}}  {' -> '.join(in_words(pair))}")


def varied(name: str) -> str | None:
    """The recipe that a recipe's function calls."""
    from groundup.recipes.catalog import RECIPES, entries

    known = {entry.name: entry for entry in entries()}
    path = RECIPES.joinpath(*known[name].module.split(".")[2:]).with_suffix(".py")
    body = ast.parse(path.read_text(encoding="utf-8")).body
    function = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == name)
    called = [node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return next((one for one in called if one in known and one != name), None)
