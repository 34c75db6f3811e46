"""RMSprop against torch's, with every combination of its options."""

from itertools import product

import torch

from groundup.cases.case import OptimizerCase
from groundup.optim.rmsprop import RMSprop

OPTIONS = [
    dict(alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered, maximize=maximize)
    for alpha, eps, weight_decay, momentum, centered, maximize in product(
        (0.99, 0.5), (1e-8, 1e-2), (0.0, 0.1), (0.0, 0.9), (False, True), (False, True)
    )
] + [{}]

CASES = [
    OptimizerCase(name="RMSprop", reference="torch.optim.RMSprop", ours=RMSprop, theirs=torch.optim.RMSprop, options=OPTIONS),
]
