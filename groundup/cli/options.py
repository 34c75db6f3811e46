"""Arguments and options that several verbs share."""

import os
from pathlib import Path
from typing import Annotated

import typer

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, such as runs/lenet5_digits.")]
Checkpoint = Annotated[str, typer.Option(metavar="last|best|STEP", help="Which checkpoint to use.")]
Device = Annotated[str, typer.Option(metavar="D", help="cpu, cuda, cuda:1, mps; auto takes the fastest here.")]
Code = Annotated[Path | None, typer.Option(metavar="FILE.py", help="Your own file, where the recipe came from one.")]
Data = Annotated[Path | None, typer.Option(metavar="PATH", help="Your own data: a file or a folder.")]
TaskSet = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="task.name=value", help="How the model is asked; a recipe's task says what it takes."),
]
BatchSize = Annotated[int | None, typer.Option(metavar="N", min=1, help="Items computed at once.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def load_code(path: Path | None):
    """The user's own file as a module, run because it was named on this command line."""
    from groundup.engine.names import load_file

    return None if path is None else load_file(path)


def quiet_libraries() -> None:
    """No advice of libraries between our lines."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
