"""New pictures from random numbers."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import Module

from groundup.errors import UserError
from groundup.losses.adversarial import discriminator_loss, generator_loss
from groundup.tasks.drawing import tile_sheet
from groundup.tasks.task import Batch

AT_ONCE = 256  # pictures made in one forward pass of `sample`


class FromNoise:
    """What all that make pictures of `latent_dim` standard normal numbers share; `image` goes from -1 (black) to 1 (white).

    The model's forward takes latents and gives pictures. `image_shape` is (channels, height, width) of the data set's
    pictures, before they are prepared.
    """

    def __init__(self, *, latent_dim: int, image_shape: Sequence[int]):
        self.latent_dim = latent_dim
        self.image_shape = tuple(image_shape)

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """A fresh latent for each picture of the batch, from the global generator of its device."""
        image = batch["image"]
        return (torch.randn(len(image), self.latent_dim, device=image.device, dtype=image.dtype),)

    def sample(self, model: Module, count: int, generator: Generator, prompt: str | None = None) -> dict[str, object]:
        """Pictures of latents from a generator of the CPU: the same on every device, but for rounding."""
        latent = draw_latents(model, count, self.latent_dim, generator, prompt)
        return {"image": torch.cat([model(part) for part in latent.split(AT_ONCE)])}

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        return write_tones(prediction["image"], folder)

    def picture(self, batch: Batch, prediction: Batch, columns: int | None = None) -> Image.Image:
        return tone_sheet(prediction["image"], columns=columns)

    def example_batch(self, n: int) -> Batch:
        return {"image": torch.zeros(n, *self.image_shape, dtype=torch.uint8)}


class ImageGeneration(FromNoise):
    """A generator against a discriminator, the model's child of that name."""

    def discriminator_loss(self, model: Module, batch: Batch, made: Tensor) -> Tensor:
        """Real and made pictures go through the discriminator apart, so that batch norm compares each with its like."""
        return discriminator_loss(model.discriminator(batch["image"]), model.discriminator(made))

    def generator_loss(self, model: Module, made: Tensor) -> Tensor:
        return generator_loss(model.discriminator(made))


def write_tones(images: Tensor, folder: Path) -> list[dict[str, object]]:
    """Numbered picture files, and a row with the name of each."""
    rows = []
    for number, image in enumerate(images):
        path = folder / f"{number:04d}.png"
        tone_picture(image).save(path)
        rows.append({"file": str(path)})
    return rows


def tone_sheet(images: Tensor, *, columns: int | None = None) -> Image.Image:
    """Pictures side by side, enlarged smoothly to some 64 pixels. Shapes: (batch, channels, height, width), from -1 to 1."""
    pictures = [tone_picture(image) for image in images]
    times = max(1, round(64 / max(pictures[0].size)))
    size = (times * pictures[0].width, times * pictures[0].height)
    tiles = [(picture.resize(size, Image.Resampling.BICUBIC), "", True) for picture in pictures]
    return tile_sheet(tiles, columns=columns, side=max(size))


def draw_latents(model: Module, count: int, latent_dim: int, generator: Generator, prompt: str | None) -> Tensor:
    """Standard normal numbers in the type and on the device of the model. Shapes: (count, latent_dim).

    Raises: UserError for a prompt, which such a model has no use for.
    """
    if prompt is not None:
        raise UserError(f"this model makes pictures of random numbers alone and takes no prompt; got {prompt!r}")
    return torch.randn(count, latent_dim, generator=generator).to(next(model.parameters()))


def tone_picture(image: Tensor) -> Image.Image:
    """A tensor (channels, height, width) of 1 or 3 channels as a picture: -1 is black, 1 is white."""
    tones = ((image.detach().float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(tones[0].numpy() if len(tones) == 1 else tones.permute(1, 2, 0).numpy())
