"""The command line as a person meets it: what works, and what each mistake is answered with."""

import csv
import inspect
import io
import json
import re
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from groundup.cli.main import app
from groundup.data.images import digits
from groundup.ops.ladder import RUNGS

VERBS = {
    "list": {"what", "json"},
    "info": {"name", "diff"},
    "train": {"recipe", "epochs", "batch_size", "lr", "device", "data", "weights", "set", "out", "resume"},
    "eval": {"run", "checkpoint", "data", "batch_size", "device", "code", "set", "json"},
    "predict": {"run", "input", "output", "checkpoint", "device", "code", "set"},
    "explain": {"run", "input", "output", "of", "checkpoint", "data", "device", "code"},
    "sample": {"run", "count", "seed", "prompt", "output", "checkpoint", "device", "code", "set"},
    "check": {"recipe", "data"},
    "compare": {"runs", "output", "code", "json"},
    "doctor": {"json"},
    "import": {"model", "weights", "out", "labels"},
    "export": {"run", "to", "out", "checkpoint", "code"},
    "verify": {"names", "all", "ledger", "json"},
    "diff": {"mine", "reference", "shape", "tokens"},
    "bench": {"name"},
    "new": {"kind", "name", "family"},
    "data list": {"json"},
    "data fetch": {"name", "root", "part"},
    "data show": {"name", "split", "count", "out", "data", "set"},
    "learn list": {"folder"},
    "learn start": {"exercise", "folder"},
    "learn check": {"exercise", "folder", "file"},
    "learn watch": {"folder"},
    "learn hint": {"exercise", "folder"},
    "learn reset": {"exercise", "folder"},
}


def test_the_verbs_and_their_flags_are_these():
    commands = {command.name: command for command in app.registered_commands}
    for group in app.registered_groups:
        commands |= {f"{group.name} {command.name}": command for command in group.typer_instance.registered_commands}
    assert {name: set(inspect.signature(command.callback).parameters) for name, command in commands.items()} == VERBS


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list"], ["list", "--json"], ["train", "--help"], ["--version"], ["data", "list", "--json"], ["learn"]],
)
def test_help_and_list_do_not_import_torch(arguments):
    code = f"import sys\nfrom groundup.cli.main import main\ntry: main({arguments})\nexcept SystemExit: pass\n"
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_list_as_json_is_one_document_with_names(groundup):
    rows = json.loads(groundup("list", "--json").out)
    assert {"lenet5", "lenet5_digits", "digits", "conv2d"} <= {row["name"] for row in rows}
    recipes = json.loads(groundup("list", "recipes", "--json").out)
    assert all("measured" in row for row in recipes)


EXPLAINED = ["lenet5", "lenet5_digits", "conv2d", "digits", "BatchNorm2d", "CrossEntropyLoss", "AdamW", "cosine"]


@pytest.mark.parametrize("name", EXPLAINED)
def test_info_explains_everything_that_list_names(groundup, name):
    answer = groundup("info", name)
    assert answer.status == 0
    assert len(answer.out.splitlines()) > 5
    rows = [row for row in json.loads(groundup("list", "--json").out) if row["name"] == name]
    assert rows[0]["module"] in answer.out


def test_info_of_an_op_has_its_definition_its_costs_its_proof_and_its_users(groundup):
    text = groundup("info", "max_pool2d").out
    assert "def max_pool2d_loops(" in text and "for i in range(kernel_height)" in text
    assert all(re.search(rf"^  {rung} +[\d.]+ ms +[\d.]+ MB$", text, re.MULTILINE) for rung in RUNGS)
    assert "proven      level A, against torch.nn.functional.max_pool2d: groundup verify max_pool2d" in text
    assert "layers/pooling.py: MaxPool2d" in text


def test_info_of_an_op_without_loops_shows_how_tensors_compute_it(groundup):
    assert "def leaky_relu_tensors(" in groundup("info", "leaky_relu").out


