"""DDPM's recipes at a tiny size: they train, stop and go on, and a run is scored, sampled and asked as its user says."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.images import digits, picture_facts
from groundup.data.places import data_home
from groundup.engine.checkpoint import load_checkpoint, pointed, weights_hash
from groundup.engine.evaluator import Score
from groundup.engine.recipe import build
from groundup.engine.run import Run
from groundup.engine.signals import Interrupted
from groundup.engine.trainer import Trainer
from groundup.metrics.judge import Judge
from groundup.models.generative.ddpm import ddpm_cifar10_32
from groundup.recipes.generative.dcgan import digit_judge, smooth
from groundup.recipes.generative.ddpm import ddpm_digits, ddpm_mnist
from groundup.tasks.judged import JudgeCounts
from groundup.tasks.prompted import JudgeAgrees
from tests.cli.conftest import groundup  # noqa: F401  (a fixture)
from tests.engine.test_trainer import stop_at

SMALL = dict(image_channels=1, width=4, channel_multipliers=(1, 2), num_blocks=1, num_groups=2, dropout=0.1)


def tiny(recipe=None, **settings):
    recipe = recipe or ddpm_digits()
    run = dict(steps=6, batch_size=16, eval_every=10**6, log_every=2, num_threads=1, precision="float32", ema_decay=0.9)
    return replace(
        recipe,
        model=partial(ddpm_cifar10_32, **SMALL),
        facts=(picture_facts, partial(digit_judge, epochs=1)),
        task=partial(recipe.task, num_steps=2, eval_draws=2),
        evaluators=(Score, partial(JudgeCounts, count=20), partial(JudgeAgrees, count=20)),
        run=replace(recipe.run, **run | settings),
    )


def fitted(run, plan):
    run.begin(plan)
    Trainer(plan, run, quiet=True).fit()
    return run


def hashes(run):
    tensors, _ = load_checkpoint(run.checkpoints, pointed(run.checkpoints, "last"))
    return {group: weights_hash(tensors[group]) for group in ("model", "ema", "optimizer", "random")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never stopped."""
    return fitted(Run(tmp_path_factory.mktemp("ddpm")), tiny())


def test_a_stopped_run_ends_in_the_weights_of_the_run_that_was_not(whole, tmp_path):
    run = Run(tmp_path)
    run.begin(tiny())
    trainer = Trainer(tiny(), run, quiet=True)
    stop_at(trainer, 3)
    with pytest.raises(Interrupted):
        trainer.fit()
    torch.rand(7)
    assert hashes(fitted(run, tiny())) == hashes(whole)


def test_what_eval_reports_is_the_mean_of_what_predict_says(whole):
    restored = whole.restore()
    found = restored.evaluate(batch_size=100).values
    held_out = digits(split="test")
    prepared = smooth(held_out.batch(torch.arange(len(held_out))), size=16)
    error = restored.task.predict(restored.model, prepared)["error"]
    assert found["loss"] == pytest.approx(error.double().mean().item(), rel=1e-5)
    assert {"judge_agrees", "judge_agrees_least", "classes_found", "smallest_share", "judge_confidence"} <= found.keys()


def test_the_pictures_of_a_run_show_samples_classes_the_way_and_the_error(whole):
    names = {path.name for path in (whole.folder / "pictures").iterdir()}
    assert {"samples.png", "by_class.png", "denoising.png", "loss.png", "classes.png"} <= names


def test_a_run_is_sampled_by_class_and_asked_as_the_user_says(whole, tmp_path, groundup):  # noqa: F811
    words = ("sample", whole.folder, "--count", 4, "--output", tmp_path)
    answer = groundup(*words, "--prompt", "7", "--set", "task.guidance_scale=3", "--set", "task.num_steps=3")
    assert answer.status == 0 and "samples.png" in answer.out
    assert len(list(tmp_path.glob("000*.png"))) == 4 and (tmp_path / "denoising.png").exists()
    first = np.asarray(Image.open(tmp_path / "0000.png"))
    groundup(*words, "--prompt", "7", "--set", "task.guidance_scale=3", "--set", "task.num_steps=3")
    assert (np.asarray(Image.open(tmp_path / "0000.png")) == first).all()
    groundup(*words, "--prompt", "7", "--set", "task.guidance_scale=3", "--set", "task.sampler=ddpm")
    assert (np.asarray(Image.open(tmp_path / "0000.png")) != first).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--prompt", ""), "the prompt is empty: name one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, or leave --prompt out"),
        (("--prompt", "ten"), "no class is called 'ten'; there are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"),
        (("--set", "task.guidance_scale=-2"), "guidance_scale is a number from 0 to 50; got -2"),
        (("--set", "task.num_steps=5000"), "num_steps is a whole number from 1 to 1000; got 5000"),
        (("--set", "task.sampler=euler"), "sampler is one of ddim, ddpm; got 'euler'"),
        (("--set", "task.guidance=3"), "did you mean task.guidance_scale"),
        (("--set", "task.image_size=15"), "task.image_size was fixed when the run was trained"),
    ],
)
def test_a_wrong_question_is_answered_in_one_line_and_writes_nothing(whole, tmp_path, groundup, words, message):  # noqa: F811
    answer = groundup("sample", whole.folder, "--output", tmp_path / "new", *words)
    assert answer.status == 2 and message in answer.err and answer.err.count("\n") == 1
    assert not list(tmp_path.glob("new/*.png"))


def test_pictures_cannot_be_read_by_a_task_that_only_makes_them(whole, tmp_path, groundup):  # noqa: F811
    answer = groundup("predict", whole.folder, "--input", tmp_path, "--output", tmp_path / "out")
    assert answer.status == 2 and "Diffusion has no read" in answer.err


def test_the_judge_of_small_pictures_enlarges_them_and_is_kept_whole():
    judge = digit_judge(digits(split="train"), 10, epochs=3)["judge"]
    held_out = digits(split="test").columns
    small, large = (smooth(held_out, size=size)["image"] for size in (16, 32))
    right = (judge.logits(small).argmax(-1) == held_out["label"]).float().mean()
    assert right > 0.85
    assert (judge.logits(small).argmax(-1) == judge.logits(large).argmax(-1)).float().mean() > 0.97
    again = Judge.from_fact(*judge.to_fact())
    assert torch.equal(again.logits(small), judge.logits(small))


def test_the_recipe_of_the_real_set_trains_on_it(tmp_path):
    if not (data_home() / "mnist").is_dir():
        pytest.skip("mnist is not on this machine")
    plan = ddpm_mnist()
    facts = picture_facts(build(plan.train_data, {}))
    batch = plan.prepare(build(plan.task, facts).example_batch(2))
    model = build(plan.model, facts)
    assert model(*build(plan.task, facts).inputs(batch)).shape == batch["image"].shape
