"""Weights in files that others wrote, and in files for others.

A pickle is a program: opening it can run anything. PyTorch's restricted reader of weights keeps known tricks out, and has been
got around before. So it reads in a child process, with a bound on its time, its memory and what it may write, which knows
nothing of our environment and hands the tensors over in a safetensors file. That is read here, and holds nothing but numbers.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from groundup.errors import UserError
from groundup.weights.rules import State

NESTED = ("state_dict", "model_state_dict", "model", "module")  # where a training program's checkpoint keeps the weights
PREFIXES = {"module.": "DataParallel", "_orig_mod.": "torch.compile"}
WHOLE = ("model.safetensors", "pytorch_model.bin")  # a folder as transformers writes it: in one file, or in shards
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")  # of the environment
SECONDS, SECONDS_A_GIGABYTE = 60, 60
SPARE = 2**30  # bytes of memory, beside four times the file's size
REFUSED = 3  # the status of a child that says why


class Foreign(NamedTuple):
    """The tensors of a file, and what was done to get at them."""

    state: State
    notes: list[str]


def read_weights(path: Path) -> Foreign:
    """The tensors of a file, or of a folder that holds one or its shards; the content decides on the format, not the name.

    Raises: UserError for what is missing, damaged, no weights, or holds code; nothing is run and nothing is left behind.
    """
    if path.is_dir():
        state, notes = read_folder(path)
    else:
        state, notes = read_file(path)
    for prefix, program in PREFIXES.items():
        if state and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
            notes = [*notes, f"{program}'s {prefix!r} before every name is taken off"]
    return Foreign(state, notes)


def read_folder(folder: Path) -> Foreign:
    """The file of a folder, or the shards that its index names."""
    for name in WHOLE:
        if (folder / name).is_file():
            return read_file(folder / name)
        if (folder / f"{name}.index.json").is_file():
            return read_shards(folder / f"{name}.index.json")
    files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
    if len(files) != 1:
        found = f"it holds {', '.join(file.name for file in files)}: name one of them" if files else "it holds none"
        raise UserError(f"{folder} is no folder of one model's weights ({' or '.join(WHOLE)}); {found}")
    return read_file(files[0])


def read_shards(index: Path) -> Foreign:
    """Every tensor that the index names, each from the file that it names."""
    try:
        places = json.loads(index.read_bytes())["weight_map"]
        files = sorted(set(places.values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{index} is damaged: it is no index of shards") from error
    outside = [file for file in files if not isinstance(file, str) or Path(file).name != file]
    if outside:
        raise UserError(f"{index} names {outside[0]!r}, which is no file of its own folder")
    state, notes = {}, []
    for file in files:
        found = read_file(index.parent / file)
        state |= found.state
        notes += found.notes
    wrong = sorted(state.keys() ^ places.keys())
    if wrong:
        raise UserError(f"{index} and its shards disagree about {shortened(wrong)}")
    return Foreign(state, notes)


def read_file(path: Path) -> Foreign:
    """The tensors of one file."""
    if path.exists() and not path.is_file():
        raise UserError(f"{path} cannot be read as weights: it is no file")
    try:
        with open(path, "rb") as file:
            head = file.read(9)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    if head[8:9] == b"{":
        return read_safetensors(path)
    if head[:4] == b"PK\x03\x04" or head[:1] == b"\x80":
        return read_pickle(path)
    why = "its content is neither safetensors nor PyTorch's" if head else "it is empty"
    raise UserError(f"{path} cannot be read as weights: {why}")


def read_safetensors(path: Path) -> Foreign:
    try:
        with safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118, for it is no dict
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as weights: it is cut off or damaged ({error})") from error
    return Foreign(state, [])


def read_pickle(path: Path) -> Foreign:
    """The tensors of a file of torch.save, which a child process brings into a file of tensors alone."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    seconds = SECONDS + SECONDS_A_GIGABYTE * path.stat().st_size / 2**30
    with tempfile.TemporaryDirectory(prefix="groundup-weights-") as folder:
        target, words = Path(folder) / "tensors.safetensors", Path(folder) / "words.txt"
        command = [sys.executable, "-m", "groundup.weights.foreign", str(path.resolve()), str(target), str(words)]
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            status = subprocess.run(command, cwd=folder, env=environment, timeout=seconds, **silent).returncode
        except subprocess.TimeoutExpired:
            raise UserError(f"{path} cannot be read as weights: that took longer than {seconds:.0f} seconds") from None
        if status == REFUSED:
            raise UserError(f"{path} cannot be read as weights: {words.read_text('utf-8')}")
        if status:
            raise UserError(f"{path} cannot be read as weights: its reader ended with status {status}")
        return Foreign(read_safetensors(target).state, words.read_text("utf-8").splitlines())


