"""How the learning rate moves during training: the factor that multiplies the optimiser's rate at each step.

A schedule is any function of the step, counted from 0, and of the total number of updates: torch's LambdaLR. It holds no
state, so a run that continues from a checkpoint continues its schedule. A recipe sets the others' arguments with `partial`:
`partial(multi_step, milestones=(0.5, 0.75))`, `partial(linear_warmup, warmup=500, after=partial(step_decay, step_size=1000))`.
"""

from collections.abc import Callable, Sequence
from math import cos, pi


def check_step(name: str, step: int, total: int) -> None:
    if not 0 <= step < total:
        raise ValueError(f"{name}: step must be from 0 to total - 1 = {total - 1}; it was given {step}")


def in_steps(name: str, argument: str, value: int | float, total: int) -> float:
    """A whole number counts steps; a float is a fraction of the total."""
    if value < 0 or (isinstance(value, float) and value > 1):
        raise ValueError(
            f"{name}: {argument} must be a number of steps (int), or a fraction from 0.0 to 1.0; it was given {value}"
        )
    return value * total if isinstance(value, float) else value


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
    rise = in_steps("cosine", "warmup", warmup, total)
    if step < rise:
        return (step + 1) / (rise + 1)
    return half_cosine(1.0, floor, (step - rise) / (total - rise))


def one_cycle(
    step: int,
    total: int,
    *,
    warmup: int | float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> float:
    """Up from 1 / div_factor to 1 over `warmup`, then down to 1 / (div_factor * final_div_factor).

    The rate that the optimiser was given is the peak. Each way goes along half a cosine, or with `anneal_strategy="linear"`
    along a line. With `three_phase` the way down first takes as long as the way up and ends at 1 / div_factor, and what is
    left of the training goes from there to the end.
    Paper: Smith & Topin 2018, https://arxiv.org/abs/1708.07120 (section 3: straight lines, in three phases).
    Units and ranges: warmup in steps (int), or a fraction of the total (float, 0.0 to 1.0), at most half of it in three
    phases; both divisors 1 or more.
    Raises: ValueError for values outside of these, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.OneCycleLR(max_lr=lr, pct_start=warmup, cycle_momentum=False).
    """
    check_step("one_cycle", step, total)
    if div_factor < 1 or final_div_factor < 1:
        raise ValueError(f"one_cycle: the divisors must be 1 or more; it was given {div_factor} and {final_div_factor}")
    if anneal_strategy not in ("cos", "linear"):
        raise ValueError(f"one_cycle: anneal_strategy is 'cos' or 'linear', not {anneal_strategy!r}")
    low, lowest, last = 1 / div_factor, 1 / div_factor / final_div_factor, total - 1
    rise = in_steps("one_cycle", "warmup", warmup, total)
    corners = [(rise - 1, 1.0), (last, lowest)]
    if three_phase:
        if 2 * rise > total:
            raise ValueError(f"one_cycle: in three phases warmup is at most half of the {total} steps; it was given {warmup}")
        corners.insert(1, (2 * rise - 2, low))
    start, value = 0.0, low
    for end, goal in corners:
        if step <= end:
            progress = (step - start) / (end - start) if end > start else 1.0
            return half_cosine(value, goal, progress) if anneal_strategy == "cos" else value + (goal - value) * progress
        start, value = end, goal
    return value


def step_decay(step: int, total: int, *, step_size: int | float, gamma: float = 0.1) -> float:
    """Times gamma after every `step_size` steps.

    Units and ranges: step_size in steps (int), or a fraction of the total (float), above 0; gamma 0 or more.
    Raises: ValueError for values outside of these, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.StepLR.
    """
    check_step("step_decay", step, total)
    check_gamma("step_decay", gamma)
    size = in_steps("step_decay", "step_size", step_size, total)
    if size == 0:
        raise ValueError("step_decay: step_size must be above 0")
    return gamma ** (step // size)


def multi_step(step: int, total: int, *, milestones: Sequence[int | float], gamma: float = 0.1) -> float:
    """Times gamma at each milestone, as the networks of ImageNet were long trained.

    Units and ranges: each milestone in steps (int), or a fraction of the total (float, 0.0 to 1.0); gamma 0 or more.
    Raises: ValueError for values outside of these, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.MultiStepLR.
    """
    check_step("multi_step", step, total)
    check_gamma("multi_step", gamma)
    return gamma ** sum(step >= in_steps("multi_step", "milestones", milestone, total) for milestone in milestones)


def exponential(step: int, total: int, *, gamma: float) -> float:
    """Times gamma at every step.

    Units and ranges: gamma 0 or more. Raises: ValueError for another gamma, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.ExponentialLR.
    """
    check_step("exponential", step, total)
    check_gamma("exponential", gamma)
    return gamma**step


def polynomial(step: int, total: int, *, power: float = 1.0) -> float:
    """(1 - step / total) ** power: with power 1 a straight line down to zero, which is reached one step after the last.

    Units and ranges: power 0 or more. Raises: ValueError for another power, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.PolynomialLR with total_iters=total.
    """
    check_step("polynomial", step, total)
    if power < 0:
        raise ValueError(f"polynomial: power must be 0 or more; it was given {power}")
    return (1 - step / total) ** power


def inverse_sqrt(step: int, total: int, *, warmup: int) -> float:
    """A straight rise to 1 over `warmup`, then down as 1 / sqrt(step): the schedule of the first Transformer.

    Paper: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 3, over its largest value.
    Units and ranges: warmup in steps, 1 or more.
    Raises: ValueError for a warmup outside of these, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.LambdaLR with the paper's formula.
    """
    check_step("inverse_sqrt", step, total)
    if warmup < 1:
        raise ValueError(f"inverse_sqrt: warmup must be 1 step or more; it was given {warmup}")
    return min((step + 1) / warmup, (warmup / (step + 1)) ** 0.5)


def linear_warmup(
    step: int, total: int, *, warmup: int | float, start: float = 0.0, after: Callable[[int, int], float] = constant
) -> float:
    """A straight rise from `start` to 1 over `warmup`, then another schedule for what is left of the training.

    The first update already takes one stride, so that none is wasted at a rate of zero.
    Units and ranges: warmup in steps (int), or a fraction of the total (float, 0.0 to 1.0, rounded); start from 0 to 1.
    Raises: ValueError for values outside of these, and for a step outside of 0 to total - 1.
    Equals: torch.optim.lr_scheduler.LinearLR, and then the other.
    """
    check_step("linear_warmup", step, total)
    if not 0 <= start <= 1:
        raise ValueError(f"linear_warmup: start must be from 0 to 1; it was given {start}")
    rise = round(in_steps("linear_warmup", "warmup", warmup, total))
    if step < rise:
        return start + (1 - start) * (step + 1) / (rise + 1)
    return after(step - rise, total - rise)


def check_gamma(name: str, gamma: float) -> None:
    if gamma < 0:
        raise ValueError(f"{name}: gamma must be 0 or more; it was given {gamma}")
