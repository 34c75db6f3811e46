"""What learns, at which rate, and what stays as it is."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from groundup.data.images import digits, picture_facts
from groundup.engine.evaluator import evaluate
from groundup.engine.optimizers import build_optimizers, training_mode
from groundup.engine.recipe import Recipe, RunSettings
from groundup.engine.run import Run
from groundup.engine.trainer import Trainer
from groundup.models.classification.resnet import resnet18
from groundup.optim.groups import transfer_groups
from groundup.optim.sgd import SGD
from groundup.tasks.classification import Classification


def as_floats(batch):
    return {**batch, "image": batch["image"] / 255.0}


def recipe(**groups):
    return Recipe(
        model=partial(resnet18, width=4, stem_stride=1),
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts,),
        prepare=as_floats,
        task=Classification,
        optimizer=partial(SGD, lr=0.1, momentum=0.9),
        groups=partial(transfer_groups, **groups),
        run=RunSettings(steps=8, batch_size=16, log_every=4, eval_every=8, seed=3, save_steps=2, keep=9),
    )


def trainer(plan, folder):
    run = Run(folder)
    run.begin(plan) if not (folder / "recipe.json").exists() else None
    return Trainer(plan, run, quiet=True)


def weights(trainer):
    return {name: value.detach().clone() for name, value in trainer.model.state_dict().items()}


def moved(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_rates_are_the_optimisers_times_the_groups_own_and_the_schedules():
    plan = recipe(scales={"head*": 10.0})
    optimizers = build_optimizers(plan, resnet18(num_classes=10, in_channels=1, width=4))
    assert {group["lr"] for group in optimizers[None].param_groups} == {0.1, 1.0}


def test_a_frozen_part_keeps_its_weights_and_the_statistics_of_its_norms(tmp_path):
    training = trainer(recipe(freeze=("conv1*", "norm1*", "stage1.*")), tmp_path / "run")
    before = weights(training)
    training.fit()
    names = moved(before, weights(training))
    assert names and not [name for name in names if name.startswith(("conv1", "norm1", "stage1"))]
    assert {name for name in before if name.startswith(("stage2", "head"))} <= names


def test_a_part_that_thaws_moves_from_its_step_on(tmp_path):
    training = trainer(recipe(thaw={"stage4.*": 0.5, "stage[123].*": 1.0}), tmp_path / "run")
    states = {}

    def keep():
        states[training.step] = weights(training)

    training.acts.append(keep)
    training.fit()

    def parts(first, last):
        return {name.partition(".")[0] for name in moved(states[first], states[last])}

    assert parts(1, 4) == {"conv1", "norm1", "head"}
    assert parts(4, 5) == {"conv1", "norm1", "head", "stage4"}


def test_a_run_that_is_stopped_before_and_after_a_thaw_ends_in_the_same_weights(tmp_path):
    plan = recipe(thaw={"stage*": 0.5}, scales={"head*": 3.0})
    whole = trainer(plan, tmp_path / "whole")
    whole.fit()
    for step in (2, 6):
        part = trainer(plan, tmp_path / f"part{step}")

        class Stop(Exception):
            pass

        def stop(part=part, step=step):
            if part.step == step:
                raise Stop

        part.acts.append(stop)
        with pytest.raises(Stop):
            part.fit()
        again = trainer(plan, tmp_path / f"part{step}")
        assert again.step == step
        again.fit()
        assert not moved(weights(whole), weights(again))


def test_evaluation_leaves_each_part_in_its_own_mode():
    model = resnet18(num_classes=2, width=4)
    model.stage1.requires_grad_(False)
    training_mode(model)
    assert model.training and model.stage2.training and not model.stage1[0].norm1.training
    evaluate([], model, None, lambda: iter(()))
    assert model.training and model.stage2.training and not model.stage1[0].norm1.training


def test_the_recipe_of_a_transfer_is_written_and_read_back(tmp_path):
    plan = recipe(freeze=("conv1*",), scales={"head*": 10.0}, thaw={"stage4.*": 0.25})
    run = Run(tmp_path / "run")
    run.begin(replace(plan, prepare=None))
    back = run.recipe()
    groups = back.groups(resnet18(num_classes=2, width=4))
    assert {group.get("lr_scale", 1) for group in groups} == {1, 10.0}
    assert {group.get("frozen_until", 0) for group in groups} == {0, 0.25}
