"""A recipe is data: it goes to JSON and back, and runs no code that it should not."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest

from groundup.data.bucketing import ByLength
from groundup.data.images import digits
from groundup.data.parallel import parallel_texts
from groundup.engine.names import load_file, name_of, resolve
from groundup.engine.recipe import RunSettings, bind, build, from_json, override, recipe_hash, to_json
from groundup.errors import UserError
from groundup.optim.schedules import cosine, linear_warmup
from groundup.recipes.catalog import entries, load_recipe


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_every_recipe_goes_to_json_and_back(name):
    recipe, _ = load_recipe(name)
    again = from_json(json.loads(json.dumps(to_json(recipe))))
    assert to_json(again) == to_json(recipe)
    assert recipe_hash(again) == recipe_hash(recipe)


def test_the_hash_changes_with_any_value_and_is_the_same_in_another_process():
    recipe, _ = load_recipe("lenet5_digits")
    assert recipe_hash(recipe) != recipe_hash(override(recipe, "optimizer.lr=0.5"))
    code = "from groundup.recipes.catalog import load_recipe as load; from groundup.engine.recipe import recipe_hash"
    code += "; print(recipe_hash(load('lenet5_digits')[0]))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == recipe_hash(recipe)


@pytest.mark.parametrize(
    "name",
    ["os:system", "builtins:eval", "groundup.engine.names:sys", "groundup.data.images:torch", "subprocess:run", "groundup:x"],
)
def test_code_outside_groundup_is_refused_and_not_imported(name):
    document = to_json(load_recipe("lenet5_digits")[0])
    document["augment"] = {"call": name, "with": {}}
    with pytest.raises(UserError, match="this recipe names"):
        from_json(document)


def test_a_recipe_of_another_version_says_what_differs():
    document = to_json(load_recipe("lenet5_digits")[0])
    document["run"]["warp"] = 9
    del document["run"]["keep"]
    with pytest.raises(UserError, match="lacks keep and has warp"):
        from_json(document)


def test_a_lambda_has_no_name():
    recipe, _ = load_recipe("lenet5_digits")
    with pytest.raises(UserError, match="define it with def at the top of a file"):
        to_json(replace(recipe, prepare=lambda batch: batch))


def test_the_users_file_is_resolved_only_where_it_is_given(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def wobble(batch):\n    return batch\n")
    code = load_file(path)
    assert name_of(code.wobble) == "mine.py:wobble"
    assert resolve("mine.py:wobble", code) is code.wobble
    with pytest.raises(UserError, match=r"add --code PATH/mine.py"):
        resolve("mine.py:wobble")
    with pytest.raises(UserError, match="did you mean wobble"):
        resolve("mine.py:wobbel", code)


def test_a_file_that_fails_says_how(tmp_path):
    (tmp_path / "bad.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(UserError, match=r"bad.py fails as it is run: ModuleNotFoundError"):
        load_file(tmp_path / "bad.py")


def wants(*, size=1, labels=None, inner=None):
    return size, labels, inner


def test_nested_parts_are_built_first_and_facts_go_where_they_are_named():
    facts = {"labels": ["a"], "colours": 3}
    assert build(partial(wants, size=2, inner=partial(wants, size=5)), facts) == (2, ["a"], (5, ["a"], None))
    assert bind(partial(wants, labels="mine"), facts)() == (1, "mine", None)


def test_an_argument_that_does_not_exist_is_named():
    with pytest.raises(UserError, match=r"no argument of digits is called 'spilt'; did you mean split"):
        build(partial(digits, spilt="train"), {})


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("run.epoch=3", "did you mean epochs"),
        ("runs.epochs=3", "did you mean run"),
        ("optimizer.rl=3", "did you mean lr"),
        ("epochs=3", "part.name=value"),
        ("run.epochs=none", "whole number"),
        ("run.precision=fp8", "precision must be one of auto"),
        ("run.ema_decay=1.5", "between 0 and 1"),
        ("run.clip_norm=-1", "above 0"),
        ("best.x=1", "no arguments to set"),
    ],
)
def test_a_wrong_assignment_is_answered_with_what_would_do(assignment, message):
    with pytest.raises(UserError, match=message):
        override(load_recipe("lenet5_digits")[0], assignment)


def test_an_assignment_reaches_nested_parts():
    recipe = override(load_recipe("lenet5_digits")[0], "optimizer.betas=(0.5, 0.9)")
    assert recipe.optimizer.keywords["betas"] == (0.5, 0.9)
    assert override(recipe, "run.seed=7").run.seed == 7
    assert override(recipe, "task.label_smoothing=0.3").task.keywords == {
        **getattr(recipe.task, "keywords", {}),
        "label_smoothing": 0.3,
    }


READ = [("true", True), ("False", False), ("1e-3", 1e-3), ("trues", "trues")]


@pytest.mark.parametrize(("text", "value"), READ)
def test_values_are_read_as_python_or_json_writes_them(text, value):
    given = override(load_recipe("lenet5_digits")[0], f"task.mirror={text}").task.keywords["mirror"]
    assert (given, type(given)) == (value, type(value))


def test_data_of_ones_own_that_nobody_named_is_asked_for():
    with pytest.raises(UserError, match="parallel_texts reads data of your own: name it with --data PATH"):
        build(partial(ByLength, dataset=partial(parallel_texts, split="train"), texts=("source",)), {})


def test_a_part_of_a_part_that_waits_for_arguments_is_handed_on_as_a_function():
    schedule = bind(partial(linear_warmup, warmup=2, after=partial(cosine, warmup=1)), {})
    assert schedule(9, 10) == linear_warmup(9, 10, warmup=2, after=partial(cosine, warmup=1)) < schedule(3, 10)


@pytest.mark.parametrize(
    "settings", [{}, {"epochs": 1, "steps": 1}, {"epochs": 0}, {"steps": 1, "batch_size": 0}, {"epochs": True}]
)
def test_settings_outside_their_range_are_refused(settings):
    with pytest.raises(UserError):
        RunSettings(**settings)
