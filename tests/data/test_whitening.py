"""What is known of a set's colours before training."""

import torch

from groundup.data.images import InMemory
from groundup.data.whitening import SMALL_VARIANCE, colour_facts, whitening_facts

PICTURES = torch.randint(0, 256, (40, 3, 9, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
PICTURES[:, :, :, 1:] = PICTURES[:, :, :, 1:] // 4 + PICTURES[:, :, :, :-1] // 4 * 3  # neighbours are alike, as in pictures
DATASET = InMemory({"image": PICTURES})


def test_the_mean_and_deviation_are_those_of_each_channel():
    facts, values = colour_facts(DATASET), PICTURES.double().transpose(0, 1).flatten(1) / 255
    torch.testing.assert_close(torch.tensor(facts["mean"], dtype=torch.float64), values.mean(1))
    torch.testing.assert_close(torch.tensor(facts["std"], dtype=torch.float64), values.std(1, correction=0))


def test_a_channel_of_one_value_is_not_divided_by_zero():
    assert colour_facts(InMemory({"image": torch.full((3, 1, 4, 4), 9, dtype=torch.uint8)}))["std"] == [1e-3]


def test_what_comes_out_of_the_filters_is_uncorrelated_and_of_variance_one():
    facts = colour_facts(DATASET)
    filters = torch.tensor(whitening_facts(DATASET, **facts)["whitening"], dtype=torch.float64)
    assert filters.shape == (24, 3, 2, 2)
    mean, std = (torch.tensor(facts[name], dtype=torch.float64)[:, None, None] for name in ("mean", "std"))
    out = torch.nn.functional.conv2d((PICTURES.double() / 255 - mean) / std, filters).transpose(0, 1).flatten(1)
    moments = out @ out.T / out.shape[1]
    found = moments[:12, :12]
    assert (found - found.diag().diag()).abs().max() < 1e-6
    assert 1 - 0.1 < found.diag().min() <= found.diag().max() < 1  # a little less than 1, by what was added to the variances
    assert torch.equal(filters[12:], -filters[:12])
    variances = 1 / filters[:12].flatten(1).square().sum(1) - SMALL_VARIANCE
    assert (variances.diff() <= 1e-12).all()  # the strongest first


def test_the_filters_are_the_same_whichever_signs_the_eigenvectors_came_with(monkeypatch):
    facts = colour_facts(DATASET)
    expected = whitening_facts(DATASET, **facts)
    eigh = torch.linalg.eigh
    monkeypatch.setattr(torch.linalg, "eigh", lambda matrix: (eigh(matrix)[0], -eigh(matrix)[1]))
    assert whitening_facts(DATASET, **facts) == expected
