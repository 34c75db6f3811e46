"""Answers to `kl_from_scores` that are wrong in the ways that people are."""

import torch


def check(temperature):
    if temperature <= 0:
        raise ValueError("a temperature is above 0")


def logs(student, teacher, temperature, detach=True):
    check(temperature)
    teacher = teacher.detach() if detach else teacher
    return torch.log_softmax(student / temperature, 1), torch.log_softmax(teacher / temperature, 1)


def divergence(truth, belief):
    return (truth.exp() * (truth - belief)).sum(1)


def turned_around(student, teacher, temperature=1.0, reverse=False):
    """The two ways are exchanged: KL(p || q) takes p as the truth, whose probabilities are the weights. Forward, the teacher is
    the truth."""
    mine, theirs = logs(student, teacher, temperature)
    return (divergence(theirs, mine) if reverse else divergence(mine, theirs)).mean() * temperature**2


def not_scaled(student, teacher, temperature=1.0, reverse=False):
    """The factor T² is missing: at a high temperature the gradients become small, and it brings them back."""
    mine, theirs = logs(student, teacher, temperature)
    return (divergence(mine, theirs) if reverse else divergence(theirs, mine)).mean()


def student_alone(student, teacher, temperature=1.0, reverse=False):
    """Only the student's scores are divided by the temperature: both are."""
    check(temperature)
    mine, theirs = torch.log_softmax(student / temperature, 1), torch.log_softmax(teacher.detach(), 1)
    return (divergence(mine, theirs) if reverse else divergence(theirs, mine)).mean() * temperature**2


def mean_of_all(student, teacher, temperature=1.0, reverse=False):
    """The mean is taken over the classes as well: sum over the classes, and take the mean over the batch."""
    mine, theirs = logs(student, teacher, temperature)
    truth, belief = (mine, theirs) if reverse else (theirs, mine)
    return (truth.exp() * (truth - belief)).mean() * temperature**2


def teacher_learns(student, teacher, temperature=1.0, reverse=False):
    """A gradient reaches the teacher, who would come towards the student: detach its scores."""
    mine, theirs = logs(student, teacher, temperature, detach=False)
    return (divergence(mine, theirs) if reverse else divergence(theirs, mine)).mean() * temperature**2


def cross_entropy_alone(student, teacher, temperature=1.0, reverse=False):
    """This is the cross-entropy: two that agree are then not at 0 but at the truth's own entropy. Take off the surprise that
    cannot be avoided."""
    mine, theirs = logs(student, teacher, temperature)
    truth, belief = (mine, theirs) if reverse else (theirs, mine)
    return -(truth.exp() * belief).sum(1).mean() * temperature**2


def log_of_softmax(student, teacher, temperature=1.0, reverse=False):
    """The logarithm of a probability that has rounded to 0 is minus infinity, and 0 times that is NaN: take log_softmax, which
    never forms the probability."""
    check(temperature)
    mine, theirs = (student / temperature).softmax(1), (teacher.detach() / temperature).softmax(1)
    truth, belief = (mine, theirs) if reverse else (theirs, mine)
    return (truth * (truth.log() - belief.log())).sum(1).mean() * temperature**2
