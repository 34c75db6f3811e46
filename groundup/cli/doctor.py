"""`groundup doctor`."""

import json as json_format
import os
import platform
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from groundup.cli.options import Json, quiet_libraries

SMALL, LARGE = "lenet5", "resnet18"  # the models of which it is told what they would be computed in
PROVEN = ("max_pool2d", "Conv2d", "LSTM", "CrossEntropyLoss", "cosine", "lenet5")  # cases that need no other library than torch
RECIPE = "lenet5_digits"
SHORT = ("run.steps=6", "run.batch_size=16", "run.device=cpu")
ROOM = 2e9  # bytes on the disk; with less, checkpoints soon do not fit
PURPOSES = {
    "reference": "what models are held against, and what reads official weights",
    "bench": "what groundup bench measures against",
    "dev": "what make test needs",
}


@dataclass(frozen=True)
class Finding:
    """One line: `state` is ok, missing or FAIL; `hint` says what to do about the latter two."""

    about: str
    name: str
    state: str
    text: str
    hint: str = ""


def doctor(json: Json = False) -> None:
    """Look at this machine: what it has, what is installed, and whether groundup's four promises hold on it."""
    quiet_libraries()
    found, about = [], ""
    for finding in findings():
        found.append(finding)
        if json:
            continue
        if finding.about != about:
            print(("" if not about else "\n") + finding.about)
            about = finding.about
        hint = f"; {finding.hint}" if finding.hint else ""
        print(f"  {finding.state:<8}{finding.name:<18}{finding.text}{hint}", flush=True)
    failed = [finding.name for finding in found if finding.state == "FAIL"]
    if json:
        print(json_format.dumps({"passed": not failed, "findings": [asdict(finding) for finding in found]}))
    else:
        print(f"\n{'all is well' if not failed else 'not all is well: ' + ', '.join(failed)}")
    raise typer.Exit(1 if failed else 0)


def findings() -> Iterator[Finding]:
    """All that is looked at, in its order; the promises, which take seconds, last."""
    yield from machine()
    yield from packages()
    yield from data()
    yield from precisions()
    yield from promises()


def machine() -> Iterator[Finding]:
    import torch

    from groundup.engine.precision import has_amx, processor

    def finding(name: str, text: str, hint: str = "") -> Finding:
        return Finding("machine", name, "missing" if hint else "ok", text, hint)

    yield finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "the processor alone"
    build = "the processor and MPS" if torch.backends.mps.is_built() else build
    yield finding("PyTorch", f"{torch.__version__}, built for {build}")
    extras = [torch.backends.cpu.get_cpu_capability()]
    extras += ["AVX512 with bfloat16"] if getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)() else []
    extras += ["AMX"] if has_amx() else []
    yield finding("processor", f"{processor()}: {', '.join(extras)}")
    yield finding("cores", f"{usable_cores()} of {os.cpu_count()} may be used; PyTorch takes {torch.get_num_threads()} threads")
    total, free = memory()
    if total:
        yield finding("memory", f"{gigabytes(total)}" + (f", of which {gigabytes(free)} are free" if free else ""))
    devices = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    for index, device in enumerate(devices):
        yield finding(f"cuda:{index}", f"{device.name}, {gigabytes(device.total_memory)}")
    if torch.backends.mps.is_available():
        yield finding("mps", f"takes what it needs of the memory, up to {gigabytes(torch.mps.recommended_max_memory())}")
    elif not devices:
        yield finding("accelerator", "none: all is computed on the processor, for which the recipes are made")
    left = shutil.disk_usage(Path.cwd()).free
    hint = "checkpoints may not fit: make room, or train with --out on another disk" if left < ROOM else ""
    yield finding("disk", f"{gigabytes(left)} free in {Path.cwd()}", hint)


