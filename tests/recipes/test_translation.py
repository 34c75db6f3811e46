"""The translators' recipes at tiny size: killed and resumed to the same weights, scored as they predict, asked by settings."""

import json
from dataclasses import replace
from functools import partial

import pytest
import torch
from typer.testing import CliRunner

from groundup.cli.main import app
from groundup.data.parallel import multi30k, parallel_texts
from groundup.data.places import data_home
from groundup.data.shapes_translation import shapes_world_translation
from groundup.data.token_pairs import pair_facts
from groundup.engine.checkpoint import load_checkpoint
from groundup.engine.recipe import bind, build, from_json, to_json
from groundup.engine.run import Run, with_data
from groundup.engine.trainer import Trainer
from groundup.errors import UserError
from groundup.recipes.language.transformer import transformer_grammar, transformer_multi30k, transformer_parallel

TINY = dict(embed_dim=16, num_layers=1, num_heads=2, hidden_dim=16)


def small(recipe, data, **settings):
    """The recipe on few sentences, with a model in which nothing is left out but its size."""
    parts = {"train_data": replace_dataset(recipe.train_data, data("train")), "eval_data": data("test")}
    run = replace(recipe.run, epochs=None, steps=8, batch_size=8, eval_every=100, **settings)
    model = partial(recipe.model.func, **{**recipe.model.keywords, **TINY})
    facts = (partial(pair_facts, vocab_size=420, max_seq_len=64),)
    return replace(recipe, model=model, facts=facts, run=run, validation_data=None, best=None, **parts)


def replace_dataset(part, dataset):
    return partial(part.func, **{**part.keywords, "dataset": dataset})


def grammar(**settings):
    return small(transformer_grammar(), lambda split: partial(shapes_world_translation, split=split, count=24), **settings)


def train(recipe, folder, steps=None):
    run = Run(folder)
    if not (folder / "recipe.json").exists():
        run.begin(recipe)
    trainer = Trainer(recipe, run, quiet=True)
    if steps is None:
        trainer.fit()
    else:  # as far as a kill lets it come
        trainer.total, whole = steps, trainer.total
        schedule = trainer.schedule
        trainer.schedule = lambda step, total: schedule(step, whole)
        trainer.fit()
    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(grammar(), tmp_path_factory.mktemp("run") / "whole")


def test_a_run_that_was_stopped_ends_in_the_same_weights(trained, tmp_path):
    train(grammar(), tmp_path / "parts", steps=3)
    resumed = train(grammar(), tmp_path / "parts")
    for part in ("model", "ema", "optimizer"):
        ours, theirs = (load_checkpoint(run.checkpoints, 8)[0][part] for run in (resumed, trained))
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs), part


def test_what_eval_reports_is_of_what_predict_says(trained, tmp_path):
    restored = trained.restore(changes=["task.num_beams=2"])
    dataset = build(restored.recipe.eval_data, restored.facts)
    (tmp_path / "test.en").write_text("".join(f"{row['source']}\n" for row in dataset.rows))
    items = restored.task.read(tmp_path / "test.en")
    said = [text for i in range(0, 24, 7) for text in restored.predict(items[i : i + 7])[1]["translation"]]
    metric = restored.task.metrics()["bleu"]
    truths = {name: [row[side] for row in dataset.rows] for name, side in (("source_text", "source"), ("target_text", "target"))}
    metric.update({"translation": said}, truths)
    values = restored.evaluate().values
    assert values["bleu"] == pytest.approx(metric.compute())
    assert set(values) == {"loss", "perplexity", "exact_match", "bleu"}


def test_facts_and_recipe_come_back_as_they_were(trained):
    restored = trained.restore()
    again = from_json(json.loads(json.dumps(to_json(restored.recipe))))
    assert to_json(again) == to_json(restored.recipe)
    text = "A striped cyan moon is above a heart."
    assert torch.equal(restored.facts["tokenizer"].encode(text), fitted().encode(text))


def fitted():
    recipe = grammar()
    return bind(recipe.facts[0], {})(build(recipe.train_data, {}))["tokenizer"]


def asked(run, tmp_path, *options):
    (tmp_path / "a.txt").write_text("A red circle is on the left.\nThere is one thing: a star.\n")
    words = ["predict", str(run.folder), "--input", str(tmp_path / "a.txt"), "--output", str(tmp_path / "out"), *options]
    return CliRunner().invoke(app, words)


def test_the_command_line_translates_a_file_by_the_beams_that_are_asked_for(trained, tmp_path):
    told = asked(trained, tmp_path, "--set", "task.num_beams=2", "--set", "task.max_length=9")
    assert told.exit_code == 0, told.output
    assert "2 predictions in" in told.output
    found = {path.name for path in (tmp_path / "out").iterdir()}
    assert found == {"predictions.csv", "predictions.png", "a.txt.translation.txt"}
    refused = asked(trained, tmp_path, "--set", "task.num_beams=0")
    assert refused.exit_code != 0
    assert "num_beams is a whole number from 1 to 64; got 0" in str(refused.exception or refused.output)


def test_pairs_of_ones_own_are_given_by_data(tmp_path):
    rows = [f"the {a} {b}\tdas {b} {a}\n" for a in ("red", "green", "blue", "old", "new") for b in ("car", "house", "dog", "sea")]
    for split in ("train", "test"):
        lines = [row.strip().split("\t") for row in rows]
        for language, column in (("en", 0), ("de", 1)):
            (tmp_path / f"{split}.{language}").write_text("".join(f"{line[column]}\n" for line in lines))
    recipe = small(transformer_parallel(), lambda split: partial(parallel_texts, split=split))
    run = train(with_data(recipe, tmp_path), tmp_path / "run")
    assert run.restore().evaluate().values["loss"] > 0


def test_without_data_of_ones_own_the_recipe_says_how_to_give_it():
    with pytest.raises(UserError, match="name it with --data PATH"):
        build(transformer_parallel().train_data, {})


@pytest.mark.skipif(not (data_home() / "multi30k").is_dir(), reason="the set multi30k is not on this machine")
def test_multi30k_is_batched_by_length_and_fits_the_model():
    recipe = transformer_multi30k()
    data = build(recipe.train_data, {})
    assert len(data) == 29_000
    batches = data.buckets(128).order(torch.Generator().manual_seed(0))
    longest = [max(data.lengths[i] for i in batch.tolist()) for batch in batches[:20]]
    assert len(set(longest)) > 10
    assert len(build(partial(multi30k, split="test"), {})) == len(build(recipe.eval_data, {})) == 1_000
