"""Weights from elsewhere that a training begins from."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch.nn import Module

from groundup.engine.checkpoint import load_checkpoint, weights_hash
from groundup.engine.recipe import Recipe, label
from groundup.engine.run import Run
from groundup.weights.layout import fitting, layouts_of, refuse_faults
from groundup.weights.official import Found, find

LIBRARIES = ("torchvision", "timm", "transformers", "open_clip")


def starting_from(run: Run, recipe: Recipe, source: str | None) -> Callable[[Module], None] | None:
    """What puts the weights of SOURCE into the new model of a run; None where it begins, or goes on, without them.

    SOURCE is what `groundup.weights.official.find` takes, or the folder of a run, whose last checkpoint is taken. A head for
    other classes is left as it starts; all else must fit.
    Raises: UserError where the weights cannot be had, or the run began from others.
    """
    source = source and absolute(source)
    if not run.begins_from(source):
        return None
    found = find_or_open(label(recipe.model), source)
    run.record_weights(source, origin=found.origin, sha256=weights_hash(found.state))
    function = recipe.model.func if isinstance(recipe.model, partial) else recipe.model
    rules = getattr(sys.modules[function.__module__], "WEIGHTS", {})
    layouts = layouts_of(label(recipe.model), rules, found.layouts)

    def start(model: Module) -> None:
        fit = fitting(found.state, layouts, model.state_dict(), keep_head=False)
        refuse_faults(fit, found.origin, label(recipe.model))
        model.load_state_dict(fit.state, strict=False)
        print(f"beginning from {found.origin}, in the layout of {fit.layout}")
        for note in (*found.notes, *fit.anew):
            print(f"  {note}")
        if found.preparation is not None:
            print(f"  their pictures were prepared by {found.preparation}; this recipe has a preparation of its own")

    return start


def absolute(source: str) -> str:
    """The source as it is found from any folder: a library's name, or the whole path."""
    if source.partition(":")[0] in LIBRARIES:
        return source
    return str(Path(source).expanduser().resolve())


def find_or_open(name: str, source: str) -> Found:
    """The weights of a run's last checkpoint, or what `find` finds."""
    if not (Path(source) / "recipe.json").is_file():
        return find(name, source)
    run = Run.open(Path(source))
    tensors, _ = load_checkpoint(run.checkpoints, run.step_of("last"))
    return Found(origin=source, state=tensors.get("ema", tensors["model"]), layouts="groundup")
