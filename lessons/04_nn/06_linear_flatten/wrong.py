"""Answers to `flatten` that are wrong in the ways that people are."""

import math


def places(x, start_dim, end_dim, bounds=True, order=True):
    count = max(1, x.dim())
    for dim in (start_dim, end_dim):
        if bounds and not -count <= dim < count:
            raise IndexError("no such dimension")
    start, end = start_dim % count, end_dim % count
    if order and start > end:
        raise ValueError("wrong order")
    return start, end


def apart_by(joined, start, before=None, behind=None):
    def apart(y):
        front = y.shape[:start] if before is None else before
        rest = y.shape[start + 1 :] if behind is None else behind
        return y.reshape((*front, *joined, *rest))

    return apart


def end_left_out(x, start_dim=0, end_dim=-1):
    """The dimension end_dim is not joined: it belongs to those that are, unlike the end of a slice."""
    start, end = places(x, start_dim, end_dim)
    end = max(start, end - 1)
    joined = tuple(x.shape[start : end + 1])
    return x.reshape(*x.shape[:start], math.prod(joined), *x.shape[end + 1 :]), apart_by(joined, start)


def batch_too(x, start_dim=0, end_dim=-1):
    """All dimensions are joined, whatever is asked for: the batch as well."""
    places(x, start_dim, end_dim)
    return x.reshape(-1), lambda y: y.reshape(x.shape)


def old_sizes(x, start_dim=0, end_dim=-1):
    """The way back knows only the old shape as a whole: a batch of another size cannot take it. Only the joined sizes are
    remembered; those before and behind are the ones that the tensor has then."""
    start, end = places(x, start_dim, end_dim)
    joined = tuple(x.shape[start : end + 1])
    back = apart_by(joined, start, x.shape[:start], x.shape[end + 1 :])
    return x.reshape(*x.shape[:start], math.prod(joined), *x.shape[end + 1 :]), back


def minus_one(x, start_dim=0, end_dim=-1):
    """An empty batch is refused: -1 in a reshape is worked out by dividing by the other sizes, and one of them is 0. math.prod
    of the joined sizes says it without dividing."""
    start, end = places(x, start_dim, end_dim)
    joined = tuple(x.shape[start : end + 1])
    return x.reshape(*x.shape[:start], -1, *x.shape[end + 1 :]), apart_by(joined, start)


def by_view(x, start_dim=0, end_dim=-1):
    """A tensor that is turned is refused: view never copies, and here the numbers do not lie in order. reshape copies where it
    must."""
    start, end = places(x, start_dim, end_dim)
    joined = tuple(x.shape[start : end + 1])
    return x.view(*x.shape[:start], math.prod(joined), *x.shape[end + 1 :]), apart_by(joined, start)


def order_unchecked(x, start_dim=0, end_dim=-1):
    """start_dim behind end_dim is not refused: raise a ValueError."""
    start, end = places(x, start_dim, end_dim, order=False)
    start, end = min(start, end), max(start, end)
    joined = tuple(x.shape[start : end + 1])
    return x.reshape(*x.shape[:start], math.prod(joined), *x.shape[end + 1 :]), apart_by(joined, start)


def bounds_unchecked(x, start_dim=0, end_dim=-1):
    """A dimension that there is not is taken for another one: dim % x.dim() maps every number to some dimension. Check first,
    and raise an IndexError."""
    start, end = places(x, start_dim, end_dim, bounds=False)
    joined = tuple(x.shape[start : end + 1])
    return x.reshape(*x.shape[:start], math.prod(joined), *x.shape[end + 1 :]), apart_by(joined, start)
