"""Answers to `jacobian` that are wrong in the ways that people are."""

import torch


def rows_of(output, input, create_graph):
    rows = []
    for number in output.flatten():
        slope = None
        if number.requires_grad:
            (slope,) = torch.autograd.grad(number, input, retain_graph=True, create_graph=create_graph, allow_unused=True)
        rows.append(torch.zeros_like(input) if slope is None else slope)
    return torch.stack(rows)


def start(input, create_graph):
    return input if create_graph and input.requires_grad else input.detach().requires_grad_()


def summed(function, input, create_graph=False):
    """You walk back once from the sum of all outputs, which adds the rows of the table into one. Each number of the output has
    a row of its own."""
    input = start(input, create_graph)
    output = function(input)
    slope = torch.zeros_like(input)
    if output.requires_grad:
        (slope,) = torch.autograd.grad(output.sum(), input, create_graph=create_graph)
    return slope.expand(*output.shape, *input.shape)


def transposed(function, input, create_graph=False):
    """Inputs and outputs are exchanged: the dimensions of the output come first, those of the input after them."""
    input = start(input, create_graph)
    output = function(input)
    rows = rows_of(output, input, create_graph)
    return rows.flatten(1).T.reshape(*input.shape, *output.shape)


def flat(function, input, create_graph=False):
    """The slopes are right, in a table of two dimensions: give it the shapes of both, view(*output.shape, *input.shape)."""
    input = start(input, create_graph)
    output = function(input)
    return rows_of(output, input, create_graph).view(output.numel(), input.numel())


def constants_fail(function, input, create_graph=False):
    """An output that does not depend on the input makes it fail: ask by allow_unused=True and take None as zeros, and walk back
    from no number that has no road (requires_grad is False)."""
    input = start(input, create_graph)
    output = function(input)
    rows = [torch.autograd.grad(n, input, retain_graph=True, create_graph=create_graph)[0] for n in output.flatten()]
    return torch.stack(rows).view(*output.shape, *input.shape)


def always_detached(function, input, create_graph=False):
    """The inner jacobian of a jacobian cuts the road to the outer one: an input that is marked already, when create_graph is
    asked for, is not detached."""
    input = input.detach().requires_grad_()
    output = function(input)
    return rows_of(output, input, create_graph).view(*output.shape, *input.shape)


def marks_the_input(function, input, create_graph=False):
    """The caller's input is marked by you, and stays so: requires_grad_() writes into the tensor itself. Work on
    input.detach(), which shares the numbers and not the mark."""
    input = input.requires_grad_() if input.is_leaf else input
    output = function(input)
    return rows_of(output, input, create_graph).view(*output.shape, *input.shape)
