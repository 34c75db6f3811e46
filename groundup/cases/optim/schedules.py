"""Schedules against torch's."""

from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)

from groundup.cases.case import ScheduleCase
from groundup.optim.schedules import (
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    linear_warmup,
    multi_step,
    one_cycle,
    polynomial,
    step_decay,
)


def torch_constant(optimizer: Optimizer, total: int) -> ConstantLR:
    return ConstantLR(optimizer, factor=1.0, total_iters=total)


def torch_cosine(optimizer: Optimizer, total: int) -> CosineAnnealingLR:
    return CosineAnnealingLR(optimizer, T_max=total)


def torch_cosine_after(warmup: int, floor: float, optimizer: Optimizer, total: int) -> SequentialLR:
    rise = LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    fall = CosineAnnealingLR(optimizer, T_max=total - warmup, eta_min=floor)
    return SequentialLR(optimizer, [rise, fall], milestones=[warmup])


def torch_one_cycle(optimizer: Optimizer, total: int, **options: float) -> OneCycleLR:
    return OneCycleLR(optimizer, max_lr=1.0, total_steps=total, cycle_momentum=False, **options)


def torch_inverse_sqrt(warmup: int, optimizer: Optimizer, total: int) -> LambdaLR:
    """The paper's d_model^-0.5 * min(step^-0.5, step * warmup^-1.5), divided by its value at the peak."""
    return LambdaLR(optimizer, lambda step: min((step + 1) ** -0.5, (step + 1) * warmup**-1.5) / warmup**-0.5)


def torch_warmup_and_steps(warmup: int, start: float, optimizer: Optimizer, total: int) -> LRScheduler:
    first = start + (1 - start) / (warmup + 1)
    rise = LinearLR(optimizer, start_factor=first, total_iters=warmup)
    return SequentialLR(optimizer, [rise, StepLR(optimizer, step_size=4, gamma=0.5)], milestones=[warmup])


CASES = [
    ScheduleCase(name="constant", reference="torch.optim.lr_scheduler.ConstantLR", ours=constant, theirs=torch_constant),
    ScheduleCase(name="cosine", reference="torch.optim.lr_scheduler.CosineAnnealingLR", ours=cosine, theirs=torch_cosine),
    ScheduleCase(
        name="cosine_with_warmup",
        reference="torch.optim.lr_scheduler: LinearLR, then CosineAnnealingLR",
        ours=partial(cosine, warmup=5, floor=0.1),
        theirs=partial(torch_cosine_after, 5, 0.1),
        totals=(7, 50, 333),
    ),
    ScheduleCase(name="one_cycle", reference="torch.optim.lr_scheduler.OneCycleLR", ours=one_cycle, theirs=torch_one_cycle),
    ScheduleCase(
        name="one_cycle_with_options",
        reference="torch.optim.lr_scheduler.OneCycleLR",
        ours=partial(one_cycle, warmup=0.45, div_factor=4.0, final_div_factor=50.0),
        theirs=partial(torch_one_cycle, pct_start=0.45, div_factor=4.0, final_div_factor=50.0),
    ),
    *(
        ScheduleCase(
            name=name,
            reference="torch.optim.lr_scheduler.OneCycleLR",
            ours=partial(one_cycle, warmup=0.3, **options),
            theirs=partial(torch_one_cycle, pct_start=0.3, **options),
            totals=(7, 50, 333),
        )
        for name, options in {
            "one_cycle_linear": dict(anneal_strategy="linear"),
            "one_cycle_three_phase": dict(three_phase=True),
            "one_cycle_linear_three_phase": dict(anneal_strategy="linear", three_phase=True, div_factor=10.0),
        }.items()
    ),
    ScheduleCase(
        name="step_decay",
        reference="torch.optim.lr_scheduler.StepLR",
        ours=partial(step_decay, step_size=3, gamma=0.7),
        theirs=lambda optimizer, total: StepLR(optimizer, step_size=3, gamma=0.7),
    ),
    ScheduleCase(
        name="multi_step",
        reference="torch.optim.lr_scheduler.MultiStepLR",
        ours=partial(multi_step, milestones=(2, 5, 5, 40), gamma=0.3),
        theirs=lambda optimizer, total: MultiStepLR(optimizer, milestones=[2, 5, 5, 40], gamma=0.3),
    ),
    ScheduleCase(
        name="exponential",
        reference="torch.optim.lr_scheduler.ExponentialLR",
        ours=partial(exponential, gamma=0.97),
        theirs=lambda optimizer, total: ExponentialLR(optimizer, gamma=0.97),
    ),
    ScheduleCase(
        name="polynomial",
        reference="torch.optim.lr_scheduler.PolynomialLR",
        ours=partial(polynomial, power=1.7),
        theirs=lambda optimizer, total: PolynomialLR(optimizer, total_iters=total, power=1.7),
    ),
    ScheduleCase(
        name="inverse_sqrt",
        reference="torch.optim.lr_scheduler.LambdaLR",
        ours=partial(inverse_sqrt, warmup=6),
        theirs=partial(torch_inverse_sqrt, 6),
    ),
    ScheduleCase(
        name="linear_warmup",
        reference="torch.optim.lr_scheduler: LinearLR, then StepLR",
        ours=partial(linear_warmup, warmup=5, start=0.2, after=partial(step_decay, step_size=4, gamma=0.5)),
        theirs=partial(torch_warmup_and_steps, 5, 0.2),
        totals=(7, 50, 333),
    ),
]
