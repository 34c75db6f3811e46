"""Files of weights: their tensors as they were saved, or one line; whatever stands in a pickle, it is not run."""

import json
import os
import pickle
import subprocess
import sys
import zipfile

import pytest
import safetensors.torch
import torch
from torch import nn

from groundup.errors import UserError
from groundup.weights import foreign
from groundup.weights.foreign import read_weights, state_in, write_weights

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.tensor([1.5, -2.0]).half(), "steps": torch.tensor(7)}


@pytest.fixture
def forked(monkeypatch):
    """The child as a fork of this process, which has PyTorch at hand: a new one takes seconds to start."""

    def run(command, **_):
        child = os.fork()
        if not child:
            os._exit(foreign.convert(*command[-3:]))
        return subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    monkeypatch.setattr(foreign.subprocess, "run", run)


def same(found, expected=STATE):
    return found.keys() == expected.keys() and all(
        torch.equal(found[name], expected[name]) and found[name].dtype == expected[name].dtype for name in expected
    )


def refusal(path):
    with pytest.raises(UserError) as error:
        read_weights(path)
    assert len(str(error.value).splitlines()) == 1 and str(path.name) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth", "w.pt", "w.bin", "named_wrongly.txt"])
def test_every_form_gives_the_tensors_as_they_were_saved(tmp_path, forked, name):
    path = tmp_path / name
    if name.endswith((".safetensors", ".txt")):
        safetensors.torch.save_file(STATE, path)
    else:
        torch.save(STATE, path, _use_new_zipfile_serialization=name != "w.pt")
    state, notes = read_weights(path)
    assert same(state) and notes == []


def test_a_checkpoint_of_a_parallel_training_is_read_and_told(tmp_path, monkeypatch, forked):
    path = tmp_path / "checkpoint.pth"
    wrapped = {f"module.{name}": value for name, value in STATE.items()}
    torch.save({"epoch": 3, "state_dict": wrapped, "optimizer": {"lr": 0.1}}, path, _use_new_zipfile_serialization=False)
    made = []
    monkeypatch.setattr(foreign.tempfile, "TemporaryDirectory", recording(foreign.tempfile.TemporaryDirectory, made))
    state, notes = read_weights(path)
    assert same(state)
    assert notes == ["the weights stand under 'state_dict' in it", "DataParallel's 'module.' before every name is taken off"]
    assert len(made) == 1 and not os.path.exists(made[0])


def recording(kind, made):
    def make(**arguments):
        folder = kind(**arguments)
        made.append(folder.name)
        return folder

    return make