def usable_cores() -> int:
    """Those that this process may use, which containers keep below those that there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> tuple[int, int]:
    """Bytes of main memory, and those of them that are free; 0 where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        return found["MemTotal"], found["MemAvailable"]
    except (OSError, KeyError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), 0
    except (AttributeError, OSError, ValueError):  # Windows has none of them
        return 0, 0


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def packages() -> Iterator[Finding]:
    """What groundup is installed with, by extra."""
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        wanted = requires("groundup") or []
    except PackageNotFoundError:
        hint = "pip install -e . in the checkout"
        yield Finding("packages", "groundup", "missing", "it runs from a folder and was never installed", hint)
        return
    extras: dict[str, dict[str, str | None]] = {}
    for requirement in wanted:
        name, extra = named(requirement)
        try:
            found = version(name)
        except PackageNotFoundError:
            found = None
        extras.setdefault(extra, {})[name] = found
    for extra, found in extras.items():
        here = ", ".join(f"{name} {number}" for name, number in found.items() if number)
        lacking = ", ".join(name for name, number in found.items() if not number)
        where = f"groundup[{extra}]" if extra else "groundup"
        state = "ok" if not lacking else "missing" if extra else "FAIL"
        purpose = f"{PURPOSES[extra]}: " if extra in PURPOSES else ""
        text = f"{purpose}{here or 'nothing of it'}{f'; without {lacking}' if lacking else ''}"
        yield Finding("packages", extra or "groundup", state, text, f"pip install '{where}'" if lacking else "")


def named(requirement: str) -> tuple[str, str]:
    """The package of a requirement, and the extra that it belongs to: `timm>=1.0; extra == "reference"`."""
    import re

    extra = re.search(r"extra == ['\"]([\w-]+)['\"]", requirement)
    return re.match(r"[\w.-]+", requirement)[0], extra[1] if extra else ""


def data() -> Iterator[Finding]:
    from groundup.data.places import data_home
    from groundup.data.sources import sets

    home, told = data_home(), "GROUNDUP_DATA" if os.environ.get("GROUNDUP_DATA") else "GROUNDUP_DATA is not set"
    if os.environ.get("GROUNDUP_DATA") and not home.is_dir():
        yield Finding("data", "folder", "missing", f"{home} ({told}) is not there", "set GROUNDUP_DATA to a folder that is")
    else:
        yield Finding("data", "folder", "ok", f"{home} ({told})")
    here = {name: len(source.here(home / source.folder)) == len(source.needs) for name, source in sets().items()}
    parts = [name for name, source in sets().items() if not here[name] and source.here(home / source.folder)]
    whole = [name for name, is_here in here.items() if is_here]
    yield Finding("data", "found", "ok", ", ".join([*whole, *(f"{name} (in part)" for name in parts)]) or "none")
    missing = len(here) - len(whole) - len(parts)
    if missing:
        hint = "groundup data list says how they come here; digits, prose and ShapesWorld need no files"
        yield Finding("data", "not here", "missing", f"{missing} of {len(here)} sets", hint)


def precisions() -> Iterator[Finding]:
    """What `auto` takes for a small and a large model, and why."""
    import torch

    from groundup.engine.precision import decide
    from groundup.engine.recipe import RunSettings
    from groundup.models.catalog import create

    for name in (SMALL, LARGE):
        with torch.device("meta"):  # the decision needs the shapes alone
            model = create(name)
        numerics = decide(RunSettings(epochs=1), model)
        count = sum(parameter.numel() for parameter in model.parameters())
        layout = ", channels last" if numerics.channels_last else ""
        text = f"{numerics.precision} on {numerics.device}, products {numerics.matmul}{layout}: {reason(count, numerics)}"
        yield Finding("precision auto", name, "ok", text)


def reason(parameters: int, numerics) -> str:
    """Why `decide` chose this."""
    from groundup.engine.precision import SMALL as FEW
    from groundup.engine.precision import fast_bfloat16

    if parameters < FEW:
        return f"with {parameters:,} parameters casting costs more than it saves"
    if numerics.precision == "bfloat16":
        return f"{parameters:,} parameters, and products of bfloat16 are fast here and pass the self-test"
    if fast_bfloat16(numerics.device):
        return "there are products of bfloat16 here, but they fail the self-test"
    return "there are no fast products of bfloat16 here"


def promises() -> Iterator[Finding]:
    """Each promise, tried in small; a promise whose trial ends in an error does not hold."""
    for name, trial in {"by hand": by_hand, "proven": proven, "offline": offline, "nothing lost": nothing_lost}.items():
        try:
            yield Finding("promises", name, "ok", trial())
        except Exception as error:
            text = " ".join(f"{error}".split()) or type(error).__name__
            yield Finding("promises", name, "FAIL", text, "make test in a checkout says more")


