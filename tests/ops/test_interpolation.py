"""Interpolation and resampling beyond their cases: random sizes, what stays in place, dtypes, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.interpolation import cubic, interpolate
from groundup.ops.ladder import RUNGS
from groundup.ops.resample import resample
from groundup.parity.compare import PART_BOUND, compare_functions

SMOOTH = st.tuples(st.sampled_from(["bilinear", "bicubic"]), st.sampled_from([None, True, False]), st.booleans())
SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@settings(max_examples=25, deadline=None)
@given(SIDES, SIDES, SMOOTH)
def test_smooth_modes_equal_torchs_for_every_size(sides, size, how):
    mode, align_corners, antialias = how
    assume(not antialias or size[1] > 1)  # torch's own forward and backward disagree about an output one pixel wide
    options = dict(mode=mode, align_corners=align_corners, antialias=antialias)
    assert compare_functions(interpolate.tensors, F.interpolate, [draw(2, 2, *sides), size], options).within(PART_BOUND)


@settings(max_examples=25, deadline=None)
@given(SIDES, SIDES, st.sampled_from(["nearest", "nearest-exact", "area"]))
def test_other_modes_equal_torchs_for_every_size(sides, size, mode):
    errors = compare_functions(interpolate.tensors, F.interpolate, [draw(2, 2, *sides), size], {"mode": mode})
    assert errors.within(PART_BOUND)


@settings(max_examples=25, deadline=None)
@given(SIDES, st.sampled_from([0.37, 0.7, 1.3, 1.9, 2.6]), SMOOTH, st.booleans())
def test_a_scale_factor_moves_pixels_as_torchs_does(sides, factor, how, recompute):
    mode, align_corners, antialias = how
    sizes = [int(side * factor) for side in sides]
    assume(min(sizes) > antialias)
    assume(all(size != side for size, side in zip(sizes, sides)))  # there torch's forward and backward disagree
    options = dict(mode=mode, align_corners=align_corners, antialias=antialias, recompute_scale_factor=recompute)
    errors = compare_functions(interpolate.tensors, F.interpolate, [draw(2, 2, *sides), None, factor], options)
    assert errors.within(PART_BOUND)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("factor", [0.4, 0.97, 1.05, 1.3, 2.04, 2.5, 3.01])
def test_nearest_takes_torchs_pixel_under_every_scale_factor(mode, factor):
    """On pictures; on sequences and volumes torch's forward is another function than its backward where sizes stay or double."""
    for side in range(3, 24):
        input = torch.arange(float(side)).view(1, 1, 1, side)
        found = interpolate.tensors(input, scale_factor=(1, factor), mode=mode)
        assert torch.equal(found, F.interpolate(input, scale_factor=(1, factor), mode=mode)), side


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_nearest_takes_torchs_pixel_at_every_size(mode):
    for side in range(1, 30):
        input = torch.arange(float(side)).view(1, 1, side)
        for size in range(1, 30):
            assert torch.equal(interpolate.tensors(input, size, mode=mode), F.interpolate(input, size, mode=mode)), (side, size)


@pytest.mark.parametrize(
    ("mode", "antialias", "stays"),
    [
        ("nearest", False, True),
        ("nearest-exact", False, False),
        ("bilinear", False, True),
        ("bicubic", False, False),
        ("bilinear", True, True),
        ("bicubic", True, True),
        ("area", False, True),
    ],
)
def test_what_keeps_its_size_is_left_alone_but_by_two_modes(mode, antialias, stays):
    input = torch.randn(1, 1, 9, 9, dtype=torch.float64)
    options = dict(scale_factor=1.11, mode=mode, antialias=antialias)
    output = interpolate.tensors(input, **options)
    assert torch.equal(output, input) == stays
    torch.testing.assert_close(output, F.interpolate(input, **options))
    assert torch.equal(interpolate.tensors(input, **options, recompute_scale_factor=True), input)


