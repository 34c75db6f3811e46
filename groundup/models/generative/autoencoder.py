"""The autoencoder: a network that says its own picture again, through a code of a few numbers.

No label is needed: the picture is both the question and the answer. What makes it hard is the narrow middle. With linear layers
alone the best that can be done is principal component analysis, which lays a flat sheet through the cloud of all pictures and
moves each picture to its nearest point there; the layers with activations, which the paper adds on both sides of the code, let
the sheet bend. So two numbers of an autoencoder say more of a digit than two of principal component analysis.

The paper had to train the layers one by one before the whole could learn; with today's start of the weights and Adam that is not
needed, and is left out. Hidden units are ReLUs where the paper had logistic ones. The code is linear, as in the paper: it may
lie anywhere, and nothing says where the codes of pictures are; what is decoded from a code picked at random is anybody's guess.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear


def check_sizes(name: str, image_shape: Sequence[int], latent_dim: int, hidden_dims: Sequence[int]) -> None:
    """A ValueError unless these make a network."""
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ValueError(f"{name}: image_shape is (channels, height, width), each at least 1; got {tuple(image_shape)}")
    if not hidden_dims or min(latent_dim, *hidden_dims) < 1:
        raise ValueError(
            f"{name}: latent_dim and every one of hidden_dims must be at least 1; got {latent_dim} and {tuple(hidden_dims)}"
        )


def hidden_layers(*widths: int) -> Sequential:
    """Linear layers from each width to the next, each with its ReLU."""
    layers = ((Linear(in_features=before, out_features=after), ReLU()) for before, after in pairwise(widths))
    return Sequential(*(part for pair in layers for part in pair))


class Trunk(Module):
    """The pixels in a row, then hidden layers: what a picture shows, before it is pressed into a code.

    Shapes: (batch, channels, height, width) -> (batch, hidden_dims[-1]).
    Raises: ValueError for pictures of another shape.
    """

    def __init__(self, *, image_shape: Sequence[int], hidden_dims: Sequence[int]):
        super().__init__()
        self.image_shape = tuple(image_shape)
        self.hidden = hidden_layers(prod(image_shape), *hidden_dims)

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != self.image_shape:
            wanted = ", ".join(map(str, self.image_shape))
            raise ValueError(f"the encoder takes pictures (batch, {wanted}); it was given {tuple(images.shape)}")
        x = images.flatten(1)  # (batch, pixels)
        return self.hidden(x)  # (batch, hidden)


class Decoder(Module):
    """From a code back to a picture: the hidden layers in reverse order, then a logit for each pixel.

    The sigmoid of a logit is how bright the pixel is, from 0 to 1.
    Shapes: (batch, latent_dim) -> (batch, channels, height, width), logits.
    Raises: ValueError for codes of another length.
    """

    def __init__(self, *, image_shape: Sequence[int], latent_dim: int, hidden_dims: Sequence[int]):
        super().__init__()
        self.image_shape, self.latent_dim = tuple(image_shape), latent_dim
        self.hidden = hidden_layers(latent_dim, *reversed(hidden_dims))
        self.output = Linear(in_features=hidden_dims[0], out_features=prod(image_shape))

    def forward(self, code: Tensor) -> Tensor:
        if code.dim() != 2 or code.shape[1] != self.latent_dim:
            raise ValueError(f"the decoder takes codes (batch, {self.latent_dim}); it was given {tuple(code.shape)}")
        x = self.output(self.hidden(code))  # (batch, pixels)
        return x.unflatten(1, self.image_shape)  # (batch, channels, height, width)


class Autoencoder(Module):
    """Encoder and decoder, one the mirror image of the other.

    Paper: Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006, figure 1.
    Shapes: (batch, *image_shape) -> the same, as logits.
    Raises: ValueError for sizes below 1, and for pictures and codes of another shape.
    """

    def __init__(self, *, image_shape: Sequence[int], latent_dim: int, hidden_dims: Sequence[int]):
        super().__init__()
        check_sizes("autoencoder", image_shape, latent_dim, hidden_dims)
        self.trunk = Trunk(image_shape=image_shape, hidden_dims=hidden_dims)
        self.code = Linear(in_features=hidden_dims[-1], out_features=latent_dim)
        self.decoder = Decoder(image_shape=image_shape, latent_dim=latent_dim, hidden_dims=hidden_dims)

    def encode(self, images: Tensor) -> Tensor:
        """The code of each picture. Shapes: (batch, *image_shape) -> (batch, latent_dim)."""
        return self.code(self.trunk(images))

    def decode(self, code: Tensor) -> Tensor:
        """The logits of each code's picture. Shapes: (batch, latent_dim) -> (batch, *image_shape)."""
        return self.decoder(code)

    def forward(self, images: Tensor) -> Tensor:
        code = self.encode(images)  # (batch, latent_dim)
        return self.decode(code)  # (batch, channels, height, width)


def autoencoder(
    *, image_shape: Sequence[int] = (1, 28, 28), latent_dim: int = 30, hidden_dims: Sequence[int] = (1000, 500, 250)
) -> Autoencoder:
    """The paper's autoencoder for MNIST: 784 pixels, 1,000, 500 and 250 units, a code of 30 numbers, and back."""
    return Autoencoder(image_shape=image_shape, latent_dim=latent_dim, hidden_dims=hidden_dims)


WEIGHTS = {}

CARD = {
    "title": "Autoencoder",
    "paper": "Reducing the dimensionality of data with neural networks, https://doi.org/10.1126/science.1127647",
    "year": 2006,
    "family": "generative",
    "sizes": {"autoencoder": "the paper's size for MNIST, a code of 30 numbers"},
    "references": ("composed",),
    "ancestor": None,
}
