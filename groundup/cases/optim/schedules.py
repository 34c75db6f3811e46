"""Schedules against torch's."""

from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, OneCycleLR, SequentialLR

from groundup.cases.case import ScheduleCase
from groundup.optim.schedules import constant, cosine, one_cycle


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
]
