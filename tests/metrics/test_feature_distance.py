"""Distances between heaps of pictures: nothing between like and like, as worked out by hand, whatever the units."""

import math

import numpy as np
import pytest
import torch

from groundup.data.images import digits
from groundup.errors import UserError
from groundup.metrics.feature_distance import frechet_distance, kernel_distance
from groundup.recipes.generative.dcgan import digit_judge, smooth


@pytest.fixture(scope="module")
def judge():
    return digit_judge(digits(split="train"), 10, epochs=2)["judge"]


def draw(count, features=4, scale=1.0, shift=0.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(count, features, generator=generator, dtype=torch.float64) + shift


def test_a_heap_is_no_way_from_itself():
    real = draw(50)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-12)


def test_two_normal_heaps_are_as_far_as_the_equation_says():
    """Equation 6, with the matrix root from an eigenvalue decomposition, in NumPy."""
    real, made = draw(60) @ draw(4, seed=5), draw(40, shift=0.5, seed=1) @ draw(4, seed=6)
    scale = real.var(0).mean()
    a, b = (np.cov(x.numpy().T) for x in (real, made))
    values, vectors = np.linalg.eigh(a)
    root = vectors @ np.diag(values**0.5) @ vectors.T
    cross = np.linalg.eigvalsh(root @ b @ root)
    expected = (real.mean(0) - made.mean(0)).square().sum() + np.trace(a) + np.trace(b) - 2 * (cross**0.5).sum()
    assert frechet_distance(real, made) == pytest.approx((expected / scale / 4).item(), rel=1e-9)


def test_the_kernel_distance_is_the_mean_over_all_pairs_of_different_pictures():
    real, made = draw(7), draw(7, shift=1.0, seed=1)
    x, y = (real - real.mean(0)) / real.var(0).mean().sqrt(), (made - real.mean(0)) / real.var(0).mean().sqrt()

    def kernel(a, b):
        return (a @ b / 4 + 1) ** 3

    def mean(a, b, different):
        pairs = [(i, j) for i in range(7) for j in range(7) if i != j or not different]
        return sum(kernel(a[i], b[j]) for i, j in pairs) / len(pairs)

    expected = mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)
    assert kernel_distance(real, made) == pytest.approx(expected.item(), rel=1e-9)


def test_the_unit_and_the_origin_of_the_features_do_not_matter():
    real, made = draw(60), draw(50, scale=1.3, shift=0.4, seed=1)
    for distance in (frechet_distance, kernel_distance):
        assert distance(7 * real + 3, 7 * made + 3) == pytest.approx(distance(real, made), rel=1e-6)


def test_the_average_picture_over_and_over_is_at_distance_one():
    real = draw(500)
    assert frechet_distance(real, real.mean(0).expand(500, 4)) == pytest.approx(1)


def test_like_heaps_are_at_zero_on_average_by_the_kernel_however_small_they_are():
    found = torch.tensor([kernel_distance(draw(20, seed=2 * i), draw(20, seed=2 * i + 1)) for i in range(200)])
    assert found.min() < 0
    assert found.mean().abs() < 4 * found.std() / 200**0.5 + 0.02
    biased = torch.tensor([frechet_distance(draw(20, seed=2 * i), draw(20, seed=2 * i + 1)) for i in range(50)])
    assert biased.min() > 0


def test_the_order_of_four_generators_is_as_a_person_would_have_it(judge):
    """Other real digits, the same blurred, one digit alone, and noise."""
    train = smooth(digits(split="train").columns)
    held_out = smooth(digits(split="test").columns)["image"]
    real = judge.features(held_out)
    assert real.shape == (360, 84)
    blurred = torch.nn.functional.avg_pool2d(train["image"][:360], 9, stride=1, padding=4, count_include_pad=False)
    sixes = train["image"][train["label"] == 6][:100]
    noise = torch.rand(360, 1, 32, 32) * 2 - 1
    for distance in (frechet_distance, kernel_distance):
        like, blur, six, none = (distance(real, judge.features(x)) for x in (train["image"][:360], blurred, sixes, noise))
        assert like < blur < six and like < 0.05 < none


def test_the_features_are_what_the_judges_last_layer_reads(judge):
    images = smooth(digits(split="test").columns)["image"][:300]
    torch.testing.assert_close(judge.model.output(judge.features(images)), judge.logits(images))
    assert not judge.model.output._forward_pre_hooks


def test_what_no_distance_can_be_measured_of_is_said():
    with pytest.raises(UserError, match="takes two of each at least; got 5 and 1"):
        frechet_distance(draw(5), draw(1))
    with pytest.raises(UserError, match="sees the same in every real picture"):
        kernel_distance(torch.ones(5, 4), draw(5))
    assert math.isnan(frechet_distance(draw(5), torch.full((5, 4), math.nan)))
