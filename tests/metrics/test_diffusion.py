"""The mean error counts every picture and time alike, and its picture tells early times from late."""

import pytest
import torch

from groundup.metrics.diffusion import LossByTime


def test_every_error_counts_alike_however_the_pictures_were_batched():
    error, time = torch.rand(7, 4), torch.randint(100, (7, 4))
    metric = LossByTime(times=100)
    for part in (slice(0, 5), slice(5, 7)):
        metric.update({"error": error[part], "time": time[part]}, {})
    assert metric.compute() == pytest.approx(error.double().mean().item(), rel=1e-12)


def test_errors_are_sorted_by_the_tenth_of_their_time_and_drawn():
    metric = LossByTime(times=1000)
    metric.update({"error": torch.tensor([[1.0, 3.0, 7.0]]), "time": torch.tensor([[0, 99, 999]])}, {})
    assert metric.parts[0].compute() == 2 and metric.parts[9].compute() == 7
    assert not metric.parts[5].update_called
    assert metric.picture().width > 300
