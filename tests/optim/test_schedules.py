"""Schedules beyond their cases: where they begin, peak and end, for any total."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.optim.schedules import constant, cosine, one_cycle

few = settings(max_examples=15, deadline=None, derandomize=True)
fractions = st.floats(0.0, 1.0)


@few
@given(total=st.integers(1, 400), warmup=st.one_of(fractions, st.integers(0, 500)), floor=fractions)
def test_every_factor_is_between_zero_and_one(total, warmup, floor):
    schedules = constant, partial(cosine, warmup=warmup, floor=floor), partial(one_cycle, warmup=warmup)
    for schedule in schedules:
        assert all(0 < schedule(step, total) <= 1 for step in range(total))


@few
@given(total=st.integers(1, 400), floor=fractions)
def test_cosine_falls_from_one_to_a_last_step_above_its_floor(total, floor):
    factors = [cosine(step, total, floor=floor) for step in range(total)]
    assert factors[0] == 1
    assert factors == sorted(factors, reverse=True)
    assert floor <= factors[-1] <= floor + (1 - floor) * (3 / total**2 if total > 1 else 1)


@few
@given(total=st.integers(1, 400), warmup=st.integers(0, 399))
def test_cosine_rises_in_equal_strides_and_peaks_right_after_the_warmup(total, warmup):
    warmup = min(warmup, total - 1)
    factors = [cosine(step, total, warmup=warmup) for step in range(total)]
    assert factors[:warmup] == pytest.approx([(step + 1) / (warmup + 1) for step in range(warmup)])
    assert factors[warmup] == max(factors) == 1


@few
@given(half=st.integers(1, 200))
def test_a_fraction_of_warmup_is_that_many_steps(half):
    for schedule in cosine, one_cycle:
        for step in (0, half - 1, half, 2 * half - 1):
            assert schedule(step, 2 * half, warmup=0.5) == schedule(step, 2 * half, warmup=half)
            assert schedule(step, 2 * half, warmup=1.0) == schedule(step, 2 * half, warmup=2 * half)


@few
@given(total=st.integers(2, 400))
def test_one_cycle_starts_low_peaks_at_the_given_rate_and_ends_at_almost_nothing(total):
    factors = [one_cycle(step, total * 10) for step in range(total * 10)]
    assert factors[0] == pytest.approx(1 / 25)
    assert factors[3 * total - 1] == max(factors) == 1
    assert factors[-1] == pytest.approx(1 / 25 / 1e4)


def test_a_rise_of_one_step_is_at_its_peak_at_once():
    assert one_cycle(0, 10, warmup=1) == one_cycle(0, 10, warmup=0.1) == 1


@pytest.mark.parametrize("schedule", [constant, cosine, one_cycle])
@pytest.mark.parametrize(("step", "total"), [(-1, 10), (10, 10), (0, 0)])
def test_a_step_outside_of_training_is_refused(schedule, step, total):
    with pytest.raises(ValueError, match=f"total - 1 = {total - 1}; it was given {step}"):
        schedule(step, total)


@pytest.mark.parametrize(
    ("schedule", "options", "message"),
    [
        (cosine, {"warmup": 1.5}, "warmup must be a number of steps"),
        (cosine, {"warmup": -1}, "it was given -1"),
        (cosine, {"floor": 1.1}, "floor must be from 0 to 1"),
        (one_cycle, {"warmup": -0.1}, "a fraction from 0.0 to 1.0"),
        (one_cycle, {"div_factor": 0.5}, "divisors must be 1 or more"),
    ],
)
def test_options_out_of_range_are_refused(schedule, options, message):
    with pytest.raises(ValueError, match=message):
        schedule(0, 10, **options)
