"""DCGAN: two convolutional opponents in a shape that trains stably on many kinds of pictures.

What the paper changed (section 3):

- no pooling: the generator learns its own enlargement by transposed convolutions, the discriminator its own reduction by
  strides; at every layer the side doubles, or halves;
- no hidden linear layers: the random numbers open straight into a 4x4 picture, and the last 4x4 picture closes to a logit;
- batch norm after every convolution, but for the generator's output and the discriminator's input: there it made the
  samples oscillate;
- ReLU in the generator with a tanh at its end; LeakyReLU in the discriminator, so that a gradient comes back from everywhere;
- all kernels start normal with deviation 0.02 (section 4).

Kernels are 4x4, as in Chintala's own Torch program, where figure 1 of the paper draws 5x5: copies of a kernel that the stride
divides overlap evenly, and lay no checkerboard over the picture.
"""

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.convolution import Conv2d, ConvTranspose2d
from groundup.layers.normalization import BatchNorm2d
from groundup.ops.activation import leaky_relu, relu, tanh

SMALLEST = 4  # the side at which the generator begins and the discriminator ends
DEVIATION = 0.02  # of the kernels at the start


def channel_counts(image_size: int, width: int) -> list[int]:
    """Channels at 4x4, 8x8 and so on to half of the picture's side: `width` there, and twice as many for every halving.

    Raises: ValueError for a picture's side that is not reached from 4 by doubling.
    """
    doublings = (image_size // SMALLEST).bit_length() - 1
    if doublings < 1 or image_size != SMALLEST << doublings:
        raise ValueError(f"DCGAN doubles its pictures from 4x4 up: image_size must be 8, 16, 32, 64 ...; got {image_size}")
    return [width << left for left in reversed(range(doublings))]


def start_(module: Module) -> None:
    """Draw every kernel from a normal distribution of deviation 0.02; biases start at 0."""
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, Conv2d | ConvTranspose2d):
                layer.weight.normal_(0, DEVIATION)
                if layer.bias is not None:
                    layer.bias.zero_()


class Up(Module):
    """Transposed convolution, batch norm, ReLU: doubles the side, or opens a single pixel to 4x4 where `first`."""

    def __init__(self, *, in_channels: int, out_channels: int, first: bool = False):
        super().__init__()
        self.convolution = ConvTranspose2d(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=4,
            stride=1 if first else 2,
            padding=0 if first else 1,
            bias=False,  # batch norm would take it off again
        )
        self.norm = BatchNorm2d(num_features=out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.norm(self.convolution(x)))


class Down(Module):
    """Strided convolution, batch norm, LeakyReLU: halves the side."""

    def __init__(self, *, in_channels: int, out_channels: int):
        super().__init__()
        self.convolution = Conv2d(
            in_channels=in_channels, out_channels=out_channels, kernel_size=4, stride=2, padding=1, bias=False
        )
        self.norm = BatchNorm2d(num_features=out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu(self.norm(self.convolution(x)), 0.2)


class Generator(Module):
    """Turns random numbers into pictures.

    Paper: figure 1.
    Shapes: (batch, latent_dim) -> (batch, image_channels, image_size, image_size), from -1 to 1.
    Raises: ValueError for an image_size that is not 8, 16, 32, 64 ..., and for latents of another length.
    """

    def __init__(self, *, image_size: int, image_channels: int, latent_dim: int, width: int):
        super().__init__()
        self.latent_dim = latent_dim
        counts = channel_counts(image_size, width)
        self.project = Up(in_channels=latent_dim, out_channels=counts[0], first=True)
        self.up = Sequential(*(Up(in_channels=more, out_channels=fewer) for more, fewer in pairwise(counts)))
        self.output = ConvTranspose2d(in_channels=width, out_channels=image_channels, kernel_size=4, stride=2, padding=1)
        start_(self)

    def forward(self, latent: Tensor) -> Tensor:
        if latent.dim() != 2 or latent.shape[1] != self.latent_dim:
            raise ValueError(f"the generator takes latents (batch, {self.latent_dim}); it was given {tuple(latent.shape)}")
        x = self.project(latent[:, :, None, None])  # (batch, channels, 4, 4)
        return tanh(self.output(self.up(x)))  # (batch, image_channels, image_size, image_size)


class Discriminator(Module):
    """Gives the log-odds that a picture is real: the generator, mirrored.

    Shapes: (batch, image_channels, image_size, image_size) -> (batch).
    Raises: ValueError for an image_size that is not 8, 16, 32, 64 ..., and for pictures of another size.
    """

    def __init__(self, *, image_size: int, image_channels: int, width: int):
        super().__init__()
        self.image_size = image_size
        counts = channel_counts(image_size, width)[::-1]
        self.input = Conv2d(in_channels=image_channels, out_channels=width, kernel_size=4, stride=2, padding=1)
        self.down = Sequential(*(Down(in_channels=fewer, out_channels=more) for fewer, more in pairwise(counts)))
        self.output = Conv2d(in_channels=counts[-1], out_channels=1, kernel_size=SMALLEST)
        start_(self)

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        if (height, width) != (self.image_size, self.image_size):
            raise ValueError(f"the discriminator takes {self.image_size}x{self.image_size} pixels; these have {height}x{width}")
        x = self.down(leaky_relu(self.input(images), 0.2))  # (batch, channels, 4, 4)
        return self.output(x).flatten()  # (batch)


class DCGAN(Module):
    """The two opponents; what is asked of the whole, it answers with the generator.

    Paper: Radford, Metz, Chintala 2016, https://arxiv.org/abs/1511.06434, section 3.
    Shapes: (batch, latent_dim) -> (batch, image_channels, image_size, image_size), from -1 to 1.
    Raises: ValueError for an image_size that is not 8, 16, 32, 64 ...
    """

    def __init__(self, *, image_size: int, image_channels: int, latent_dim: int, width: int):
        super().__init__()
        self.generator = Generator(image_size=image_size, image_channels=image_channels, latent_dim=latent_dim, width=width)
        self.discriminator = Discriminator(image_size=image_size, image_channels=image_channels, width=width)

    def forward(self, latent: Tensor) -> Tensor:
        return self.generator(latent)


def dcgan(*, image_size: int = 64, image_channels: int = 3, latent_dim: int = 100, width: int = 128) -> DCGAN:
    """DCGAN for 64x64 pictures in colour; its generator begins with 1,024 channels at 4x4."""
    return DCGAN(image_size=image_size, image_channels=image_channels, latent_dim=latent_dim, width=width)


WEIGHTS = {}

CARD = {
    "title": "DCGAN",
    "paper": "Unsupervised representation learning with deep convolutional generative adversarial networks, "
    "https://arxiv.org/abs/1511.06434",
    "year": 2016,
    "family": "generative",
    "sizes": {"dcgan": "the paper's size, for 64x64 pictures in colour"},
    "references": ("composed",),
    "ancestor": None,
}
