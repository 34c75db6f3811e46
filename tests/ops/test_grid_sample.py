"""Grid sampling beyond its cases: known transforms, borders, odd coordinates, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from groundup.ops.grid_sample import MODES, PADDINGS, grid_sample
from groundup.parity.compare import PART_BOUND, compare_functions


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


def identity(height, width, align_corners):
    """The grid that reads every pixel where it is."""
    rows, columns = (
        torch.linspace(-1, 1, side) if align_corners else (2 * torch.arange(side) + 1) / side - 1 for side in (height, width)
    )
    return torch.stack([columns.expand(height, width), rows.unsqueeze(1).expand(height, width)], -1).unsqueeze(0)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(MODES),
    st.sampled_from(PADDINGS),
    st.booleans(),
    st.sampled_from([0.5, 1.0, 4.0]),
)
def test_grid_sample_equals_torchs_for_every_grid(sides, size, mode, padding_mode, align_corners, spread):
    args = draw(2, 2, *sides), spread * torch.randn(2, *size, 2, dtype=torch.float64), mode, padding_mode, align_corners
    assert compare_functions(grid_sample.tensors, F.grid_sample, args).within(PART_BOUND)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding_mode", PADDINGS)
@pytest.mark.parametrize("align_corners", [False, True])
def test_the_identity_grid_gives_back_the_picture(mode, padding_mode, align_corners):
    input = torch.randn(1, 2, 3, 5)
    output = grid_sample.tensors(input, identity(3, 5, align_corners), mode, padding_mode, align_corners)
    torch.testing.assert_close(output, input)


def test_x_comes_first_and_points_along_the_row():
    input = torch.arange(6.0).view(1, 1, 2, 3)
    grid = torch.tensor([[[[1.0, -1.0], [-1.0, 1.0]]]])
    assert grid_sample.tensors(input, grid, align_corners=True).flatten().tolist() == [2.0, 3.0]


def test_by_default_the_picture_ends_at_its_pixels_edges_and_is_zero_beyond():
    input = torch.ones(1, 1, 2, 2)
    grid = torch.tensor([[[[-1.0, 0.0], [-0.5, 0.0], [1.6, 0.0]]]])
    assert grid_sample.tensors(input, grid).flatten().tolist() == [0.5, 1.0, 0.0]


def test_outside_the_picture_is_its_border_or_its_mirror_image():
    input = torch.tensor([[[[1.0, 2.0, 4.0]]]])
    grid = torch.tensor([[[[-5 / 3, 0.0], [4 / 3, 0.0], [2.0, 0.0]]]])  # pixels -1.5, 3 and 4
    assert grid_sample.tensors(input, grid, "nearest", "border").flatten().tolist() == [1.0, 4.0, 4.0]
    assert grid_sample.tensors(input, grid, "bilinear", "reflection").flatten().tolist() == pytest.approx([1.5, 4.0, 2.0])


def test_at_the_border_moving_outwards_changes_nothing():
    for padding_mode in ("border", "reflection"):
        grid = torch.tensor([[[[-1.0, 1.0]]]], dtype=torch.float64, requires_grad=True)
        grid_sample.tensors(draw(1, 1, 3, 3), grid, "bilinear", padding_mode, True).sum().backward()
        assert not grid.grad.any()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding_mode", PADDINGS)
def test_coordinates_beyond_all_bounds_read_a_pixel_or_nothing(mode, padding_mode):
    input = 1 + torch.rand(1, 1, 3, 4)
    grid = torch.tensor([[[[torch.inf, 0.0], [0.0, -torch.inf], [1e30, 0.0], [0.0, -1e20]]]])
    output = grid_sample.tensors(input, grid, mode, padding_mode)
    if padding_mode == "zeros":
        assert not output.any()
    elif mode != "bicubic":
        torch.testing.assert_close(output[..., 2:], F.grid_sample(input, grid, mode, padding_mode, False)[..., 2:])


@pytest.mark.parametrize("padding_mode", ["border", "reflection"])
def test_a_nan_counts_as_minus_one(padding_mode):
    input = torch.randn(1, 1, 3, 4)
    grid = torch.tensor([[[[torch.nan, 0.2]]]])
    found = grid_sample.tensors(input, grid, "bilinear", padding_mode)
    torch.testing.assert_close(found, F.grid_sample(input, grid, "bilinear", padding_mode, False))
    assert torch.equal(found, grid_sample.tensors(input, grid.nan_to_num(-1.0), "bilinear", padding_mode))


def test_grid_sampling_passes_gradcheck():
    grid = (torch.rand(1, 2, 2, 2, dtype=torch.float64) * 1.6 - 0.8).requires_grad_()
    for mode, padding_mode in (("bilinear", "zeros"), ("bicubic", "reflection")):
        assert gradcheck(grid_sample.tensors, (draw(1, 2, 4, 3), grid, mode, padding_mode, False))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_output_has_the_inputs_dtype(dtype):
    input, grid = torch.ones(1, 1, 4, 4, dtype=dtype), torch.zeros(1, 2, 3, 2, dtype=dtype)
    assert torch.equal(grid_sample.tensors(input, grid), torch.ones(1, 1, 2, 3, dtype=dtype))


def test_an_empty_grid_gives_an_empty_picture():
    assert grid_sample.tensors(torch.zeros(2, 3, 4, 4), torch.zeros(2, 0, 5, 2)).shape == (2, 3, 0, 5)
    assert grid_sample.tensors(torch.zeros(2, 0, 4, 4), torch.zeros(2, 1, 5, 2)).shape == (2, 0, 1, 5)


@pytest.mark.parametrize(
    ("input", "grid", "options", "message"),
    [
        ((1, 4, 4), (1, 2, 2, 2), {}, r"was given \(1, 4, 4\) and \(1, 2, 2, 2\)"),
        ((1, 3, 4, 4), (1, 2, 2), {}, r"was given \(1, 3, 4, 4\) and \(1, 2, 2\)"),
        ((1, 3, 4, 4), (1, 2, 2, 3), {}, r"and \(1, 2, 2, 3\)"),
        ((2, 3, 4, 4), (1, 2, 2, 2), {}, r"given \(2, 3, 4, 4\)"),
        ((1, 3, 4, 0), (1, 2, 2, 2), {}, r"without pixels cannot be read; it was given \(1, 3, 4, 0\)"),
        ((1, 3, 4, 4), (1, 2, 2, 2), {"mode": "linear"}, "no mode is called 'linear': choose one of bilinear, nearest, bicubic"),
        ((1, 3, 4, 4), (1, 2, 2, 2), {"padding_mode": "wrap"}, "no padding_mode is called 'wrap': choose one of zeros, border"),
    ],
)
def test_what_does_not_fit_is_named(input, grid, options, message):
    with pytest.raises(ValueError, match=f"grid_sample.*{message}"):
        grid_sample.tensors(torch.zeros(input), torch.zeros(grid), **options)


@pytest.mark.parametrize("dtypes", [(torch.float32, torch.float64), (torch.int64, torch.int64)])
def test_dtypes_that_do_not_fit_are_named(dtypes):
    with pytest.raises(ValueError, match=f"of one dtype; they are {dtypes[0]} and {dtypes[1]}"):
        grid_sample.tensors(torch.zeros(1, 1, 2, 2, dtype=dtypes[0]), torch.zeros(1, 1, 1, 2, dtype=dtypes[1]))
