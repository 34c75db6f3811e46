"""Padding beyond its cases: random sides, cropping, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.padding import MODES, pad
from groundup.parity.compare import PART_BOUND, compare_functions

SIDES = st.tuples(*[st.integers(-1, 4)] * 4)


@settings(max_examples=25, deadline=None)
@given(SIDES, st.sampled_from(MODES))
def test_pad_equals_torchs_for_every_side(sides, mode):
    input = torch.randn(2, 1, 5, 6, dtype=torch.float64)
    assert compare_functions(pad.tensors, F.pad, (input, sides, mode)).within(PART_BOUND)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("constant", [0, 0, 1, 2, 3, 0, 0]),
        ("reflect", [3, 2, 1, 2, 3, 2, 1]),
        ("replicate", [1, 1, 1, 2, 3, 3, 3]),
        ("circular", [2, 3, 1, 2, 3, 1, 2]),
    ],
)
def test_each_mode_makes_up_its_pixels(mode, expected):
    assert pad.tensors(torch.tensor([1, 2, 3]), (2, 2), mode).tolist() == expected


def test_the_default_is_zeros_and_a_value_takes_their_place():
    assert pad.tensors(torch.ones(1), (1, 0)).tolist() == [0, 1]
    assert pad.tensors(torch.ones(1), (0, 2), value=5).tolist() == [1, 5, 5]


def test_the_last_dimension_comes_first():
    assert pad.tensors(torch.zeros(2, 3, 4), (1, 0, 0, 5)).shape == (2, 8, 5)
    assert pad.tensors(torch.zeros(2, 3, 4), (1, 0, 0, 2), "circular").shape == (2, 5, 5)


def test_what_is_taken_away_does_not_come_round_again():
    assert pad.tensors(torch.tensor([1, 2, 3, 4]), (-1, 2), "circular").tolist() == [2, 3, 4, 2, 3]
    assert pad.tensors(torch.tensor([1, 2, 3, 4]), (2, -1), "circular").tolist() == [2, 3, 1, 2, 3]


def test_as_much_as_a_mode_can_make_up_is_given():
    assert pad.tensors(torch.tensor([1, 2]), (1, 1), "reflect").tolist() == [2, 1, 2, 1]
    assert pad.tensors(torch.tensor([1, 2]), (2, 2), "circular").tolist() == [1, 2, 1, 2, 1, 2]
    assert pad.tensors(torch.tensor([1]), (3, 0), "replicate").tolist() == [1, 1, 1, 1]
    assert pad.tensors(torch.zeros(2, 0), (-0, 0)).shape == (2, 0)
    assert pad.tensors(torch.ones(3), (-3, 0)).shape == (0,)


@pytest.mark.parametrize(
    ("shape", "args", "message"),
    [
        ((3, 4), ((1, 1), "mirror"), "no mode is called 'mirror': choose one of constant, reflect, replicate, circular"),
        ((3, 4), ((1, 1, 1),), r"two numbers for each .* given \(1, 1, 1\) for an input \(3, 4\)"),
        ((4,), ((1, 1, 1, 1),), r"two numbers for each .* for an input \(4,\)"),
        ((3, 4), ((-2, -3),), r"\(-2, -3\) takes away more than an input \(3, 4\) has"),
        ((3, 4), ((-5, 0), "reflect"), r"\(-5, 0\) takes away more"),
        ((3, 4), ((4, 0), "reflect"), "4 pixels cannot be padded by 4 and 0 in mode 'reflect'"),
        ((3, 4), ((0, 5), "circular"), "4 pixels cannot be padded by 0 and 5 in mode 'circular'"),
        ((3, 0), ((0, 1), "replicate"), "0 pixels cannot be padded by 0 and 1 in mode 'replicate'"),
        ((3, 4), ((1, 1), "reflect", 2.0), "mode 'reflect' takes no value; it was given 2.0"),
    ],
)
def test_what_does_not_fit_is_named(shape, args, message):
    with pytest.raises(ValueError, match=f"pad.*{message}"):
        pad.tensors(torch.zeros(shape), *args)


def test_a_value_of_zero_is_no_value():
    assert pad.tensors(torch.ones(2), (1, 0), "replicate", 0.0).tolist() == [1, 1, 1]
