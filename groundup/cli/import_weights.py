"""`groundup import MODEL --weights SOURCE --out RUN`."""

import importlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from groundup.errors import UserError

BOUND = 1e-4  # of the largest answer, in float32
PICTURES = 2


def import_weights(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The name of a model, such as resnet18.")],
    weights: Annotated[
        str, typer.Option(metavar="SOURCE", help="torchvision, timm, transformers, or a file or folder of weights.")
    ],
    out: Annotated[Path, typer.Option(metavar="RUN", help="The folder of the run to make.")],
    labels: Annotated[Path | None, typer.Option(metavar="FILE", help="The classes' names, one a line.")] = None,
) -> None:
    """Make a run of published weights, ready to predict. It is held against the library that they are from."""
    from groundup.cli.options import quiet_libraries
    from groundup.models.catalog import card_of
    from groundup.weights.official import find

    kind = card_of(model).family
    try:
        family = importlib.import_module(f"groundup.recipes.{kind}.imported")
    except ModuleNotFoundError as error:
        raise UserError(
            f"import makes runs of {', '.join(families_with_imports())} models, and {model} is of the family {kind}: begin a "
            f"training from these weights with groundup train RECIPE --weights {weights}"
        ) from error
    if out.exists():
        raise UserError(f"{out} exists: give another --out")
    quiet_libraries()
    found = find(model, weights)
    temporary = out.with_name(f".writing-{out.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        lines = make_run(model, found, weights, labels, family, temporary)
        os.rename(temporary, out)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    for line in lines:
        print(line)
    print(f"done: {out}. Predict with: groundup predict {out} --input PICTURES --output DIR")


def families_with_imports() -> list[str]:
    """The families whose recipes have a module `imported`, as `make_run` asks for it."""
    recipes = Path(__file__).parents[1] / "recipes"
    return sorted(path.parent.name for path in recipes.glob("*/imported.py"))


def make_run(name: str, found, source: str, labels: Path | None, family: ModuleType, folder: Path) -> list[str]:
    """Write a run with these weights and hold it against its peer; what there is to say of it.

    A family's module says what its models are used with: `imported(model, labels, preparation)` gives recipe and facts,
    `classes_in(state)` counts the classes, `own_names(names)` takes off what a library counts among them, `seen(pictures,
    preparation)` is what `prepare` is given, and `USUAL` a preparation with, in words, whose it is.
    Raises: UserError where anything does not fit.
    """
    import torch

    from groundup.engine.checkpoint import save_checkpoint, weights_hash
    from groundup.engine.facts import save_facts
    from groundup.engine.precision import decide
    from groundup.engine.recipe import build
    from groundup.engine.run import Run
    from groundup.engine.starting import absolute
    from groundup.models.catalog import module_of
    from groundup.weights.official import peer_like, preparation_like

    fit, num_classes = fitted_to(name, found, family.classes_in)
    lines = [f"{found.origin}, in the layout of {fit.layout}: {len(fit.state)} tensors, 0 missing, 0 unexpected"]
    lines += [f"  {note}" for note in found.notes]
    names, note = class_names(found.labels and family.own_names(found.labels), labels, num_classes)
    lines += [note] if note else []
    preparation = found.preparation
    if preparation is None:
        preparation, whose = preparation_like(name, fit.layout) or family.USUAL
        lines.append(f"the weights do not say how pictures are prepared: taken as for {whose}")
    lines.append(f"pictures are prepared by {preparation}")

    recipe, facts = family.imported(model=getattr(module_of(name), name), labels=names, preparation=preparation)
    run = Run(folder)
    run.begin(recipe)
    save_facts(facts, run.folder / "facts")
    with torch.device("meta"):
        shell = build(recipe.model, facts)
    run.record(decide(recipe.run, shell))
    run.record_weights(absolute(source), origin=found.origin, layout=fit.layout, sha256=weights_hash(fit.state))
    save_checkpoint(run.checkpoints, 0, {"model": fit.state}, {"step": 0, "total": 0, "best": None, "seconds": 0.0})
    peer = found.peer or peer_like(name, fit.layout)
    if peer is None:
        return [*lines, f"not checked against {fit.layout}: there is no model of it here"]
    channels, height, width = preparation.image_shape
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (PICTURES, channels, height + 37, width + 90), generator=generator, dtype=torch.uint8)
    restored, shown = run.restore(device="cpu"), family.seen(pictures, preparation)
    try:
        prepared = restored.prepared({"image": shown})["image"]
        with torch.no_grad():
            ours = restored.model(prepared)
    except ValueError as error:
        raise UserError(f"the model takes no pictures prepared by {preparation}: {error}") from error
    return [*lines, checked(ours, lambda: peer(found.state, num_classes), pictures, prepared, fit.layout)]


def fitted_to(name: str, found, classes_in: Callable):
    """The weights under our names, all of them, and the number of their classes.

    Raises: UserError with the list of what does not fit.
    """
    import torch

    from groundup.models.catalog import create, module_of
    from groundup.weights.layout import fitting, layouts_of, refuse_faults
    from groundup.weights.rules import rename

    def shapes(**arguments):
        with torch.device("meta"):  # without the numbers
            return create(name, **arguments).state_dict()

    layouts = layouts_of(name, module_of(name).WEIGHTS, found.layouts)
    first = fitting(found.state, layouts, shapes(), keep_head=False)
    num_classes = classes_in(rename(found.state, layouts[first.layout]))
    if first.faults or num_classes is None:
        refuse_faults(first, found.origin, name)
        raise UserError(f"{found.origin} has no head, by which the classes are counted: {name} cannot predict with it")
    fit = fitting(found.state, {first.layout: layouts[first.layout]}, shapes(num_classes=num_classes))
    refuse_faults(fit, found.origin, f"{name} with {num_classes} classes")
    return fit, num_classes


def class_names(known: list[str] | None, file: Path | None, num_classes: int) -> tuple[list[str], str | None]:
    """The classes' names: the user's, else the library's, else numbers, and then how to give them.

    Raises: UserError where they are not as many as the classes.
    """
    from groundup.weights.official import read_labels

    names = read_labels(file) if file is not None else known
    if names is None:
        note = "the weights do not name their classes, which are called by their numbers: give --labels FILE, a name a line"
        return [f"class {index}" for index in range(num_classes)], note
    if len(names) != num_classes:
        whose = f"--labels {file} has" if file is not None else "their table has"
        raise UserError(f"the weights tell {num_classes} classes apart, and {whose} {len(names)} names")
    return names, None


def checked(ours, make_peer: Callable, pictures, prepared, layout: str) -> str:
    """How far our answers on random pictures are from the peer's, in a line.

    Raises: UserError where that is too far.
    """
    from groundup.weights.peers import disagreement

    try:
        error = disagreement(ours, make_peer(), pictures, prepared)
    except Exception as reason:  # a library may refuse a file for reasons of its own, in errors of every kind
        return f"not checked against {layout}: its model does not take these weights ({' '.join(str(reason).split())[:200]})"
    if not error <= BOUND:
        raise UserError(
            f"with these weights the answers are not those of {layout}: they differ by {error:.1e} of the largest, and up to "
            f"{BOUND:.0e} is rounding. Nothing was written"
        )
    return f"checked against {layout} on {PICTURES} random pictures: largest relative error {error:.1e}"