def test_list_names_every_kind_of_part(groundup):
    named = {"layers": "BatchNorm2d", "losses": "CrossEntropyLoss", "optimizers": "AdamW", "schedules": "cosine"}
    for kind, name in named.items():
        rows = json.loads(groundup("list", kind, "--json").out)
        assert name in {row["name"] for row in rows}
        assert all(row["summary"] and row["module"].startswith("groundup.") for row in rows)


def test_eval_reports_what_predict_says(groundup, trained, tmp_path):
    folder = tmp_path / "digits"
    folder.mkdir()
    held_out = digits(split="test")
    for index in range(len(held_out)):
        item = held_out[index]
        Image.fromarray(item["image"][0].numpy()).save(folder / f"{index:03d}-{item['label']}.png")
    assert groundup("predict", trained, "--input", folder, "--output", tmp_path / "out").status == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "predictions.csv").read_text())))
    right = sum(row["file"].removesuffix(".png").endswith(f"-{row['label']}") for row in rows)
    metrics = json.loads(groundup("eval", trained, "--json").out)["metrics"]
    assert right / len(held_out) == pytest.approx(metrics["accuracy"])
    assert Image.open(tmp_path / "out" / "predictions.png").size > (100, 100)


def test_eval_takes_any_checkpoint_and_batch_size(groundup, trained):
    whole = json.loads(groundup("eval", trained, "--json").out)["metrics"]
    small = json.loads(groundup("eval", trained, "--batch-size", 7, "--json").out)["metrics"]
    assert small == pytest.approx(whole, rel=1e-5)
    assert json.loads(groundup("eval", trained, "--checkpoint", 20, "--json").out)["checkpoint"] == 20


def test_how_a_trained_model_is_asked_can_be_set_and_nothing_else(groundup, trained, tmp_path):
    picture = tmp_path / "grey.png"
    Image.new("L", (8, 8), 128).save(picture)
    options = ("predict", trained, "--input", picture, "--output", tmp_path / "out")
    assert groundup(*options, "--set", "task.top=3").status == 0
    header = (tmp_path / "out" / "predictions.csv").read_text().splitlines()[0]
    assert groundup(*options).status == 0
    assert header != (tmp_path / "out" / "predictions.csv").read_text().splitlines()[0]
    wrong = {
        "run.seed=1": "fixed when the run was trained",
        "task.labels=ab": "what can be set is task.mirror",
        "task.tpo=3": "did you mean task.top",
    }
    for value, message in wrong.items():
        answer = groundup(*options, "--set", value)
        assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1


