"""Answers to `sigmoid_focal` that are wrong in the ways that people are."""

import torch


def parts(scores, truth):
    against = torch.where(truth == 1, -scores, scores)
    return torch.sigmoid(against), against.clamp(min=0) + torch.log1p((-against.abs()).exp())


def weight(truth, alpha):
    return torch.where(truth == 1, alpha, 1 - alpha)


def alpha_for_all(scores, truth, alpha=0.25, gamma=2.0):
    """Every answer is weighed by alpha: it weighs the yes, and 1 - alpha the no."""
    missed, surprise = parts(scores, truth)
    return (alpha * missed**gamma * surprise).sum() / truth.sum().clamp(min=1)


def sides_exchanged(scores, truth, alpha=0.25, gamma=2.0):
    """alpha weighs the noes and 1 - alpha the yes: it is the other way round."""
    missed, surprise = parts(scores, truth)
    return ((1 - weight(truth, alpha)) * missed**gamma * surprise).sum() / truth.sum().clamp(min=1)


def easy_counted(scores, truth, alpha=0.25, gamma=2.0):
    """What is easy counts most: the power is of 1 - p_t, how much is still missed, and not of p_t."""
    missed, surprise = parts(scores, truth)
    return (weight(truth, alpha) * (1 - missed) ** gamma * surprise).sum() / truth.sum().clamp(min=1)


def truth_forgotten(scores, truth, alpha=0.25, gamma=2.0):
    """p is taken for p_t everywhere: where the truth is no, what is given to it is 1 - p."""
    _, surprise = parts(scores, truth)
    return (weight(truth, alpha) * (1 - torch.sigmoid(scores)) ** gamma * surprise).sum() / truth.sum().clamp(min=1)


def mean_of_all(scores, truth, alpha=0.25, gamma=2.0):
    """It is the mean over all questions: divide the sum by how many are yes, so that empty places do not thin it out."""
    missed, surprise = parts(scores, truth)
    return (weight(truth, alpha) * missed**gamma * surprise).mean()


def no_yes_divides(scores, truth, alpha=0.25, gamma=2.0):
    """Where nothing is there it divides by zero: divide by at least 1."""
    missed, surprise = parts(scores, truth)
    return (weight(truth, alpha) * missed**gamma * surprise).sum() / truth.sum()


def log_of_sigmoid(scores, truth, alpha=0.25, gamma=2.0):
    """Far out the probability rounds to 0 or 1, and its logarithm is infinite or 0: use softplus of the score, which never
    forms the probability."""
    p = torch.sigmoid(scores)
    p_t = torch.where(truth == 1, p, 1 - p)
    return (-weight(truth, alpha) * (1 - p_t) ** gamma * p_t.log()).sum() / truth.sum().clamp(min=1)