def write_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """Write a state dict whole or not at all: as .safetensors, as transformers and timm do, or by torch.save as .pth, .pt, .bin.

    Raises: UserError for another ending, or where the file cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise UserError(f"weights are written as {', '.join(SUFFIXES)}; got {path.name}")
    temporary = path.with_name(f".writing-{path.name}")
    state = own(state)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".safetensors":
            safetensors.torch.save_file(state, temporary, metadata={"format": "pt"})
        else:
            torch.save(state, temporary)
        os.replace(temporary, path)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(f"{path} cannot be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def own(state: Mapping[str, Tensor]) -> State:
    """The same tensors, each in memory of its own and in order.

    Raises: ValueError for one that is not dense.
    """
    odd = [name for name, value in state.items() if value.layout != torch.strided or value.is_quantized]
    if odd:
        raise ValueError(f"{shortened(odd)} is sparse or quantized")
    seen: set[int] = set()
    copies: State = {}
    for name, value in state.items():
        value = value.detach().cpu().contiguous()
        shared = value.untyped_storage().data_ptr() in seen or value.untyped_storage().nbytes() != value.nbytes
        copies[name] = value.clone() if shared else value
        seen.add(copies[name].untyped_storage().data_ptr())
    return copies


def shortened(names: list[str], most: int = 8) -> str:
    """The names in a line, the first of them where they are many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def state_in(found: object) -> Foreign:
    """The state dict in what a file held, which may be a checkpoint with more in it.

    Raises: ValueError where there is none.
    """
    notes = []
    for _ in range(3):
        if not isinstance(found, Mapping) or any(isinstance(value, Tensor) for value in found.values()):
            break
        key = next((key for key in NESTED if isinstance(found.get(key), Mapping)), None)
        if key is not None:
            notes.append(f"the weights stand under {key!r} in it")
            found = found[key]
    if not isinstance(found, Mapping) or not found:
        raise ValueError(f"it holds no state dict (names with tensors) but a {type(found).__name__}")
    strangers = [f"{n} ({type(v).__name__})" for n, v in found.items() if not (isinstance(n, str) and isinstance(v, Tensor))]
    if strangers:
        raise ValueError(f"a state dict maps names to tensors; these are none: {shortened(strangers)}")
    return Foreign(dict(found), notes)


def bound_this_process(size: int) -> None:
    """Limit memory, processor time and written files of this process by the size of the file that it reads, where it can."""
    try:
        import resource
    except ImportError:  # Windows has none of it; the time is bounded from outside
        return
    limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 4 * size + 2**20}
    statm = Path("/proc/self/statm")
    if statm.exists():  # PyTorch alone takes gigabytes of addresses, so the limit counts from there
        limits["RLIMIT_AS"] = int(statm.read_text().split()[0]) * resource.getpagesize() + 4 * size + SPARE
    for name, most in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def reason(error: BaseException) -> str:
    """Why a file cannot be read, in a few words."""
    text = " ".join(str(error).split())
    code = re.search(r"GLOBAL:? ([\w.]+)", text)
    if code:
        return f"it holds code ({code[1]}), which is not run; have it saved again as a state dict alone"
    if "TorchScript" in text:
        return "it is a TorchScript program; have its state dict saved alone"
    if isinstance(error, MemoryError) or "allocate memory" in text or "File too large" in text:
        return "it asks for far more memory than its size tells"
    if isinstance(error, ValueError):
        return text
    if type(error).__name__ == "UnpicklingError":
        return "it is no state dict as torch.save writes it, or it is damaged"
    return f"it is cut off or damaged ({text.partition('. ')[0][:150]})"


def convert(source: str, target: str, words: str) -> int:
    """What the child does: bring the tensors of a pickle into a safetensors file, write its words, or why not; its status."""
    try:
        bound_this_process(os.path.getsize(source))
        state, notes = state_in(torch.load(source, map_location="cpu", weights_only=True))
        safetensors.torch.save_file(own(state), target)
        Path(words).write_text("\n".join(notes), "utf-8")
    except Exception as error:
        Path(words).write_text(reason(error), "utf-8")
        return REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(convert(*sys.argv[1:]))
