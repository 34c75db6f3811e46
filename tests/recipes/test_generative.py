"""Autoencoders and GANs from their recipes: they train, stop and go on, and are asked from the command line."""

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

from groundup.cli.main import main
from groundup.data.images import digits, picture_facts
from groundup.engine.checkpoint import load_checkpoint, pointed, weights_hash
from groundup.engine.evaluator import Score
from groundup.engine.recipe import from_json, override, to_json
from groundup.engine.run import Run
from groundup.engine.signals import Interrupted
from groundup.engine.trainer import Trainer
from groundup.recipes.generative.dcgan import digit_judge
from groundup.recipes.generative.vae import autoencoder_digits, beta_vae_digits, principal_components, vae_digits, vae_mnist
from groundup.recipes.generative.wgan_gp import wgan_gp_digits
from groundup.tasks.judged import JudgeCounts

SHORT = dict(num_threads=1, precision="float32", log_every=2, eval_every=None)


def short(recipe, **settings):
    return replace(recipe, run=replace(recipe.run, **SHORT | {"steps": 4, "batch_size": 16} | settings))


def small_gan(**settings):
    recipe = override(short(wgan_gp_digits(), **settings), "model.width=2")
    return replace(recipe, facts=(picture_facts, partial(digit_judge, epochs=1)), evaluators=(partial(JudgeCounts, count=40),))


def trained(folder, plan, stop_at=None):
    run = Run(folder)
    run.begin(plan)
    trainer = Trainer(plan, run, quiet=True)
    if stop_at:
        trainer.acts.insert(0, lambda: os.kill(os.getpid(), signal.SIGTERM) if trainer.step == stop_at else None)
        with pytest.raises(Interrupted):
            trainer.fit()
    else:
        trainer.fit()
    return run


def weights(run, group="model"):
    return weights_hash(load_checkpoint(run.checkpoints, pointed(run.checkpoints, "last"))[0][group])