class Broken(Exception):
    """A promise does not hold."""


def by_hand() -> str:
    """A model computes, forward and backward, while every library kernel for a layer's work is refused."""
    import torch

    from groundup.models.catalog import create
    from groundup.ops.ladder import rung
    from groundup.parity.by_hand import HandMade

    model = create(SMALL)
    images = torch.zeros(2, 1, 32, 32)
    with rung("tensors"), HandMade():
        model(images).square().sum().backward()
    if any(parameter.grad is None for parameter in model.parameters()):
        raise Broken(f"{SMALL} gives no gradients")
    return f"{SMALL} computes, forward and backward, on the rung tensors without one kernel of a library's layers"


def proven() -> str:
    """A case of each kind, as groundup verify tries it."""
    from groundup.cases.ledger import all_cases

    results = [all_cases()[name].run() for name in PROVEN]
    wrong = [result.name for result in results if not result.passed]
    if wrong:
        raise Broken(f"{', '.join(wrong)} differs from its reference; groundup verify {' '.join(wrong)} shows by how much")
    errors = [error for result in results for error in (result.forward_error, result.gradient_error) if error is not None]
    return f"{', '.join(PROVEN)} equal their references, to {max(errors):.0e}; groundup verify --all tries all {len(all_cases())}"


def offline() -> str:
    """A model is trained while every attempt to open a connection is refused, and noted."""
    with TemporaryDirectory() as folder, no_network() as attempts:
        train(Path(folder))
    if attempts:
        raise Broken(f"training asked the network for {', '.join(dict.fromkeys(attempts))}")
    return f"{RECIPE} trains with the network refused, and does not ask for it"


def nothing_lost() -> str:
    """A run that was stopped and taken up again ends in the weights of the one that was not, bit for bit."""
    with TemporaryDirectory() as folder:
        whole, stopped = Path(folder) / "whole", Path(folder) / "stopped"
        train(whole)
        train(stopped, stop_at=3)
        train(stopped)
        if weights_of(whole) != weights_of(stopped):
            raise Broken("a run that was stopped at step 3 and resumed ended in other weights than the run that was not")
    return f"{RECIPE}, stopped at step 3 of 6 and resumed, ends in the same weights, bit for bit"


def train(folder: Path, stop_at: int | None = None) -> None:
    """Train the recipe for a few steps, or to the step where it is stopped as Ctrl-C stops it; go on where it was."""
    import signal

    from groundup.engine.recipe import override
    from groundup.engine.run import Run
    from groundup.engine.signals import Interrupted
    from groundup.engine.trainer import Trainer
    from groundup.recipes.catalog import load_recipe

    plan, _ = load_recipe(RECIPE)
    for assignment in SHORT:
        plan = override(plan, assignment)
    run = Run(folder)
    run.begin(plan)
    trainer = Trainer(plan, run, quiet=True)
    trainer.acts.insert(0, lambda: signal.raise_signal(signal.SIGINT) if trainer.step == stop_at else None)
    try:
        trainer.fit()
    except Interrupted:
        if stop_at is None:  # it was not this trial that stopped it
            raise KeyboardInterrupt from None


def weights_of(folder: Path) -> str:
    from groundup.engine.checkpoint import load_checkpoint, pointed, weights_hash

    checkpoints = folder / "checkpoints"
    return weights_hash(load_checkpoint(checkpoints, pointed(checkpoints, "last"))[0]["model"])


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Within the block no connection is opened and no name is looked up; gives what was asked for."""
    attempts: list[str] = []

    def refusing(name: str) -> Callable:
        def refuse(*arguments: object, **options: object) -> None:
            attempts.append(f"{name}{arguments[-1] if arguments else ''}")
            raise OSError("groundup doctor refuses the network")

        return refuse

    class Refused(socket.socket):
        connect = refusing("connect ")
        connect_ex = refusing("connect ")
        sendto = refusing("send to ")

    before = {"socket": socket.socket, "create_connection": socket.create_connection, "getaddrinfo": socket.getaddrinfo}
    now = {"socket": Refused, "create_connection": refusing("connect "), "getaddrinfo": refusing("look up ")}
    try:
        for name, value in now.items():
            setattr(socket, name, value)
        yield attempts
    finally:
        for name, value in before.items():
            setattr(socket, name, value)
