"""`groundup`: the verbs together, and how a mistake is answered: in one line, with status 2."""

import os
import sys

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while they wait starve each other on a busy machine
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # but some microseconds are spun: to wake a thread for a small op takes longer
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import typer
from typer.core import TyperGroup

from groundup import __version__
from groundup.cli.bench import bench
from groundup.cli.check import check
from groundup.cli.compare import compare
from groundup.cli.data import data
from groundup.cli.diff import diff
from groundup.cli.doctor import doctor
from groundup.cli.evaluate import evaluate
from groundup.cli.explain import explain
from groundup.cli.export import export
from groundup.cli.import_weights import import_weights
from groundup.cli.info import info
from groundup.cli.learn import learn
from groundup.cli.list import list_names
from groundup.cli.new import new
from groundup.cli.predict import predict
from groundup.cli.sample import sample
from groundup.cli.train import train
from groundup.cli.verify import verify
from groundup.errors import UserError

app = typer.Typer(
    help="Deep learning from the ground up: train, evaluate, predict, and see why it is right.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("list")(list_names)
app.command("info")(info)
app.command("train")(train)
app.command("eval")(evaluate)
app.command("predict")(predict)
app.command("explain")(explain)
app.command("sample")(sample)
app.command("check")(check)
app.command("compare")(compare)
app.command("import")(import_weights)
app.command("export")(export)
app.command("verify")(verify)
app.command("diff")(diff)
app.command("bench")(bench)
app.command("doctor")(doctor)
app.command("new")(new)
app.add_typer(data, name="data")
app.add_typer(learn, name="learn")


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        print(f"groundup {__version__}")
        raise typer.Exit()


def main(arguments: list[str] | None = None) -> None:
    """Run a command line. A user's mistake is one line on stderr and status 2."""
    command: TyperGroup = typer.main.get_command(app)
    try:
        status = command.main(arguments, prog_name="groundup", standalone_mode=False)
    except UserError as error:
        fail(str(error))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        if of_a_part(error):
            fail(str(error))
        if not hasattr(error, "format_message"):  # click's errors of usage have it
            raise
        fail(error.format_message())
    raise SystemExit(status or 0)


def of_a_part(error: Exception) -> bool:
    """Whether a layer or a model of groundup refused what it was given, such as pictures that are too small for it."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = frame.tb_frame.f_globals.get("__name__", "") if frame else ""
    return isinstance(error, ValueError) and where.startswith(("groundup.ops.", "groundup.layers.", "groundup.models."))


def fail(message: str) -> None:
    print(f"groundup: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
