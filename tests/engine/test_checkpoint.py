"""What is on disk is whole, whatever happened."""

import json
import os

import pytest
import torch

from groundup.engine import checkpoint
from groundup.engine.checkpoint import (
    forget_after,
    load_checkpoint,
    point_to,
    pointed,
    prune,
    read_tensors,
    save_checkpoint,
    steps_in,
    sweep,
    tensor_bytes,
    weights_hash,
    write_atomic,
)
from groundup.errors import UserError


def tensors(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {"model": {"weight": torch.randn(3, 4, generator=generator), "steps": torch.tensor(7)}, "step": {}}


def test_what_was_saved_is_read_back_to_the_bit(tmp_path):
    save_checkpoint(tmp_path, 12, tensors(), {"step": 12, "rate": 0.1})
    groups, state = load_checkpoint(tmp_path, 12)
    assert weights_hash(groups["model"]) == weights_hash(tensors()["model"])
    assert groups["step"] == {}
    assert state == {"step": 12, "rate": 0.1}
    assert pointed(tmp_path, "last") == 12


def test_a_tensor_with_two_names_is_written_once_and_read_as_one():
    weight = torch.randn(50, 50)
    data = tensor_bytes({"embedding": weight, "head": weight})
    assert len(data) < 1.5 * weight.numel() * 4
    found = read_tensors(data)
    assert found["embedding"].data_ptr() == found["head"].data_ptr()
    assert torch.equal(found["head"], weight)


def test_views_that_only_share_memory_are_kept_apart():
    weight = torch.randn(4, 6)
    found = read_tensors(tensor_bytes({"all": weight, "half": weight[:2], "turned": weight.T}))
    assert torch.equal(found["half"], weight[:2])
    assert torch.equal(found["turned"], weight.T)


@pytest.mark.parametrize("file", ["model.safetensors", "state.json", "manifest.json"])
@pytest.mark.parametrize("harm", ["cut", "edited", "removed"])
def test_a_damaged_checkpoint_is_refused_and_the_sound_one_offered(tmp_path, file, harm):
    save_checkpoint(tmp_path, 1, tensors(1), {"step": 1})
    save_checkpoint(tmp_path, 2, tensors(2), {"step": 2})
    path = tmp_path / "step-000002" / file
    data = path.read_bytes()
    if harm == "removed":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if harm == "cut" else data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    if file == "manifest.json" and harm == "edited":
        path.write_bytes(data.replace(b'": "', b'": "0', 1))
    with pytest.raises(UserError, match=r"step-000002 is damaged.*step 1 is sound: name it by --checkpoint, or write"):
        load_checkpoint(tmp_path, 2)


@pytest.mark.parametrize("failing", range(5))
def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path, monkeypatch, failing):
    save_checkpoint(tmp_path, 1, tensors(1), {"step": 1})
    whole, calls = checkpoint.write_file, iter(range(100))

    def write_file(path, data):
        if next(calls) == failing:
            path.write_bytes(data[:5])
            raise OSError(28, "No space left on device")
        whole(path, data)

    monkeypatch.setattr(checkpoint, "write_file", write_file)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(tmp_path, 2, tensors(2), {"step": 2})
    monkeypatch.undo()
    assert pointed(tmp_path, "last") == 1
    load_checkpoint(tmp_path, 1)
    assert not list(tmp_path.glob(".writing-*"))


def test_an_interrupted_replacement_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "last"
    write_atomic(path, b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
    with pytest.raises(OSError, match="Read-only"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["last"]


def test_pruning_keeps_last_best_and_as_many_more_as_asked(tmp_path):
    for step in (1, 2, 3, 4, 5):
        save_checkpoint(tmp_path, step, tensors(), {"step": step})
    point_to(tmp_path, "best", 2)
    prune(tmp_path, keep=1)
    assert steps_in(tmp_path) == [2, 4, 5]
    prune(tmp_path, keep=0)
    assert steps_in(tmp_path) == [2, 5]


def test_a_future_that_a_kill_undid_is_forgotten_and_leftovers_are_swept(tmp_path):
    for step in (1, 2):
        save_checkpoint(tmp_path, step, tensors(), {"step": step})
    point_to(tmp_path, "last", 1)
    (tmp_path / ".writing-000003").mkdir()
    (tmp_path / ".writing-000003" / "model.safetensors").write_bytes(b"half")
    (tmp_path / ".writing-last").write_bytes(b"step-0")
    forget_after(tmp_path, 1)
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last", "step-000001"]


def test_the_manifest_names_every_file(tmp_path):
    save_checkpoint(tmp_path, 3, tensors(), {})
    folder = tmp_path / "step-000003"
    named = set(json.loads((folder / "manifest.json").read_text()))
    assert named | {"manifest.json"} == {path.name for path in folder.iterdir()}
