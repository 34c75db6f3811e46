"""The recipes of FCN, small: they learn, stop and go on, and score what a user gets."""

import csv
import json
import os
import signal
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from groundup.cli.main import app
from groundup.data.annotated import VOID
from groundup.data.camvid import CLASSES
from groundup.data.mask_folder import split_of
from groundup.data.palette import voc_colours
from groundup.data.places import data_home
from groundup.data.shapes_world import shapes_world_segmentation
from groundup.engine.checkpoint import load_checkpoint, pointed, weights_hash
from groundup.engine.preflight import Preflight
from groundup.engine.recipe import build
from groundup.engine.run import Run, with_data
from groundup.engine.signals import Interrupted
from groundup.engine.starting import starting_from
from groundup.engine.trainer import Trainer
from groundup.models.classification.resnet import BasicBlock, Bottleneck, ResNet
from groundup.models.segmentation.fcn import fcn_light
from groundup.models.segmentation.fcn_resnet import DilatedFCN
from groundup.recipes.segmentation import fcn

SHALLOW = dict(layers=(1, 1, 1, 1), in_channels=3, width=4)
TINY = partial(fcn_light, backbone=partial(ResNet, block=BasicBlock, stem_stride=1, **SHALLOW))
DEEP = partial(ResNet, block=Bottleneck, stem_stride=4, dilated_stages=2, **SHALLOW)
DILATED = partial(DilatedFCN, backbone=DEEP, auxiliary=True, dropout=0.1)


def small(recipe, model=TINY, **settings):
    """The recipe in all its parts on a narrow network, pictures of 48x64 at most and a few steps."""
    plain = dict(epochs=None, steps=4, batch_size=2, num_workers=0, eval_every=4, num_threads=1, device="cpu", log_every=2)
    train = recipe.train_data
    train = partial(train, image_shape=(3, 48, 64)) if "image_shape" in train.keywords else partial(train, count=40, size=32)
    held_out = recipe.eval_data
    held_out = held_out if "dataset" in held_out.keywords else partial(held_out, count=6, size=32)
    return replace(recipe, model=model, train_data=train, eval_data=held_out, run=replace(recipe.run, **plain | settings))


def write_camvid(root, table=False):
    """Roads in CamVid's layout, of two sizes; with a table of their own, three classes by colours."""
    for split, count in (("train", 4), ("test", 3)):
        (root / split).mkdir(parents=True)
        (root / f"{split}annot").mkdir()
        for n in range(count):
            size = (60, 45) if n % 2 else (90, 50)
            mask = np.arange(size[0] * size[1], dtype=np.uint8).reshape(size[::-1]) // 40 % (3 if table else 12)
            colours = np.array(voc_colours(), np.uint8)[5:8]
            Image.fromarray(colours[mask] if table else mask).save(root / f"{split}annot" / f"{n}.png")
            Image.new("RGB", size, (40 * n, 90, 200)).save(root / split / f"{n}.png")
    if table:
        lines = [f"{r} {g} {b} {name}" for (r, g, b), name in zip(voc_colours()[5:8], ("Field", "Barn", "Void"), strict=True)]
        (root / "label_colors.txt").write_text("\n".join(lines))
    return root


def write_objects(root):
    names = [f"p{n}" for n in range(40)]
    names = [*[n for n in names if split_of(n) == "test"][:2], *[n for n in names if split_of(n) == "train"][:4]]
    for folder in ("PNGImages", "PedMasks"):
        (root / folder).mkdir(parents=True)
    for number, name in enumerate(names):
        mask = np.zeros((30 + number, 40), np.uint8)
        mask[5:15, 5:9], mask[8:20, 20:30] = 1, 2
        Image.fromarray(mask).save(root / "PedMasks" / f"{name}_mask.png")
        Image.fromarray(np.stack([mask * 90] * 3, -1)).save(root / "PNGImages" / f"{name}.png")
    return root


def trained(folder, plan, stop=None):
    run = Run(folder)
    run.begin(plan)
    trainer = Trainer(plan, run, quiet=True)
    if stop is not None:
        trainer.acts.insert(0, lambda: os.kill(os.getpid(), signal.SIGTERM) if trainer.step == stop else None)
    trainer.fit()
    return run


def weights(run):
    return weights_hash(load_checkpoint(run.checkpoints, pointed(run.checkpoints, "last"))[0]["model"])


def test_on_shapes_the_loss_falls_and_every_weight_learns(tmp_path):
    plan = small(fcn.fcn_shapes_world(), steps=20, batch_size=8, log_every=5, eval_every=20)
    run = trained(tmp_path, plan)
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[-1] < 0.7 * losses[0]
    assert {"miou", "pixel_accuracy", "iou_ground"} <= rows[-1]["eval"].keys()
    assert (run.folder / "pictures" / "samples.png").is_file() and (run.folder / "pictures" / "overlap.png").is_file()


def test_before_training_the_loss_is_that_of_guessing_and_every_weight_gets_a_gradient():
    check = Preflight(small(fcn.fcn_shapes_world(), batch_size=4))
    found = {finding.name: finding for finding in (check.gradients(), check.leaks(), check.start())}
    assert all(finding.good for finding in found.values()), found


