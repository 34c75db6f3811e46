"""Normalization layers beyond their cases: what they hold, how they start, and statistics over many steps."""

import pytest
import torch
from torch import nn

from groundup.cases.case import ModuleCase, call
from groundup.layers.frozen_batch_norm import FrozenBatchNorm2d
from groundup.layers.instance_norm import InstanceNorm2d
from groundup.layers.normalization import BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm, RMSNorm


def pictures(generator):
    for _ in range(2):
        yield call(2 + torch.randn(3, 4, 3, 2, generator=generator, dtype=torch.float64).add_(1))


def sequences(generator):
    for shape in ((3, 4), (2, 4, 3)):
        yield call(2 + torch.randn(shape, generator=generator, dtype=torch.float64))


def assert_equal(ours, theirs, samples=pictures):
    case = ModuleCase(name="", reference="", ours=ours, theirs=theirs, samples=samples)
    result = case.run()
    assert result.passed, result


@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(affine=False),
        dict(track_running_stats=False),
        dict(affine=False, track_running_stats=False),
        dict(momentum=None),
        dict(momentum=0.0),
        dict(momentum=None, track_running_stats=False),
    ],
)
def test_batch_norm_with_each_option_equals_torchs(options):
    assert_equal(lambda: BatchNorm2d(num_features=4, **options), lambda: nn.BatchNorm2d(4, **options))
    assert_equal(lambda: BatchNorm1d(num_features=4, **options), lambda: nn.BatchNorm1d(4, **options), sequences)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("options", [dict(), dict(track_running_stats=True), dict(momentum=0.3, track_running_stats=True)])
def test_instance_norm_with_each_option_equals_torchs(options, affine):
    assert_equal(
        lambda: InstanceNorm2d(num_features=4, affine=affine, **options),
        lambda: nn.InstanceNorm2d(4, affine=affine, **options),
    )


def test_instance_norm_takes_a_picture_without_a_batch_as_torchs_does():
    x = torch.randn(3, 4, 5)
    torch.testing.assert_close(InstanceNorm2d(num_features=3)(x), nn.InstanceNorm2d(3)(x))


@pytest.mark.parametrize("options", [dict(), dict(eps=0.1), dict(affine=False)])
def test_group_norm_with_each_option_equals_torchs(options):
    assert_equal(lambda: GroupNorm(num_groups=2, num_channels=4, **options), lambda: nn.GroupNorm(2, 4, **options))


@pytest.mark.parametrize("options", [dict(), dict(elementwise_affine=False), dict(bias=False)])
@pytest.mark.parametrize("normalized_shape", [2, [3, 2]])
def test_layer_norm_with_each_option_equals_torchs(normalized_shape, options):
    assert_equal(
        lambda: LayerNorm(normalized_shape=normalized_shape, **options), lambda: nn.LayerNorm(normalized_shape, **options)
    )


@pytest.mark.parametrize("options", [dict(), dict(elementwise_affine=False), dict(eps=0.1)])
@pytest.mark.parametrize("normalized_shape", [2, [3, 2]])
def test_rms_norm_with_each_option_equals_torchs(normalized_shape, options):
    assert_equal(lambda: RMSNorm(normalized_shape=normalized_shape, **options), lambda: nn.RMSNorm(normalized_shape, **options))


def test_the_start_is_torchs():
    for ours, theirs in (
        (BatchNorm1d(num_features=3), nn.BatchNorm1d(3)),
        (BatchNorm2d(num_features=3), nn.BatchNorm2d(3)),
        (BatchNorm2d(num_features=3, affine=False), nn.BatchNorm2d(3, affine=False)),
        (BatchNorm2d(num_features=3, track_running_stats=False), nn.BatchNorm2d(3, track_running_stats=False)),
        (InstanceNorm2d(num_features=3), nn.InstanceNorm2d(3)),
        (
            InstanceNorm2d(num_features=3, affine=True, track_running_stats=True),
            nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        ),
        (GroupNorm(num_groups=2, num_channels=4), nn.GroupNorm(2, 4)),
        (LayerNorm(normalized_shape=(2, 3)), nn.LayerNorm((2, 3))),
        (RMSNorm(normalized_shape=(2, 3)), nn.RMSNorm((2, 3))),
    ):
        assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
        assert ours.eps == theirs.eps
        ours, theirs = ours.state_dict(), theirs.state_dict()
        assert list(ours) == list(theirs)
        assert all(torch.equal(ours[name], theirs[name]) and ours[name].dtype == theirs[name].dtype for name in ours)


