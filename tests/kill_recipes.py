"""Small recipes of all three kinds for the kill test: accumulation, EMA, dropout, augmentation and both number formats on."""

import os
from dataclasses import replace
from functools import partial

from groundup.data.image_folder import image_folder
from groundup.data.images import picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.recipes.classification.lenet import lenet5_digits
from groundup.recipes.classification.lenet_folder import lenet5_folder
from groundup.recipes.generative.dcgan import dcgan_digits, digit_judge
from groundup.recipes.language.gpt import gpt_prose

SETTINGS = dict(batch_size=16, accumulate_steps=2, ema_decay=0.9, save_steps=4, eval_every=15, log_every=3, num_threads=1)


def with_model(recipe: Recipe, **arguments) -> Recipe:
    function, given = (recipe.model.func, recipe.model.keywords) if isinstance(recipe.model, partial) else (recipe.model, {})
    return replace(recipe, model=partial(function, **{**given, **arguments}))


def lenet() -> Recipe:
    run = RunSettings(steps=45, precision="float32", clip_norm=1.0, channels_last=True, **SETTINGS)
    return replace(lenet5_digits(), run=run)


def lenet_bfloat16() -> Recipe:
    return replace(lenet(), run=replace(lenet().run, precision="bfloat16", keep=2))


def dcgan() -> Recipe:
    run = RunSettings(steps=30, precision="float32", **SETTINGS)
    return replace(with_model(dcgan_digits(), width=4), run=run, facts=(picture_facts, partial(digit_judge, epochs=1)))


def dcgan_bfloat16() -> Recipe:
    return replace(dcgan(), run=replace(dcgan().run, precision="bfloat16", channels_last=True))


def folder() -> Recipe:
    """Random crops of the pictures in the folder KILL_PICTURES, read by two workers."""
    train = partial(image_folder, split="train", root=os.environ["KILL_PICTURES"], image_shape=(3, 32, 32), crop="random_resized")
    test = partial(image_folder, split="test", root=os.environ["KILL_PICTURES"])
    run = RunSettings(steps=45, precision="float32", clip_norm=1.0, num_workers=2, **SETTINGS)
    return replace(lenet5_folder(), train_data=train, eval_data=test, run=run)


def gpt() -> Recipe:
    """Trained on the texts of the folder KILL_TEXTS."""
    recipe = with_model(gpt_prose(), num_layers=2, embed_dim=32, num_heads=2, max_seq_len=32, dropout=0.1)
    data = {
        name: partial(part.func, **{**part.keywords, "root": os.environ["KILL_TEXTS"], "length": 32, "stride": 32})
        for name in ("train_data", "validation_data", "eval_data")
        if (part := getattr(recipe, name)) is not None
    }
    return replace(recipe, **data, run=RunSettings(steps=45, precision="float32", clip_norm=1.0, **SETTINGS))


def gpt_bfloat16() -> Recipe:
    return replace(gpt(), run=replace(gpt().run, precision="bfloat16"))
