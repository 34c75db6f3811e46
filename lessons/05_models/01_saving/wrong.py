"""Answers to `load_fitting` that are wrong in the ways that people are."""

import torch


def parted(model, state):
    own = model.state_dict()
    both = own.keys() & state.keys()
    fitting = sorted(name for name in both if own[name].shape == state[name].shape)
    return own, both, fitting


def named(own, state, both, fitting):
    return sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys()), sorted(both - set(fitting))


def check(state, fitting):
    if not fitting:
        raise ValueError("nothing fits")
    if not all(state[name].isfinite().all() for name in fitting):
        raise ValueError("not finite")


def copied(own, state, fitting):
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(state[name])


def not_strict(model, state):
    """load_state_dict(strict=False) forgives names, not shapes: a head of another size raises all the same. Compare shapes
    yourself."""
    own, both, fitting = parted(model, state)
    check(state, fitting)
    model.load_state_dict(state, strict=False)
    return named(own, state, both, fitting)


def wrong_file_taken(model, state):
    """A file of which nothing fits is taken without a word, and the model stays as it was drawn: raise a ValueError."""
    own, both, fitting = parted(model, state)
    if fitting:
        check(state, fitting)
    copied(own, state, fitting)
    return named(own, state, both, fitting)


def checked_too_late(model, state):
    """A part of the weights is in the model already when the NaN is found: look at all of them first, and write afterwards."""
    own, both, fitting = parted(model, state)
    if not fitting:
        raise ValueError("nothing fits")
    for name in fitting:
        if not state[name].isfinite().all():
            raise ValueError("not finite")
        copied(own, state, [name])
    return named(own, state, both, fitting)


def nan_taken(model, state):
    """Weights that are NaN or infinite are taken: refuse them by a ValueError, before anything is written."""
    own, both, fitting = parted(model, state)
    if not fitting:
        raise ValueError("nothing fits")
    copied(own, state, fitting)
    return named(own, state, both, fitting)


def type_changed(model, state):
    """The model takes the file's type: weights of half precision make it a model of half precision. copy_ writes into the
    tensor that is there, and keeps its type."""
    own, both, fitting = parted(model, state)
    check(state, fitting)
    copied(own, state, fitting)
    for name, parameter in model.named_parameters():
        if name in fitting:
            parameter.data = parameter.data.to(state[name].dtype)
    return named(own, state, both, fitting)


def mismatched_missing(model, state):
    """Names whose shapes differ are told as missing: they are in both, and have a list of their own."""
    own, both, fitting = parted(model, state)
    check(state, fitting)
    copied(own, state, fitting)
    missing, unexpected, mismatched = named(own, state, both, fitting)
    return sorted(missing + mismatched), unexpected, []
