"""Augmentation: CutMix, a part of one picture in another.

Write `cutmix` (Yun et al. 2019, https://arxiv.org/abs/1905.04899, section 3.1), with the random numbers given, so that it
can be checked: picture i gets a rectangle of picture partner[i], from the same place. The rectangle is as large that a share
of 1 - keep of the picture would be covered: its sides are the picture's sides times sqrt(1 - keep), rounded down. Its middle
is at `centre` (row, column), and what sticks out of the picture is cut off. The labels are mixed by the share of pixels that
are REALLY covered.
"""

import math

import torch
from torch import Tensor


def cutmix(images: Tensor, targets: Tensor, partner: Tensor, keep: float, centre: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """One rectangle of each picture's partner, and the targets mixed alike.

    Shapes: images (batch, channels, height, width), targets (batch, classes) of probabilities, partner (batch) of int64,
    keep from 0 to 1 -> images and targets of the same shapes. The rectangle has rows from centre - side // 2 up to that plus
    side.
    """
    raise NotImplementedError
