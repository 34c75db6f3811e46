"""Pictures out of noise, of a class that was asked for or of none in particular."""

import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import Module

from groundup.errors import UserError
from groundup.generation.diffusion import (
    PREDICTIONS,
    SCHEDULES,
    SPACINGS,
    Moment,
    Network,
    NoiseSchedule,
    ddim_steps,
    ddpm_steps,
    sampling_times,
)
from groundup.losses.regression import MSELoss
from groundup.metrics.diffusion import LossByTime
from groundup.tasks.drawing import tile_sheet
from groundup.tasks.film_strip import enlarged, row_sheet
from groundup.tasks.image_generation import tone_picture
from groundup.tasks.settings import one_of, whole, within
from groundup.tasks.task import Batch, Metric

SAMPLERS = ("ddim", "ddpm")
AT_ONCE = 256  # pictures in one forward pass of `sample`
FILMED, MOMENTS = 8, 10  # of how many samples the way is kept, and at how many moments of it
STRONGEST = 50.0  # guidance; far below it pictures are all edges


class Noised(NamedTuple):
    """Pictures at random times, and what the model is to say of them."""

    x: Tensor
    time: Tensor
    label: Tensor | None
    target: Tensor


class Diffusion:
    """A network learns what noise was added to `image`, from -1 (black) to 1 (white); samples begin as noise alone.

    The model takes (pictures, times), and labels where `labels` are given: the names of the classes, in their order. In
    training a label is dropped with probability `drop_class`, and the number of classes stands in its place. `image_shape` is
    (channels, height, width) of the data set's pictures, and `image_size` the side to which `prepare` brings them.

    How it is trained, and so what its weights mean: `times` steps of noise by the `schedule` "linear" or "cosine", and a
    `prediction` of the noise, "epsilon", of the picture, "x0", or of "v", see `generation/diffusion.py`.

    How it is asked: `sampler` "ddim" or "ddpm", in `num_steps` steps, whose `spacing` is "trailing" or "leading"; `eta` is the
    share of chance in DDIM. A class that is asked for is guided: the network is asked with and without the class, and goes
    `guidance_scale` times the way from the one answer to the other. 1 is no guidance, 0 ignores the class.

    `eval_draws` is at how many times the error of each held-out picture is measured.
    Raises: UserError for a value outside its range.
    """

    ASKED = ("sampler", "num_steps", "spacing", "eta", "guidance_scale", "eval_draws")

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        image_size: int,
        labels: Sequence[str] | None,
        times: int = 1000,
        schedule: str = "linear",
        prediction: str = "epsilon",
        drop_class: float = 0.1,
        sampler: str = "ddim",
        num_steps: int = 50,
        spacing: str = "trailing",
        eta: float = 0.0,
        guidance_scale: float = 2.0,
        eval_draws: int = 10,
    ):
        one_of("schedule", schedule, SCHEDULES)
        one_of("prediction", prediction, PREDICTIONS)
        one_of("sampler", sampler, SAMPLERS)
        one_of("spacing", spacing, SPACINGS)
        whole("times", times, 2, 100_000)
        whole("num_steps", num_steps, 1, times)
        whole("eval_draws", eval_draws, 1, times)
        within("eta", eta, 0, 1)
        within("drop_class", drop_class, 0, 1)
        within("guidance_scale", guidance_scale, 0, STRONGEST)
        self.image_shape, self.size = tuple(image_shape), (image_shape[0], image_size, image_size)
        self.labels = None if labels is None else list(labels)
        self.schedule = NoiseSchedule(SCHEDULES[schedule](times), prediction)
        self.drop_class, self.eval_draws = drop_class, eval_draws
        self.sampler, self.eta, self.guidance_scale = sampler, eta, guidance_scale
        self.steps = sampling_times(times, num_steps, spacing)
        self.criterion = MSELoss()
        if prediction == "epsilon":
            self.chance_loss = 1.0  # the variance of the noise

    def noised(self, batch: Batch) -> Noised:
        """Every picture at a random time, in random noise; its class at times struck out. From the device's global generator."""
        image = batch["image"]
        noise, time = torch.randn_like(image), torch.randint(len(self.schedule), (len(image),), device=image.device)
        label = None
        if self.labels is not None:
            dropped = torch.rand(len(image), device=image.device) < self.drop_class
            label = batch["label"].masked_fill(dropped, len(self.labels))
        return Noised(self.schedule.add_noise(image, noise, time), time, label, self.schedule.target(image, noise, time))

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        noised = self.noised(batch)
        output = model(*given(noised))
        return self.criterion(output.to(noised.target.dtype), noised.target), {}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return given(self.noised(batch))

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        """The squared error at `eval_draws` times of each picture, spread over all times, and the picture that the model saw.

        Time and noise hang on the picture alone, see `fixed_draws`: not on its place, its batch or the moment.
        """
        image, errors, seen, shown, times = batch["image"], [], [], [], []
        noise, share = fixed_draws(image, self.eval_draws)
        for draw in range(self.eval_draws):
            time = ((draw + share[:, draw]) / self.eval_draws * len(self.schedule)).long()
            x = self.schedule.add_noise(image, noise[:, draw], time)
            output = model(*given(Noised(x, time, None if self.labels is None else batch["label"], x))).to(x.dtype)
            error = (output - self.schedule.target(image, noise[:, draw], time)).square()
            errors.append(error.flatten(1).mean(1))
            times.append(time)
            shown.append(x)
            seen.append(self.schedule.read(output, x, time)[0].clamp(-1, 1))
        error, time, x, picture = (torch.stack(rows, dim=1) for rows in (errors, times, shown, seen))
        return {"error": error, "time": time, "noisy": x, "seen": picture}

    def metrics(self) -> dict[str, Metric]:
        return {"loss": LossByTime(times=len(self.schedule))}

    def asked(self, prompt: str | None) -> int | None:
        """The number of the class that a prompt names.

        Raises: UserError for an empty prompt, one that names no class, and one where there are no classes.
        """
        if prompt is None:
            return None
        if self.labels is None:
            raise UserError(f"this model was trained without classes and takes no prompt; got {prompt!r}")
        if not prompt.strip():
            raise UserError(f"the prompt is empty: name one of {', '.join(self.labels)}, or leave --prompt out for any")
        if prompt.strip() not in self.labels:
            raise UserError(f"no class is called {prompt.strip()!r}; there are {', '.join(self.labels)}")
        return self.labels.index(prompt.strip())

    def guided(self, model: Module, asked: int | None) -> Network:
        """The model's answer about a class, drawn away from that about none in particular; a part of the batch at a time."""

        def answer(x: Tensor, time: Tensor, number: int) -> Tensor:
            values = [x, time] if self.labels is None else [x, time, torch.full_like(time, number)]
            return torch.cat([model(*parts) for parts in zip(*(value.split(AT_ONCE) for value in values), strict=True)])

        def network(x: Tensor, time: Tensor) -> Tensor:
            scale, none = self.guidance_scale, len(self.labels or ())
            if asked is None or scale == 0:
                return answer(x, time, none)
            if scale == 1:
                return answer(x, time, asked)
            of_none = answer(x, time, none)
            return of_none + scale * (answer(x, time, asked) - of_none)

        return network

    def walk(self, network: Network, x: Tensor, generator: Generator) -> Iterator[Moment]:
        """The way back from noise by the sampler that was chosen."""
        settings = {"times": self.steps, "generator": generator}
        if self.sampler == "ddpm":
            return ddpm_steps(network, x, self.schedule, **settings)
        return ddim_steps(network, x, self.schedule, eta=self.eta, refit=True, **settings)

    def sample(self, model: Module, count: int, generator: Generator, prompt: str | None = None) -> dict[str, object]:
        """Pictures of the class that the prompt names, or of no class in particular; and of the first few their `way`.

        Shapes: image (count, channels, side, side), way (few, moments, channels, side, side).
        """
        asked = self.asked(prompt)
        x = torch.randn(count, *self.size, generator=generator).to(next(model.parameters()))
        way = [x[:FILMED]]
        for moment in self.walk(self.guided(model, asked), x, generator):
            x = moment.x
            way.append(x[:FILMED])
        kept = sorted({round(number * (len(way) - 1) / MOMENTS) for number in range(MOMENTS + 1)})
        return {"image": x, "way": torch.stack([way[number] for number in kept], dim=1), "prompt": prompt}

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        """A file for each picture, and one of the ways on which the first few came about."""
        rows = []
        for number, image in enumerate(prediction["image"]):
            path = folder / f"{number:04d}.png"
            tone_picture(image).save(path)
            rows.append({"file": str(path)})
        if "way" in prediction:
            path = folder / "denoising.png"
            self.strip(prediction).save(path)
            rows.append({"file": str(path)})
        return rows

    def strip(self, prediction: Batch) -> Image.Image:
        """A row for each sample, from noise at the left to the picture at the right."""
        way = prediction["way"]
        last = way.shape[1] - 1
        headings = ["noise", *("" for _ in range(last - 1)), "picture"]
        return row_sheet([[enlarged(moment) for moment in row] for row in way], headings)

    def picture(self, batch: Batch, prediction: Batch, columns: int | None = None) -> Image.Image:
        """Samples side by side, those marked as wrong in red; or held-out pictures, noisy, over what was seen in them."""
        if "seen" in prediction:
            return self.restored(batch, prediction)
        pictures = [enlarged(image) for image in prediction["image"]]
        right = prediction.get("right", torch.ones(len(pictures))).tolist()
        tiles = [(picture, "", bool(good)) for picture, good in zip(pictures, right, strict=True)]
        return tile_sheet(tiles, columns=columns, side=max(pictures[0].size))

    def restored(self, batch: Batch, prediction: Batch, count: int = 4) -> Image.Image:
        """Two rows for each of a few pictures: itself in ever more noise, and what the model saw in it."""
        rows: list[list[Image.Image | None]] = []
        for image, noisy, seen in zip(batch["image"][:count], prediction["noisy"], prediction["seen"], strict=False):
            rows.append([enlarged(image), *map(enlarged, noisy)])
            rows.append([None, *map(enlarged, seen)])
        ends = [math.ceil((draw + 1) / self.eval_draws * len(self.schedule)) for draw in range(self.eval_draws)]
        return row_sheet(rows, ["picture", *(f"t < {end}" for end in ends)])

    def example_batch(self, n: int) -> Batch:
        batch = {"image": torch.zeros(n, *self.image_shape, dtype=torch.uint8)}
        return batch if self.labels is None else {**batch, "label": torch.arange(n) % len(self.labels)}


def given(noised: Noised) -> tuple[Tensor, ...]:
    """What the model takes: a label only where there are classes."""
    return noised[:2] if noised.label is None else noised[:3]


def fixed_draws(images: Tensor, draws: int) -> tuple[Tensor, Tensor]:
    """Noise and places in time that are random, but the same for the same picture at every evaluation.

    Each picture seeds a generator of its own, by a checksum of its pixels as bytes.
    Shapes: (batch, ...) -> (batch, draws, ...) and (batch, draws), from 0 to 1.
    """
    noise, share = [], []
    for pixels in ((images.detach().float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8):
        generator = Generator().manual_seed(zlib.crc32(pixels.numpy().tobytes()))
        share.append(torch.rand(draws, generator=generator))
        noise.append(torch.randn(draws, *pixels.shape, generator=generator))
    return torch.stack(noise).to(images), torch.stack(share).to(images.device)
