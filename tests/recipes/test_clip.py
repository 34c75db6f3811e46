"""CLIP's recipes: trained a little, killed and resumed, asked by the command line, on folders of one's own."""

import json
import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from PIL import Image

from groundup.data.captions import Captioned
from groundup.data.places import data_home
from groundup.data.shapes_world import shapes_world_labels
from groundup.engine.recipe import build
from groundup.engine.run import Run, with_data
from groundup.engine.trainer import Trainer
from groundup.errors import UserError
from groundup.models.multimodal.clip import clip_vit_b_32
from groundup.recipes.multimodal.clip import WORLD, clip_coco_mini, clip_folder, clip_shapes_world

TINY = dict(projection_dim=8, patch_size=16, vision_dim=16, vision_layers=1, vision_heads=2, text_dim=16, text_layers=1)
TINY |= dict(text_heads=2, image_size=64)


def small(recipe, steps=4, **settings):
    """The recipe in all its parts, on small towers and few pictures."""
    score, zero_shot = (*recipe.evaluators, None)[:2]
    if zero_shot is not None:
        labelled = partial(shapes_world_labels, split="test", target="combination", size=64, count=10)
        asked = partial(zero_shot.keywords["task"], templates=("A {}.",))
        zero_shot = partial(zero_shot, dataset=labelled, task=asked)
        recipe = replace(recipe, task=partial(recipe.task, templates=("A {}.",)))
        recipe = replace(
            recipe,
            train_data=partial(Captioned, dataset=partial(WORLD, split="train", count=24), size=64),
            eval_data=partial(Captioned, dataset=partial(WORLD, split="test", count=12), size=64),
            evaluators=(score, zero_shot),
        )
    run = dict(epochs=None, steps=steps, batch_size=8, num_workers=0, eval_every=steps, device="cpu", precision="float32")
    return replace(recipe, model=partial(clip_vit_b_32, **TINY), run=replace(recipe.run, **run | settings))


def trained(recipe, folder):
    run = Run(folder)
    run.begin(recipe)
    Trainer(recipe, run, quiet=True).fit()
    return run


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """A run of the recipe on ShapesWorld, after a few steps."""
    torch.manual_seed(0)
    return trained(small(clip_shapes_world()), tmp_path_factory.mktemp("clip"))


def test_it_is_scored_by_retrieval_and_by_classes_that_it_was_never_told(shapes):
    found = shapes.restore().evaluate().values
    lines = [json.loads(line) for line in (shapes.folder / "metrics.jsonl").read_text().splitlines()]
    (logged,) = (line["eval"] for line in lines if "eval" in line)
    assert logged == pytest.approx(found)
    assert {"recall_at_10", "text_recall_at_1", "image_recall_at_5", "zero_shot_accuracy", "zero_shot_loss"} <= found.keys()
    pictures = {path.name for path in (shapes.folder / "pictures").iterdir()}
    assert {"retrieval.png", "samples.png", "zero_shot_samples.png"} <= pictures


def test_zero_shot_accuracy_is_of_the_very_function_that_a_user_calls(shapes):
    restored = shapes.restore()
    labelled = shapes_world_labels(split="test", target="combination", size=64, count=10)
    items = [{"image": labelled[i]["image"], "source": str(i)} for i in range(10)]
    said = restored.predict(items)[1]["label"]
    right = sum(said[i].item() == labelled[i]["label"].item() for i in range(10)) / 10
    assert restored.evaluate().values["zero_shot_accuracy"] == pytest.approx(right)


class Killed(Exception):
    """What ends a training in its middle."""


def raise_at(trainer, step):
    if trainer.step == step:
        raise Killed


def test_a_run_that_is_resumed_ends_in_the_weights_of_one_that_never_stopped(tmp_path):
    recipe = replace(small(clip_shapes_world(), steps=6, save_steps=2, eval_every=100, keep=5), evaluators=())
    whole = trained(recipe, tmp_path / "whole")
    part = Run(tmp_path / "part")
    part.begin(recipe)
    killed = Trainer(recipe, part, quiet=True)
    killed.acts.append(lambda: raise_at(killed, 4))
    with pytest.raises(Killed):
        killed.fit()
    Trainer(recipe, part, quiet=True).fit()
    weights = [run.restore().model.state_dict() for run in (whole, part)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def folder_of_pictures(root):
    root.mkdir()
    rows = []
    for number in range(60):
        name, tone = f"{number}.jpg", (4 * number, 255 - 4 * number, 90)
        Image.new("RGB", (80, 70), tone).save(root / name)
        rows += [{"image": name, "caption": f"a colour, number {number}"}, {"image": name, "caption": f"colour {number}"}]
    (root / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return root


def test_a_folder_of_ones_own_is_trained_on_and_then_asked_about_other_words(tmp_path, monkeypatch):
    pytest.importorskip("open_clip")
    recipe = small(clip_folder(), steps=2, batch_size=4)
    fewer = [partial(part, size=64) for part in (recipe.train_data, recipe.eval_data)]
    recipe = replace(recipe, train_data=fewer[0], eval_data=fewer[1], augment=partial(recipe.augment, size=64))
    recipe = with_data(recipe, folder_of_pictures(tmp_path / "mine"))
    run = trained(recipe, tmp_path / "run")
    assert run.restore().facts["vocab_size"] == 49_408
    asked = run.restore(changes=["task.labels='a dog,a cat,an elephant'"])
    items = asked.task.read(tmp_path / "mine" / "7.jpg")
    (row,) = asked.task.write(asked.predict(items)[1], tmp_path)
    assert {row["label"], row["label_2"], row["label_3"]} == {"a dog", "a cat", "an elephant"}
    with pytest.raises(UserError, match="what may the pictures show"):
        run.restore().task.read(tmp_path / "mine" / "7.jpg")


def test_a_folder_has_to_be_named():
    with pytest.raises(UserError, match="name it with --data"):
        build(clip_folder().train_data, {})


def test_the_part_of_coco_trains(tmp_path):
    if not (data_home() / "coco_mini").is_dir():
        pytest.skip("coco_mini is not on this machine")
    recipe = small(clip_coco_mini(), steps=2)
    found = trained(recipe, tmp_path).restore().evaluate().values
    assert found["chance_recall_at_5"] == pytest.approx(5 / 80, rel=0.1)
    assert math.isfinite(found["loss"])


@pytest.mark.parametrize("make", [clip_shapes_world, clip_coco_mini, clip_folder])
def test_recipes_are_written_and_read_back(make):
    from groundup.engine.recipe import from_json, to_json

    document = json.loads(json.dumps(to_json(make())))
    assert to_json(from_json(document, None)) == to_json(make())