def test_one_number_is_the_size_of_all_directions_and_nearest_is_the_default():
    input = torch.randn(1, 1, 4, 2)
    assert torch.equal(interpolate.tensors(input, 3), input[:, :, [0, 1, 2]][..., [0, 0, 1]])
    assert torch.equal(interpolate.tensors(input, None, (0.5, 1)), input[:, :, ::2])


def test_the_corners_stay_in_place_when_aligned():
    input = torch.randn(1, 1, 3, 5)
    output = interpolate.tensors(input, (7, 9), mode="bilinear", align_corners=True)
    assert torch.equal(output[..., [0, -1], :][..., [0, -1]], input[..., [0, -1], :][..., [0, -1]])
    assert torch.equal(interpolate.tensors(input, (1, 1), mode="bilinear", align_corners=True), input[..., :1, :1])


def test_antialiasing_sees_every_pixel():
    input = torch.zeros(1, 1, 1, 16)
    input[..., 7] = 1
    for mode in ("bilinear", "bicubic"):
        assert not interpolate.tensors(input, (1, 2), mode=mode)[..., 1].any()
        assert interpolate.tensors(input, (1, 2), mode=mode, antialias=True).all()


def test_cubic_weights_are_one_in_place_and_none_at_whole_distances():
    distance = torch.tensor([0.0, 1.0, -1.0, 2.0, -2.0, 2.5])
    for a in (-0.75, -0.5):
        assert torch.equal(cubic(distance, a), torch.tensor([1.0, 0, 0, 0, 0, 0]))
        thirds = cubic(torch.tensor([-4 / 3, -1 / 3, 2 / 3, 5 / 3], dtype=torch.float64), a)
        torch.testing.assert_close(thirds.sum(), torch.ones((), dtype=torch.float64))


@pytest.mark.parametrize("dim", [-1, -2, -3])
def test_resampling_weighs_pixels_along_one_direction(dim):
    input = torch.randn(2, 3, 4, 5)
    places, weights = torch.tensor([[0, 2], [1, 1]]), torch.tensor([[2.0, -1.0], [0.5, 0.0]])
    output = resample(input, dim, places, weights).movedim(dim, 0)
    input = input.movedim(dim, 0)
    torch.testing.assert_close(output, torch.stack([2 * input[0] - input[2], input[1] / 2]))


