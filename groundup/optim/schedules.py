"""How the learning rate moves during training: the factor that multiplies the optimiser's rate at each step.

A schedule is a function of the step, counted from 0, and of the total number of updates. It holds no state, so a run that
continues from a checkpoint continues its schedule.
"""

from math import cos, pi


def check_step(name: str, step: int, total: int) -> None:
    if not 0 <= step < total:
        raise ValueError(f"{name}: step must be from 0 to total - 1 = {total - 1}; it was given {step}")


def warmup_steps(name: str, warmup: int | float, total: int) -> float:
    """A whole number counts steps; a float is a fraction of the total."""
    if warmup < 0 or (isinstance(warmup, float) and warmup > 1):
        raise ValueError(f"{name}: warmup must be a number of steps (int), or a fraction from 0.0 to 1.0; it was given {warmup}")
    return warmup * total if isinstance(warmup, float) else warmup


def half_cosine(start: float, end: float, progress: float) -> float:
    """From start to end along half a wave of the cosine, as progress goes from 0 to 1."""
    return end + (start - end) * (1 + cos(pi * progress)) / 2


def constant(step: int, total: int) -> float:
    """The same rate throughout.

    Raises: ValueError for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.ConstantLR with factor 1.
    """
    check_step("constant", step, total)
    return 1.0


def cosine(step: int, total: int, *, warmup: int | float = 0, floor: float = 0.0) -> float:
    """A straight rise to 1 over `warmup`, then half a cosine wave down towards `floor`.

    The rise takes equal strides from zero, the first already before the first update, so that no update is wasted at a rate
    of zero; the floor would be reached one step after the last.
    Paper: Loshchilov & Hutter 2017, https://arxiv.org/abs/1608.03983, equation 5, one cycle (floor is eta_min / eta_max).
    Units and ranges: warmup in steps (int), or a fraction of the total (float, 0.0 to 1.0); floor from 0 to 1.
    Raises: ValueError for values outside of these, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.CosineAnnealingLR with T_max the steps after the warm-up; before it LinearLR from
    1 / (warmup + 1).
    """
    check_step("cosine", step, total)
    if not 0 <= floor <= 1:
        raise ValueError(f"cosine: floor must be from 0 to 1; it was given {floor}")
    rise = warmup_steps("cosine", warmup, total)
    if step < rise:
        return (step + 1) / (rise + 1)
    return half_cosine(1.0, floor, (step - rise) / (total - rise))


def one_cycle(
    step: int, total: int, *, warmup: int | float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4
) -> float:
    """Up from 1 / div_factor to 1 over `warmup`, then down to 1 / (div_factor * final_div_factor), each along half a cosine.

    The rate that the optimiser was given is the peak.
    Paper: Smith & Topin 2018, https://arxiv.org/abs/1708.07120, with half cosines for its straight lines.
    Units and ranges: warmup in steps (int), or a fraction of the total (float, 0.0 to 1.0); both divisors 1 or more.
    Raises: ValueError for values outside of these, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.OneCycleLR(max_lr=lr, pct_start=warmup).
    """
    check_step("one_cycle", step, total)
    if div_factor < 1 or final_div_factor < 1:
        raise ValueError(f"one_cycle: the divisors must be 1 or more; it was given {div_factor} and {final_div_factor}")
    low, last = 1 / div_factor, total - 1
    peak = warmup_steps("one_cycle", warmup, total) - 1
    if step == peak:
        return 1.0
    if step < peak:
        return half_cosine(low, 1.0, step / peak)
    return half_cosine(1.0, low / final_div_factor, (step - peak) / (last - peak))
