"""Average pooling, also adaptive, beyond its cases: random geometries, divisors, infinities, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.adaptive_pooling import adaptive_avg_pool2d, adaptive_windows
from groundup.ops.average_pooling import avg_pool2d
from groundup.ops.ladder import RUNGS
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS_BY_HAND = ("loops", "tensors", "manual")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@st.composite
def geometries(draw_from):
    """A picture's shape and the options; a quarter of the pictures end where a window just does."""

    def pair(low, high):
        return draw_from(st.tuples(st.integers(low, high), st.integers(low, high)))

    kernel, stride = pair(1, 4), pair(1, 4)
    padding = tuple(draw_from(st.integers(0, k // 2)) for k in kernel)
    size = tuple(k + m for k, m in zip(kernel, pair(0, 6)))
    shape = (draw_from(st.integers(1, 2)), draw_from(st.integers(1, 3)), *size)
    return shape, dict(kernel_size=kernel, stride=stride, padding=padding, ceil_mode=draw_from(st.booleans()))


@settings(max_examples=20, deadline=None)
@given(geometries(), st.booleans(), st.sampled_from([None, 1, 7]))
def test_avg_pool2d_equals_torchs_for_every_geometry(geometry, count_include_pad, divisor):
    shape, options = geometry
    options |= {"count_include_pad": count_include_pad, "divisor_override": divisor}
    for rung in RUNGS_BY_HAND:
        assert compare_functions(getattr(avg_pool2d, rung), F.avg_pool2d, [draw(*shape)], options).within(PART_BOUND)


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.integers(1, 9)] * 2), st.tuples(*[st.one_of(st.none(), st.integers(1, 12))] * 2), st.booleans())
def test_adaptive_avg_pool2d_equals_torchs_for_every_size(size, output_size, alone):
    input = draw(*[2] * (not alone), 2, *size)
    for rung in ("loops", "tensors"):
        function = getattr(adaptive_avg_pool2d, rung)
        assert compare_functions(function, F.adaptive_avg_pool2d, [input, output_size]).within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_by_default_the_windows_lie_side_by_side_and_padding_counts(rung):
    input = torch.arange(1.0, 17).view(1, 1, 4, 4)
    assert torch.equal(getattr(avg_pool2d, rung)(input, 2), torch.tensor([[[[3.5, 5.5], [11.5, 13.5]]]]))
    assert torch.equal(getattr(avg_pool2d, rung)(input, 2, 4, 1), torch.tensor([[[[0.25, 1.0], [3.25, 4.0]]]]))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_picture_alone_is_pooled_as_a_batch_of_one(rung):
    input = draw(3, 5, 4)
    for op, args in ((avg_pool2d, (2, 1)), (adaptive_avg_pool2d, ((2, 3),))):
        function = getattr(op, rung)
        torch.testing.assert_close(function(input, *args), function(input.unsqueeze(0), *args)[0])


@pytest.mark.parametrize("rung", RUNGS)
def test_an_output_of_nothing_and_a_batch_of_nothing_are_pooled(rung):
    assert getattr(adaptive_avg_pool2d, rung)(torch.zeros(2, 3, 4, 4), (0, 2)).shape == (2, 3, 0, 2)
    assert getattr(adaptive_avg_pool2d, rung)(torch.zeros(0, 3, 4, 4), (3, None)).shape == (0, 3, 3, 4)
    assert getattr(avg_pool2d, rung)(torch.zeros(0, 3, 4, 4), 2).shape == (0, 3, 2, 2)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("odd", [torch.inf, torch.nan])
def test_an_infinite_pixel_stays_in_its_windows(rung, odd):
    input = torch.zeros(1, 1, 5, 5)
    input[0, 0, 0, 4] = odd
    output = getattr(adaptive_avg_pool2d, rung)(input, (3, 3))  # rows 0-1, 1-3, 3-4
    expected = torch.zeros(1, 1, 3, 3)
    expected[0, 0, 0, 2] = odd
    torch.testing.assert_close(output, expected, equal_nan=True)


