"""Answers to `asking` that are wrong in the ways that people are."""

from contextlib import contextmanager

import torch


def put_back(modes):
    for module, training in modes.items():
        module.training = training


@contextmanager
def always_train(model):
    """Afterwards everything is in training mode, whatever it was in before: a frozen part then learns statistics. Note the mode
    of each module, and put each back."""
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        model.train()


@contextmanager
def mode_of_the_whole(model):
    """The mode of the model as a whole is put back, for all of its parts: they may have been in different modes. Note it for
    each module."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        model.train(training)


@contextmanager
def no_finally(model):
    """After an error in the block the model stays in evaluation mode: what must happen in any case stands in `finally`."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        yield model
    put_back(modes)


@contextmanager
def books_kept(model):
    """Gradients are recorded inside: eval() does not concern them. Wrap the yield in torch.no_grad()."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield model
    finally:
        put_back(modes)


@contextmanager
def not_in_eval(model):
    """The model is not in evaluation mode inside: no_grad() does not concern it. Call model.eval()."""
    with torch.no_grad():
        yield model


@contextmanager
def gradients_on(model):
    """Afterwards gradients are recorded even if they were not before: torch.no_grad() as a block puts back what was."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    torch.set_grad_enabled(False)
    try:
        yield model
    finally:
        torch.set_grad_enabled(True)
        put_back(modes)


@contextmanager
def swallowed(model):
    """An error in the block is swallowed: whoever wrote the block never learns of it. Use finally, not except."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield model
    except Exception:
        pass
    finally:
        put_back(modes)
