"""Official weights from the command line: in, used, trained from, and out again; or refused in one line, nothing done."""

import csv
import json
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch
from PIL import Image

from groundup.cli import import_weights as module
from groundup.data.decode import decode
from groundup.engine.checkpoint import load_checkpoint
from groundup.engine.trainer import Trainer
from groundup.errors import UserError
from groundup.models.classification.resnet import WEIGHTS, resnet18
from groundup.weights import official
from groundup.weights.foreign import write_weights
from groundup.weights.rules import restore

REAL = Path(os.environ.get("GROUNDUP_DATA", "nowhere")) / "hymenoptera_data"


@pytest.fixture(scope="module")
def theirs():
    """torchvision's ResNet-18 with random weights whose answers are neither sure nor level."""
    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(3)
    model = torchvision.models.resnet18()
    with torch.no_grad():
        model.train()(torch.randn(4, 3, 96, 96))  # which gives the averages of batch norm something to hold
        for name, parameter in model.named_parameters():
            if "bn" in name or "downsample.1" in name:
                parameter.add_(torch.randn_like(parameter) * 0.1)
        logits = model.eval()(torch.randn(4, 3, 224, 224))
        model.fc.weight *= 3 / logits.std()
    return model


@pytest.fixture(scope="module")
def torch_home(theirs, tmp_path_factory):
    """torch.hub's folder with a file that stands in for torchvision's download."""
    home = tmp_path_factory.mktemp("torch")
    file = home / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    write_weights(theirs.state_dict(), file)
    return home


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A few photographs where they are on this machine, else JPEGs of waves."""
    folder = tmp_path_factory.mktemp("pictures")
    found = sorted((REAL / "val").glob("*/*.jpg"))[::30][:5]
    for path in found:
        (folder / path.name).write_bytes(path.read_bytes())
    for index, size in enumerate(() if found else ((300, 200), (231, 500), (640, 480))):
        rows = torch.linspace(0, 9 + index, size[1])[:, None, None]
        columns = torch.linspace(0, 7, size[0])[None, :, None]
        waves = (rows + columns * torch.tensor([1.0, 2.0, 3.0])).sin() * 100 + 128
        Image.fromarray(waves.to(torch.uint8).numpy()).save(folder / f"{index}.jpg")
    return folder


@pytest.fixture(scope="module")
def imported(torch_home, tmp_path_factory):
    """The run that `groundup import resnet18 --weights torchvision` makes, and what it printed."""
    import contextlib
    import io

    from groundup.cli.main import main

    run, told = tmp_path_factory.mktemp("imported") / "resnet18", io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(told), pytest.raises(SystemExit) as end:
        patch.setenv("TORCH_HOME", str(torch_home))
        main(["import", "resnet18", "--weights", "torchvision", "--out", str(run)])
    assert not end.value.code
    return run, told.getvalue()


def test_an_import_tells_what_it_took_and_how_near_the_peer_it_is(imported):
    run, told = imported
    lines = told.splitlines()
    expected = "torchvision's ResNet18_Weights.IMAGENET1K_V1, in the layout of torchvision: 122 tensors, 0 missing, 0 unexpected"
    assert lines[0] == expected
    assert "pictures are prepared by resize 256 bilinear to 224x224, mean 0.485 0.456 0.406, std 0.229 0.224 0.225" in lines
    assert float(lines[2].rpartition(" ")[2]) < 1e-5 and lines[2].startswith("checked against torchvision on 2 random pictures")
    kept = {path.name for path in run.iterdir()}
    assert kept == {"recipe.json", "environment.json", "facts", "checkpoints", "weights.json"}
    assert json.loads((run / "weights.json").read_text())["layout"] == "torchvision"
    assert [path.name for path in run.parent.iterdir()] == ["resnet18"]


def test_predict_gives_the_peers_top_five_with_its_probabilities(groundup, imported, theirs, pictures, tmp_path):
    from torchvision.models import ResNet18_Weights

    answer = groundup("predict", imported[0], "--input", pictures, "--output", tmp_path)
    assert answer.status == 0
    rows = list(csv.DictReader((tmp_path / "predictions.csv").open()))
    assert len(rows) == len(list(pictures.iterdir())) >= 3
    transforms, names = ResNet18_Weights.DEFAULT.transforms(), ResNet18_Weights.DEFAULT.meta["categories"]
    with torch.no_grad():
        for row in rows:
            shares = theirs.eval()(transforms(decode(row["file"]))[None]).softmax(-1)[0]
            values, indices = shares.topk(5)
            assert values[0] < 0.999, "so sure a model proves nothing"
            places = ["", "_2", "_3", "_4", "_5"]
            assert [row[f"label{place}"] for place in places] == [names[index] for index in indices]
            assert max(abs(float(row[f"confidence{p}"]) - v) for p, v in zip(places, values.tolist(), strict=True)) <= 1e-5


def test_eval_scores_an_imported_run_on_a_folder_of_ones_own(groundup, imported, tmp_path):
    for split in ("train", "test"):
        for name in ("tench", "hen"):
            (tmp_path / split / name).mkdir(parents=True)
            for index in range(2):
                picture = torch.randint(0, 256, (40, 50, 3), dtype=torch.uint8)
                Image.fromarray(picture.numpy()).save(tmp_path / split / name / f"{index}.png")
    answer = groundup("eval", imported[0], "--data", tmp_path, "--json")
    assert answer.status == 0 and 0 <= json.loads(answer.out)["metrics"]["accuracy"] <= 1


@pytest.mark.parametrize("name", ["back.safetensors", "back.pth"])
def test_weights_come_out_as_they_came_in(groundup, imported, torch_home, tmp_path, name):
    out = tmp_path / name
    answer = groundup("export", imported[0], "--to", "torchvision", "--out", out)
    assert (answer.status, answer.out) == (0, f"122 tensors in the layout of torchvision: {out}\n")
    original = torch.load(torch_home / "hub" / "checkpoints" / "resnet18-f37072fd.pth", weights_only=True)
    back = torch.load(out, weights_only=True) if name.endswith(".pth") else safetensors.torch.load_file(out)
    assert back.keys() == original.keys()
    assert all(torch.equal(back[key], original[key]) and back[key].dtype == original[key].dtype for key in original)
    again = groundup("export", imported[0], "--to", "torchvision", "--out", out)
    assert again.status == 2 and "exists: give another --out" in again.err


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A file of our ResNet-18 for three classes, in transformers' layout without a config."""
    torch.manual_seed(4)
    file = tmp_path_factory.mktemp("three") / "three.safetensors"
    write_weights(restore(resnet18(num_classes=3).state_dict(), WEIGHTS["transformers"]), file)
    return file


