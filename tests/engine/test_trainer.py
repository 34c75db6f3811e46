"""Training begins, stops, continues and ends as promised."""

import json
import os
import signal
from dataclasses import replace

import pytest
import torch

from groundup.engine.checkpoint import load_checkpoint, pointed, steps_in, weights_hash
from groundup.engine.journal import cut
from groundup.engine.recipe import override
from groundup.engine.run import Run
from groundup.engine.signals import Interrupted
from groundup.engine.trainer import Trainer
from groundup.errors import UserError
from groundup.ops.ladder import rung
from groundup.recipes.classification.lenet import lenet5_digits


def recipe(**settings):
    plain = dict(epochs=None, steps=8, batch_size=16, log_every=3, num_threads=1, precision="float32")
    return replace(lenet5_digits(), run=replace(lenet5_digits().run, **plain | settings))


def trained(folder, plan):
    run = Run(folder)
    run.begin(plan)
    trainer = Trainer(plan, run, quiet=True)
    trainer.fit()
    return run


def weights(run, group="model"):
    return weights_hash(load_checkpoint(run.checkpoints, pointed(run.checkpoints, "last"))[0][group])


def metrics(run):
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "items_per_second"} for row in rows]


def stop_at(trainer, step, signum=signal.SIGTERM):
    """Send a signal to this very process once the step is done."""
    trainer.acts.insert(0, lambda: os.kill(os.getpid(), signum) if trainer.step == step else None)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"accumulate_steps": 3, "ema_decay": 0.9, "clip_norm": 0.5},
        {"precision": "bfloat16", "channels_last": True, "eval_every": 2},
        {"precision": "float64", "num_workers": 1, "keep": 0},
    ],
    ids=["plain", "accumulation, EMA, clipping", "bfloat16, channels-last", "float64, a worker"],
)
def test_a_stopped_run_ends_in_the_weights_of_the_run_that_was_not(tmp_path, settings):
    plan = recipe(**settings)
    whole = trained(tmp_path / "whole", plan)

    run = Run(tmp_path / "stopped")
    run.begin(plan)
    trainer = Trainer(plan, run, quiet=True)
    stop_at(trainer, 5)
    with pytest.raises(Interrupted):
        trainer.fit()
    assert pointed(run.checkpoints, "last") == 5
    torch.rand(7)  # what happens between has no say
    trained(tmp_path / "stopped", plan)

    for group in ("model", "optimizer", "random", *(["ema"] if "ema_decay" in settings else [])):
        assert weights(run, group) == weights(whole, group), group
    assert metrics(run) == metrics(whole)


def test_a_second_seed_gives_other_weights(tmp_path):
    assert weights(trained(tmp_path / "0", recipe())) != weights(trained(tmp_path / "1", recipe(seed=1)))


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(tmp_path):
    plan = override(recipe(steps=40, save_steps=1, log_every=1), "optimizer.lr=1e30")
    with pytest.raises(UserError, match=r"became NaN or infinite at step \d+.*Try a lower --lr"):
        trained(tmp_path, plan)
    run = Run(tmp_path)
    for step in steps_in(run.checkpoints):
        tensors, _ = load_checkpoint(run.checkpoints, step)
        assert all(value.isfinite().all() for value in tensors["model"].values())


def test_a_loss_that_is_no_number_names_its_own_step(tmp_path):
    run, plan = Run(tmp_path), recipe(log_every=8)
    run.begin(plan)
    trainer = Trainer(plan, run, quiet=True)
    learn, calls = trainer.learn, iter(range(100))
    trainer.learn = type("Spoilt", (), {
        "__call__": lambda self, *args: learn(*args) | ({"loss": torch.tensor(float("nan"))} if next(calls) == 5 else {}),
        "state_dict": learn.state_dict,
    })()  # fmt: skip
    with pytest.raises(UserError, match="at step 6;"):
        trainer.fit()


def test_the_averaged_weights_are_those_that_are_evaluated(tmp_path):
    run = trained(tmp_path, recipe(ema_decay=0.999))
    restored = run.restore()
    tensors, _ = load_checkpoint(run.checkpoints, restored.step)
    assert weights_hash(restored.model.state_dict()) == weights_hash(tensors["ema"]) != weights_hash(tensors["model"])
    evaluations = [row["eval"] for row in metrics(run) if "eval" in row]
    assert evaluations[-1] == restored.evaluate().values


def test_a_run_of_another_recipe_is_not_continued(tmp_path):
    trained(tmp_path, recipe())
    with pytest.raises(UserError, match=r"run of another recipe: run.steps was 8, now 9"):
        Run(tmp_path).begin(recipe(steps=9))


def test_a_run_of_other_versions_says_so(tmp_path):
    plan = recipe()
    run = trained(tmp_path, plan)
    environment = json.loads((tmp_path / "environment.json").read_text())
    environment["versions"]["torch"] = "2.0.0"
    (tmp_path / "environment.json").write_text(json.dumps(environment))
    trainer = Trainer(plan, run, quiet=True)
    trainer.journal.close()
    assert trainer.notes == [f"versions.torch was '2.0.0', now '{torch.__version__}'"]
    environment["world_size"] = 4
    (tmp_path / "environment.json").write_text(json.dumps(environment))
    with pytest.raises(UserError, match="trained by 4 processes"):
        Trainer(plan, run, quiet=True)


def test_two_processes_cannot_train_one_folder_and_a_dead_one_does_not_bar_it(tmp_path):
    pid = os.fork()
    if not pid:
        with Run(tmp_path).lock():
            (tmp_path / "held").touch()
            signal.pause()
    while not (tmp_path / "held").exists():
        pass
    with pytest.raises(UserError, match="another process is training"), Run(tmp_path).lock():
        pass
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with Run(tmp_path).lock():
        pass


def test_metrics_are_cut_back_to_the_checkpoint_and_a_torn_line_is_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3, "lo')
    cut(path, 1)
    assert path.read_text() == '{"step": 1}\n'


def test_a_step_takes_all_its_batches_before_the_weights_move(tmp_path):
    plan = recipe(accumulate_steps=4, batch_size=8, steps=2)
    run = Run(tmp_path)
    run.begin(plan)
    trainer = Trainer(plan, run, quiet=True)
    seen, learn = [], trainer.learn
    before = weights_hash(trainer.model.state_dict())

    class Watched:
        state_dict = learn.state_dict

        def __call__(self, model, batch):
            seen.append(weights_hash(model.state_dict()) == before)
            return learn(model, batch)

    trainer.learn = Watched()
    trainer.fit()
    assert seen == [True] * 4 + [False] * 4


@pytest.mark.parametrize("name", ["tensors", "manual"])
def test_lenet_trains_alike_on_every_rung(tmp_path, name):
    plan = recipe(steps=20, precision="float64", log_every=1)
    with rung(name):
        ours = trained(tmp_path / name, plan)
    fused = trained(tmp_path / "fused", plan)
    for mine, theirs in zip(metrics(ours), metrics(fused), strict=True):
        if "loss" in theirs:
            assert mine["loss"] == pytest.approx(theirs["loss"], rel=1e-9)


def test_a_batch_larger_than_the_set_is_refused_with_the_valid_range(tmp_path):
    with pytest.raises(UserError, match="a batch of 2000 is larger than the training set: give at most 1437"):
        Trainer(recipe(batch_size=2000), Run(tmp_path), quiet=True)