@pytest.mark.parametrize("momentum", [0.3, None])
def test_running_statistics_equal_torchs_after_many_steps(momentum):
    ours, theirs = BatchNorm2d(num_features=3, momentum=momentum).double(), nn.BatchNorm2d(3, momentum=momentum).double()
    for step in range(7):
        pictures = step + torch.randn(2 + step, 3, 2, 2).double() * (step + 1)
        ours(pictures), theirs(pictures)
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict(), atol=0, rtol=1e-12)
    assert ours.num_batches_tracked == 7


def test_without_a_momentum_the_running_mean_is_the_mean_of_all_batches():
    layer, batches = BatchNorm1d(num_features=2, momentum=None), torch.randn(5, 4, 2)
    for batch in batches:
        layer(batch)
    torch.testing.assert_close(layer.running_mean, batches.mean((0, 1)))
    torch.testing.assert_close(layer.running_var, batches.var(1).mean(0))


@pytest.mark.parametrize("layer", [BatchNorm2d(num_features=3), InstanceNorm2d(num_features=3, track_running_stats=True)])
def test_evaluation_counts_no_batch_and_moves_no_statistic(layer):
    layer.train()(torch.randn(4, 3, 2, 2))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer.eval()(torch.randn(4, 3, 2, 2))
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


@pytest.mark.parametrize(
    "make",
    [
        lambda: BatchNorm2d(num_features=3),
        lambda: InstanceNorm2d(num_features=3, affine=True, track_running_stats=True),
        lambda: GroupNorm(num_groups=1, num_channels=3),
        lambda: LayerNorm(normalized_shape=(3, 2, 2)),
        lambda: RMSNorm(normalized_shape=(2,)),
    ],
)
def test_reset_returns_to_the_start(make):
    layer = make()
    for value in layer.state_dict().values():
        value += 3
    layer.reset_parameters()
    torch.testing.assert_close(layer.state_dict(), make().state_dict(), atol=0, rtol=0)


def test_frozen_batch_norm_learns_nothing_and_moves_no_statistic():
    layer = FrozenBatchNorm2d(num_features=3).train()
    assert not list(layer.parameters())
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(layer(x), x, atol=1e-4, rtol=1e-4)  # the start changes nothing but for the epsilon
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())
    assert layer.eps == 1e-5


def test_frozen_batch_norm_takes_the_state_of_a_trained_batch_norm():
    trained = nn.Sequential(BatchNorm2d(num_features=3), BatchNorm2d(num_features=3))
    trained(3 + 2 * torch.randn(4, 3, 5, 5))
    frozen = nn.Sequential(FrozenBatchNorm2d(num_features=3), FrozenBatchNorm2d(num_features=3))
    state = trained.state_dict()
    frozen.load_state_dict(state)
    assert "0.num_batches_tracked" in state
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(frozen(x), trained.eval()(x))


@pytest.mark.parametrize("layer", [BatchNorm2d, FrozenBatchNorm2d])
@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 5, 5), (2, 3, 5)])
def test_batch_norm_refuses_what_is_no_batch_of_its_pictures(layer, shape):
    with pytest.raises(ValueError, match=rf"{layer.__name__} takes \(batch, 3, height, width\); it was given \({shape[0]}"):
        layer(num_features=3)(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(3,), (2, 4), (2, 4, 3), (2, 3, 5, 5)])
def test_batch_norm_1d_refuses_what_is_no_batch_of_its_features(shape):
    with pytest.raises(ValueError, match=r"BatchNorm1d takes \(batch, 3\) or \(batch, 3, length\); it was given"):
        BatchNorm1d(num_features=3)(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 5, 5), (4, 3, 5), (1, 2, 3, 4, 4)])
def test_instance_norm_refuses_what_is_no_picture_of_its_channels(shape):
    with pytest.raises(ValueError, match=r"InstanceNorm2d takes \(3, height, width\), with or without a batch before"):
        InstanceNorm2d(num_features=3)(torch.zeros(shape))


def test_group_norm_refuses_groups_and_inputs_that_do_not_fit():
    for groups in (4, 0, -1):
        with pytest.raises(ValueError, match=f"6 channels do not divide into {groups} groups"):
            GroupNorm(num_groups=groups, num_channels=6)
    assert GroupNorm(num_groups=2, num_channels=6)(torch.zeros(3, 6)).shape == (3, 6)
    for shape in ((6,), (2, 4, 3)):
        with pytest.raises(ValueError, match=r"GroupNorm takes \(batch, 6, ...\); it was given"):
            GroupNorm(num_groups=2, num_channels=6)(torch.zeros(shape))


@pytest.mark.parametrize("momentum", [0.1, None])
def test_a_refused_batch_is_not_counted(momentum):
    layer = BatchNorm2d(num_features=3, momentum=momentum)
    with pytest.raises(ValueError, match="more than one value"):
        layer(torch.zeros(1, 3, 1, 1))
    assert layer.num_batches_tracked == 0
