"""Answers to `move` that are wrong in the ways that people are."""

from torch import Tensor


def walked(
    value, device, dtype, memory=True, named=True, texts=False, tuples=True, in_place=False, only_float=True, into_tuples=True
):
    moved = {}

    def walk(value):
        if isinstance(value, Tensor):
            if not memory or id(value) not in moved:
                kind = dtype if value.is_floating_point() or not only_float else None
                moved[id(value)] = value.to(device, kind) if kind else value.to(device)
            return moved[id(value)]
        if isinstance(value, dict):
            if in_place:
                for key in value:
                    value[key] = walk(value[key])
                return value
            return {key: walk(part) for key, part in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields") and named:
            return type(value)(*map(walk, value))
        if isinstance(value, list):
            return [walk(part) for part in value]
        if isinstance(value, tuple) and into_tuples:
            return tuple(map(walk, value)) if tuples else [walk(part) for part in value]
        if isinstance(value, str) and texts:
            return [*value]
        return value

    return walk(value)


def copied_each_time(value, device, dtype=None):
    """A tensor that stands at several places becomes several: twice the memory, and what is written into one is not seen in the
    other. Remember by id() what you have moved."""
    return walked(value, device, dtype, memory=False)


def plain_tuples(value, device, dtype=None):
    """A NamedTuple comes back as a plain tuple, and its names are gone: make it anew by type(value)(*parts)."""
    return walked(value, device, dtype, named=False)


def lists_for_tuples(value, device, dtype=None):
    """Tuples come back as lists: keep what they were."""
    return walked(value, device, dtype, tuples=False)


def taken_apart(value, device, dtype=None):
    """Texts are taken apart into their letters: a text is a sequence, and yet one thing."""
    return walked(value, device, dtype, texts=True)


def whole_numbers_too(value, device, dtype=None):
    """Labels and masks are brought to `dtype` as well: it is for floating-point tensors alone."""
    return walked(value, device, dtype, only_float=False)


def dict_changed(value, device, dtype=None):
    """You write into the dict that you were given: build a new one."""
    return walked(value, device, dtype, in_place=True)


def tuples_left(value, device, dtype=None):
    """Tensors in tuples stay where they are: walk into tuples too."""
    return walked(value, device, dtype, named=False, into_tuples=False)
