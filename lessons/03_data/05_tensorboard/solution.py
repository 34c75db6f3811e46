"""The answer to `smooth`."""

import math


def smooth(values: list[float], weight: float) -> list[float]:
    """The running mean after each value; `weight` from 0 (nothing is smoothed) to below 1."""
    if not 0 <= weight < 1:
        raise ValueError(f"weight is at least 0 and less than 1; got {weight}")
    mean, count, found = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            found.append(value)
            continue
        mean, count = weight * mean + (1 - weight) * value, count + 1
        found.append(mean / (1 - weight**count))
    return found
