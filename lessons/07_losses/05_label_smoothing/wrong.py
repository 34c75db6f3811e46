"""Answers to `calibration_error` that are wrong in the ways that people are."""

import torch


def measured(probabilities, labels, bins, which=None, weigh=True, absolute=True, right=None, sure=None, empty=torch.nan):
    confidence, said = probabilities.max(1)
    sure = confidence if sure is None else sure
    right = (said == labels).to(sure.dtype) if right is None else right
    which = ((sure * bins).ceil().long() - 1).clamp(0, bins - 1) if which is None else which(sure)
    count = torch.zeros(bins).index_add_(0, which, torch.ones_like(sure))
    surety = torch.zeros(bins).index_add_(0, which, sure) / count
    rightness = torch.zeros(bins).index_add_(0, which, right) / count
    filled = count > 0
    gap = (surety - rightness)[filled]
    gap = gap.abs() if absolute else gap
    error = (gap * count[filled]).sum() / len(labels) if weigh else gap.mean()
    rows = torch.stack([count, surety, rightness])
    return (error if absolute else error.abs()).item(), rows if empty != 0 else rows.nan_to_num(0)


def left_end_included(probabilities, labels, bins=10):
    """An answer on the border of two bins goes to the right one: the bins have their right ends, and not their left."""
    return measured(probabilities, labels, bins, which=lambda sure: (sure * bins).long().clamp(max=bins - 1))


def bins_alike(probabilities, labels, bins=10):
    """Every bin counts the same, however few answers are in it: weigh each by how many there are."""
    return measured(probabilities, labels, bins, weigh=False)


def cancelled(probabilities, labels, bins=10):
    """Too sure in one bin and not sure enough in another cancel: take the absolute difference in each bin before you add up."""
    return measured(probabilities, labels, bins, absolute=False)


def of_the_truth(probabilities, labels, bins=10):
    """How sure it was of the right class is taken for how sure it was: the confidence is the largest probability, whatever
    is right."""
    return measured(probabilities, labels, bins, sure=probabilities[torch.arange(len(labels)), labels])


def zeros_for_empty(probabilities, labels, bins=10):
    """Empty bins are shown with means of 0, as if all there were wrong: they say nothing, NaN."""
    return measured(probabilities, labels, bins, empty=0)
