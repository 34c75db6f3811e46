"""`groundup predict RUN --input ... --output ...`."""

import csv
import glob
import io
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.options import Checkpoint, Code, Device, RunFolder, TaskSet, load_code
from groundup.errors import UserError


def predict(
    run: RunFolder,
    input: Annotated[str, typer.Option(metavar="FILE|FOLDER|GLOB|-", help="What to predict on; - reads from stdin.")],
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where predictions.csv and pictures go.")],
    checkpoint: Checkpoint = "last",
    device: Device = "auto",
    code: Code = None,
    set: TaskSet = None,
) -> None:
    """Predict on files of your own. Files that cannot be read are named and passed over; the status is then 1."""
    from groundup.engine.checkpoint import write_atomic
    from groundup.engine.report import picture_bytes
    from groundup.engine.run import Run
    from groundup.tasks.task import require

    restored = Run.open(run).restore(checkpoint, device=device, code=load_code(code), changes=set or ())
    task, size = restored.task, restored.recipe.run.batch_size
    require(task, "read", "predict", "write")
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {output} is a file; give a folder")
    items, failures = read_items(task, input)
    output.mkdir(parents=True, exist_ok=True)
    rows, first = [], None
    for start in range(0, len(items), size):
        batch, prediction = restored.predict(items[start : start + size])
        rows += task.write(prediction, output)
        first = first or (batch, prediction)
    write_atomic(output / "predictions.csv", table(rows).encode())
    if hasattr(task, "picture"):
        write_atomic(output / "predictions.png", picture_bytes(task.picture(*first)))
    for row in rows[:10]:
        print("  ".join(str(value) for value in row.values()))
    if len(rows) > 10:
        print(f"... and {len(rows) - 10} more")
    print(f"{len(rows)} predictions in {output / 'predictions.csv'}")
    for failure in failures:
        print(f"groundup: {failure}", file=sys.stderr)
    raise typer.Exit(1 if failures else 0)


def read_items(task, source: str) -> tuple[list[dict], list[str]]:
    """The items of every file that the source names, and a line for each file that cannot be read.

    Raises: UserError where there is no file at all, or none that can be read.
    """
    if source == "-":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "stdin"
            path.write_bytes(sys.stdin.buffer.read())
            return [item | {"source": "-"} for item in task.read(path)], []
    items, failures = [], []
    for path in files_of(source):
        try:
            items += task.read(path)
        except UserError as error:
            failures.append(str(error))
    if not items:
        raise UserError(failures[0] if failures else f"{source} holds nothing to predict on")
    return items, failures


def files_of(source: str) -> list[Path]:
    """The file, the files of the folder, or those that the pattern matches, in order."""
    path = Path(source)
    if path.is_dir():
        found = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    else:
        found = [path] if path.is_file() else [Path(match) for match in glob.glob(source, recursive=True)]
        found = [file for file in found if file.is_file()]
    if not found:
        raise UserError(f"--input {source}: there is no such file, folder or match")
    return sorted(found)


def table(rows: list[dict]) -> str:
    """Rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
