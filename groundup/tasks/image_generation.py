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


class ImageGeneration:
    """A generator against a discriminator, on `image` from -1 (black) to 1 (white).

    The model makes pictures of latents, `latent_dim` standard normal numbers each, and has a child `discriminator`.
    `image_shape` is (channels, height, width) of the data set's pictures, before they are prepared.
    """

    def __init__(self, *, latent_dim: int, image_shape: Sequence[int]):
        self.latent_dim = latent_dim
        self.image_shape = tuple(image_shape)

    def discriminator_loss(self, model: Module, batch: Batch, made: Tensor) -> Tensor:
        """Real and made pictures go through the discriminator apart, so that batch norm compares each with its like."""
        return discriminator_loss(model.discriminator(batch["image"]), model.discriminator(made))

    def generator_loss(self, model: Module, made: Tensor) -> Tensor:
        return generator_loss(model.discriminator(made))

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """A fresh latent for each picture of the batch, from the global generator of its device."""
        image = batch["image"]
        return (torch.randn(len(image), self.latent_dim, device=image.device, dtype=image.dtype),)

    def sample(self, model: Module, count: int, generator: Generator, prompt: str | None = None) -> dict[str, object]:
        """Pictures of latents from a generator of the CPU: the same on every device, but for rounding."""
        if prompt is not None:
            raise UserError(f"this model makes pictures of random numbers alone and takes no prompt; got {prompt!r}")
        latent = torch.randn(count, self.latent_dim, generator=generator).to(next(model.parameters()))
        return {"image": torch.cat([model(part) for part in latent.split(AT_ONCE)])}

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        rows = []
        for number, image in enumerate(prediction["image"]):
            path = folder / f"{number:04d}.png"
            tone_picture(image).save(path)
            rows.append({"file": str(path)})
        return rows

    def picture(self, batch: Batch, prediction: Batch, columns: int | None = None) -> Image.Image:
        """The pictures side by side, enlarged smoothly to some 64 pixels."""
        pictures = [tone_picture(image) for image in prediction["image"]]
        times = max(1, round(64 / max(pictures[0].size)))
        size = (times * pictures[0].width, times * pictures[0].height)
        tiles = [(picture.resize(size, Image.Resampling.BICUBIC), "", True) for picture in pictures]
        return tile_sheet(tiles, columns=columns, side=max(size))

    def example_batch(self, n: int) -> Batch:
        return {"image": torch.zeros(n, *self.image_shape, dtype=torch.uint8)}


def tone_picture(image: Tensor) -> Image.Image:
    """A tensor (channels, height, width) of 1 or 3 channels as a picture: -1 is black, 1 is white."""
    tones = ((image.detach().float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(tones[0].numpy() if len(tones) == 1 else tones.permute(1, 2, 0).numpy())
