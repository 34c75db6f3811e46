"""`groundup sample RUN`."""

from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.options import Checkpoint, Code, Device, RunFolder, TaskSet, load_code


def sample(
    run: RunFolder,
    count: Annotated[int, typer.Option(metavar="N", min=1, help="How many to make.")] = 1,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="The same seed makes the same.")] = 0,
    prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="What to begin with, for a model that takes one.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="Where files go; by default RUN/samples.")] = None,
    checkpoint: Checkpoint = "last",
    device: Device = "auto",
    code: Code = None,
    set: TaskSet = None,
) -> None:
    """Make something new with a generative model."""
    import torch

    from groundup.engine.checkpoint import write_atomic
    from groundup.engine.report import picture_bytes
    from groundup.engine.run import Run
    from groundup.tasks.task import require

    restored = Run.open(run).restore(checkpoint, device=device, code=load_code(code), changes=set or ())
    require(restored.task, "sample", "write")
    output = output or run / "samples"
    output.mkdir(parents=True, exist_ok=True)
    with torch.no_grad(), restored.numerics.autocast():
        made = restored.task.sample(restored.model, count, torch.Generator().manual_seed(seed), prompt)
    for row in restored.task.write(made, output):
        print("  ".join(str(value) for value in row.values()))
    if hasattr(restored.task, "picture"):
        write_atomic(output / "samples.png", picture_bytes(restored.task.picture(made, made)))
        print(f"a picture of all: {output / 'samples.png'}")
