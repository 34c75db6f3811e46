"""Answers to `fit` that are wrong in the ways that people are."""

import torch


def marked(start):
    return [tensor.detach().clone().requires_grad_() for tensor in start]


def never_cleared(function, start, rate, steps):
    """The gradients are never cleared: backward adds to .grad, so that every step is taken along the sum of all gradients so far.
    Set .grad to None after each step."""
    tensors, errors = marked(start), []
    for _ in range(steps):
        error = function(*tensors)
        error.backward()
        errors.append(error.item())
        with torch.no_grad():
            for tensor in tensors:
                if tensor.grad is not None:
                    tensor -= rate * tensor.grad
    return [tensor.detach() for tensor in tensors], errors


def start_moved(function, start, rate, steps):
    """The caller's own tensors are moved: detach() alone gives another view of the same numbers, clone() gives new ones."""
    tensors, errors = [tensor.detach().requires_grad_() for tensor in start], []
    for _ in range(steps):
        error = function(*tensors)
        error.backward()
        errors.append(error.item())
        with torch.no_grad():
            for tensor in tensors:
                if tensor.grad is not None:
                    tensor -= rate * tensor.grad
                tensor.grad = None
    return [tensor.detach() for tensor in tensors], errors


def still_marked(function, start, rate, steps):
    """What you return is still marked: whoever computes with it keeps books for it. Return tensor.detach()."""
    tensors, errors = marked(start), []
    for _ in range(steps):
        error = function(*tensors)
        error.backward()
        errors.append(error.item())
        with torch.no_grad():
            for tensor in tensors:
                if tensor.grad is not None:
                    tensor -= rate * tensor.grad
                tensor.grad = None
    return tensors, errors


def unused_fails(function, start, rate, steps):
    """A tensor that the function does not use has no gradient: its .grad is None, and None cannot be multiplied. Leave it as it
    is."""
    tensors, errors = marked(start), []
    for _ in range(steps):
        error = function(*tensors)
        error.backward()
        errors.append(error.item())
        with torch.no_grad():
            for tensor in tensors:
                tensor -= rate * tensor.grad
                tensor.grad = None
    return [tensor.detach() for tensor in tensors], errors


def errors_after(function, start, rate, steps):
    """The errors are those after each step; asked for is the error before each, the one whose gradient the step is taken
    along."""
    tensors, errors = marked(start), []
    for _ in range(steps):
        error = function(*tensors)
        error.backward()
        with torch.no_grad():
            for tensor in tensors:
                if tensor.grad is not None:
                    tensor -= rate * tensor.grad
                tensor.grad = None
            errors.append(function(*tensors).item())
    return [tensor.detach() for tensor in tensors], errors


def one_by_one(function, start, rate, steps):
    """The tensors move one after the other, each along a gradient taken after the others have moved. A step moves all of them
    along the gradient at one place: one backward, then all changes."""
    tensors, errors = marked(start), []
    for _ in range(steps):
        errors.append(function(*tensors).item())
        for tensor in tensors:
            function(*tensors).backward()
            with torch.no_grad():
                if tensor.grad is not None:
                    tensor -= rate * tensor.grad
            for other in tensors:
                other.grad = None
    return [tensor.detach() for tensor in tensors], errors
