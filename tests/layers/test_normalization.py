"""Normalization layers beyond their cases: what they hold, how they start, and statistics over many steps."""

import pytest
import torch
from torch import nn

from groundup.cases.case import ModuleCase, call
from groundup.layers.normalization import BatchNorm2d, LayerNorm


def pictures(generator):
    for _ in range(2):
        yield call(2 + torch.randn(3, 4, 3, 2, generator=generator, dtype=torch.float64).add_(1))


@pytest.mark.parametrize(
    "options", [dict(affine=False), dict(track_running_stats=False), dict(affine=False, track_running_stats=False)]
)
def test_batch_norm_without_some_of_its_parts_equals_torchs(options):
    case = ModuleCase(
        name="BatchNorm2d",
        reference="torch.nn.BatchNorm2d",
        ours=lambda: BatchNorm2d(num_features=4, **options),
        theirs=lambda: nn.BatchNorm2d(4, **options),
        samples=pictures,
    )
    assert case.run().passed


@pytest.mark.parametrize("options", [dict(elementwise_affine=False), dict(bias=False)])
@pytest.mark.parametrize("normalized_shape", [2, [3, 2]])
def test_layer_norm_without_some_of_its_parts_equals_torchs(normalized_shape, options):
    case = ModuleCase(
        name="LayerNorm",
        reference="torch.nn.LayerNorm",
        ours=lambda: LayerNorm(normalized_shape=normalized_shape, **options),
        theirs=lambda: nn.LayerNorm(normalized_shape, **options),
        samples=pictures,
    )
    assert case.run().passed


def test_the_start_is_torchs():
    for ours, theirs in (
        (BatchNorm2d(num_features=3), nn.BatchNorm2d(3)),
        (LayerNorm(normalized_shape=(2, 3)), nn.LayerNorm((2, 3))),
    ):
        ours, theirs = ours.state_dict(), theirs.state_dict()
        assert list(ours) == list(theirs)
        assert all(torch.equal(ours[name], theirs[name]) and ours[name].dtype == theirs[name].dtype for name in ours)


def test_running_statistics_equal_torchs_after_many_steps():
    ours, theirs = BatchNorm2d(num_features=3, momentum=0.3).double(), nn.BatchNorm2d(3, momentum=0.3).double()
    for step in range(7):
        pictures = step + torch.randn(2 + step, 3, 2, 2).double() * (step + 1)
        ours(pictures), theirs(pictures)
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict(), atol=0, rtol=1e-12)
    assert ours.num_batches_tracked == 7


def test_evaluation_counts_no_batch_and_moves_no_statistic():
    layer = BatchNorm2d(num_features=3)
    layer(torch.randn(4, 3, 2, 2))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer.eval()(torch.randn(4, 3, 2, 2))
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


def test_reset_returns_to_the_start():
    layer = BatchNorm2d(num_features=3)
    layer(torch.randn(4, 3, 2, 2))
    layer.weight.data += 1
    layer.bias.data += 1
    layer.reset_parameters()
    torch.testing.assert_close(layer.state_dict(), BatchNorm2d(num_features=3).state_dict(), atol=0, rtol=0)


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 5, 5), (2, 3, 5)])
def test_batch_norm_refuses_what_is_no_batch_of_its_pictures(shape):
    with pytest.raises(ValueError, match=r"BatchNorm2d takes \(batch, 3, height, width\)"):
        BatchNorm2d(num_features=3)(torch.zeros(shape))


def test_a_refused_batch_is_not_counted():
    layer = BatchNorm2d(num_features=3)
    with pytest.raises(ValueError, match=r"more than (1|one) value"):
        layer(torch.zeros(1, 3, 1, 1))
    assert layer.num_batches_tracked == 0
