"""Answers to `smooth` that are wrong in the ways that people are."""

import math


def check(weight):
    if not 0 <= weight < 1:
        raise ValueError("weight is at least 0 and less than 1")


def walked(values, weight, share=None, divide=True, carry_divided=False):
    mean, count, found = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            found.append(value)
            continue
        mean, count = weight * mean + (1 - weight if share is None else share) * value, count + 1
        shown = mean / (1 - weight**count) if divide else mean
        mean = shown if carry_divided else mean
        found.append(shown)
    return found


def not_corrected(values, weight):
    """The line begins near 0 and climbs to where it belongs: the mean starts from 0, which counts as if it had been a value.
    Divide by 1 - weight**n after n values."""
    check(weight)
    return walked(values, weight, divide=False)


def corrected_and_carried(values, weight):
    """The corrected mean is carried along, and corrected again at the next value. Carry the uncorrected one, and correct only
    what you pass on."""
    check(weight)
    return walked(values, weight, carry_divided=True)


def from_the_first(values, weight):
    """You start from the first value: it then has a share that never becomes small as it should. Start from 0, and divide by
    1 - weight**n."""
    check(weight)
    mean, found = None, []
    for value in values:
        if not math.isfinite(value):
            found.append(value)
            continue
        mean = value if mean is None else weight * mean + (1 - weight) * value
        found.append(mean)
    return found


def shares_exchanged(values, weight):
    """The shares are exchanged: what was there stays with `weight`, the new value enters with 1 - weight. A weight of 0 must
    smooth nothing."""
    check(weight)
    other = 1 - weight
    return [value if not math.isfinite(value) else found for value, found in zip(values, mean_by(values, other))]


def mean_by(values, weight):
    mean, count = 0.0, 0
    for value in values:
        if math.isfinite(value):
            mean, count = weight * mean + (1 - weight) * value, count + 1
        yield mean / (1 - weight**count) if count and weight < 1 else mean


def holes_spread(values, weight):
    """One NaN makes everything behind it NaN: pass it on as it is, and leave the mean alone."""
    check(weight)
    mean, found = 0.0, []
    for count, value in enumerate(values, start=1):
        mean = weight * mean + (1 - weight) * value
        found.append(mean / (1 - weight**count))
    return found


def holes_counted(values, weight):
    """A value that is not finite is counted, though it did not enter the mean: the correction is then that of too many values."""
    check(weight)
    mean, found = 0.0, []
    for count, value in enumerate(values, start=1):
        if math.isfinite(value):
            mean = weight * mean + (1 - weight) * value
        found.append(mean / (1 - weight**count) if math.isfinite(value) else value)
    return found


def unguarded(values, weight):
    """A weight of 1 or more, or below 0, is not refused: raise a ValueError that says what is asked for."""
    try:
        return walked(values, weight)
    except ZeroDivisionError:
        return list(values)