def test_a_file_that_is_no_picture_is_named_and_the_others_are_predicted(groundup, trained, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    Image.new("RGB", (30, 20), "white").save(tmp_path / "b.jpg")
    answer = groundup("predict", trained, "--input", tmp_path, "--output", tmp_path / "out")
    assert answer.status == 1
    assert "a.png cannot be read as a picture" in answer.err
    assert "1 predictions" in answer.out


def test_training_makes_the_promised_files(trained):
    assert {path.name for path in (trained / "pictures").iterdir()} == {"curves.png", "confusion.png", "samples.png"}
    assert {path.name for path in trained.iterdir()} - {".lock"} == {
        *("recipe.json", "environment.json", "facts", "metrics.jsonl", "checkpoints", "tensorboard", "pictures", "report.html")
    }
    assert {path.name for path in trained.parent.iterdir()} == {"lenet5_digits"}


def test_a_finished_run_says_so_and_a_taken_folder_is_refused(groundup, trained, monkeypatch):
    monkeypatch.chdir(trained.parents[1])
    settings = [word for value in ("run.steps=30", "run.save_steps=10", "run.num_threads=1") for word in ("--set", value)]
    answer = groundup("train", "lenet5_digits", *settings, "--resume")
    assert (answer.status, answer.out) == (0, "runs/lenet5_digits is finished: 30 of 30 steps\n")
    answer = groundup("train", "lenet5_digits", "--out", "runs/lenet5_digits")
    assert answer.status == 2 and "exists: add --resume" in answer.err
    answer = groundup("train", "lenet5_digits", "--resume")
    assert answer.status == 2 and "run.epochs was None" in answer.err


def test_a_second_run_gets_a_folder_of_its_own_and_resume_takes_the_newest(groundup, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = [word for value in ("run.steps=2",) for word in ("--set", value)]
    for expected in ("lenet5_digits", "lenet5_digits-2", "lenet5_digits-3"):
        assert f"done: runs/{expected}\n" in groundup("train", "lenet5_digits", *settings).out
    assert groundup("train", "lenet5_digits", *settings, "--resume").out.startswith("runs/lenet5_digits-3 is finished")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "lenet_digits"], "no recipe is called 'lenet_digits'; did you mean lenet5_digits"),
        (["train", "lenet5_digits", "--epoch", "3"], "--epochs"),
        (["trian", "lenet5_digits"], "train"),
        (["train", "lenet5_digits", "--epochs", "0"], "epochs must be a whole number of at least 1; got 0"),
        (["train", "lenet5_digits", "--epochs", "many"], "Invalid value for '--epochs'"),
        (["train", "lenet5_digits", "--lr", "-1"], "lr must be 0 or more and finite; it was given -1"),
        (["train", "lenet5_digits", "--batch-size", "5000"], "larger than the training set: give at most 1437"),
        (["train", "wgan_gp_digits", "--batch-size", "3"], "5 moves of the critic share each batch, and it has 3 pictures"),
        (["train", "lenet5_digits", "--device", "warp"], "there is no device 'warp' here; there is"),
        (["train", "lenet5_digits", "--data", "/nowhere"], "there is no such file or folder"),
        (["train", "lenet5_digits", "--data", "/"], "embedded and takes no --data"),
        (["train", "mine.py:recipe"], "there is no file mine.py"),
        (["eval", "nowhere"], "nowhere is not a run"),
        (["info", "lenet"], "did you mean lenet5"),
        (["list", "model"], "did you mean models"),
        (["verify", "conv3d"], "did you mean conv2d"),
        (["verify"], "or give --all"),
        (["new", "model", "3d"], "is no name for a model"),
        (["new", "modle", "x"], "did you mean model"),
        (["check", "gpt_pros"], "did you mean gpt_prose"),
        (["bench", "egnine"], "did you mean engine"),
    ],
)
def test_a_mistake_is_answered_in_one_line_and_leaves_nothing_behind(groundup, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    answer = groundup(*arguments)
    assert answer.status == 2
    assert message in answer.err
    assert len(answer.err.splitlines()) == 1
    assert "Traceback" not in answer.err
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["eval", "RUN", "--checkpoint", "77"], "has no checkpoint '77'; there is last, 20, 30"),
        (["eval", "RUN", "--checkpoint", "best"], "has no checkpoint 'best'"),
        (["eval", "RUN", "--device", "cuda:9"], "there is no device 'cuda:9' here"),
        (["predict", "RUN", "--input", "nothing*", "--output", "out"], "there is no such file, folder or match"),
        (["sample", "RUN"], "Classification has no sample; it has loss, inputs, predict"),
    ],
)
def test_a_mistake_with_a_run_is_answered_in_one_line(groundup, trained, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    answer = groundup(*(trained if word == "RUN" else word for word in arguments))
    assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_damaged_checkpoint_is_refused_and_the_other_offered(groundup, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    weights = run / "checkpoints" / "step-000030" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-20])
    answer = groundup("eval", run)
    assert answer.status == 2 and "is damaged" in answer.err and "step 20 is sound" in answer.err
    assert groundup("eval", run, "--checkpoint", 20).status == 0


