"""`groundup compare`: what differs, what is better, and what cannot be compared."""

import json
import shutil

import pytest
from PIL import Image

from groundup.engine.comparison import NotSet, better, differences, in_words, is_lower_better
from groundup.engine.recipe import override, to_json
from groundup.recipes.catalog import load_recipe

ROWS = [
    {"step": 1, "loss": 2.0, "rate": 0.1, "items_per_second": 5.0},
    {"step": 2, "eval": {"accuracy": 0.5, "loss": 1.0}},
    {"step": 4, "eval": {"accuracy": 0.75, "loss": 0.5}},
]


def written(folder, *, name="lenet5_digits", changes=(), rows=ROWS, environment=None):
    """A run's folder as training leaves it, without the training."""
    recipe, _ = load_recipe(name)
    for change in changes:
        recipe = override(recipe, change)
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text(json.dumps(to_json(recipe)))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recorded = {"versions": {"torch": "2.14"}, "processor": "P", "numerics": {"precision": "float32"}, "started": folder.name}
    (folder / "environment.json").write_text(json.dumps(recorded | (environment or {})))
    return folder


def scored(accuracy, loss):
    return [*ROWS[:2], {"step": 4, "eval": {"accuracy": accuracy, "loss": loss}}]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_what_differs_is_said_in_the_words_of_the_command_line(groundup, tmp_path):
    written(tmp_path / "a")
    written(tmp_path / "b", changes=["optimizer.lr=0.01", "augment.pixels=2", "run.clip_norm=1.0"])
    out = groundup("compare", "a", "b").out
    assert "  optimizer.lr    0.004 -> 0.01\n" in out
    assert "  augment.pixels  1 -> 2\n" in out
    assert "  run.clip_norm   none -> 1.0\n" in out
    assert "weight_decay" not in out
    assert "versions, hardware, numerics: the same" in out


def test_three_runs_stand_in_their_order(groundup, tmp_path):
    for number, seed in enumerate((0, 5, 0)):
        written(tmp_path / f"r{number}", changes=[f"run.seed={seed}"], rows=scored(0.5 + number / 10, 1))
    out = groundup("compare", "r0", "r1", "r2").out
    assert "  run.seed  0 -> 5 -> 0\n" in out
    assert "* the best one" in out
    assert out.split("eval accuracy")[1].splitlines()[0].split() == ["0.5", "0.6", "0.7", "*"]


def test_versions_and_numerics_are_compared_and_the_time_of_day_is_not(groundup, tmp_path):
    written(tmp_path / "a")
    written(tmp_path / "b", environment={"versions": {"torch": "2.15"}, "numerics": {"precision": "bfloat16"}})
    out = groundup("compare", "a", "b").out
    assert "versions.torch      2.14 -> 2.15" in out and "numerics.precision  float32 -> bfloat16" in out
    assert "started" not in out and out.startswith("recipe: the same\n")


def test_the_better_figure_is_marked_high_or_low_as_the_metric_wants(groundup, tmp_path):
    written(tmp_path / "a", rows=scored(0.8, 0.9))
    written(tmp_path / "b", rows=scored(0.9, 0.4))
    rows = json.loads(groundup("compare", "a", "b", "--json").out)["figures"]
    assert [(row["part"], row["metric"], row["better"]) for row in rows] == [
        ("eval", "accuracy", [False, True]),
        ("eval", "loss", [False, True]),
        ("training", "loss", [False, False]),
    ]
    lines = {line.split("  ")[0]: line for line in groundup("compare", "a", "b").out.splitlines()}
    assert lines["eval accuracy"].endswith("0.8    0.9 *") and lines["eval loss"].endswith("0.9    0.4 *")


@pytest.mark.parametrize("metric", ["loss", "perplexity", "log_rmse", "mae", "bits_per_character", "top1_error"])
def test_these_are_better_when_small(metric):
    assert better(metric, [1.0, 2.0, None]) == [True, False, False]


@pytest.mark.parametrize("metric", ["accuracy", "r2", "classes_found", "miou", "lossless"])
def test_these_are_better_when_large(metric):
    assert better(metric, [1.0, 2.0, None]) == [False, True, False]


def test_what_the_recipe_calls_best_goes_before_the_name():
    assert is_lower_better("accuracy", "min accuracy") and not is_lower_better("loss", "max loss")
    assert is_lower_better("loss", "max accuracy")


def test_nothing_is_better_than_itself_or_than_nothing():
    assert better("loss", [1.0, 1.0]) == [False, False]
    assert better("loss", [1.0, None]) == better("loss", [1.0, float("nan")]) == [False, False]