def test_a_file_brings_its_number_of_classes_and_their_names_are_given(groundup, three, pictures, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("ant\nbee\nwasp\n")
    answer = groundup("import", "resnet18", "--weights", three, "--out", tmp_path / "named", "--labels", names)
    assert answer.status == 0
    assert "in the layout of transformers" in answer.out and "--labels" not in answer.out
    assert "taken as for torchvision's ResNet18_Weights.IMAGENET1K_V1" in answer.out
    assert "not checked against transformers: there is no model of it here" in answer.out
    picture = next(pictures.iterdir())
    assert groundup("predict", tmp_path / "named", "--input", picture, "--output", tmp_path / "out").status == 0
    (row,) = csv.DictReader((tmp_path / "out" / "predictions.csv").open())
    assert list(row) == ["file", "label", "confidence", "label_2", "confidence_2", "label_3", "confidence_3"]
    assert {row["label"], row["label_2"], row["label_3"]} == {"ant", "bee", "wasp"}
    assert float(row["confidence"]) >= float(row["confidence_2"]) >= float(row["confidence_3"])
    names.write_text("ant\nbee\n")
    answer = groundup("import", "resnet18", "--weights", three, "--out", tmp_path / "two", "--labels", names)
    assert answer.status == 2 and "tell 3 classes apart, and --labels" in answer.err and "has 2 names" in answer.err


def test_classes_without_names_have_their_numbers_and_it_is_said_how_to_name_them():
    names, note = module.class_names(None, None, 3)
    assert names == ["class 0", "class 1", "class 2"] and "give --labels FILE, a name a line" in note
    assert module.class_names(["a", "b"], None, 2) == (["a", "b"], None)
    with pytest.raises(UserError, match="tell 3 classes apart, and their table has 2 names"):
        module.class_names(["a", "b"], None, 3)


def test_a_folder_of_transformers_is_held_against_its_own_class(groundup, tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.ResNetConfig(
        embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic",
        id2label={0: "ant", 1: "bee"}, label2id={"ant": 0, "bee": 1},
    )  # fmt: skip
    transformers.ResNetForImageClassification(config).save_pretrained(tmp_path / "hf")
    transformers.ConvNextImageProcessor(size={"shortest_edge": 224}, crop_pct=0.875).save_pretrained(tmp_path / "hf")
    answer = groundup("import", "resnet18", "--weights", tmp_path / "hf", "--out", tmp_path / "run")
    assert answer.status == 0, answer.err
    assert "\nchecked against transformers on 2 random pictures" in answer.out
    assert json.loads((tmp_path / "run" / "facts" / "labels.json").read_text())["plain"] == ["ant", "bee"]


def damaged(path, theirs, how):
    """A file that must not be imported."""
    state = {name: value.clone() for name, value in theirs.state_dict().items()}
    if how == "NaN":
        state["layer2.0.conv1.weight"][0, 0, 1, 1] = float("nan")
    elif how == "shape":
        state["layer1.0.conv1.weight"] = state["layer1.0.conv1.weight"][:, :7]
    elif how == "lost":
        del state["layer3.1.bn2.running_var"]
    elif how == "headless":
        del state["fc.weight"], state["fc.bias"]
    elif how == "model":
        state = restore(resnet18(num_classes=3, stem_stride=1, width=4).state_dict(), WEIGHTS["timm"])
    write_weights(state, path)
    if how == "half":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("NaN", "holds NaN: stage2.0.conv1.weight"),
        ("shape", "wrong shape: stage1.0.conv1.weight (asked (64, 64, 3, 3), came (64, 7, 3, 3))"),
        ("lost", "missing: stage3.1.norm2.running_var"),
        ("headless", "missing: head.weight, head.bias"),
        ("model", "conv1.weight (asked (64, 3, 7, 7), came (4, 3, 3, 3))"),
        ("half", "it is cut off or damaged"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_their_names_and_nothing_is_made(groundup, theirs, tmp_path, how, message):
    path = tmp_path / "w.safetensors"
    damaged(path, theirs, how)
    answer = groundup("import", "resnet18", "--weights", path, "--out", tmp_path / "run")
    assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet19", "--weights", "torchvision", "--out", "run"], "did you mean resnet1"),
        (["gpt2", "--weights", "transformers", "--out", "run"], "gpt2 is of the family language: begin a training"),
        (["resnet18", "--weights", "nowhere.pth", "--out", "run"], "there is no such file or folder"),
        (["resnet18", "--weights", "torchvision", "--out", "taken"], "taken exists: give another --out"),
        (["lenet5", "--weights", "torchvision", "--out", "run"], "torchvision has no weights of the name lenet5"),
    ],
)
def test_a_mistake_is_answered_in_a_line(groundup, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    answer = groundup("import", *arguments)
    assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_answers_that_are_not_the_peers_are_refused_and_those_that_are_go_in_and_out_byte_for_byte(
    groundup, theirs, tmp_path, monkeypatch
):
    write_weights(theirs.state_dict(), tmp_path / "w.safetensors")

    def off_by(share):
        def peer(state, num_classes):
            return lambda pictures, prepared: (theirs.eval()(prepared) * (1 + share),)

        return lambda name, layout: peer

    monkeypatch.setattr(official, "peer_like", off_by(3e-4))
    command = ("import", "resnet18", "--weights", tmp_path / "w.safetensors", "--out", tmp_path / "run")
    answer = groundup(*command)
    assert answer.status == 2 and "the answers are not those of torchvision: they differ by 3.0e-04" in answer.err
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]
    monkeypatch.setattr(official, "peer_like", off_by(5e-5))
    assert groundup(*command).status == 0 and module.BOUND == 1e-4
    assert groundup("export", tmp_path / "run", "--to", "timm", "--out", tmp_path / "back.safetensors").status == 0
    assert (tmp_path / "back.safetensors").read_bytes() == (tmp_path / "w.safetensors").read_bytes()


def test_only_layouts_that_the_model_has_are_exported(groundup, imported, tmp_path):
    answer = groundup("export", imported[0], "--to", "onnx", "--out", tmp_path / "x.onnx")
    assert (
        answer.status == 2
        and "there is no export to 'onnx'; resnet18 is written as torchvision, timm, transformers" in answer.err
    )
    answer = groundup("export", imported[0], "--to", "timm", "--out", tmp_path / "x.onnx")
    assert answer.status == 2 and "weights are written as .safetensors" in answer.err
    assert not list(tmp_path.iterdir())
    text = (imported[0] / "recipe.json").read_text()
    (tmp_path / "recipe.json").write_text(text.replace("resnet:resnet18", "lenet:lenet5"))
    answer = groundup("export", tmp_path, "--to", "timm", "--out", tmp_path / "x.pth")
    assert answer.status == 2 and "no library is known to have lenet5" in answer.err
    assert [file.name for file in tmp_path.iterdir()] == ["recipe.json"]


RECIPE = '''"""A narrow ResNet-18 on digits."""

from functools import partial

from groundup.data.images import digits, enlarge, picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.resnet import resnet18
from groundup.optim.adam import AdamW
from groundup.tasks.classification import Classification


def narrow() -> Recipe:
    return Recipe(
        model=partial(resnet18, width=4, stem_stride=1),
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts,),
        prepare=partial(enlarge, size=8),
        task=Classification,
        optimizer=partial(AdamW, lr=1e-3),
        run=RunSettings(steps=4, batch_size=16, seed=5, eval_every=100, num_threads=1, ema_decay=0.5, log_every=1),
    )
'''


@pytest.fixture
def narrow(tmp_path, monkeypatch):
    """A folder with a recipe, and weights for it in torchvision's layout with a head for seven classes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Trainer, "write_pictures", lambda self, found: None)
    monkeypatch.setattr(Trainer, "finish", lambda self: None)
    (tmp_path / "mine.py").write_text(RECIPE)
    state = resnet18(width=4, stem_stride=1, in_channels=1, num_classes=7).state_dict()
    write_weights(restore(state, WEIGHTS["torchvision"]), tmp_path / "w.safetensors")
    return state


def first_weights(run, step=0):
    return load_checkpoint(Path(run) / "checkpoints", step)[0]["model"]


def killed(self):
    raise SystemExit(9)


def test_a_training_begins_from_weights_with_a_head_of_its_own_and_killed_it_needs_the_file_no_more(
    groundup, narrow, monkeypatch
):
    command = ("train", "mine.py:narrow", "--weights", "w.safetensors", "--set", "run.keep=9")
    answer = groundup(*command, "--out", "whole")
    assert answer.status == 0
    assert "  head.weight: 7 classes there, 10 here: begins anew\n" in answer.out
    assert "  head.bias: 7 classes there, 10 here: begins anew\n" in answer.out
    assert "in the layout of torchvision" in answer.out
    begun = first_weights("whole")
    assert all(torch.equal(begun[name], narrow[name]) for name in narrow if not name.startswith("head"))
    assert begun["head.weight"].shape == (10, 32) and begun["head.weight"].std() > 0

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "log", killed)
        assert groundup(*command, "--out", "cut").status == 9
    Path("w.safetensors").unlink()
    assert [path.name for path in Path("cut/checkpoints").glob("step-*")] == ["step-000000"]
    answer = groundup("train", "mine.py:narrow", "--set", "run.keep=9", "--out", "cut", "--resume")
    assert answer.status == 0 and "beginning from" not in answer.out
    whole, cut = (load_checkpoint(Path(run) / "checkpoints", 4)[0] for run in ("whole", "cut"))
    for group in whole:
        assert all(torch.equal(whole[group][name], cut[group][name]) for name in whole[group]), group
    assert groundup(*command, "--out", "cut", "--resume").out.startswith("cut is finished")


def test_a_training_killed_before_its_first_checkpoint_asks_for_the_weights_again(groundup, narrow, monkeypatch):
    monkeypatch.setattr(Trainer, "fit", lambda self: self.journal.close() or killed(self))
    command = ("train", "mine.py:narrow", "--out", "run")
    assert groundup(*command, "--weights", "w.safetensors").status == 9
    answer = groundup(*command, "--resume")
    assert answer.status == 2 and f"add --weights {Path('w.safetensors').resolve()}" in answer.err
    answer = groundup(*command, "--weights", "other.pth", "--resume")
    assert answer.status == 2 and "was begun from" in answer.err
    answer = groundup(*command, "--weights", "w.safetensors", "--resume")
    assert answer.status == 9 and "beginning from" in answer.out


def test_a_training_begins_from_the_averaged_weights_of_another_run_and_one_begun_without_takes_none_later(groundup, narrow):
    assert "beginning from" not in groundup("train", "mine.py:narrow", "--out", "first").out
    answer = groundup("train", "mine.py:narrow", "--weights", "first", "--out", "second", "--set", "run.keep=9")
    assert answer.status == 0 and "begins anew" not in answer.out and "in the layout of groundup" in answer.out
    last, begun = load_checkpoint(Path("first/checkpoints"), 4)[0], first_weights("second")
    assert all(torch.equal(begun[name], last["ema"][name]) for name in begun)
    assert not torch.equal(last["ema"]["head.weight"], last["model"]["head.weight"])
    answer = groundup("train", "mine.py:narrow", "--weights", "w.safetensors", "--out", "first", "--resume")
    assert answer.status == 2 and "leave out --weights" in answer.err


@pytest.mark.parametrize("change", ["more", "fewer", "shape"])
def test_a_training_refuses_weights_that_fit_no_further_than_the_head(groundup, narrow, tmp_path, change):
    state = dict(narrow)
    if change == "more":
        state["aux.weight"] = torch.zeros(1)
    elif change == "fewer":
        del state["norm1.weight"]
    else:
        state["conv1.weight"] = torch.zeros(4, 3, 3, 3)
    write_weights(state, tmp_path / "w.safetensors")
    answer = groundup("train", "mine.py:narrow", "--weights", "w.safetensors")
    told = {"more": "unexpected: aux.weight", "fewer": "missing: norm1.weight", "shape": "wrong shape: conv1.weight"}
    assert answer.status == 2 and told[change] in answer.err and len(answer.err.splitlines()) == 1
    assert not list(tmp_path.glob("runs/*"))
    answer = groundup("train", "mine.py:narrow", "--weights", "nowhere.pth")
    assert answer.status == 2 and "no such file" in answer.err and not list(tmp_path.glob("runs/*"))
