"""Answers to `fold` that are wrong in the ways that people are."""


def in_front_only(gradient, shape):
    """Only the dimensions in front are summed. One of size 1 was repeated as well, in its place: sum it, and keep it
    (keepdims)."""
    return gradient.sum(tuple(range(gradient.ndim - len(shape))))


def ones_only(gradient, shape):
    """Dimensions that are missing in front are not summed away: broadcasting has added them, aligned at the right."""
    extra = gradient.ndim - len(shape)
    return gradient.sum(tuple(extra + axis for axis, size in enumerate(shape) if size == 1), keepdims=True)


def ones_lost(gradient, shape):
    """The dimensions of size 1 disappear: the gradient has exactly the shape of the array, so sum with keepdims=True."""
    gradient = gradient.sum(tuple(range(gradient.ndim - len(shape))))
    return gradient.sum(tuple(axis for axis, size in enumerate(shape) if size == 1))


def averaged(gradient, shape):
    """You take the mean over what was repeated. Every use of a number adds its share: sum."""
    gradient = gradient.mean(tuple(range(gradient.ndim - len(shape))))
    return gradient.mean(tuple(axis for axis, size in enumerate(shape) if size == 1), keepdims=True)


def from_the_end(gradient, shape):
    """The dimensions behind are summed away. Shapes are aligned at the right: what is missing stands in front."""
    for _ in range(gradient.ndim - len(shape)):
        gradient = gradient.sum(-1)
    return gradient.sum(tuple(axis for axis, size in enumerate(shape) if size == 1), keepdims=True)


def cut(gradient, shape):
    """You take one of the repeated parts and drop the others: the gradient over several uses is their sum."""
    while gradient.ndim > len(shape):
        gradient = gradient[0]
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.take([0], axis)
    return gradient
