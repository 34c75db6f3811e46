"""Adam and AdamW against torch's, with every combination of their options."""

from itertools import product

import torch

from groundup.cases.case import OptimizerCase
from groundup.optim.adam import Adam, AdamW

OPTIONS = [
    dict(lr=0.05, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize)
    for betas, eps, weight_decay, amsgrad, maximize in product(
        ((0.9, 0.999), (0.0, 0.5)), (1e-8, 1e-2), (0.0, 0.1), (False, True), (False, True)
    )
] + [{}]

CASES = [
    OptimizerCase(name="Adam", reference="torch.optim.Adam", ours=Adam, theirs=torch.optim.Adam, options=OPTIONS),
    OptimizerCase(name="AdamW", reference="torch.optim.AdamW", ours=AdamW, theirs=torch.optim.AdamW, options=OPTIONS),
]
