"""Pictures drowned in noise by known steps, and the walk back: noise schedules, what a network is asked, DDPM's and DDIM's steps.

At time t a picture has become x = sqrt(kept) picture + sqrt(1 - kept) noise. `kept`, the papers' alpha-bar, falls from almost
1 at t = 0 to almost 0 at the last time; how it falls is the noise schedule. Nothing here knows a network: a model is whatever
takes (x, time) and answers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Generator, Tensor

PREDICTIONS = ("epsilon", "x0", "v")
SPACINGS = ("leading", "trailing")
VARIANCES = ("small", "large")


def linear_betas(times: int = 1000, *, start: float = 1e-4, end: float = 0.02) -> Tensor:
    """The share of noise that each step brings, growing by equal amounts.

    Paper: Ho et al. 2020, https://arxiv.org/abs/2006.11239, section 4. Shapes: -> (times) of float64.
    Equals: diffusers' beta_schedule "linear".
    """
    return torch.linspace(start, end, times, dtype=torch.float64)


def cosine_betas(times: int = 1000, *, offset: float = 0.008, largest: float = 0.999) -> Tensor:
    """Shares of noise for which `kept` falls along a squared cosine: slowly at both ends, so that no times are wasted.

    The linear schedule has destroyed a small picture long before its end.

    Paper: Nichol & Dhariwal 2021, https://arxiv.org/abs/2102.09672, equation 17 (offset is s). Shapes: -> (times) of float64.
    Equals: diffusers' beta_schedule "squaredcos_cap_v2".
    """

    def kept(share: float) -> float:
        return math.cos((share + offset) / (1 + offset) * math.pi / 2) ** 2

    betas = [min(1 - kept((time + 1) / times) / kept(time / times), largest) for time in range(times)]
    return torch.tensor(betas, dtype=torch.float64)


SCHEDULES: dict[str, Callable[[int], Tensor]] = {"linear": linear_betas, "cosine": cosine_betas}


class NoiseSchedule:
    """How much of a picture is kept at each time, from the share of noise that each step brings.

    `prediction` says what the network is asked: the noise ("epsilon"), the picture ("x0"), or "v", which is
    sqrt(kept) noise - sqrt(1 - kept) picture: at an early time the noise, at a late one (minus) the picture, always the one that
    cannot be read off the input. Any of the three gives the other two.

    Paper: v, Salimans & Ho 2022, https://arxiv.org/abs/2202.00512, appendix D.
    Raises: ValueError for another prediction, and for betas outside 0 to 1.
    Equals: add_noise and get_velocity of diffusers' DDPMScheduler.
    """

    def __init__(self, betas: Tensor, prediction: str = "epsilon"):
        if betas.dim() != 1 or not len(betas) or not ((betas > 0) & (betas < 1)).all():
            raise ValueError("a noise schedule is a row of betas, all between 0 and 1")
        if prediction not in PREDICTIONS:
            raise ValueError(f"a network predicts one of {', '.join(PREDICTIONS)}; got {prediction!r}")
        self.prediction = prediction
        self.kept = torch.cumprod(1 - betas.double(), dim=0)

    def __len__(self) -> int:
        return len(self.kept)

    def parts(self, time: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """The factors of the picture and of the noise, in the numbers of `like`. Shapes: (batch) -> two of (batch, 1, ...)."""
        shape = (-1, *(1,) * (like.dim() - 1))
        both = (self.kept.sqrt(), (1 - self.kept).sqrt())
        picture, noise = (table.to(like.dtype).to(like.device)[time].view(shape) for table in both)
        return picture, noise

    def add_noise(self, picture: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """The pictures at their times. Shapes: two of (batch, ...), time (batch) -> (batch, ...)."""
        kept, lost = self.parts(time, picture)
        return kept * picture + lost * noise

    def target(self, picture: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """What the network is to say of the noisy pictures. Shapes: as add_noise."""
        if self.prediction == "v":
            kept, lost = self.parts(time, picture)
            return kept * noise - lost * picture
        return noise if self.prediction == "epsilon" else picture

    def read(self, output: Tensor, x: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        """The picture and the noise that x is made of, from what the network said. Shapes: as add_noise, two of them."""
        kept, lost = self.parts(time, x)
        if self.prediction == "epsilon":
            return (x - lost * output) / kept, output
        if self.prediction == "x0":
            return output, (x - kept * output) / lost
        return kept * x - lost * output, kept * output + lost * x

    def at(self, time: int | None) -> float:
        """What is kept at a time; all of it behind the last step, at None."""
        return 1.0 if time is None else self.kept[time].item()


def sampling_times(times: int, num_steps: int, spacing: str = "trailing") -> list[int]:
    """The times of a walk back in fewer steps than there are times, the latest first.

    "trailing" begins at the last time, where there is nothing but noise, "leading" ends at the first: the older way, whose few
    steps begin where the network expects a picture still to shine through.

    Paper: Lin et al. 2023, https://arxiv.org/abs/2305.08891, table 2.
    Raises: ValueError for steps that are not 1 to `times`, and for another spacing.
    Equals: set_timesteps of diffusers' schedulers.
    """
    if not 1 <= num_steps <= times:
        raise ValueError(f"num_steps is a whole number from 1 to {times}; got {num_steps}")
    if spacing not in SPACINGS:
        raise ValueError(f"spacing is one of {', '.join(SPACINGS)}; got {spacing!r}")
    if spacing == "leading":
        return [step * (times // num_steps) for step in reversed(range(num_steps))]
    return [round(times - step * times / num_steps) - 1 for step in range(num_steps)]


class Moment(NamedTuple):
    """A step of the way back: the time that it left, where it came to, and the picture that the network saw in the noise."""

    time: int
    x: Tensor
    picture: Tensor


Network = Callable[[Tensor, Tensor], Tensor]


def look(model: Network, x: Tensor, time: int, schedule: NoiseSchedule, clip: bool) -> tuple[Tensor, Tensor]:
    """The picture and the noise that the model sees; with `clip` the picture is brought back into -1 to 1."""
    now = torch.full((len(x),), time, device=x.device)
    picture, noise = schedule.read(model(x, now).to(x.dtype), x, now)
    return picture.clamp(-1, 1) if clip else picture, noise


def fresh_noise(x: Tensor, generator: Generator) -> Tensor:
    """Drawn on the CPU, so that every device walks the same way."""
    return torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)


def ddpm_steps(
    model: Network,
    x: Tensor,
    schedule: NoiseSchedule,
    *,
    times: Sequence[int],
    generator: Generator,
    variance: str = "small",
    clip: bool = True,
) -> Iterator[Moment]:
    """From noise x back to a picture, each step drawn from what may have come before the present x.

    The `variance` of a step is that which is right for one known picture ("small"), or for pure noise ("large").

    Paper: Ho et al. 2020, https://arxiv.org/abs/2006.11239, algorithm 2 and equation 7 (kept is alpha-bar).
    Shapes: (batch, ...) -> as many moments as times, of (batch, ...).
    Raises: ValueError for another variance.
    Equals: diffusers.DDPMScheduler, which adds noise after the last step as well where that step does not leave time 0.
    """
    if variance not in VARIANCES:
        raise ValueError(f"variance is one of {', '.join(VARIANCES)}; got {variance!r}")
    for now, following in pairwise([*times, None]):
        picture, _ = look(model, x, now, schedule, clip)
        kept, then = schedule.at(now), schedule.at(following)
        step = kept / then
        x = (math.sqrt(then) * (1 - step) * picture + math.sqrt(step) * (1 - then) * x) / (1 - kept)
        if following is not None:
            spread = (1 - step) * ((1 - then) / (1 - kept) if variance == "small" else 1)
            x = x + math.sqrt(spread) * fresh_noise(x, generator)
        yield Moment(now, x, picture)


def ddim_steps(
    model: Network,
    x: Tensor,
    schedule: NoiseSchedule,
    *,
    times: Sequence[int],
    generator: Generator,
    eta: float = 0.0,
    clip: bool = True,
    refit: bool = False,
) -> Iterator[Moment]:
    """From noise x back to a picture in few large steps, each to what picture and noise, as seen now, make at the next time.

    With `eta` 0 nothing is left to chance, and the same x always becomes the same picture; 1 brings as much fresh noise as
    DDPM does. With `refit` the noise is reckoned anew where the picture was clipped.

    Paper: Song, Meng, Ermon 2021, https://arxiv.org/abs/2010.02502, equations 12 and 16 (kept is the paper's alpha).
    Shapes: (batch, ...) -> as many moments as times, of (batch, ...).
    Raises: ValueError for an eta outside 0 to 1.
    Equals: diffusers.DDIMScheduler, where num_steps divides the number of times or the spacing is "leading"; elsewhere
    it steps beside the times that it then shows the network.
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"eta lies between 0 and 1; got {eta}")
    for now, following in pairwise([*times, None]):
        picture, noise = look(model, x, now, schedule, clip)
        kept, then = schedule.at(now), schedule.at(following)
        if refit:
            noise = (x - math.sqrt(kept) * picture) / math.sqrt(1 - kept)
        spread = eta**2 * (1 - then) / (1 - kept) * (1 - kept / then)
        x = math.sqrt(then) * picture + math.sqrt(max(0.0, 1 - then - spread)) * noise
        if eta and following is not None:
            x = x + math.sqrt(spread) * fresh_noise(x, generator)
        yield Moment(now, x, picture)
