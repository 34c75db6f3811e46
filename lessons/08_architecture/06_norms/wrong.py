"""Answers to `group_norm` that are wrong in the ways that people are."""


def normed(input, num_groups, weight, bias, eps, correction=0, outside=False, apart=False, over_batch=False, places=True):
    if input.shape[1] % num_groups:
        raise ValueError
    if apart:  # channels 0, 2, 4 and 1, 3, 5
        x = input.reshape(len(input), -1, num_groups, *input.shape[2:]).transpose(1, 2)
    else:
        x = input.reshape(len(input), num_groups, -1, *input.shape[2:])
    dims = tuple(range(2, x.dim())) if places else (2,)
    dims = (0, *dims) if over_batch else dims
    mean, var = x.mean(dims, keepdim=True), x.var(dims, correction=correction, keepdim=True)
    x = (x - mean) / (var.sqrt() + eps if outside else (var + eps).sqrt())
    x = (x.transpose(1, 2) if apart else x).reshape(input.shape)
    shape = (-1, *[1] * (input.dim() - 2))
    x = x if weight is None else x * weight.view(shape)
    return x if bias is None else x + bias.view(shape)


def less_one(input, num_groups, weight=None, bias=None, eps=1e-5):
    """The variance is divided by the count less one: the norm divides by the count (correction=0)."""
    return normed(input, num_groups, weight, bias, eps, correction=1)


def eps_outside(input, num_groups, weight=None, bias=None, eps=1e-5):
    """eps is added to the spread, outside of the root: it belongs to the variance, inside."""
    return normed(input, num_groups, weight, bias, eps, outside=True)


def every_other(input, num_groups, weight=None, bias=None, eps=1e-5):
    """The groups are made of every other channel: neighbours belong together, 0, 1, 2 and 3, 4, 5."""
    return normed(input, num_groups, weight, bias, eps, apart=True)


def over_the_batch(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Mean and variance are taken over the batch too: each example is normed by itself."""
    return normed(input, num_groups, weight, bias, eps, over_batch=True)


def each_place(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Each place is normed by itself: a group is normed with all its places together."""
    return normed(input, num_groups, weight, bias, eps, places=False)


def group_weights(input, num_groups, weight=None, bias=None, eps=1e-5):
    """All channels of a group are scaled and shifted alike, by the first channel's weight and bias: each channel has its own."""
    each = input.shape[1] // num_groups if num_groups and not input.shape[1] % num_groups else 1
    first = [part if part is None else part[::each].repeat_interleave(each) for part in (weight, bias)]
    return normed(input, num_groups, *first, eps)


def not_refused(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Groups that do not divide the channels are not refused: raise a ValueError."""
    if input.shape[1] % num_groups:
        num_groups = 1
    return normed(input, num_groups, weight, bias, eps)


def mean_alone(input, num_groups, weight=None, bias=None, eps=1e-5):
    """The mean is taken off, and nothing divided by the spread."""
    mean = input.reshape(len(input), num_groups, -1).mean(-1) if not input.shape[1] % num_groups else None
    if mean is None:
        raise ValueError
    each = input.shape[1] // num_groups
    shape = (-1, *[1] * (input.dim() - 2))
    x = input - mean.repeat_interleave(each, 1).view(len(input), *shape)
    x = x if weight is None else x * weight.view(shape)
    return x if bias is None else x + bias.view(shape)
