"""Noise schedules and both samplers against diffusers' schedulers, step for step.

diffusers keeps its tables in float32; here they are made in float64, so that the formulas can be told apart from rounding.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product
from unittest.mock import patch

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.generation.diffusion import (
    PREDICTIONS,
    SCHEDULES,
    NoiseSchedule,
    cosine_betas,
    ddim_steps,
    ddpm_steps,
    linear_betas,
    sampling_times,
)

THEIR_NAMES = {"linear": "linear", "cosine": "squaredcos_cap_v2", "epsilon": "epsilon", "x0": "sample", "v": "v_prediction"}
TIMES = 60


def network(x: Tensor, time: Tensor) -> Tensor:
    """Stands for a trained one: its answer depends on every pixel, its neighbour and the time."""
    return torch.tanh(0.7 * x + 0.4 * x.roll(1, -1)) - 0.3 * x + (time / TIMES - 0.5).view(-1, 1, 1).to(x)


def scheduler(kind: str, schedule: str = "linear", prediction: str = "epsilon", times: int = TIMES, **settings):
    """diffusers' scheduler of a class, with its tables in float64."""
    import diffusers

    with patch.object(torch, "float32", torch.float64):
        return getattr(diffusers, kind)(
            num_train_timesteps=times,
            beta_schedule=THEIR_NAMES[schedule],
            prediction_type=THEIR_NAMES[prediction],
            **settings,
        )


def their_kept(times: int, schedule: str) -> Tensor:
    return scheduler("DDPMScheduler", schedule, times=times).alphas_cumprod


def tables(generator: Generator) -> Iterator[Sample]:
    for times in (1, 7, 1000):
        yield call(times)


def our_noising(picture: Tensor, noise: Tensor, time: Tensor, schedule: str) -> list[Tensor]:
    made = NoiseSchedule(SCHEDULES[schedule](TIMES), "v")
    return [made.add_noise(picture, noise, time), made.target(picture, noise, time)]


def their_noising(picture: Tensor, noise: Tensor, time: Tensor, schedule: str) -> list[Tensor]:
    theirs = scheduler("DDPMScheduler", schedule)
    return [theirs.add_noise(picture, noise, time), theirs.get_velocity(picture, noise, time)]


def pictures(generator: Generator) -> Iterator[Sample]:
    picture, noise = torch.randn(2, 4, 3, 5, generator=generator, dtype=torch.float64)
    for schedule in SCHEDULES:
        yield call(picture, noise, torch.tensor([0, 31, TIMES - 1, 7]), schedule=schedule)


def ours(steps, x: Tensor, schedule: str, prediction: str, num_steps: int, spacing: str, **settings) -> list[Tensor]:
    made = NoiseSchedule(SCHEDULES[schedule](TIMES), prediction)
    times, generator = sampling_times(TIMES, num_steps, spacing), Generator().manual_seed(3)
    return [part for moment in steps(network, x, made, times=times, generator=generator, **settings) for part in moment[1:]]


def walk(theirs, x: Tensor, **settings) -> list[Tensor]:
    """All that a scheduler of theirs gives on its way."""
    found, generator = [], Generator().manual_seed(3)
    for time in theirs.timesteps:
        step = theirs.step(network(x, time.expand(len(x))), int(time), x, generator=generator, **settings)
        x = step.prev_sample
        found += [x, step.pred_original_sample]
    return found


def their_ddpm(
    x: Tensor, schedule: str, prediction: str, num_steps: int, spacing: str, variance: str = "small", clip: bool = True
) -> list[Tensor]:
    kind = f"fixed_{variance}"
    theirs = scheduler("DDPMScheduler", schedule, prediction, variance_type=kind, clip_sample=clip, timestep_spacing=spacing)
    theirs.set_timesteps(num_steps)
    return walk(theirs, x)


def their_ddim(
    x: Tensor,
    schedule: str,
    prediction: str,
    num_steps: int,
    spacing: str,
    eta: float = 0.0,
    clip: bool = True,
    refit: bool = False,
) -> list[Tensor]:
    theirs = scheduler("DDIMScheduler", schedule, prediction, clip_sample=clip, timestep_spacing=spacing)
    theirs.set_timesteps(num_steps)
    return walk(theirs, x, eta=eta, use_clipped_model_output=refit)


def ddpm_walks(generator: Generator) -> Iterator[Sample]:
    x = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    for schedule, prediction, clip in product(SCHEDULES, PREDICTIONS, (True, False)):
        yield call(x, schedule, prediction, 13, "leading", clip=clip)
        yield call(x, schedule, prediction, 6, "leading", variance="large", clip=clip)
    yield call(x, "linear", "epsilon", TIMES, "trailing")


def ddim_walks(generator: Generator) -> Iterator[Sample]:
    x = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    for schedule, prediction, clip in product(SCHEDULES, PREDICTIONS, (True, False)):
        yield call(x, schedule, prediction, 13, "leading", clip=clip)
        yield call(x, schedule, prediction, 12, "trailing", clip=clip, eta=0.6, refit=clip)
        yield call(x, schedule, prediction, 5, "trailing", clip=clip, eta=1.0)


CASES = [
    OpCase(
        name="linear_betas",
        reference='diffusers.DDPMScheduler, "linear"',
        requires=("diffusers",),
        kind="sampler",
        ours=lambda times: NoiseSchedule(linear_betas(times)).kept,
        theirs=partial(their_kept, schedule="linear"),
        samples=tables,
    ),
    OpCase(
        name="cosine_betas",
        reference='diffusers.DDPMScheduler, "squaredcos_cap_v2"',
        requires=("diffusers",),
        kind="sampler",
        ours=lambda times: NoiseSchedule(cosine_betas(times)).kept,
        theirs=partial(their_kept, schedule="cosine"),
        samples=tables,
    ),
    OpCase(
        name="add_noise",
        reference="diffusers.DDPMScheduler, add_noise and get_velocity",
        requires=("diffusers",),
        kind="sampler",
        ours=our_noising,
        theirs=their_noising,
        samples=pictures,
    ),
    OpCase(
        name="ddpm_steps",
        reference="diffusers.DDPMScheduler",
        requires=("diffusers",),
        kind="sampler",
        ours=partial(ours, ddpm_steps),
        theirs=their_ddpm,
        samples=ddpm_walks,
    ),
    OpCase(
        name="ddim_steps",
        reference="diffusers.DDIMScheduler",
        requires=("diffusers",),
        kind="sampler",
        ours=partial(ours, ddim_steps),
        theirs=their_ddim,
        samples=ddim_walks,
    ),
]
