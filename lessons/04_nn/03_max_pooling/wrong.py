"""Answers to `max_pool2d` that are wrong in the ways that people are."""

import math


def pooled(input, kernel, stride, padding, ceil_mode, fill=-math.inf, best="amax", drop=True, one=1):
    stride = stride or kernel

    def windows(size):
        steps = (size + 2 * padding - kernel) / stride
        count = (math.ceil(steps) if ceil_mode else math.floor(steps)) + one
        return count - 1 if drop and (count - 1) * stride >= size + padding else count

    height, width = input.shape[2:]
    counts = windows(height), windows(width)
    reach = [max((count - 1) * stride + kernel, size + 2 * padding) for count, size in zip(counts, (height, width))]
    padded = input.new_full((*input.shape[:2], *reach), fill)
    padded[:, :, padding : padding + height, padding : padding + width] = input
    found = padded.unfold(2, kernel, stride)[:, :, : counts[0]].unfold(3, kernel, stride)[:, :, :, : counts[1]]
    return getattr(found.flatten(-2), best)(-1)


def zeros_around(input, kernel_size, stride=None, padding=0, ceil_mode=False):
    """Zeros stand in the padding, and win against negative numbers: pad with minus infinity."""
    return pooled(input, kernel_size, stride, padding, ceil_mode, fill=0.0)


def mean_pooling(input, kernel_size, stride=None, padding=0, ceil_mode=False):
    """You take the mean of each window; asked for is its largest number."""
    return pooled(input, kernel_size, stride, padding, ceil_mode, best="mean")


def stride_of_one(input, kernel_size, stride=None, padding=0, ceil_mode=False):
    """Without a stride the windows move by one pixel: they are to lie side by side, so the stride is then the window's size."""
    return pooled(input, kernel_size, stride or 1, padding, ceil_mode)


def never_up(input, kernel_size, stride=None, padding=0, ceil_mode=False):
    """ceil_mode changes nothing: with it the number of windows is rounded up, and the last may hang over the end."""
    return pooled(input, kernel_size, stride, padding, False)


def always_up(input, kernel_size, stride=None, padding=0, ceil_mode=False):
    """The number of windows is rounded up without ceil_mode as well: a rest is then left out."""
    return pooled(input, kernel_size, stride, padding, True)


def window_outside(input, kernel_size, stride=None, padding=0, ceil_mode=False):
    """With ceil_mode there is a last window that holds nothing of the picture, and its largest number is minus infinity: one
    that would begin at size + padding or later is not made."""
    return pooled(input, kernel_size, stride, padding, ceil_mode, drop=False)


def one_too_few(input, kernel_size, stride=None, padding=0, ceil_mode=False):
    """A window is missing along each side: the formula counts steps, and there is one window more than steps."""
    return pooled(input, kernel_size, stride, padding, ceil_mode, one=0)
