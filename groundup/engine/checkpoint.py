"""Checkpoints that a crash cannot harm: written under another name, forced to disk, renamed; checked by sha256 when read.

    checkpoints/step-000400/   model.safetensors optimizer.safetensors random.safetensors ... state.json manifest.json
    checkpoints/last           one line: the name of a step's folder; replaced whole
    checkpoints/best

Tensors are safetensors, the rest is JSON; there is no pickle.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from groundup.errors import UserError

TEMPORARY = ".writing-"
Tensors = dict[str, Tensor]


def write_file(path: Path, data: bytes) -> None:
    """Write a new file and force it to disk."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to disk, where the system can (Windows has no such call)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace a file whole: at every instant it holds either its old content or all of the new."""
    temporary = path.with_name(f"{TEMPORARY}{path.name}")
    try:
        write_file(temporary, data)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def tensor_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors in the safetensors format. One that is another under a second name is written once and named in the header."""
    seen: dict[tuple, str] = {}
    own, aliases = {}, {}
    for name, tensor in tensors.items():
        identity = (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        if tensor.numel() and identity in seen:
            aliases[name] = seen[identity]
        else:
            seen[identity] = name
            tensor = tensor.detach().cpu().contiguous()
            own[name] = tensor if tensor.untyped_storage().nbytes() == tensor.nbytes else tensor.clone()  # a view of more
    return safetensors.torch.save(own, metadata={"aliases": json.dumps(aliases)})


def read_tensors(data: bytes) -> Tensors:
    """The tensors that `tensor_bytes` wrote."""
    tensors = safetensors.torch.load(data)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    aliases = json.loads(header.get("__metadata__", {}).get("aliases", "{}"))
    return tensors | {name: tensors[other] for name, other in aliases.items()}


def folder_of(checkpoints: Path, step: int) -> Path:
    return checkpoints / f"step-{step:06d}"


def steps_in(checkpoints: Path) -> list[int]:
    """The steps of which a finished checkpoint stands here, in order."""
    return sorted(int(path.name.removeprefix("step-")) for path in checkpoints.glob("step-*") if path.is_dir())


def save_checkpoint(checkpoints: Path, step: int, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping) -> None:
    """Write a checkpoint of groups of tensors and of plain values, then make it `last`.

    Raises: OSError when the disk is full or read-only; what stood before stands unharmed.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    temporary, final = checkpoints / f"{TEMPORARY}{step:06d}", folder_of(checkpoints, step)
    if final.exists():
        point_to(checkpoints, "last", step)
        return
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        manifest = {}
        for name, group in tensors.items():
            data = tensor_bytes(group)
            write_file(temporary / f"{name}.safetensors", data)
            manifest[f"{name}.safetensors"] = hashlib.sha256(data).hexdigest()
        data = json.dumps(state).encode()
        write_file(temporary / "state.json", data)
        manifest["state.json"] = hashlib.sha256(data).hexdigest()
        write_file(temporary / "manifest.json", json.dumps(manifest, indent=1).encode())
        sync_folder(temporary)
        os.rename(temporary, final)
        sync_folder(checkpoints)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    point_to(checkpoints, "last", step)


def read_group(folder: Path, file: str) -> bytes:
    """The content of one file of a checkpoint.

    Raises: ValueError where it is missing or is not what was written.
    """
    try:
        expected = json.loads((folder / "manifest.json").read_bytes())[file]
        data = (folder / file).read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{file} cannot be read") from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise ValueError(f"{file} is not what was written (its checksum differs)")
    return data


def load_checkpoint(checkpoints: Path, step: int) -> tuple[dict[str, Tensors], dict]:
    """The groups of tensors and the plain values of a step.

    Raises: UserError for a damaged checkpoint, naming the sound ones.
    """
    folder = folder_of(checkpoints, step)
    try:
        files = json.loads(read_manifest(folder))
        state = json.loads(read_group(folder, "state.json"))
        tensors = {
            file.removesuffix(".safetensors"): read_tensors(read_group(folder, file))
            for file in files
            if file.endswith(".safetensors")
        }
    except (ValueError, SafetensorError) as error:
        sound = [other for other in steps_in(checkpoints) if other != step and is_sound(folder_of(checkpoints, other))]
        offer = "there is no other"
        if sound:
            offer = f"step {sound[-1]} is sound: name it by --checkpoint, or write step-{sound[-1]:06d} into "
            offer += f"{checkpoints / 'last'} to train on from it"
        raise UserError(f"the checkpoint {folder} is damaged: {error}; {offer}") from error
    return tensors, state


def read_manifest(folder: Path) -> bytes:
    try:
        return (folder / "manifest.json").read_bytes()
    except OSError as error:
        raise ValueError("manifest.json cannot be read") from error


def is_sound(folder: Path) -> bool:
    """Whether every file of a checkpoint is what was written."""
    try:
        for file in json.loads(read_manifest(folder)):
            read_group(folder, file)
    except ValueError:
        return False
    return True


def point_to(checkpoints: Path, name: str, step: int) -> None:
    """Let `last` or `best` name a step."""
    write_atomic(checkpoints / name, f"{folder_of(checkpoints, step).name}\n".encode())


def pointed(checkpoints: Path, name: str) -> int | None:
    """The step that `last` or `best` names; None where there is none."""
    try:
        return int((checkpoints / name).read_text().strip().removeprefix("step-"))
    except (OSError, ValueError):
        return None


def prune(checkpoints: Path, keep: int) -> None:
    """Remove all but `last`, `best` and the `keep` newest of the others."""
    named = {pointed(checkpoints, "last"), pointed(checkpoints, "best")}
    others = [step for step in steps_in(checkpoints) if step not in named]
    for step in others[: max(0, len(others) - keep)]:
        remove(checkpoints, step)


def forget_after(checkpoints: Path, step: int) -> None:
    """Remove the checkpoints of a future that a kill undid: finished, but never made `last`."""
    for later in steps_in(checkpoints):
        if later > step:
            remove(checkpoints, later)


def remove(checkpoints: Path, step: int) -> None:
    """Remove a checkpoint; its folder is renamed first, so none is ever half there."""
    doomed = checkpoints / f"{TEMPORARY}removed-{step:06d}"
    os.rename(folder_of(checkpoints, step), doomed)
    shutil.rmtree(doomed)


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written, here and in every folder below."""
    for path in sorted(folder.rglob(f"{TEMPORARY}*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def weights_hash(tensors: Mapping[str, Tensor]) -> str:
    """One hash of names, shapes, types and every bit of the values."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
