"""Scores of a language model: each token counts once and alike, and padding not at all."""

import math

import pytest
import torch
from torchmetrics.text import Perplexity as TheirPerplexity

from groundup.data.text import IGNORE
from groundup.metrics.language import BitsPerCharacter, MeanSurprise, Perplexity


def batches():
    """Two batches of unequal size with padding, as (prediction, batch, logits)."""
    for rows, length in ((3, 5), (1, 9)):
        tokens, logits = torch.randint(0, 7, (rows, length + 1)), 3 * torch.randn(rows, length, 7)
        tokens[-1, -2:] = IGNORE
        likely = logits.log_softmax(-1).gather(-1, tokens[:, 1:, None].clamp_min(0)).squeeze(-1)
        yield {"log_likelihood": likely}, {"tokens": tokens}, logits


def test_perplexity_is_torchmetrics_own_over_batches_of_unequal_size():
    ours, theirs = Perplexity(), TheirPerplexity(ignore_index=IGNORE)
    for prediction, batch, logits in batches():
        ours.update(prediction, batch)
        theirs.update(logits, batch["tokens"][:, 1:])
    assert ours.compute() == pytest.approx(theirs.compute().item(), rel=1e-6)


def test_each_token_counts_alike_however_the_text_was_cut():
    metric, nats = MeanSurprise(), []
    for prediction, batch, _ in batches():
        metric.update(prediction, batch)
        nats += (-prediction["log_likelihood"][batch["tokens"][:, 1:] != IGNORE]).tolist()
    assert len(nats) == 3 * 5 - 2 + 9 - 2
    assert metric.compute() == pytest.approx(sum(nats) / len(nats), rel=1e-12)


def test_padding_counts_nothing():
    metric, clean = MeanSurprise(), MeanSurprise()
    for prediction, batch, _ in batches():
        clean.update(prediction, batch)
        noisy = prediction["log_likelihood"].masked_fill(batch["tokens"][:, 1:] == IGNORE, float("nan"))
        metric.update({"log_likelihood": noisy}, batch)
    assert metric.compute() == clean.compute()


@pytest.mark.parametrize(("metric", "expected"), [(MeanSurprise, math.log(8)), (Perplexity, 8), (BitsPerCharacter, 3)])
def test_eight_equally_likely_tokens_are_three_bits(metric, expected):
    metric = metric()
    metric.update({"log_likelihood": torch.full((2, 4), -math.log(8))}, {"tokens": torch.zeros(2, 5, dtype=torch.int64)})
    assert metric.compute() == pytest.approx(expected, rel=1e-6)


def test_a_hundred_thousand_tokens_lose_no_digits():
    metric = MeanSurprise()
    for _ in range(100):
        metric.update({"log_likelihood": torch.full((10, 100), -0.1)}, {"tokens": torch.zeros(10, 101, dtype=torch.int64)})
    assert metric.compute() == pytest.approx(torch.tensor(0.1).item(), rel=1e-12)
