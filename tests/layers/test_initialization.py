"""The starts of weights beyond their cases: what they are good for, defaults, awkward weights, what does not fit."""

import math

import pytest
import torch
from torch import Generator, nn

from groundup.layers.initialization import (
    bilinear_,
    calculate_gain,
    dirac_,
    fans,
    kaiming_normal_,
    kaiming_uniform_,
    orthogonal_,
    trunc_normal_,
    uniform_fan_in_,
    xavier_normal_,
    xavier_uniform_,
)

STARTS = [xavier_uniform_, xavier_normal_, kaiming_uniform_, kaiming_normal_, trunc_normal_, orthogonal_, dirac_]
BY_FANS = pytest.mark.parametrize("start", STARTS[:4])


def seeded(seed=1):
    return Generator().manual_seed(seed)


def test_a_kernel_counts_with_all_its_places():
    assert fans(torch.empty(6, 4)) == (4, 6)
    assert fans(torch.empty(6, 4, 3, 5)) == (60, 90)
    assert fans(torch.empty(2, 0)) == (0, 2)


@pytest.mark.parametrize("start", STARTS)
def test_a_start_returns_its_weight_without_a_graph(start):
    weight = torch.empty(4, 4, 1, requires_grad=True)
    assert start(weight) is weight
    assert weight.grad_fn is None and weight.requires_grad


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_type_starts_as_torchs_does(start, dtype):
    if start is orthogonal_ and dtype == torch.bfloat16:
        return  # torch knows no QR decomposition of this type
    ours, theirs = torch.empty(6, 6, 3, dtype=dtype), torch.empty(6, 6, 3, dtype=dtype)
    options = {} if start is dirac_ else {"generator": seeded()}
    start(ours, **options)
    getattr(nn.init, start.__name__)(theirs, **({} if start is dirac_ else {"generator": seeded()}))
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("start", STARTS[:6])
def test_without_a_generator_the_global_one_is_drawn_from(start):
    torch.manual_seed(7)
    ours = start(torch.empty(5, 6))
    torch.manual_seed(7)
    assert torch.equal(ours, getattr(nn.init, start.__name__)(torch.empty(5, 6)))


@pytest.mark.parametrize("start", STARTS)
def test_weights_of_no_device_can_be_started(start):
    assert start(torch.empty(4, 4, 3, device="meta")).shape == (4, 4, 3)


@BY_FANS
def test_a_weight_without_numbers_stays(start):
    for shape in ((0, 3), (3, 0), (0, 0)):
        assert start(torch.empty(shape)).shape == shape


@BY_FANS
def test_a_vector_has_no_fans_and_what_to_do_is_said(start):
    with pytest.raises(ValueError, match=r"\(out features, in features, ...\); it was given \(5,\): start a bias .* zero_\(\)"):
        start(torch.empty(5))


def test_a_deep_net_of_relus_keeps_its_size_with_kaimings_start_alone():
    def size_after(start):
        x = torch.randn(100, 200, generator=seeded())
        for layer in range(20):
            x = (x @ start(torch.empty(200, 200), seeded(layer)).T).clamp(min=0)
        return x.square().mean().item()

    assert 0.2 < size_after(lambda w, g: kaiming_normal_(w, nonlinearity="relu", generator=g)) < 2
    assert size_after(lambda w, g: xavier_normal_(w, generator=g)) < 1e-4