class Planted:
    """What a pickle of it does when it is opened without care: it writes a file."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


@pytest.mark.parametrize("form", ["zip", "legacy", "bare", "bare, of a newer protocol"])
def test_code_in_a_pickle_is_refused_and_never_run(tmp_path, request, monkeypatch, form):
    if form != "zip":  # of which a real child is made
        request.getfixturevalue("forked")
    trace, path = tmp_path / "trace", tmp_path / "planted.pth"
    content = {"a.weight": torch.ones(2), "b": Planted(trace)}
    if form.startswith("bare"):
        path.write_bytes(pickle.dumps(content["b"], protocol=2 if form == "bare" else 4))
        pickle.loads(path.read_bytes())
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
        assert zipfile.is_zipfile(path) == (form == "zip")
        torch.load(path, weights_only=False)
    assert trace.exists(), "the planted code does nothing, so this test could not fail"
    trace.unlink()
    if form == "zip":
        monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("a pickle was opened in this process"))
        (tmp_path / "torch.py").write_text(f"open({str(trace)!r}, 'w')")  # nor is a file beside the weights imported
        monkeypatch.chdir(tmp_path)
    message = refusal(path)
    assert ("it is no state dict" if "newer" in form else "system), which is not run") in message
    assert not trace.exists()
    assert {file.name for file in tmp_path.iterdir()} <= {"planted.pth", "torch.py"}


def test_a_whole_model_is_refused_as_code(tmp_path, forked):
    torch.save(nn.Linear(2, 2), tmp_path / "model.pth")
    assert "it holds code (torch.nn.modules.linear.Linear)" in refusal(tmp_path / "model.pth")


def test_a_child_is_bounded_in_memory(tmp_path, forked):
    path = tmp_path / "bomb.pth"
    for numbers in (2**36, 2**21):  # more than memory holds, and more than such a file may become
        torch.save({"w": torch.zeros(1).expand(numbers)}, path)
        assert path.stat().st_size < 10_000
        assert "it asks for far more memory than its size tells" in refusal(path)


def test_a_child_is_bounded_in_time_and_leaves_nothing(tmp_path, monkeypatch):
    torch.save(STATE, tmp_path / "slow.pth")
    monkeypatch.setattr(foreign, "SECONDS", 0.05)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(foreign.tempfile, "tempdir", str(tmp_path))
    assert "took longer than 0 seconds" in refusal(tmp_path / "slow.pth")
    assert [file.name for file in tmp_path.iterdir()] == ["slow.pth"]


def test_a_child_knows_nothing_of_our_environment(tmp_path, monkeypatch):
    seen = {}

    def run(command, *, env, **options):
        seen.update(env)
        raise foreign.subprocess.TimeoutExpired(command, 1)

    monkeypatch.setenv("A_TOKEN", "secret")
    monkeypatch.setattr(foreign.subprocess, "run", run)
    torch.save(STATE, tmp_path / "w.pth")
    refusal(tmp_path / "w.pth")
    assert seen.keys() <= {*foreign.KEPT, "PYTHONPATH", "OMP_NUM_THREADS"}


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("part", [0.0, 0.002, 0.5, 0.95])
def test_half_a_file_is_refused(tmp_path, forked, name, part):
    path = tmp_path / name
    write_weights({"w": torch.randn(500)}, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    unknown = part == 0.002 and path.suffix == ".safetensors"  # four bytes of a header say nothing
    assert ("it is empty" if part == 0 else "neither" if unknown else "cut off or damaged") in refusal(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "it holds no state dict (names with tensors) but a list"),
        ({}, "it holds no state dict (names with tensors) but a dict"),
        ({"lr": 0.1, "w": torch.ones(1)}, "these are none: lr (float)"),
        ({3: torch.ones(1)}, "these are none: 3 (Tensor)"),
        ({"w": torch.ones(2, 2).to_sparse()}, "w is sparse or quantized"),
    ],
)
def test_what_is_no_state_dict_is_refused(tmp_path, forked, content, message):
    torch.save(content, tmp_path / "w.pth")
    assert message in refusal(tmp_path / "w.pth")


def test_a_checkpoint_that_holds_itself_ends():
    endless = {}
    endless["model"] = endless
    with pytest.raises(ValueError, match="these are none: model"):
        state_in(endless)


def test_what_is_not_there_or_no_weights_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "nowhere.pth")
    os.mkfifo(tmp_path / "pipe.pth")
    assert "it is no file" in refusal(tmp_path / "pipe.pth")
    (tmp_path / "notes.pth").write_text("these are notes")
    assert "neither safetensors nor PyTorch's" in refusal(tmp_path / "notes.pth")
    (tmp_path / "old.pth").write_bytes(pickle.dumps(STATE["steps"].item(), protocol=0))
    assert "neither safetensors nor PyTorch's" in refusal(tmp_path / "old.pth")


@pytest.fixture
def shards(tmp_path):
    """A folder as transformers writes it, in two shards."""
    names = list(STATE)
    places = {name: f"model-0000{1 + (name == names[-1])}-of-00002.safetensors" for name in names}
    for file in set(places.values()):
        safetensors.torch.save_file({name: STATE[name] for name in names if places[name] == file}, tmp_path / file)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return index, places


def test_the_shards_of_a_folder_make_one_state(shards):
    assert same(read_weights(shards[0].parent).state)


def test_shards_of_pickles_are_read_too(tmp_path, forked):
    torch.save(STATE, tmp_path / "pytorch_model-00001-of-00001.bin")
    places = dict.fromkeys(STATE, "pytorch_model-00001-of-00001.bin")
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    assert same(read_weights(tmp_path).state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": "model-00001-of-00002.safetensors"}, "disagree about more"),
        ({"steps": "../model-00001-of-00002.safetensors"}, "which is no file of its own folder"),
        ({"steps": "/etc/passwd"}, "which is no file of its own folder"),
        ({"steps": "lost.safetensors"}, "No such file"),
        ({"steps": 3}, "is damaged"),
    ],
)
def test_an_index_that_does_not_fit_is_refused(shards, change, message):
    index, places = shards
    index.write_text(json.dumps({"weight_map": places | change}))
    with pytest.raises(UserError, match=message):
        read_weights(index.parent)


def test_a_folder_with_one_file_is_that_file_and_with_two_is_refused(tmp_path):
    write_weights(STATE, tmp_path / "a.safetensors")
    assert same(read_weights(tmp_path).state)
    write_weights(STATE, tmp_path / "b.safetensors")
    assert "it holds a.safetensors, b.safetensors: name one of them" in refusal(tmp_path)
    write_weights(STATE, tmp_path / "model.safetensors")
    assert same(read_weights(tmp_path).state)
    (tmp_path / "empty").mkdir()
    assert "it holds none" in refusal(tmp_path / "empty")


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_what_is_written_comes_back_with_ties_as_copies(tmp_path, forked, name):
    tied = torch.randn(3, 2)
    state = {"head": tied, "embedding": tied, "part": tied[0], "turned": tied.T}
    write_weights(state, tmp_path / name)
    assert same(read_weights(tmp_path / name).state, state)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [name]


def test_only_known_endings_are_written_and_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(UserError, match=r"written as \.safetensors, \.pth"):
        write_weights(STATE, tmp_path / "w.onnx")
    (tmp_path / "w.pth").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_weights(STATE, tmp_path / "w.pth")
    assert [file.name for file in tmp_path.iterdir()] == ["w.pth"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bound the time alone")
def test_the_limits_are_counted_from_what_pytorch_takes():
    import resource

    before = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)}
    child = os.fork()
    if not child:
        foreign.bound_this_process(1000)
        try:
            torch.empty(2 * foreign.SPARE, dtype=torch.uint8)
        except RuntimeError:
            torch.empty(2**20, dtype=torch.uint8)
            os._exit(resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 4 * 1000 + 2**20)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert all(resource.getrlimit(kind) == value for kind, value in before.items())