def test_a_pixel_of_no_weight_takes_no_part_though_it_be_infinite():
    input = torch.tensor([1.0, torch.inf, torch.nan])
    weights = torch.tensor([[3.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert resample(input, -1, torch.arange(3).expand(2, 3), weights).tolist() == [3.0, torch.inf]


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_interpolation_passes_gradcheck_twice_over(mode):
    assert gradcheck(interpolate.tensors, (draw(1, 2, 3, 4), (5, 3), None, mode))
    assert gradgradcheck(interpolate.tensors, (draw(1, 2, 3, 4), (5, 3), None, mode))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
def test_the_output_has_the_inputs_dtype_and_is_as_exact_as_torchs(mode, dtype):
    input = torch.linspace(0, 1, 2 * 40 * 30).view(1, 2, 40, 30).to(dtype)
    smooth = mode in ("bilinear", "bicubic") and dtype != torch.bfloat16  # for which torch has no antialiasing
    for antialias in (False, True) if smooth else (False,):
        found = interpolate.tensors(input, (33, 41), mode=mode, antialias=antialias)
        torch.testing.assert_close(found, F.interpolate(input, (33, 41), mode=mode, antialias=antialias))


def test_positions_do_not_depend_on_the_default_dtype():
    input, before = torch.randn(1, 1, 7, 5), torch.get_default_dtype()
    options = [dict(mode=mode) for mode in ("nearest", "bilinear", "bicubic")] + [dict(mode="bilinear", antialias=True)]
    expected = [interpolate.tensors(input, (4, 9), **each) for each in options]
    torch.set_default_dtype(torch.float64)
    try:
        found = [interpolate.tensors(input, (4, 9), **each) for each in options]
    finally:
        torch.set_default_dtype(before)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == torch.float32 and torch.equal(a, b)


def test_labels_are_taken_as_they_are_by_nearest():
    labels = torch.tensor([[[[1, 2], [3, 4]]]])
    assert interpolate.tensors(labels, 4)[0, 0, :, 0].tolist() == [1, 1, 3, 3]
    assert interpolate.tensors(labels, 1, mode="nearest-exact").item() == 4


@pytest.mark.parametrize("rung", RUNGS)
def test_a_batch_of_nothing_is_resized_too(rung):
    for mode in ("nearest", "bilinear", "area"):
        assert getattr(interpolate, rung)(torch.zeros(0, 3, 4, 4), (6, 2), mode=mode).shape == (0, 3, 6, 2)


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3, 4), dict(size=2), r"takes input .* it was given \(3, 4\)"),
        ((1, 1, 1, 1, 1, 1), dict(size=2), r"it was given \(1, 1, 1, 1, 1, 1\)"),
        ((1, 3, 0, 4), dict(size=2), r"with pixels in it; it was given \(1, 3, 0, 4\)"),
        ((1, 3, 4, 4), dict(size=2, mode="cubic"), "no mode is called 'cubic': choose one of nearest, nearest-exact, area, lin"),
        ((1, 3, 4), dict(size=2, mode="bilinear"), r"'bilinear' is for 2 directions; an input \(1, 3, 4\) has 1"),
        ((1, 3, 4, 4), dict(size=2, mode="linear"), "'linear' is for 1 directions"),
        ((1, 3, 4, 4), dict(size=2, mode="trilinear"), "'trilinear' is for 3 directions"),
        ((1, 3, 4), dict(size=2, mode="bicubic"), "'bicubic' is for 2 directions"),
        ((1, 3, 4, 4), dict(size=2, align_corners=False), "align_corners is for the modes linear, .* not for 'nearest'"),
        ((1, 3, 4, 4), dict(size=2, mode="area", align_corners=True), "not for 'area'"),
        ((1, 3, 4, 4), dict(size=2, antialias=True), "antialias is for bilinear and bicubic, not for 'nearest'"),
        ((1, 3, 4), dict(size=2, mode="linear", antialias=True), "antialias is for bilinear and bicubic, not for 'linear'"),
        ((1, 3, 4, 4), dict(), "takes either size or scale_factor; it was given neither"),
        ((1, 3, 4, 4), dict(size=2, scale_factor=2), "takes either size or scale_factor; it was given both"),
        ((1, 3, 4, 4), dict(size=2, recompute_scale_factor=True), "recompute_scale_factor is for a scale_factor"),
        ((1, 3, 4, 4), dict(size=(2, 2, 2)), r"size is one positive number, or 2, .* given \(2, 2, 2\)"),
        ((1, 3, 4, 4), dict(size=(2, 0)), r"size is one positive number, .* given \(2, 0\)"),
        ((1, 3, 4, 4), dict(scale_factor=[2.0]), r"scale_factor is one positive number, or 2, .* given \[2.0\]"),
        ((1, 3, 4, 4), dict(scale_factor=-0.5), "scale_factor is one positive number, .* given -0.5"),
        ((1, 3, 4, 4), dict(scale_factor=(1, 0.2)), r"scale_factor \(1, 0.2\) leaves nothing of \(4, 4\) pixels"),
    ],
)
def test_what_does_not_fit_is_named(shape, options, message):
    with pytest.raises(ValueError, match=f"interpolate.*{message}"):
        interpolate.tensors(torch.zeros(shape), **options)


def test_recompute_scale_factor_may_be_false_with_a_size():
    assert interpolate.tensors(torch.zeros(1, 1, 4), 2, recompute_scale_factor=False).shape == (1, 1, 2)


@pytest.mark.parametrize("mode", ["bilinear", "area"])
def test_whole_numbers_are_not_weighed(mode):
    with pytest.raises(ValueError, match=rf"mode '{mode}' weighs pixels; the input is torch.uint8"):
        interpolate.tensors(torch.zeros(1, 1, 2, 2, dtype=torch.uint8), 3, mode=mode)
