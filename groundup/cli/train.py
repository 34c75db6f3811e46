"""`groundup train RECIPE`."""

import re
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.options import Data
from groundup.errors import UserError


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE|FILE.py:NAME", help="A recipe's name, or a function of your file.")],
    epochs: Annotated[int | None, typer.Option(metavar="N", help="How often to go through the training data.")] = None,
    batch_size: Annotated[int | None, typer.Option(metavar="N", help="Items a batch.")] = None,
    lr: Annotated[float | None, typer.Option(metavar="X", help="The optimiser's rate.")] = None,
    device: Annotated[str | None, typer.Option(metavar="D", help="cpu, cuda, cuda:1, mps or auto.")] = None,
    data: Data = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE", help="Begin from these: torchvision, timm, transformers, open_clip, a file, a folder or a run."
        ),
    ] = None,
    set: Annotated[list[str] | None, typer.Option(metavar="part.name=value", help="Replace one value of the recipe.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run's folder; by default runs/NAME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue where the run was stopped.")] = False,
) -> None:
    """Train a recipe into a run's folder. Stopped at any moment, it continues with --resume."""
    from dataclasses import replace

    from groundup.engine.recipe import override
    from groundup.engine.run import with_data
    from groundup.recipes.catalog import load_recipe

    plan, code = load_recipe(recipe)
    for assignment in set or ():
        plan = override(plan, assignment)
    if epochs is not None:
        plan = replace(plan, run=replace(plan.run, epochs=epochs, steps=None))
    if batch_size is not None:
        plan = replace(plan, run=replace(plan.run, batch_size=batch_size))
    if device is not None:
        plan = replace(plan, run=replace(plan.run, device=device))
    if lr is not None:
        plan = override(plan, f"optimizer.lr={lr}")
    plan = with_data(plan, data)
    name = recipe.rpartition(":")[2]
    folder = choose_folder(name, out, resume)
    raise typer.Exit(run_training(plan, folder, code, recipe, resume, weights))


def choose_folder(name: str, out: Path | None, resume: bool) -> Path:
    """The folder to train in: --out, else runs/NAME or, where that is taken, runs/NAME-2 and so on.

    Raises: UserError for an --out that exists without --resume.
    """
    if out is not None:
        if out.exists() and not resume and (not out.is_dir() or any(out.iterdir())):
            raise UserError(f"{out} exists: add --resume to continue it, or give another --out")
        return out
    taken = {int(match[1] or 1): path for path in Path("runs").glob(f"{name}*") if (match := run_number(name, path))}
    if resume and taken:
        return taken[max(taken)]
    number = max(taken, default=0) + 1
    return Path("runs") / (name if number == 1 else f"{name}-{number}")


def run_number(name: str, path: Path) -> re.Match | None:
    return re.fullmatch(re.escape(name) + r"(?:-(\d+))?", path.name)


def run_training(plan, folder: Path, code, recipe: str, resume: bool, weights: str | None = None) -> int:
    """Train in this folder; the exit status."""
    from groundup.cli.options import quiet_libraries
    from groundup.engine.run import Run
    from groundup.engine.signals import Interrupted
    from groundup.engine.starting import starting_from
    from groundup.engine.trainer import Trainer

    quiet_libraries()
    run = Run(folder)
    new = not folder.exists()
    with run.lock():
        begun = (folder / "recipe.json").exists()
        try:
            start = starting_from(run, plan, weights)
            run.begin(plan)
            trainer = Trainer(plan, run, code=code, start=start)
        except ValueError:  # a UserError, or that of a model which does not take these data
            if new:  # a recipe that cannot be trained leaves nothing behind
                shutil.rmtree(folder)
            raise
        if begun:
            for note in trainer.notes:
                print(f"note: {note}: from here on the numbers may differ in their last bits", file=sys.stderr)
        if trainer.step == trainer.total:
            trainer.journal.close()
            trainer.finish()
            print(f"{folder} is finished: {trainer.step} of {trainer.total} steps")
            return 0
        if resume:
            print(f"{'continuing' if trainer.step else 'beginning'} {folder} at step {trainer.step} of {trainer.total}")
        else:
            print(f"training {recipe} into {folder}: {trainer.total} steps on {describe(trainer.numerics)}")
        try:
            trainer.fit()
        except Interrupted as stop:
            where = f" --out {folder}" if folder.parent != Path("runs") else ""
            print(f"\nstopped by {stop} at step {trainer.step} of {trainer.total}; all is saved. Continue with:")
            print(f"  groundup train {recipe}{where} --resume  (and the options of before)")
            return 128 + stop.signum
        except ValueError:
            if new and not trainer.step:  # nor one whose first step is refused
                shutil.rmtree(folder)
            raise
    print(f"done: {folder}")
    return 0


def describe(numerics) -> str:
    threads = f", {numerics.num_threads} threads" if numerics.device == "cpu" else ""
    return f"{numerics.device} in {numerics.precision}{threads}"
