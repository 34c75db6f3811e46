"""Answers to `softplus` that are wrong in the ways that people are."""

import torch


def letter_by_letter(x, beta=1.0, threshold=20.0):
    """The formula as it stands: exp of a large number is infinite. Where beta * x is above the threshold, take x itself."""
    return (1 + (beta * x).exp()).log() / beta


def no_log1p(x, beta=1.0, threshold=20.0):
    """Far below zero the result is 0: 1 + exp(x) rounds to 1 before its logarithm is taken. torch.log1p(y) is log(1 + y)
    without that step."""
    straight = beta * x > threshold
    safe = torch.where(straight, 0, beta * x)
    return torch.where(straight, x, (1 + safe.exp()).log() / beta)


def nan_behind_where(x, beta=1.0, threshold=20.0):
    """The values are right and the slopes of large numbers are NaN: torch.where computes both sides, and infinity on the one
    not taken, times 0, is no number. Give exp a harmless number there."""
    return torch.where(beta * x > threshold, x, (beta * x).exp().log1p() / beta)


def not_divided(x, beta=1.0, threshold=20.0):
    """The logarithm is not divided by beta: without that, a sharper bend would also be a steeper line."""
    straight = beta * x > threshold
    return torch.where(straight, x, torch.where(straight, 0, beta * x).exp().log1p())


def threshold_on_x(x, beta=1.0, threshold=20.0):
    """The threshold is compared with x; it is on beta * x, since that is what exp sees."""
    straight = x > threshold
    return torch.where(straight, x, torch.where(straight, 0, beta * x).exp().log1p() / beta)


def threshold_ignored(x, beta=1.0, threshold=20.0):
    """Beyond the threshold the line is still a little bent: right in the mathematics, but the threshold is an argument, and
    asked for is x itself beyond it."""
    return (torch.relu(beta * x) + (-(beta * x).abs()).exp().log1p()) / beta
