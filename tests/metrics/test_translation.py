"""Scores of translations: each counts what it says, however the sentences were cut into batches."""

import math

import pytest
import torch

from groundup.data.token_pairs import PADDING
from groundup.metrics.translation import Bleu, ExactMatch, TokenSurprise

SAID = ["The cat sat on the mat .", "A dog runs fast in the park.", "Hello there", "one two three four five six"]
TRUTH = ["The cat sat on the mat.", "A dog runs quickly in the park.", "Hello there", "one two three four five seven"]


def update(metric, rows):
    chosen = {name: [texts[i] for i in rows] for name, texts in (("said", SAID), ("truth", TRUTH))}
    metric.update({"translation": chosen["said"]}, {"target_text": chosen["truth"], "source_text": chosen["truth"]})


def test_bleu_is_sacrebleus_of_all_sentences_together():
    sacrebleu = pytest.importorskip("sacrebleu")
    whole, parts = Bleu(), Bleu()
    update(whole, range(4))
    for rows in ([0], [1, 2], [3]):
        update(parts, rows)
    assert whole.compute() == parts.compute() == sacrebleu.corpus_bleu(SAID, [TRUTH]).score
    assert 40 < whole.compute() < 90
    assert whole.signature() == f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{sacrebleu.__version__}"


def test_bleu_minds_capitals_but_not_spaces_before_marks():
    metric = Bleu()
    update(metric, [0])
    assert metric.compute() == pytest.approx(100)
    metric.update({"translation": [TRUTH[1].lower()]}, {"target_text": [TRUTH[1]], "source_text": [TRUTH[1]]})
    assert metric.compute() < 95


def test_its_picture_can_be_drawn_of_sentences_of_every_length():
    metric = Bleu()
    update(metric, range(4))
    metric.update({"translation": ["word " * 50]}, {"target_text": ["word " * 50], "source_text": ["word " * 50]})
    assert metric.picture().width > 500
    assert math.isnan(Bleu().compute())


def test_an_exact_match_is_word_for_word_whatever_the_spaces():
    metric = ExactMatch()
    update(metric, [0, 1])
    update(metric, [2, 3])
    assert metric.compute() == 0.25
    metric.update({"translation": [" A  cat. "]}, {"target_text": ["A cat."], "source_text": ["x"]})
    assert metric.compute() == 0.4
    assert math.isnan(ExactMatch().compute())


def test_every_token_of_the_truth_counts_alike_and_padding_not_at_all():
    target = torch.tensor([[1, 5, 6, 2], [1, 7, 2, PADDING]])
    likely = torch.tensor([[-1.0, -2.0, -3.0], [-4.0, -5.0, -99.0]])
    whole, parts = TokenSurprise(), TokenSurprise()
    whole.update({"log_likelihood": likely}, {"target": target})
    for row in range(2):
        parts.update({"log_likelihood": likely[row : row + 1]}, {"target": target[row : row + 1]})
    assert whole.compute() == parts.compute() == {"loss": 3.0, "perplexity": pytest.approx(math.exp(3))}
