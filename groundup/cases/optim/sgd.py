"""SGD against torch's, with every combination of its options."""

from itertools import product

import torch

from groundup.cases.case import OptimizerCase
from groundup.optim.sgd import SGD

OPTIONS = [
    dict(lr=0.05, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov, maximize=maximize)
    for momentum, dampening, weight_decay, nesterov, maximize in product(
        (0.0, 0.9), (0.0, 0.3), (0.0, 0.1), (False, True), (False, True)
    )
    if not nesterov or (momentum and not dampening)
]

CASES = [
    OptimizerCase(name="SGD", reference="torch.optim.SGD", ours=SGD, theirs=torch.optim.SGD, options=OPTIONS),
]
