"""The recipes of transfer on miniatures of their sets: Kaggle's tables and PyTorch's folders, with and without weights."""

import json
from dataclasses import replace
from functools import partial

import pytest
import torch
from PIL import Image

from groundup.engine.run import Run
from groundup.engine.starting import starting_from
from groundup.engine.trainer import Trainer
from groundup.models.classification.resnet import resnet18
from groundup.recipes.classification import resnet_folder

TINY, SIDE = partial(resnet18, width=4), (3, 32, 32)


def pictures(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("RGB", (40, 36), (40 * number % 256, 90, 200)).save(folder / name)


def class_folders(root, parts, classes):
    for part in parts:
        for name in classes:
            pictures(root / part / name, [f"{i}.jpg" for i in range(4)])


def write(name, root):
    """A miniature with two classes of a set in its published layout."""
    if name == "resnet18_hymenoptera":
        class_folders(root / "hymenoptera_data", ("train", "val"), ("ants", "bees"))
    elif name == "resnet18_hotdog":
        class_folders(root / "hotdog", ("train", "test"), ("hotdog", "not-hotdog"))
    elif name == "resnet18_leaves":
        pictures(root / "classify-leaves" / "images", [f"{i}.jpg" for i in range(20)])
        rows = [f"images/{i}.jpg,{('maclura_pomifera', 'ulmus_rubra')[i % 2]}" for i in range(20)]
        (root / "classify-leaves" / "train.csv").write_text("\n".join(["image,label", *rows]))
    else:
        pictures(root / "dog-breed-identification" / "train", [f"{i:032x}.jpg" for i in range(20)])
        rows = [f"{i:032x},{('beagle', 'pug')[i % 2]}" for i in range(20)]
        (root / "dog-breed-identification" / "labels.csv").write_text("\n".join(["id,breed", *rows]))


def small(name):
    """The recipe in all its parts, on a narrow network and small pictures."""
    recipe = getattr(resnet_folder, name)()
    return replace(
        recipe,
        model=TINY,
        train_data=partial(recipe.train_data, image_shape=SIDE),
        task=partial(recipe.task, fit="resize 36 bilinear"),
        eval_data=partial(recipe.eval_data, fit="resize 36 bilinear"),
        run=replace(recipe.run, epochs=None, steps=4, batch_size=4, num_workers=0, eval_every=4),
    )


@pytest.mark.parametrize("name", ["resnet18_hymenoptera", "resnet18_hotdog", "resnet18_leaves", "resnet18_dogs"])
def test_each_set_is_found_in_its_published_layout_trained_on_and_scored(name, tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path / "data"))
    write(name, tmp_path / "data")
    run, plan = Run(tmp_path / "run"), small(name)
    run.begin(plan)
    Trainer(plan, run, quiet=True).fit()
    restored = run.restore()
    assert len(restored.task.labels) == restored.model.head.weight.shape[0] == 2
    assert 0 <= restored.evaluate().values["accuracy"] <= 1
    assert restored.recipe.eval_data.keywords["fit"] == restored.task.fit  # a prediction sees what the score saw


def test_what_was_learnt_on_other_classes_is_taken_up_and_the_head_begins_anew(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path / "data"))
    write("resnet18_hymenoptera", tmp_path / "data")
    torch.manual_seed(1)
    learnt = resnet18(num_classes=7, width=4).state_dict()
    torch.save(learnt, tmp_path / "learnt.pth")
    plan, run = small("resnet18_hymenoptera"), Run(tmp_path / "run")
    start = starting_from(run, plan, str(tmp_path / "learnt.pth"))
    run.begin(plan)
    training = Trainer(plan, run, quiet=True, start=start)
    own = training.model.state_dict()
    assert all(torch.equal(own[name], value) for name, value in learnt.items() if not name.startswith("head"))
    assert own["head.weight"].shape[0] == 2
    assert "7" in (told := capsys.readouterr().out) and "begins anew" in told
    groups = training.update.optimizers[None].param_groups
    names = {id(parameter): name for name, parameter in training.model.named_parameters()}
    rates = {names[id(parameter)]: group["initial_lr"] for group in groups for parameter in group["params"]}
    assert rates["head.weight"] == pytest.approx(10 * rates["conv1.weight"])


def test_every_part_of_a_recipe_of_transfer_survives_being_written(tmp_path, monkeypatch):
    for name in ("resnet18_leaves", "resnet18_dogs"):
        run, plan = Run(tmp_path / name), getattr(resnet_folder, name)()
        run.begin(plan)
        again = Run(tmp_path / f"{name} again")
        again.begin(run.recipe())
        assert json.loads((run.folder / "recipe.json").read_text()) == json.loads((again.folder / "recipe.json").read_text())
