"""Answers to `mistakes` that are wrong in the ways that people are."""

import torch
from torch import Tensor


def table(first: Tensor, second: Tensor, classes: int) -> Tensor:
    return torch.bincount(first * classes + second, minlength=classes**2).view(classes, classes)


def ordered(sure: Tensor, said: Tensor, labels: Tensor, descending: bool = True) -> Tensor:
    wrong = (said != labels).nonzero()[:, 0]
    return wrong[sure[wrong].argsort(descending=descending)]


def exchanged(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns of the confusion are exchanged: a row belongs to what is right, a column to what was said."""
    sure, said = probabilities.max(1)
    return table(said, labels, probabilities.shape[1]), ordered(sure, said, labels)


def added_once(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """No pair is counted more than once: confusion[labels, said] += 1 reads, adds and writes, and where a pair stands twice it
    writes the same number twice. Use bincount, or index_put_ with accumulate=True."""
    sure, said = probabilities.max(1)
    confusion = torch.zeros(probabilities.shape[1], probabilities.shape[1], dtype=torch.int64)
    confusion[labels, said] += 1
    return confusion, ordered(sure, said, labels)


def least_sure_first(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The order is the other way round: the surest mistake comes first."""
    sure, said = probabilities.max(1)
    return table(labels, said, probabilities.shape[1]), ordered(sure, said, labels, descending=False)


def by_the_right_class(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """You order by the probability of the right class. Asked for is how sure the model was of what it said, which was wrong."""
    said = probabilities.argmax(1)
    right = probabilities[torch.arange(len(labels)), labels]
    return table(labels, said, probabilities.shape[1]), ordered(right, said, labels)


def places_of_places(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """You return where the mistakes stand among the mistakes, 0 to their number. argsort gives places in the short list: index
    the list of wrong pictures with them."""
    sure, said = probabilities.max(1)
    wrong = (said != labels).nonzero()[:, 0]
    return table(labels, said, probabilities.shape[1]), sure[wrong].argsort(descending=True)


def only_mistakes(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Only the mistakes are counted in the confusion. What was called by its right name is counted too, on the diagonal."""
    sure, said = probabilities.max(1)
    wrong = said != labels
    return table(labels[wrong], said[wrong], probabilities.shape[1]), ordered(sure, said, labels)
