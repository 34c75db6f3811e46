"""Schedules beyond their cases: where they begin, peak and end, for any total."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.optim.schedules import (
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    linear_warmup,
    multi_step,
    one_cycle,
    polynomial,
    step_decay,
)

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


def factors(schedule, total):
    return [schedule(step, total) for step in range(total)]


def test_fractions_and_numbers_of_steps_say_the_same():
    assert factors(partial(multi_step, milestones=(0.5, 0.75)), 20) == factors(partial(multi_step, milestones=(10, 15)), 20)
    assert factors(partial(step_decay, step_size=0.25), 20) == factors(partial(step_decay, step_size=5), 20)
    assert factors(partial(linear_warmup, warmup=0.26), 20) == factors(partial(linear_warmup, warmup=5), 20)


def test_a_fall_happens_at_its_milestone_and_not_before():
    assert factors(partial(multi_step, milestones=(2, 4)), 5) == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert factors(partial(step_decay, step_size=2), 5) == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert factors(partial(multi_step, milestones=()), 3) == [1, 1, 1]


def test_a_polynomial_of_power_one_is_a_line_to_zero():
    assert factors(polynomial, 4) == [1, 0.75, 0.5, 0.25]
    assert factors(partial(polynomial, power=0), 3) == [1, 1, 1]


def test_the_first_transformers_rate_peaks_at_the_end_of_its_rise():
    found = factors(partial(inverse_sqrt, warmup=4), 16)
    assert found[:4] == [0.25, 0.5, 0.75, 1] and found[15] == 0.5
    assert factors(partial(inverse_sqrt, warmup=1), 4)[0] == 1


def test_a_warmup_rises_in_equal_strides_and_hands_over_with_a_total_of_what_is_left():
    found = factors(partial(linear_warmup, warmup=3, after=polynomial), 7)
    assert found == pytest.approx([0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25])
    assert factors(partial(linear_warmup, warmup=1, start=0.5), 3) == pytest.approx([0.75, 1, 1])
    assert factors(partial(linear_warmup, warmup=0), 2) == [1, 1]


def test_three_phases_come_back_to_the_start_before_they_end():
    found = factors(partial(one_cycle, warmup=4, three_phase=True, anneal_strategy="linear", div_factor=4), 10)
    assert found[:8] == pytest.approx([0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0.25 * (2 + 1e-4) / 3])
    assert found[9] == pytest.approx(0.25 * 1e-4)
    factors(partial(one_cycle, warmup=5, three_phase=True), 10)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (partial(step_decay, step_size=0), "step_decay: step_size must be above 0"),
        (partial(step_decay, step_size=1.5), "step_decay: step_size must be a number of steps .* it was given 1.5"),
        (partial(step_decay, step_size=3, gamma=-1), "step_decay: gamma must be 0 or more; it was given -1"),
        (partial(multi_step, milestones=(3, -1)), "multi_step: milestones must be a number of steps .* it was given -1"),
        (partial(multi_step, milestones=(3,), gamma=-1), "multi_step: gamma must be 0 or more"),
        (partial(exponential, gamma=-0.1), "exponential: gamma must be 0 or more"),
        (partial(polynomial, power=-1), "polynomial: power must be 0 or more; it was given -1"),
        (partial(inverse_sqrt, warmup=0), "inverse_sqrt: warmup must be 1 step or more; it was given 0"),
        (partial(linear_warmup, warmup=-1), "linear_warmup: warmup must be a number of steps .* it was given -1"),
        (partial(linear_warmup, warmup=1, start=1.5), "linear_warmup: start must be from 0 to 1; it was given 1.5"),
        (partial(linear_warmup, warmup=1, start=-0.5), "linear_warmup: start must be from 0 to 1"),
        (partial(one_cycle, anneal_strategy="cosine"), "anneal_strategy is 'cos' or 'linear', not 'cosine'"),
        (partial(one_cycle, warmup=6, three_phase=True), "at most half of the 10 steps; it was given 6"),
        (partial(one_cycle, div_factor=0.5), "divisors must be 1 or more; it was given 0.5"),
        (partial(one_cycle, final_div_factor=0.5), "divisors must be 1 or more"),
    ],
)
def test_what_is_no_schedule_is_refused(schedule, message):
    with pytest.raises(ValueError, match=message):
        schedule(0, 10)


@pytest.mark.parametrize(
    "schedule",
    [
        partial(step_decay, step_size=2),
        partial(multi_step, milestones=(2,)),
        partial(exponential, gamma=0.5),
        polynomial,
        partial(inverse_sqrt, warmup=2),
        partial(linear_warmup, warmup=2),
    ],
)
@pytest.mark.parametrize("step", [-1, 10])
def test_a_step_outside_of_the_training_is_refused(schedule, step):
    with pytest.raises(ValueError, match=f"step must be from 0 to total - 1 = 9; it was given {step}"):
        schedule(step, 10)


def test_the_divisors_and_gammas_may_be_their_least():
    assert factors(partial(one_cycle, div_factor=1, final_div_factor=1), 5) == [1] * 5
    assert factors(partial(exponential, gamma=0.0), 3) == [1, 0, 0]
    assert factors(partial(step_decay, step_size=1, gamma=0.0), 3) == [1, 0, 0]
