"""Adagrad against torch's, with every combination of its options."""

from itertools import product

import torch

from groundup.cases.case import OptimizerCase
from groundup.optim.adagrad import Adagrad

OPTIONS = [
    dict(lr=0.1, lr_decay=lr_decay, weight_decay=weight_decay, initial_accumulator_value=start, eps=eps, maximize=maximize)
    for lr_decay, weight_decay, start, eps, maximize in product((0.0, 0.2), (0.0, 0.1), (0.0, 0.3), (1e-10, 0.1), (False, True))
] + [{}]

CASES = [
    OptimizerCase(name="Adagrad", reference="torch.optim.Adagrad", ours=Adagrad, theirs=torch.optim.Adagrad, options=OPTIONS),
]
