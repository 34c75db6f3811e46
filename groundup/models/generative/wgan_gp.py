"""WGAN-GP: a critic that measures a distance, instead of a discriminator that is asked for a verdict.

A discriminator that tells real from made with certainty teaches the generator nothing more: its verdict is flat all around.
Wasserstein's distance, the least work of carrying the one heap of pictures over to the other, has a slope everywhere. It is
what a critic measures that scores the real as high above the made as it can, while its score changes nowhere faster than the
picture does: its slope must not exceed 1. The first WGAN clipped the critic's weights for that, which cripples it. What this
paper changes:

- the critic pays for every slope that is not 1, on the way between a real and a made picture (`losses/adversarial.py`): a loss
  made of a gradient, so training takes a second derivative;
- so the critic has no batch norm: the slope is that of one picture's score, and must not hang on the rest of the batch. In its
  place stands layer norm, over all channels and pixels of a picture (section 4);
- the critic's last layer needs no bias: a constant that is added to all scores, real and made, changes no loss;
- the critic makes five moves for one of the generator (`tasks/critic_step.py`): a better critic is only a better measure.

The generator, the sizes and the start are DCGAN's.
"""

from itertools import pairwise

from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.convolution import Conv2d
from groundup.layers.normalization import LayerNorm
from groundup.models.generative.dcgan import SMALLEST, Generator, channel_counts, start_
from groundup.ops.activation import leaky_relu


class Down(Module):
    """Strided convolution, layer norm, LeakyReLU: halves the side. `side` is that of the result."""

    def __init__(self, *, in_channels: int, out_channels: int, side: int):
        super().__init__()
        self.convolution = Conv2d(in_channels=in_channels, out_channels=out_channels, kernel_size=4, stride=2, padding=1)
        self.norm = LayerNorm(normalized_shape=(out_channels, side, side))

    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu(self.norm(self.convolution(x)), 0.2)


class Critic(Module):
    """Scores a picture, the higher the more real it looks; only differences between scores mean anything.

    Shapes: (batch, image_channels, image_size, image_size) -> (batch).
    Raises: ValueError for an image_size that is not 8, 16, 32, 64 ..., and for pictures of another size.
    """

    def __init__(self, *, image_size: int, image_channels: int, width: int):
        super().__init__()
        self.image_size = image_size
        counts = channel_counts(image_size, width)[::-1]
        self.input = Conv2d(in_channels=image_channels, out_channels=width, kernel_size=4, stride=2, padding=1)
        self.down = Sequential(
            *(
                Down(in_channels=fewer, out_channels=more, side=image_size >> halvings)
                for halvings, (fewer, more) in enumerate(pairwise(counts), start=2)
            )
        )
        self.output = Conv2d(in_channels=counts[-1], out_channels=1, kernel_size=SMALLEST, bias=False)
        start_(self)

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        if (height, width) != (self.image_size, self.image_size):
            raise ValueError(f"the critic takes {self.image_size}x{self.image_size} pixels; these have {height}x{width}")
        x = self.down(leaky_relu(self.input(images), 0.2))  # (batch, channels, 4, 4)
        return self.output(x).flatten()  # (batch)


class WGANGP(Module):
    """Generator and critic; what is asked of the whole, it answers with the generator.

    Paper: Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028, section 4.
    Shapes: (batch, latent_dim) -> (batch, image_channels, image_size, image_size), from -1 to 1.
    Raises: ValueError for an image_size that is not 8, 16, 32, 64 ...
    """

    def __init__(self, *, image_size: int, image_channels: int, latent_dim: int, width: int):
        super().__init__()
        self.generator = Generator(image_size=image_size, image_channels=image_channels, latent_dim=latent_dim, width=width)
        self.critic = Critic(image_size=image_size, image_channels=image_channels, width=width)

    def forward(self, latent: Tensor) -> Tensor:
        return self.generator(latent)


def wgan_gp(*, image_size: int = 64, image_channels: int = 3, latent_dim: int = 128, width: int = 64) -> WGANGP:
    """WGAN-GP for 64x64 pictures in colour, with DCGAN's networks; the generator begins with 512 channels at 4x4."""
    return WGANGP(image_size=image_size, image_channels=image_channels, latent_dim=latent_dim, width=width)


WEIGHTS = {}

CARD = {
    "title": "WGAN-GP",
    "paper": "Improved training of Wasserstein GANs, https://arxiv.org/abs/1704.00028",
    "year": 2017,
    "family": "generative",
    "sizes": {"wgan_gp": "the size of the authors' program for 64x64 pictures, with DCGAN's networks"},
    "references": ("composed",),
    "ancestor": "dcgan",
}
