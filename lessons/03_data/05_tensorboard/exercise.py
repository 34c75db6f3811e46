"""TensorBoard: the slider that makes a line smooth.

Write `smooth`: a running mean that forgets. Begin with 0; each value enters with a share of (1 - weight), what was there
stays with a share of weight. The first values then are too close to 0, by a factor that is known: after n values the shares
sum to 1 - weight^n. Divide by it. A value that is not finite (a loss that was NaN for a step) is passed on as it is, and
does not enter the mean or the count.
"""

import math


def smooth(values: list[float], weight: float) -> list[float]:
    """The running mean after each value; `weight` from 0 (nothing is smoothed) to below 1.

    Raises: ValueError for a weight outside.
    """
    raise NotImplementedError
