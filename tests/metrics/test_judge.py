"""The judge knows the real thing, and a generator cannot talk it round."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Generator

from groundup.data.images import digits
from groundup.engine.facts import load_facts, save_facts
from groundup.metrics.judge import Verdict, draw_shares
from groundup.recipes.generative.dcgan import digit_judge, smooth
from groundup.tasks.judged import JudgeCounts

LABELS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def judge():
    return digit_judge(digits(split="train"), 10)["judge"]


@pytest.fixture(scope="module")
def held_out():
    return smooth(digits(split="test").columns)


def counts(judge, images):
    """What JudgeCounts says of a generator that makes these pictures."""
    task = SimpleNamespace(sample=lambda model, count, generator: {"image": images}, picture=print)
    real = smooth(digits(split="test").columns)
    return JudgeCounts(judge=judge, labels=LABELS)(None, task, lambda: iter([real]), Generator())


def test_the_judge_knows_real_digits_that_it_never_saw(judge, held_out):
    right = judge.logits(held_out["image"]).argmax(-1) == held_out["label"]
    assert right.float().mean() >= 0.97


def test_real_digits_are_counted_as_ten_classes_in_their_shares(judge, held_out):
    verdict = judge.classes(held_out["image"])
    truth = torch.bincount(held_out["label"]) / len(held_out["label"])
    assert sum(verdict.found) == 10
    assert verdict.shares.sum().item() == pytest.approx(1)
    assert (verdict.shares - truth).abs().max() < 0.03
    assert 0.95 < verdict.confidence <= 1


def test_a_generator_that_knows_one_digit_is_found_out(judge, held_out):
    sixes = held_out["image"][held_out["label"] == 6][:1].expand(1000, -1, -1, -1)
    assert judge.classes(sixes).shares.tolist() == [0] * 6 + [1] + [0] * 3
    values = counts(judge, sixes).values
    assert values["classes_found"] == 1
    assert values["smallest_share"] == 0


def test_a_generator_that_lacks_one_digit_is_found_out(judge, held_out):
    values = counts(judge, held_out["image"][held_out["label"] != 6]).values
    assert values["classes_found"] == 9


def test_noise_is_judged_with_less_confidence_than_digits(judge, held_out):
    noise = torch.rand(500, 1, 32, 32, generator=Generator().manual_seed(0)) * 2 - 1
    digit_values, noise_values = counts(judge, held_out["image"]).values, counts(judge, noise).values
    assert noise_values["judge_confidence"] < digit_values["judge_confidence"] - 0.1


def test_a_class_counts_as_found_from_three_percent_on():
    shares = torch.tensor([970, 30]) / 1000
    assert Verdict(shares, 1.0).found == [True, True]
    assert Verdict(torch.tensor([971, 29]) / 1000, 1.0).found == [True, False]


def test_the_judge_is_the_same_in_every_run_and_leaves_the_global_random_numbers_alone():
    data = digits(split="train")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = digit_judge(data, 10, epochs=1)["judge"].to_fact()[1]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second = digit_judge(data, 10, epochs=1)["judge"].to_fact()[1]
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_judge_kept_as_a_fact_says_the_same(judge, held_out, tmp_path):
    save_facts({"judge": judge}, tmp_path)
    kept = load_facts(tmp_path)["judge"]
    assert torch.equal(kept.logits(held_out["image"]), judge.logits(held_out["image"]))


def test_the_judge_measures_alike_whatever_the_run_computes_with(judge, held_out):
    plain = judge.classes(held_out["image"])
    with torch.autocast("cpu", torch.bfloat16):
        assert judge.classes(held_out["image"].double()).confidence == plain.confidence


def test_the_bar_chart_marks_what_is_missing():
    red = np.array([0xC8, 0x28, 0x1E])
    shares = torch.full((10,), 0.1)
    full = np.asarray(draw_shares(Verdict(shares, 0.9), LABELS))
    lacking = np.asarray(draw_shares(Verdict(torch.tensor([0.18, 0.02] + [0.1] * 8), 0.9), LABELS))
    assert full.shape[0] > 200 and full.shape[1] > 400
    assert not (full == red).all(-1).any()
    assert (lacking == red).all(-1).any()
