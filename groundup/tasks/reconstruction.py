"""A picture said again through a code of a few numbers."""

import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import Module

from groundup.data.decode import read_picture
from groundup.errors import UserError
from groundup.losses.variational import ELBOLoss, bernoulli_reconstruction, gaussian_kl, gaussian_reconstruction
from groundup.metrics.reconstruction import SquaredError, brightness, brightness_error
from groundup.ops.activation import sigmoid
from groundup.tasks.image_generation import AT_ONCE, draw_latents, tone_picture, tone_sheet, write_tones
from groundup.tasks.task import Batch, Item, Metric

LIKELIHOODS = ("bernoulli", "gaussian")
SHOWN = 16  # pictures over their reconstructions
COLUMNS = 16  # in a sheet of pictures that are nobody's reconstruction


class Reconstruction:
    """A model that codes `image`, from -1 (black) to 1 (white), by `encode`, and by `decode` gives the logits of its brightness.

    `likelihood` says what a pixel off its mark costs: "bernoulli" takes the brightness for the chance that a pixel is on,
    "gaussian" is half the squared error over `var`, the variance that pixels are thought to have around what is decoded.
    `image_shape` is (channels, height, width) of the data set's pictures, before they are prepared; a picture from disk is
    brought to it as `fit` says, see `data.decode.fitted`.
    Raises: UserError for another likelihood, and for a variance that is not positive.
    """

    ASKED = ("fit",)

    def __init__(self, *, image_shape: Sequence[int], likelihood: str = "bernoulli", var: float = 0.05, fit: str = "stretch"):
        if likelihood not in LIKELIHOODS:
            raise UserError(f"likelihood is one of {', '.join(LIKELIHOODS)}; got {likelihood!r}")
        if not 0 < var < math.inf:
            raise UserError(f"var, the variance of a pixel, must be above 0; got {var}")
        self.image_shape, self.likelihood, self.var, self.fit = tuple(image_shape), likelihood, var, fit

    def cost(self, logits: Tensor, image: Tensor) -> Tensor:
        """Minus the log-likelihood of each picture, in nats. Shapes: two alike, (batch, ...) -> (batch)."""
        if self.likelihood == "bernoulli":
            return bernoulli_reconstruction(logits, brightness(image))
        return gaussian_reconstruction(sigmoid(logits), brightness(image), self.var)

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        return self.cost(model(*self.inputs(batch)), batch["image"]).mean(), {}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return (batch["image"],)

    def encode(self, model: Module, image: Tensor) -> Tensor:
        """Shapes: (batch, channels, height, width) -> (batch, latent_dim)."""
        return model.encode(image)

    def decode(self, model: Module, code: Tensor) -> Tensor:
        """The pictures of these codes, from -1 to 1. Shapes: (batch, latent_dim) -> (batch, channels, height, width)."""
        return torch.cat([2 * sigmoid(model.decode(part).float()) - 1 for part in code.split(AT_ONCE)])

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        image = batch["image"]
        code = self.encode(model, image)
        said = self.decode(model, code)
        error = brightness_error(said, image.float())
        return {"reconstruction": said, "code": code.float(), "error": error, "source": batch.get("source")}

    def metrics(self) -> dict[str, Metric]:
        return {"squared_error": SquaredError()}

    def read(self, path: Path) -> list[Item]:
        return [{"image": read_picture(path, self.image_shape, fit=self.fit), "source": str(path)}]

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        """Each reconstruction as a picture that bears its original's name; the code in the table. Samples are numbered.

        Two originals of one name get different numbers, which follow from where they lie.
        """
        if "reconstruction" not in prediction:
            return write_tones(prediction["image"], folder)
        rows = []
        parts = zip(prediction["source"], prediction["reconstruction"], prediction["error"], prediction["code"], strict=True)
        for source, image, error, code in parts:
            stem = "picture" if source == "-" else Path(source).stem
            path = folder / f"{stem}-{zlib.crc32(str(source).encode(errors='replace')):08x}.png"
            tone_picture(image).save(path)
            numbers = {f"code_{place}": round(number, 6) for place, number in enumerate(code.tolist(), start=1)}
            rows.append({"file": source, "reconstruction": str(path), "squared_error": round(error.item(), 6), **numbers})
        return rows

    def picture(self, batch: Batch, prediction: Batch, columns: int | None = None) -> Image.Image:
        """Originals over their reconstructions, the first of them; other pictures just side by side."""
        if "reconstruction" not in prediction:
            return tone_sheet(prediction["image"], columns=columns or min(COLUMNS, len(prediction["image"])))
        image, said = batch["image"][:SHOWN], prediction["reconstruction"][:SHOWN]
        return tone_sheet(torch.cat([image.float(), said]), columns=len(image))

    def example_batch(self, n: int) -> Batch:
        return {"image": torch.zeros(n, *self.image_shape, dtype=torch.uint8)}


class VariationalReconstruction(Reconstruction):
    """Reconstruction with a model that answers with the mean and log-variance of each code, and is held to a prior of codes.

    What training lowers is minus the evidence lower bound; `beta` is what the way to the prior counts in it (1: the bound itself;
    beta-VAE: more). A prediction is decoded from the mean of the code; `sample` decodes the prior, `latent_dim` standard normal
    numbers a picture. The other arguments are as of Reconstruction.
    Paper: https://arxiv.org/abs/1312.6114, section 2.3; beta is of https://openreview.net/forum?id=Sy2fzU9gl.
    Raises: UserError for a negative beta.
    """

    def __init__(
        self,
        *,
        latent_dim: int,
        image_shape: Sequence[int],
        beta: float = 1.0,
        likelihood: str = "bernoulli",
        var: float = 0.05,
        fit: str = "stretch",
    ):
        super().__init__(image_shape=image_shape, likelihood=likelihood, var=var, fit=fit)
        if not 0 <= beta < math.inf:
            raise UserError(f"beta, what the way to the prior counts, must not be negative; got {beta}")
        self.latent_dim = latent_dim
        self.criterion = ELBOLoss(beta=beta)

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        output = model(*self.inputs(batch))
        cost = self.cost(output.logits, batch["image"])
        divergence = gaussian_kl(output.mean.detach(), output.log_var.detach()).mean()
        loss = self.criterion(cost, output.mean, output.log_var)
        return loss, {"reconstruction": cost.detach().mean(), "divergence": divergence}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Fresh noise for each picture of the batch, from the global generator of its device."""
        image = batch["image"]
        return image, torch.randn(len(image), self.latent_dim, device=image.device, dtype=image.dtype)

    def encode(self, model: Module, image: Tensor) -> Tensor:
        """The mean of each picture's code. Shapes: (batch, channels, height, width) -> (batch, latent_dim)."""
        return model.encode(image).mean

    def sample(self, model: Module, count: int, generator: Generator, prompt: str | None = None) -> dict[str, object]:
        """What codes from the prior decode to; the codes are drawn on the CPU, so that they are the same on every device."""
        return {"image": self.decode(model, draw_latents(model, count, self.latent_dim, generator, prompt))}