def test_functions_of_one_name_are_told_apart():
    found = differences([{"model": {"call": "a:net"}}, {"model": {"call": "b:net"}}])
    assert in_words(found["model"]) == ["a:net", "b:net"]
    found = differences([{"model": {"call": "a:net"}}, {"model": {"call": "b:web", "with": {"width": 3}}}])
    assert {name: in_words(row) for name, row in found.items()} == {"model": ["net", "web"], "model.width": ["not set", "3"]}
    assert found["model.width"] == [NotSet, 3]


def test_runs_of_different_tasks_say_what_only_some_have(groundup, tmp_path):
    written(tmp_path / "a")
    written(tmp_path / "b", name="house_prices_linear", rows=[{"step": 4, "eval": {"rmse": 20.0}}])
    out = groundup("compare", "a", "b").out
    lines = {line.split("  ")[0]: line.split() for line in out.splitlines()}
    assert lines["eval accuracy"][-2:] == ["0.75", "-"] and lines["eval rmse"][-2:] == ["-", "20"]
    assert "*" not in out
    assert "note: the tasks differ (Classification, " in out and "the evaluation data differs" in out


def test_a_trained_run_has_its_minutes_and_parameters(groundup, trained, tmp_path):
    other = shutil.copytree(trained, tmp_path / "other")
    found = json.loads(groundup("compare", trained, other, "--json").out)
    assert found["parameters"] == [61706, 61706] and found["step"] == found["total"] == [30, 30]
    assert 0 < found["minutes"][0] < 5 and found["notes"] == [] and found["recipe"] == []


def test_no_picture_is_ever_overwritten(groundup, tmp_path):
    runs = [written(tmp_path / name) for name in "ab"]
    assert "curves of all runs: comparison.png" in groundup("compare", *runs).out
    first = (tmp_path / "comparison.png").read_bytes()
    assert "curves of all runs: comparison-2.png" in groundup("compare", *runs).out
    assert (tmp_path / "comparison.png").read_bytes() == first
    assert Image.open("comparison.png").size > (400, 200)
    assert "curves of all runs: new/in/comparison.png" in groundup("compare", *runs, "--output", "new/in").out


def test_json_is_one_document_and_writes_no_picture_unasked(groundup, tmp_path):
    written(tmp_path / "a", rows=scored(float("nan"), 1))
    written(tmp_path / "b")
    found = json.loads(groundup("compare", "a", "b", "--json").out, parse_constant=pytest.fail)
    assert found["runs"] == ["a", "b"] and found["figures"][0]["values"] == [None, 0.75] and found["picture"] is None
    assert not list(tmp_path.glob("*.png"))
    assert json.loads(groundup("compare", "a", "b", "--json", "--output", "out").out)["picture"] == "out/comparison.png"


def test_a_row_that_is_being_written_is_passed_over(groundup, tmp_path):
    runs = [written(tmp_path / name) for name in "ab"]
    with open(runs[0] / "metrics.jsonl", "a") as file:
        file.write('{"step": 5, "eval": {"accur')
    assert groundup("compare", *runs).status == 0


def damage(text):
    def act(folder):
        (folder / "metrics.jsonl").write_text(text)

    return act


@pytest.mark.parametrize(
    ("arguments", "act", "message"),
    [
        (["a"], None, "compare takes two runs or more; it was given a alone"),
        (["a", "b", "./a"], None, "a was named twice"),
        (["a", "nowhere"], None, "nowhere is not a run"),
        (["a", "b"], lambda folder: (folder / "metrics.jsonl").unlink(), "b has no figures yet"),
        (["a", "b"], damage(""), "b has no figures yet"),
        (["a", "b"], damage('{"step": 1}\nnoise\n{"step": 2}\n'), "metrics.jsonl is damaged: line 2 is no JSON ('noise')"),
        (["a", "b"], damage('{"step": 1}\n{"loss": 2}\n'), "line 2 is no step with its numbers"),
        (["a", "b"], damage('{"step": 1, "loss": "low"}\n'), "line 1 is no step with its numbers"),
        (["a", "b"], lambda folder: (folder / "metrics.jsonl").write_bytes(b"\xff\n"), "metrics.jsonl is damaged"),
        (["a", "b"], lambda folder: (folder / "recipe.json").write_text("{"), "recipe.json is damaged"),
        (["a", "b"], lambda folder: (folder / "recipe.json").write_text("[]"), "recipe.json is damaged"),
        (["a", "b", "--output", "a/recipe.json"], None, "is a file; give a folder"),
    ],
)
def test_bad_input_gets_one_line(groundup, tmp_path, arguments, act, message):
    for name in "ab":
        written(tmp_path / name)
    if act:
        act(tmp_path / "b")
    answer = groundup("compare", *arguments)
    assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1 and not answer.out
    assert not list(tmp_path.glob("*.png"))
