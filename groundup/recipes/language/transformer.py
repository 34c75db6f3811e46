"""Transformers that translate: sentences about coloured shapes, captions of photographs, and pairs of your own."""

from dataclasses import replace
from functools import partial

from groundup.data.bucketing import ByLength
from groundup.data.parallel import multi30k, parallel_texts
from groundup.data.shapes_translation import shapes_world_translation
from groundup.data.token_pairs import pair_facts, token_pairs
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.language.transformer import transformer_base
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only
from groundup.optim.schedules import cosine
from groundup.tasks.translation import Translation

TEXTS = ("source", "target")


def transformer_grammar() -> Recipe:
    """A small Transformer from English to German, on sentences about ShapesWorld: agreement and order out of few words."""
    return Recipe(
        model=partial(transformer_base, embed_dim=128, num_layers=2, num_heads=4, hidden_dim=256, dropout=0.1, norm_first=True),
        train_data=partial(ByLength, dataset=partial(shapes_world_translation, split="train"), texts=TEXTS),
        eval_data=partial(shapes_world_translation, split="test"),
        facts=(partial(pair_facts, vocab_size=640, max_seq_len=128),),
        collate=token_pairs,
        task=partial(Translation, label_smoothing=0.1, num_beams=4),
        optimizer=partial(AdamW, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01),
        groups=decay_matrices_only,
        schedule=partial(cosine, warmup=0.1),
        run=RunSettings(epochs=6, batch_size=64, clip_norm=1.0, ema_decay=0.99, eval_every=471, seed=0),
    )


def transformer_multi30k() -> Recipe:
    """A Transformer of three and three blocks from English to German, on the captions of Multi30k."""
    return Recipe(
        model=partial(transformer_base, embed_dim=256, num_layers=3, num_heads=8, hidden_dim=512, dropout=0.2, norm_first=True),
        train_data=partial(ByLength, dataset=partial(multi30k, split="train"), texts=TEXTS),
        validation_data=partial(multi30k, split="validation"),
        eval_data=partial(multi30k, split="test"),
        best="max bleu",
        facts=(partial(pair_facts, vocab_size=8_000, max_seq_len=256),),
        collate=token_pairs,
        task=partial(Translation, label_smoothing=0.1, num_beams=4),
        optimizer=partial(AdamW, lr=1.5e-3, betas=(0.9, 0.98), weight_decay=0.01),
        groups=decay_matrices_only,
        schedule=partial(cosine, warmup=0.08),
        run=RunSettings(epochs=20, batch_size=128, clip_norm=1.0, ema_decay=0.999, eval_every=1135, seed=0),
    )


def transformer_parallel() -> Recipe:
    """A Transformer on pairs of your own, given by --data: a file of two columns between tabs, or two files a split."""
    return replace(
        transformer_multi30k(),
        train_data=partial(ByLength, dataset=partial(parallel_texts, split="train"), texts=TEXTS),
        validation_data=partial(parallel_texts, split="validation"),
        eval_data=partial(parallel_texts, split="test"),
    )