def test_the_longest_window_is_no_longer_than_it_must_be():
    places, shares = adaptive_windows(7, 3, torch.zeros(()))
    assert torch.equal(places[:, :3], torch.tensor([[0, 1, 2], [2, 3, 4], [4, 5, 6]]))
    torch.testing.assert_close(shares[:, :3], torch.full((3, 3), 1 / 3))
    assert places.shape[1] <= 4 and not shares[:, 3:].any()
    assert adaptive_windows(4, 9, torch.zeros(()))[0].shape == (9, 2)
    assert adaptive_windows(5, 1, torch.zeros(()))[0].shape == (1, 5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("rung", RUNGS)
def test_the_output_has_the_inputs_dtype(rung, dtype):
    ones = torch.ones(1, 2, 5, 4, dtype=dtype)
    for output in (getattr(avg_pool2d, rung)(ones, 2), getattr(adaptive_avg_pool2d, rung)(ones, (3, 2))):
        assert output.dtype == dtype
        assert torch.allclose(output, torch.ones((), dtype=dtype), atol=1e-2)


def test_pixels_that_share_memory_each_count():
    for pool, args in ((avg_pool2d, (3, 1, 1)), (adaptive_avg_pool2d, ((3, 4),))):
        row = draw(1, 1, 1, 6)
        reference = row.detach().clone().requires_grad_()
        for rung, leaf in (("tensors", row), ("fused", reference)):
            getattr(pool, rung)(leaf.expand(1, 2, 4, 6), *args).square().sum().backward()
        torch.testing.assert_close(row.grad, reference.grad)


def test_average_pooling_passes_gradcheck_twice_over():
    for function, args in (
        (avg_pool2d.manual, (draw(2, 2, 5, 4), (2, 3), (2, 1), 1, True, False)),
        (avg_pool2d.manual, (draw(2, 5, 4), 2)),
        (adaptive_avg_pool2d.tensors, (draw(2, 5, 4), (3, 2))),
    ):
        assert gradcheck(function, args)
        assert gradgradcheck(function, args)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("input", "options", "message"),
    [
        ((5, 5), {"kernel_size": 2}, r"was given \(5, 5\)"),
        ((1, 3, 5, 5), {"kernel_size": 3, "padding": 2}, "padding 2 must lie between 0 and half of the kernel 3"),
        ((1, 3, 2, 5), {"kernel_size": 3}, "3x3 kernel .* does not fit into 2x5 pixels"),
        ((1, 3, 2, 5), {"kernel_size": 2, "stride": (0, 1)}, r"stride must be at least 1; it was given \(0, 1\)"),
        ((1, 3, 4, 4), {"kernel_size": 2, "divisor_override": 0}, "divisor_override must not be 0"),
    ],
)
def test_what_does_not_fit_is_named(rung, input, options, message):
    with pytest.raises(ValueError, match=f"avg_pool2d.*{message}"):
        getattr(avg_pool2d, rung)(draw(*input), **options)


@pytest.mark.parametrize("rung", ["loops", "tensors"])
@pytest.mark.parametrize(
    ("input", "output_size", "message"),
    [
        ((5, 5), 2, r"was given \(5, 5\)"),
        ((1, 2, 3, 5, 5), 2, r"was given \(1, 2, 3, 5, 5\)"),
        ((1, 2, 0, 5), 2, r"with pixels in it; it was given \(1, 2, 0, 5\)"),
        ((1, 2, 5, 5), (2,), r"one number or two, each may be None; it was given \(2,\)"),
        ((1, 2, 5, 5), [2, 2, 2], "one number or two"),
        ((1, 2, 5, 5), (2, -1), r"must not be negative; it was given \(2, -1\)"),
    ],
)
def test_what_adaptive_pooling_cannot_give_is_named(rung, input, output_size, message):
    with pytest.raises(ValueError, match=f"adaptive_avg_pool2d.*{message}"):
        getattr(adaptive_avg_pool2d, rung)(draw(*input), output_size)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(("pool", "size"), [(avg_pool2d, 2), (adaptive_avg_pool2d, 1)])
def test_the_mean_of_whole_numbers_is_refused(rung, pool, size):
    with pytest.raises(ValueError, match=f"{pool.__name__}: .* torch.int64, make it floating-point"):
        getattr(pool, rung)(torch.ones(1, 1, 4, 4, dtype=torch.int64), size)