def test_a_recipe_json_that_names_foreign_code_is_refused(groundup, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    document = json.loads((run / "recipe.json").read_text())
    document["prepare"] = {"call": "os:system", "with": {"command": "touch pwned"}}
    (run / "recipe.json").write_text(json.dumps(document))
    answer = groundup("eval", run)
    assert answer.status == 2 and "only code of groundup itself is run" in answer.err


def test_weights_of_another_model_are_refused_with_names(groundup, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    document = json.loads((run / "recipe.json").read_text())
    document["model"] = {"call": document["model"]["call"], "with": {"num_classes": 7}}
    (run / "recipe.json").write_text(json.dumps(document))
    answer = groundup("eval", run)
    assert answer.status == 2 and "output.weight (asked (7, 84), came (10, 84))" in answer.err


def test_a_recipe_of_ones_own_trains_evaluates_and_predicts(groundup, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert groundup("new", "recipe", "mine").status == 0
    settings = [word for value in ("run.steps=2",) for word in ("--set", value)]
    assert groundup("train", "mine.py:mine", *settings).status == 0
    assert groundup("eval", "runs/mine").status == 0
    with open("mine.py", "a") as file:
        file.write("\n\ndef twice(batch):\n    return batch\n")
    text = (tmp_path / "mine.py").read_text().replace("prepare=partial(enlarge, size=32)", "prepare=mine_prepare")
    (tmp_path / "mine.py").write_text(text + "\n\ndef mine_prepare(batch):\n    return enlarge(batch, size=32)\n")
    assert groundup("train", "mine.py:mine", *settings).status == 0
    refused = groundup("eval", "runs/mine-2")
    assert refused.status == 2 and "add --code PATH/mine.py" in refused.err
    assert groundup("eval", "runs/mine-2", "--code", "mine.py").status == 0


def test_a_network_that_does_not_take_these_pictures_says_which_it_takes(groundup, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    groundup("new", "recipe", "mine")
    text = (tmp_path / "mine.py").read_text()
    text = text.replace("model=lenet5,", "model=partial(alexnet, width=4, hidden_dim=8),")
    (tmp_path / "mine.py").write_text(text + "\n\nfrom groundup.models.classification.alexnet import alexnet\n")
    answer = groundup("train", "mine.py:mine")
    assert answer.status == 2 and answer.err.count("\n") == 1
    assert "AlexNet takes (batch, channels, height, width) of at least 63x63 pixels; it was given (2, 1, 32, 32)" in answer.err
    assert not list((tmp_path / "runs").glob("*"))


def test_an_error_of_the_users_own_code_keeps_its_traceback(groundup, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    groundup("new", "recipe", "mine")
    text = (tmp_path / "mine.py").read_text().replace("prepare=partial(enlarge, size=32)", "prepare=mine_prepare")
    (tmp_path / "mine.py").write_text(text + "\n\ndef mine_prepare(batch):\n    raise ValueError('mine')\n")
    with pytest.raises(ValueError, match=r"^mine$"):
        groundup("train", "mine.py:mine")


def test_check_finds_a_sound_recipe_sound_and_a_wrong_one_wrong(groundup, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = groundup("check", "lenet5_digits")
    assert answer.status == 0 and "FAIL" not in answer.out
    groundup("new", "recipe", "mine")
    text = (tmp_path / "mine.py").read_text()
    text = text.replace("model=lenet5,", "model=leaky,") + LEAKY
    (tmp_path / "mine.py").write_text(text)
    answer = groundup("check", "mine.py:mine")
    assert answer.status == 1
    assert "FAIL gradients     no gradient reaches idle.weight, idle.bias" in answer.out
    assert "FAIL independence  an item's output depends on the others" in answer.out


LEAKY = """

from groundup.layers.linear import Linear
from groundup.models.classification.lenet import LeNet


class Leaky(LeNet):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.idle = Linear(in_features=2, out_features=2)

    def forward(self, images):
        x = super().forward(images)
        return x - x.mean(0)


def leaky(*, num_classes=10, in_channels=1):
    return Leaky(num_classes=num_classes, in_channels=in_channels)
"""


def test_verify_as_json_has_the_promised_fields(groundup):
    rows = json.loads(groundup("verify", "conv2d", "Conv2d", "--json").out)
    assert [row["name"] for row in rows] == ["conv2d", "Conv2d"]
    assert set(rows[0]) == {"name", "kind", "level", "forward_error", "gradient_error", "bound", "passed", "reference"}
    assert all(row["passed"] for row in rows)


def test_verify_shows_every_rung_with_its_cost(groundup):
    out = groundup("verify", "conv2d").out
    for name in ("loops", "tensors", "manual", "fused"):
        assert any(line.split()[:1] == [name] and "ms" in line and "MB" in line for line in out.splitlines())
