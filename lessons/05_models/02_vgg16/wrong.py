"""Answers to `for_new_classes` that are wrong in the ways that people are."""

from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d, BatchNorm2d


def found_in(model, head):
    old = dict(model.named_modules()).get(head)
    if not head or not isinstance(old, Linear):
        raise ValueError("no Linear")
    return old


def freeze(model):
    for parameter in model.parameters():
        parameter.requires_grad_(False)


def keep_norms(model, lasting=True):
    for module in model.modules():
        if isinstance(module, BatchNorm1d | BatchNorm2d):
            module.eval()
            if lasting:
                module.train = lambda mode=True, module=module: module


def put(model, head, num_classes, bias):
    parent, _, name = head.rpartition(".")
    new = Linear(in_features=found_in(model, head).weight.shape[1], out_features=num_classes, bias=bias)
    setattr(model.get_submodule(parent), name, new)
    return list(new.parameters())


def head_frozen(model, head, num_classes):
    """The new head is frozen with all the rest, and nothing learns: freeze first, and put the new layer in afterwards."""
    old = found_in(model, head)
    new = put(model, head, num_classes, old.bias is not None)
    freeze(model)
    keep_norms(model)
    return new


def norms_follow(model, head, num_classes):
    """In training mode the frozen batch norms follow the new pictures: requires_grad does not concern their running averages.
    They must stay in evaluation mode."""
    old = found_in(model, head)
    freeze(model)
    return put(model, head, num_classes, old.bias is not None)


def eval_once(model, head, num_classes):
    """The norms are in evaluation mode until somebody calls model.train(), which every training loop does. Give each a train
    that does nothing."""
    old = found_in(model, head)
    freeze(model)
    keep_norms(model, lasting=False)
    return put(model, head, num_classes, old.bias is not None)


def nothing_frozen(model, head, num_classes):
    """All of the network learns: everything but the new layer is to be frozen."""
    old = found_in(model, head)
    keep_norms(model)
    return put(model, head, num_classes, old.bias is not None)


def always_bias(model, head, num_classes):
    """The new layer has a bias where the old one had none."""
    found_in(model, head)
    freeze(model)
    keep_norms(model)
    return put(model, head, num_classes, True)


def frozen_before_asking(model, head, num_classes):
    """A name that does not fit leaves the network frozen: look first whether a Linear stands there, and change nothing before."""
    freeze(model)
    old = found_in(model, head)
    keep_norms(model)
    return put(model, head, num_classes, old.bias is not None)


def all_returned(model, head, num_classes):
    """You return all parameters: those that shall learn are asked for, and an optimiser's weight decay would shrink the
    others."""
    old = found_in(model, head)
    freeze(model)
    keep_norms(model)
    put(model, head, num_classes, old.bias is not None)
    return list(model.parameters())
