"""DDPM on small grey pictures, asked by class."""

from dataclasses import replace
from functools import partial

from groundup.data.images import digits, picture_facts
from groundup.data.mnist import mnist
from groundup.engine.evaluator import Score
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.generative.ddpm import ddpm_cifar10_32
from groundup.optim.adam import AdamW
from groundup.optim.schedules import cosine
from groundup.recipes.generative.dcgan import digit_judge, smooth
from groundup.tasks.diffusion import Diffusion
from groundup.tasks.judged import JudgeCounts
from groundup.tasks.prompted import JudgeAgrees


def ddpm_digits() -> Recipe:
    """DDPM on scikit-learn's handwritten digits, each painted on request."""
    return Recipe(
        model=partial(
            ddpm_cifar10_32,
            image_channels=1,
            width=24,
            channel_multipliers=(1, 2, 2),
            num_blocks=1,
            attention_levels=(1,),
            num_groups=8,
            dropout=0.0,
        ),
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts, digit_judge),
        prepare=partial(smooth, size=16),
        task=partial(Diffusion, image_size=16, schedule="cosine", prediction="v", num_steps=20, guidance_scale=1.5),
        evaluators=(Score, JudgeCounts, partial(JudgeAgrees, count=300)),
        optimizer=partial(AdamW, lr=2e-3, betas=(0.9, 0.99), weight_decay=0.0),
        schedule=cosine,
        run=RunSettings(steps=3000, batch_size=64, seed=0, ema_decay=0.995, eval_every=1000, clip_norm=1.0),
    )


def ddpm_mnist() -> Recipe:
    """DDPM on MNIST, at the size of its pictures."""
    digits_recipe = ddpm_digits()
    return replace(
        digits_recipe,
        train_data=partial(mnist, split="train"),
        eval_data=partial(mnist, split="test"),
        facts=(picture_facts, partial(digit_judge, epochs=2)),
        prepare=partial(smooth, size=28),
        task=partial(digits_recipe.task, image_size=28, eval_draws=1),
        evaluators=(Score, partial(JudgeCounts, count=500), partial(JudgeAgrees, count=200)),
        run=replace(digits_recipe.run, steps=6000, eval_every=3000, ema_decay=0.999),
    )
