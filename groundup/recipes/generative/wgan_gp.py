"""WGAN-GP on small grey pictures."""

from functools import partial

from groundup.data.images import digits, picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.generative.wgan_gp import wgan_gp
from groundup.optim.adam import AdamW
from groundup.optim.schedules import cosine
from groundup.recipes.generative.dcgan import digit_judge, smooth
from groundup.tasks.critic_step import CriticStep
from groundup.tasks.judged import JudgeCounts
from groundup.tasks.wasserstein_generation import WassersteinGeneration


def wgan_gp_digits() -> Recipe:
    """WGAN-GP on scikit-learn's handwritten digits; a batch holds the real pictures of the critic's five moves."""
    return Recipe(
        model=partial(wgan_gp, image_size=32, image_channels=1, latent_dim=16, width=16),
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts, digit_judge),
        prepare=partial(smooth, size=32),
        task=partial(WassersteinGeneration, latent_dim=16),
        step=partial(CriticStep, critic_moves=5),
        evaluators=(JudgeCounts,),
        optimizer={
            "generator": partial(AdamW, lr=1e-3, betas=(0.0, 0.9), weight_decay=0.0),
            "critic": partial(AdamW, lr=1e-3, betas=(0.0, 0.9), weight_decay=0.0),
        },
        schedule=cosine,
        run=RunSettings(steps=1300, batch_size=320, seed=0, ema_decay=0.995, eval_every=150),
    )
