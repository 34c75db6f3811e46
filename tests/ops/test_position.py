"""Sinusoidal positions beyond their cases: what the features say, defaults, devices and types, what does not fit."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.position import sinusoidal_positions, sinusoidal_positions2d

BOTH_RUNGS = pytest.mark.parametrize("rung", ["loops", "tensors"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 6), st.integers(1, 9), st.sampled_from([100.0, 10000.0]), st.sampled_from(["interleaved", "halves"]))
def test_the_two_rungs_make_one_table_of_any_size(length, dim, base, layout):
    loops, tensors = (
        getattr(sinusoidal_positions, rung)(length, dim, base, layout, torch.float64) for rung in ("loops", "tensors")
    )
    assert loops.shape == (length, dim)
    torch.testing.assert_close(tensors, loops, rtol=0, atol=1e-13)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 4), st.integers(0, 4), st.sampled_from([4, 8, 12]), st.sampled_from([100.0, 10000.0]))
def test_the_two_rungs_make_one_table_of_any_grid(height, width, dim, base):
    loops, tensors = (
        getattr(sinusoidal_positions2d, rung)(height, width, dim, base, torch.float64) for rung in ("loops", "tensors")
    )
    assert loops.shape == (height * width, dim)
    torch.testing.assert_close(tensors, loops, rtol=0, atol=1e-13)


@BOTH_RUNGS
def test_the_paper_alternates_sines_and_cosines(rung):
    table = getattr(sinusoidal_positions, rung)(4, 4)
    slow = 3 / 100  # 10000 to the power 2 / 4
    torch.testing.assert_close(table[3], torch.tensor([math.sin(3), math.cos(3), math.sin(slow), math.cos(slow)]))
    halves = getattr(sinusoidal_positions, rung)(4, 4, layout="halves")
    assert torch.equal(halves[3], table[3, [0, 2, 1, 3]])


@BOTH_RUNGS
def test_of_an_odd_number_of_features_one_sine_has_no_cosine(rung):
    function = getattr(sinusoidal_positions, rung)
    last = math.sin(2 / 10000 ** (2 / 3))
    assert function(3, 3)[2].tolist() == pytest.approx([math.sin(2), math.cos(2), last])
    assert function(3, 3, layout="halves")[2].tolist() == pytest.approx([math.sin(2), last, math.cos(2)])


@BOTH_RUNGS
def test_the_first_half_of_a_grids_features_tells_the_column(rung):
    table = getattr(sinusoidal_positions2d, rung)(2, 3, 4)
    column, row = table[5, :2], table[5, 2:]  # of row 1, column 2
    torch.testing.assert_close(column, torch.tensor([math.sin(2), math.cos(2)]))
    torch.testing.assert_close(row, torch.tensor([math.sin(1), math.cos(1)]))


def test_to_go_on_by_k_turns_every_wave_by_an_angle_that_k_alone_decides():
    table = sinusoidal_positions(40, 8, dtype=torch.float64)
    waves = torch.view_as_complex(table.view(40, 4, 2).flip(2).contiguous())  # cos + i sin
    turns = waves[7:] / waves[:-7]
    torch.testing.assert_close(turns, turns[:1].expand_as(turns), rtol=1e-12, atol=1e-12)


@BOTH_RUNGS
def test_a_table_has_the_type_and_the_device_asked_for_or_the_default_ones(rung):
    for make in (
        lambda **o: getattr(sinusoidal_positions, rung)(2, 4, **o),
        lambda **o: getattr(sinusoidal_positions2d, rung)(1, 2, 4, **o),
    ):
        assert make().dtype == torch.float32 and make().device.type == "cpu"
        assert make(dtype=torch.bfloat16).dtype == torch.bfloat16
        assert make(device="meta").device.type == "meta"
        with torch.device("meta"):
            assert make().device.type == "meta"


def test_a_far_position_is_as_exact_as_a_near_one():
    table = sinusoidal_positions(100_001, 2)
    assert table[100_000, 0].item() == pytest.approx(math.sin(100_000), rel=1e-6)


@BOTH_RUNGS
def test_what_does_not_fit_is_named(rung):
    flat, grid = getattr(sinusoidal_positions, rung), getattr(sinusoidal_positions2d, rung)
    with pytest.raises(
        ValueError, match=r"sinusoidal_positions: lengths are at least 0 and dim is positive; it was given \(-1, 4\)"
    ):
        flat(-1, 4)
    with pytest.raises(ValueError, match=r"dim is positive; it was given \(3, 0\)"):
        flat(3, 0)
    with pytest.raises(ValueError, match="layout is 'interleaved' or 'halves', not 'quarters'"):
        flat(3, 4, layout="quarters")
    with pytest.raises(ValueError, match=r"sinusoidal_positions2d: .* dim is a positive multiple of 4; it was given \(2, 3, 6\)"):
        grid(2, 3, 6)
    for sizes in ((-1, 3, 4), (2, -3, 4), (2, 3, 0)):
        with pytest.raises(ValueError, match="lengths are at least 0"):
            grid(*sizes)
