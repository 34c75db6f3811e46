"""Small GPTs that learn to write from the text on this machine."""

from functools import partial

from groundup.data.text import character_facts, prose, token_windows
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.language.gpt2 import gpt2
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only
from groundup.optim.schedules import cosine
from groundup.tasks.language_modelling import LanguageModelling

LENGTH = 128  # characters that the model sees at once


def gpt_prose() -> Recipe:
    """A small GPT-2 of characters on the documentation of Python libraries."""
    return Recipe(
        model=partial(gpt2, embed_dim=256, num_layers=3, num_heads=4, dropout=0.0),
        train_data=partial(prose, split="train", length=LENGTH),
        validation_data=partial(prose, split="validation", length=LENGTH),
        eval_data=partial(prose, split="test", length=LENGTH),
        best="min bits_per_character",
        facts=(character_facts,),
        collate=token_windows,
        task=LanguageModelling,
        optimizer=partial(AdamW, lr=2.5e-3, betas=(0.9, 0.95), weight_decay=0.1),
        groups=decay_matrices_only,
        schedule=partial(cosine, warmup=0.05),
        run=RunSettings(steps=4_000, eval_every=1_000, batch_size=16, clip_norm=1.0, seed=0),
    )