@pytest.mark.parametrize(
    ("recipe", "groups"),
    [
        (partial(short, replace(vae_digits(), evaluators=(Score,)), accumulate_steps=2), ("model", "optimizer")),
        (partial(small_gan, accumulate_steps=2, batch_size=10), ("model", "optimizer", "ema")),
    ],
    ids=["vae", "wgan_gp"],
)
def test_a_stopped_run_ends_in_the_weights_of_the_run_that_was_not(tmp_path, recipe, groups):
    whole = trained(tmp_path / "whole", recipe())
    stopped = trained(tmp_path / "stopped", recipe(), stop_at=2)
    assert pointed(stopped.checkpoints, "last") == 2
    torch.rand(7)  # what happens between has no say
    trained(tmp_path / "stopped", recipe())
    for group in groups:
        assert weights(stopped, group) == weights(whole, group), group
    last = [json.loads((run.folder / "metrics.jsonl").read_text().splitlines()[-1])["eval"] for run in (whole, stopped)]
    assert last[0] == last[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A VAE of 150 steps."""
    return trained(tmp_path_factory.mktemp("vae") / "run", short(vae_digits(), steps=150, batch_size=64))


@pytest.fixture
def groundup(capsys):
    """Run a command line; gives its status, and what it printed to either stream."""

    def command(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return end.value.code or 0, captured.out, captured.err

    return command


def test_a_vae_learns_even_in_150_steps(run):
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert rows[-2]["loss"] < rows[0]["loss"] - 5
    values = rows[-1]["eval"]
    assert values["pca_squared_error"] < values["squared_error"] < 0.074  # which is the error of the mean picture
    assert values["loss"] == pytest.approx(values["reconstruction"] + values["divergence"], abs=1e-4)


def test_eval_is_of_the_very_function_that_predict_calls(run, groundup, tmp_path):
    restored = run.restore()
    held_out = digits(split="test").columns["image"]
    for number in range(20):
        Image.fromarray(held_out[number, 0].numpy()).save(tmp_path / f"{number:02d}.png")
    code, *_ = groundup("predict", run.folder, "--input", tmp_path, "--output", tmp_path / "out")
    assert code == 0
    rows = list(csv.DictReader((tmp_path / "out" / "predictions.csv").open()))
    with torch.no_grad():
        batch = restored.prepared({"image": held_out[:20]})
        errors = restored.task.predict(restored.model, batch)["error"]
    assert [float(row["squared_error"]) for row in rows] == pytest.approx(errors.tolist(), abs=2e-6)
    assert all(Image.open(row["reconstruction"]).size == (8, 8) for row in rows)
    assert Image.open(tmp_path / "out" / "predictions.png").width > 500


def test_the_bar_of_two_numbers_against_pca_is_one_command(run, groundup):
    code, text, _ = groundup("eval", run.folder, "--json")
    values = json.loads(text)["metrics"]
    assert code == 0 and {"squared_error", "pca_squared_error", "active_dims"} <= values.keys()
    assert values["pca_squared_error"] == pytest.approx(0.0529, abs=5e-4)


def test_samples_of_the_prior_come_from_the_command_line_the_same_for_the_same_seed(run, groundup, tmp_path):
    for folder in ("a", "b"):
        code, *_ = groundup("sample", run.folder, "--count", 3, "--seed", 7, "--output", tmp_path / folder)
        assert code == 0
    first, second = (sorted((tmp_path / folder).glob("0*.png")) for folder in ("a", "b"))
    assert len(first) == 3
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(np.asarray(Image.open(one)), np.asarray(Image.open(two)))


def test_the_pictures_that_a_person_would_look_at_are_there(run):
    names = {path.stem for path in (run.folder / "pictures").glob("*.png")}
    assert {"samples", "reconstructions", "walk", "map", "prior", "reconstructions_over_time", "prior_over_time"} <= names


def test_an_autoencoder_gives_no_samples_and_a_vae_takes_no_prompt(run, groundup, tmp_path):
    plain = trained(tmp_path / "run", replace(short(autoencoder_digits(), steps=2), evaluators=(Score,)))
    code, _, said = groundup("sample", plain.folder)
    assert code and said.startswith("groundup: Reconstruction has no sample; it has loss,") and said.count("\n") == 1
    code, _, said = groundup("sample", run.folder, "--prompt", "seven")
    assert code and "takes no prompt; got 'seven'" in said and said.count("\n") == 1
    code, _, said = groundup("eval", run.folder, "--set", "task.beta=-2")
    assert code and "task.beta was fixed when the run was trained; what can be set is task.fit" in said and said.count("\n") == 1


def test_pca_is_fitted_on_the_training_split_alone():
    train = digits(split="train")
    image_shape = [1, 8, 8]
    fact = principal_components(train, image_shape, dimensions=2)["principal_components"]
    mean = train.columns["image"].double().mean(0) / 127.5 - 1
    torch.testing.assert_close(fact.mean, mean, atol=1e-6, rtol=0)
    assert fact.components.shape == (2, 1, 8, 8)


@pytest.mark.parametrize("recipe", [autoencoder_digits, vae_digits, beta_vae_digits, vae_mnist, wgan_gp_digits])
def test_a_recipe_is_data_and_its_model_fits_its_task(recipe):
    plan = recipe()
    assert to_json(from_json(json.loads(json.dumps(to_json(plan))))) == to_json(plan)
    given = plan.task.keywords if isinstance(plan.task, partial) else {}
    assert given.get("latent_dim", plan.model.keywords["latent_dim"]) == plan.model.keywords["latent_dim"]


def test_a_batch_smaller_than_the_critics_moves_is_refused_in_one_line(tmp_path):
    with pytest.raises(Exception, match="5 moves of the critic share each batch, and it has 3 pictures"):
        trained(tmp_path, small_gan(batch_size=3))
