"""SGD against torch's, with every combination of its options."""

from itertools import product

import torch

from groundup.cases.case import OptimizerCase
from groundup.optim.sgd import LARS, SGD

OPTIONS = [
    dict(lr=0.05, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov, maximize=maximize)
    for momentum, dampening, weight_decay, nesterov, maximize in product(
        (0.0, 0.9), (0.0, 0.3), (0.0, 0.1), (False, True), (False, True)
    )
    if not nesterov or (momentum and not dampening)
] + [{}]

LARS_OPTIONS = [
    dict(weight_decay=weight_decay, eps=eps, always_adapt=always_adapt, trust_coeff=0.02, **options)
    for weight_decay, eps, always_adapt, options in product(
        (0.0, 0.1), (1e-8, 0.5), (False, True), ({}, dict(momentum=0.9, dampening=0.3), dict(momentum=0.9, nesterov=True))
    )
] + [{}, dict(always_adapt=True)]


def timms_lars(params: list, **options) -> torch.optim.Optimizer:
    from timm.optim import Lars

    return Lars(params, **options)


def lars(params: list, **options) -> LARS:
    """Ours, with timm's shorter name of one option."""
    return LARS(params, **{("trust_coefficient" if name == "trust_coeff" else name): value for name, value in options.items()})


CASES = [
    OptimizerCase(name="SGD", reference="torch.optim.SGD", ours=SGD, theirs=torch.optim.SGD, options=OPTIONS),
    OptimizerCase(
        name="LARS", reference="timm.optim.Lars", requires=("timm",), ours=lars, theirs=timms_lars, options=LARS_OPTIONS
    ),
]
