"""`groundup export RUN --to torchvision|timm|transformers --out FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.options import Checkpoint, Code, RunFolder, load_code
from groundup.errors import UserError


def export(
    run: RunFolder,
    to: Annotated[str, typer.Option(metavar="FORMAT", help="Whose layout: torchvision, timm or transformers.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A file to make: .safetensors, or .pth.")],
    checkpoint: Checkpoint = "last",
    code: Code = None,
) -> None:
    """Write a run's weights as a library's own state dict."""
    from groundup.engine.checkpoint import load_checkpoint
    from groundup.engine.recipe import bind, label
    from groundup.engine.run import Run
    from groundup.models.catalog import module_of
    from groundup.weights.bridge import export_state
    from groundup.weights.foreign import write_weights

    opened, module = Run.open(run), load_code(code)
    recipe = opened.recipe(module)
    name = label(recipe.model)
    formats = list(module_of(name).WEIGHTS)
    if to not in formats:
        there = f"{name} is written as {', '.join(formats)}" if formats else f"no library is known to have {name}"
        raise UserError(f"there is no export to {to!r}; {there}")
    if out.exists():
        raise UserError(f"{out} exists: give another --out")
    arguments = getattr(bind(recipe.model, opened.facts(recipe, module)), "keywords", {})
    tensors, _ = load_checkpoint(opened.checkpoints, opened.step_of(checkpoint))
    state = export_state(name, tensors.get("ema", tensors["model"]), to, **arguments)
    write_weights(state, out)
    print(f"{len(state)} tensors in the layout of {to}: {out}")