@pytest.mark.parametrize(
    ("nonlinearity", "param"),
    [
        *[(name, None) for name in ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d")],
        *[(name, None) for name in ("conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu")],
        *[("leaky_relu", 0.3), ("leaky_relu", 0), ("leaky_relu", 2), ("relu", 0.3)],
    ],
)
def test_gains_are_torchs(nonlinearity, param):
    assert calculate_gain(nonlinearity, param) == nn.init.calculate_gain(nonlinearity, param)


def test_what_has_no_gain_is_named():
    with pytest.raises(
        ValueError, match=r"knows no 'gelu': choose one of linear, sigmoid, conv1d, .* leaky_relu, relu, tanh, selu"
    ):
        calculate_gain("gelu")
    for slope in (True, "steep"):
        with pytest.raises(ValueError, match=f"slope of a leaky_relu is a number, not {slope!r}"):
            calculate_gain("leaky_relu", slope)


@pytest.mark.parametrize("start", [kaiming_uniform_, kaiming_normal_])
def test_another_fan_is_refused(start):
    with pytest.raises(ValueError, match="mode is 'fan_in' or 'fan_out', not 'fan_up'"):
        start(torch.empty(3, 3), mode="fan_up")


def test_linear_layers_start_within_one_over_the_root_of_their_inputs():
    weight, bias = torch.empty(500, 16), torch.empty(500)
    uniform_fan_in_(weight, bias, seeded())
    for drawn in (weight, bias):
        assert 0.24 < drawn.max().item() <= 0.25 and -0.25 <= drawn.min().item() < -0.24
    uniform_fan_in_(torch.empty(3, 2))  # a bias is not needed
    uniform_fan_in_(torch.empty(3, 0), bias)
    assert bias.eq(0).all()


def test_a_truncated_normal_stays_between_its_ends_and_is_normal_there():
    drawn = trunc_normal_(torch.empty(200, 200, dtype=torch.float64), generator=seeded())
    assert 1.99 < drawn.max() <= 2 and -2 <= drawn.min() < -1.99
    assert drawn.std().item() == pytest.approx(0.8796, abs=0.01)  # of a normal distribution cut off at 2 deviations
    tail = trunc_normal_(torch.empty(200, 200, dtype=torch.float64), 0.0, 1.0, 1.0, 3.0, generator=seeded())
    assert 1 <= tail.min() < 1.01 and 2.9 < tail.max() <= 3
    assert tail.mean().item() == pytest.approx(1.5106, abs=0.01)  # (pdf(1) - pdf(3)) / (cdf(3) - cdf(1))


@pytest.mark.parametrize("options", [dict(std=0.0), dict(std=-1.0), dict(a=1.0, b=1.0), dict(a=2.0, b=-2.0)])
def test_a_truncated_normal_needs_room(options):
    with pytest.raises(ValueError, match="a positive std and ends a < b; it was given std="):
        trunc_normal_(torch.empty(3), **options)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 2, 3), (4, 4)])
def test_orthogonal_rows_or_columns_have_length_gain_and_right_angles(shape):
    weight = orthogonal_(torch.empty(shape, dtype=torch.float64), 1.5, seeded()).flatten(1)
    weight = weight if len(weight) <= weight.shape[1] else weight.T
    torch.testing.assert_close(weight @ weight.T, 2.25 * torch.eye(len(weight), dtype=torch.float64))


def test_a_single_number_is_orthogonal_where_its_size_is_the_gain():
    assert orthogonal_(torch.full((1, 1), 7.0), 1.5, seeded()).abs().item() == pytest.approx(1.5)


def test_an_orthogonal_start_needs_two_dimensions():
    with pytest.raises(ValueError, match=r"orthogonal_ takes a weight of at least two dimensions; it was given \(3,\)"):
        orthogonal_(torch.empty(3))
    assert orthogonal_(torch.empty(3, 0)).shape == (3, 0)


def test_a_dirac_convolution_passes_its_input_on():
    weight, x = dirac_(torch.empty(3, 3, 3, 5)), torch.randn(2, 3, 6, 7)
    assert torch.equal(torch.conv2d(x, weight, padding=(1, 2)), x)


@pytest.mark.parametrize(
    ("shape", "groups", "message"),
    [
        ((3, 3), 1, r"dirac_ takes .* it was given \(3, 3\)"),
        ((2, 2, 1, 1, 1, 1), 1, "dirac_ takes"),
        ((3, 3, 1), 2, "groups=2 must divide the 3 output channels"),
        ((3, 3, 1), 0, "groups=0 must divide"),
    ],
)
def test_a_dirac_start_of_what_is_no_convolution_is_refused(shape, groups, message):
    with pytest.raises(ValueError, match=message):
        dirac_(torch.empty(shape), groups)


def test_the_mean_of_a_truncated_normal_may_lie_outside_its_ends():
    drawn = trunc_normal_(torch.empty(9_000, dtype=torch.float64), 5.0, 1.0, -1.0, 2.0, generator=seeded())
    assert drawn.max() <= 2 and drawn.median() > 1.6
    assert math.isfinite(drawn.sum())


def test_the_stamps_of_a_bilinear_start_add_up_to_one_between_any_four_pixels():
    for factor in (2, 3, 4):
        weight = bilinear_(torch.empty(2, 3, 2 * factor - factor % 2, 2 * factor - factor % 2))
        flat = torch.nn.functional.conv_transpose2d(torch.ones(1, 2, 5, 5), weight, stride=factor, padding=factor // 2)
        inside = flat[0, :, factor:-factor, factor:-factor]
        torch.testing.assert_close(inside[:2], torch.ones_like(inside[:2]))
        assert not inside[2].any()


def test_a_bilinear_start_is_for_the_kernels_of_pictures():
    with pytest.raises(ValueError, match=r"transposed convolution's weight .* it was given \(3, 3, 4\)"):
        bilinear_(torch.empty(3, 3, 4))
