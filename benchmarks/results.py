"""Train recipes one after the other and write what they reach into groundup/recipes/measured.json.

    python -m benchmarks.results lenet5_digits dcgan_digits [--again]

Each runs for the seeds 0, 1 and 2 (--seeds N for another number), or for seed 0 alone where a run takes over ten minutes. A
recipe whose figures are there with the hash that it has now is passed over. A queue that was stopped goes on where it was.
"""

import argparse
import json
import statistics
from dataclasses import replace
from datetime import date
from pathlib import Path

import torch

from benchmarks.tables import CURVES
from groundup.cli.train import run_training
from groundup.engine.checkpoint import load_checkpoint, pointed, write_atomic
from groundup.engine.precision import processor
from groundup.engine.recipe import recipe_hash
from groundup.engine.report import draw_curves, picture_bytes, read_curves
from groundup.engine.run import Run, versions
from groundup.errors import UserError
from groundup.recipes.catalog import RECIPES, load_recipe, measured

LONG = 10.0  # minutes
FOLDER = Path("results")
COLOURS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--again", action="store_true", help="measure also what is measured already")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds, from 0 up")
    arguments = parser.parse_args()
    for name in arguments.names:
        recipe, _ = load_recipe(name)
        if not arguments.again and measured().get(name, {}).get("hash") == recipe_hash(recipe):
            print(f"{name} is measured")
            continue
        try:
            write(name, measure(name, arguments.seeds))
        except UserError as error:  # such as a set that is not here: the others wait for nothing
            print(f"{name} was not measured: {error}")


def measure(name: str, seeds: int) -> dict:
    """Train and evaluate for each seed; the figures are those of the last checkpoint."""
    recipe, _ = load_recipe(name)
    found, minutes = [], []
    for seed in range(seeds):
        plan = replace(recipe, run=replace(recipe.run, seed=seed))
        run = Run(FOLDER / f"{name}-{recipe_hash(recipe)}-{seed}")
        assert run_training(plan, run.folder, None, name, True) == 0
        if seed == 0:
            keep_curves(name, run)
        _, state = load_checkpoint(run.checkpoints, pointed(run.checkpoints, "last"))
        found.append(run.restore().evaluate().values)
        minutes.append(state["seconds"] / 60)
        if minutes[0] > LONG:
            break
    metrics = {
        key: {
            "mean": statistics.fmean(values[key] for values in found),
            "deviation": statistics.stdev(values[key] for values in found) if len(found) > 1 else None,
        }
        for key in found[0]
    }
    return {
        "hash": recipe_hash(recipe),
        "metrics": metrics,
        "seeds": list(range(len(found))),
        "minutes": round(statistics.fmean(minutes), 2),
        "hardware": f"{processor()}, {torch.get_num_threads()} threads",
        "numerics": Run(run.folder).environment()["numerics"],
        "versions": versions(),
        "date": date.today().isoformat(),
        "command": f"groundup train {name}",
    }


def keep_curves(name: str, run: Run) -> None:
    """Draw the curves of a run for docs/results.md, in few colours, so that each stays small."""
    CURVES.mkdir(exist_ok=True)
    picture = draw_curves(read_curves(run.folder / "metrics.jsonl"), name)
    write_atomic(CURVES / f"{name}.png", picture_bytes(picture.quantize(COLOURS)))


def write(name: str, figures: dict) -> None:
    document = dict(sorted({**measured(), name: figures}.items()))
    write_atomic(RECIPES / "measured.json", (json.dumps(document, indent=1) + "\n").encode())
    print(f"{name}: {json.dumps(figures['metrics'])}, {figures['minutes']} minutes")


if __name__ == "__main__":
    main()
