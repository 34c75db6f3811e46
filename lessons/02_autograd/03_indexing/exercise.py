"""Indexing: the table of confusion, and the pictures that a model was most surely wrong about.

Write `mistakes`. A classifier gave probabilities; the labels say what is right. Two things are asked for:

- the confusion: how many pictures of class i were called class j, a table of whole numbers (classes, classes);
- the numbers of the pictures that it got wrong, the one with the highest probability of its wrong answer first.

No loop over pictures is needed: index, compare, sort.
"""

import torch
from torch import Tensor


def mistakes(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which classes are taken for which, and which pictures were got wrong, the surest first.

    Shapes: probabilities (pictures, classes), labels (pictures) of int64 -> (classes, classes) and (wrong pictures), both of
    int64. Of the confusion, rows are what is right and columns what was said.
    """
    raise NotImplementedError