@pytest.fixture(scope="module")
def roads(tmp_path_factory):
    """A folder in CamVid's layout, the recipe on it, and a run of it from beginning to end."""
    data = write_camvid(tmp_path_factory.mktemp("data") / "roads")
    plan = with_data(small(fcn.fcn_camvid(), steps=5, ema_decay=None), data)
    return data, plan, trained(tmp_path_factory.mktemp("run") / "whole", plan)


def test_a_killed_run_goes_on_with_the_same_parts_of_pictures_to_the_same_weights(roads, tmp_path):
    _, plan, whole = roads
    with pytest.raises(Interrupted):
        trained(tmp_path, plan, stop=3)
    assert weights(trained(tmp_path, plan)) == weights(whole)


def test_what_eval_scores_is_what_predict_writes(roads, tmp_path):
    data, _, run = roads
    scored = run.restore().evaluate().values
    result = CliRunner().invoke(app, ["predict", str(run.folder), "--input", str(data / "test"), "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    right = total = 0
    with open(tmp_path / "predictions.csv") as file:
        rows = list(csv.DictReader(file))
    for row, n in zip(rows, range(3), strict=True):
        found, truth = np.asarray(Image.open(row["mask"])), np.asarray(Image.open(data / "testannot" / f"{n}.png"))
        right, total = right + ((found == truth) & (truth != 11)).sum(), total + (truth != 11).sum()
    assert list(rows[0]) == ["file", "mask", *(f"share_{name}" for name in CLASSES)]
    assert scored["pixel_accuracy"] == pytest.approx(right / total)
    assert (tmp_path / "predictions.png").is_file()


def test_how_a_trained_model_is_asked_can_be_set_and_out_of_range_is_one_line(roads):
    _, _, run = roads
    assert run.restore().task.mirror and not run.restore(changes=["task.mirror=False"]).task.mirror
    result = CliRunner().invoke(app, ["eval", str(run.folder), "--set", "task.balance=3"])
    assert result.exit_code != 0 and "task.balance was fixed" in str(result.exception)


def test_objects_of_a_folder_are_learnt_from_published_weights_with_new_heads(tmp_path):
    data, model = write_objects(tmp_path / "people"), DILATED
    torch.manual_seed(1)
    torch.save((learnt := build(model, {"num_classes": 21}).state_dict()), tmp_path / "learnt.pth")
    plan, run = with_data(small(fcn.fcn_resnet50_folder(), model), data), Run(tmp_path / "run")
    start = starting_from(run, plan, str(tmp_path / "learnt.pth"))
    run.begin(plan)
    training = Trainer(plan, run, quiet=True, start=start)
    own = training.model.state_dict()
    assert torch.equal(own["body.stage4.0.conv2.weight"], learnt["body.stage4.0.conv2.weight"])
    assert own["classifier.head.weight"].shape[0] == own["auxiliary.head.weight"].shape[0] == 2
    groups = training.update.optimizers[None].param_groups
    rates = {id(parameter): group["initial_lr"] for group in groups for parameter in group["params"]}
    named = dict(training.model.named_parameters())
    assert rates[id(named["auxiliary.head.weight"])] == pytest.approx(10 * rates[id(named["classifier.conv.weight"])])
    training.fit()
    restored = run.restore()
    assert restored.task.labels == ["background", "pedestrian"]
    assert 0 <= restored.evaluate().values["miou"] <= 1


def test_a_folder_of_several_classes_brings_their_names_along(tmp_path):
    data = write_camvid(tmp_path / "farm", table=True)
    plan = with_data(small(fcn.fcn_resnet50_camvid(), DILATED), data)
    assert trained(tmp_path / "run", plan).restore().task.labels == ["Field", "Barn"]


NAMES = ["fcn_shapes_world", "fcn_camvid", "fcn_resnet50_folder", "fcn_resnet50_camvid", "fcn_resnet50_voc"]


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_survives_being_written(name, tmp_path):
    run = Run(tmp_path / "run")
    run.begin(plan := getattr(fcn, name)())
    again = Run(tmp_path / "again")
    again.begin(run.recipe())
    assert run.recipe_document() == again.recipe_document()
    assert plan.run.seed == 0


def test_the_held_out_shapes_are_of_no_training_picture():
    train, held_out = (shapes_world_segmentation(split=split, count=1)[0] for split in ("train", "test"))
    assert not torch.equal(train["image"], held_out["image"]) and VOID not in held_out["mask"]


def test_on_the_real_roads_every_split_has_its_pictures():
    if not (data_home() / "camvid_small").is_dir():
        pytest.skip("camvid_small is not on this machine")
    recipe = fcn.fcn_camvid()
    train = build(recipe.train_data, {})
    held_out = build(recipe.eval_data, {"image_shape": (3, 180, 240)})
    assert (len(train), len(held_out)) == (120, 60)
    assert held_out[0]["mask"].shape == (180, 240) and held_out.labels == list(CLASSES)
