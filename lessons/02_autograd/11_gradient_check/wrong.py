"""Answers to `worst_gradient` that are wrong in the ways that people are."""

import torch


def total_of(function, inputs, weights):
    return (function(*inputs) * weights).sum()


def by_autograd(function, inputs, weights, weighted=True):
    marked = [value.detach().clone().requires_grad_() for value in inputs]
    output = function(*marked)
    total = (output * weights).sum() if weighted else output.sum()
    return torch.autograd.grad(total, marked, allow_unused=True)


def by_moving(function, inputs, weights, number, step, sides=(1, -1), divisor=2.0):
    slopes = torch.zeros_like(inputs[number])
    for index in range(slopes.numel()):
        ends = []
        for sign in sides:
            moved = [other.detach().clone() for other in inputs]
            moved[number].view(-1)[index] += sign * step
            ends.append(total_of(function, moved, weights).detach())
        slopes.view(-1)[index] = (ends[0] - ends[1]) / (divisor * step)
    return slopes


def place_of(errors):
    return tuple(int(index) for index in torch.unravel_index(errors.argmax(), errors.shape))


def compared(function, inputs, weights, step, **options):
    found = []
    for number, gradient in enumerate(by_autograd(function, inputs, weights)):
        errors = (by_moving(function, inputs, weights, number, step, **options) - (0 if gradient is None else gradient)).abs()
        found.append((errors.max().item(), place_of(errors)))
    return found


def not_halved(function, inputs, weights, step=1e-6):
    """Every slope is twice as steep as it is: between one step up and one step down lie two steps."""
    return compared(function, inputs, weights, step, divisor=1.0)


def unweighted(function, inputs, weights, step=1e-6):
    """autograd's gradient is that of the plain sum of the output: the weights stand in one of the two only."""
    found = []
    for number, gradient in enumerate(by_autograd(function, inputs, weights, weighted=False)):
        errors = (by_moving(function, inputs, weights, number, step) - (0 if gradient is None else gradient)).abs()
        found.append((errors.max().item(), place_of(errors)))
    return found


def flat_place(function, inputs, weights, step=1e-6):
    """The place is counted along the flattened input: turn it into one number a dimension with torch.unravel_index."""
    found = []
    for number, gradient in enumerate(by_autograd(function, inputs, weights)):
        errors = (by_moving(function, inputs, weights, number, step) - (0 if gradient is None else gradient)).abs()
        found.append((errors.max().item(), (int(errors.argmax()),)))
    return found


def with_sign(function, inputs, weights, step=1e-6):
    """Differences are compared with their signs, so that a gradient that is too large counts as less than none: take abs() before
    the largest."""
    found = []
    for number, gradient in enumerate(by_autograd(function, inputs, weights)):
        errors = by_moving(function, inputs, weights, number, step) - (0 if gradient is None else gradient)
        found.append((errors.max().item(), place_of(errors)))
    return found


def idle_fails(function, inputs, weights, step=1e-6):
    """An input that takes no part makes it fail: ask torch.autograd.grad with allow_unused=True, and take None as zeros."""
    marked = [value.detach().clone().requires_grad_() for value in inputs]
    gradients = torch.autograd.grad(total_of(function, marked, weights), marked)
    found = []
    for number, gradient in enumerate(gradients):
        errors = (by_moving(function, inputs, weights, number, step) - gradient).abs()
        found.append((errors.max().item(), place_of(errors)))
    return found


def all_at_once(function, inputs, weights, step=1e-6):
    """All entries are moved together, which gives the sum of all slopes at every place: move one entry at a time."""
    found = []
    for number, gradient in enumerate(by_autograd(function, inputs, weights)):
        ends = []
        for sign in (1, -1):
            moved = [other.detach().clone() for other in inputs]
            moved[number] += sign * step
            ends.append(total_of(function, moved, weights).detach())
        errors = ((ends[0] - ends[1]) / (2 * step) - (0 if gradient is None else gradient)).abs()
        errors = errors.expand_as(inputs[number])
        found.append((errors.max().item(), place_of(errors)))
    return found
