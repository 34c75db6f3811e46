"""The variational autoencoder: an autoencoder whose codes are known to lie where random numbers can be drawn.

An autoencoder's codes lie anywhere, with gaps between them that decode to nothing. The paper changes two things:

- the encoder answers not with a code but with a small cloud of them: the mean and the logarithm of the variance of a normal
  distribution for each number of the code. The decoder has to do with a point drawn from the cloud, so that neighbouring codes
  must decode to like pictures;
- training also lowers how far each cloud is from one and the same standard normal distribution, the prior
  (`losses/variational.py`). So all clouds together fill the prior without gaps, and a code drawn there decodes to a picture.

The draw is written as mean + deviation * noise (the reparametrization of section 2.4): the noise comes from outside, as an input
of `forward`, and the gradient flows through the mean and the deviation as through any other number.

Beta-VAE (Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl) is this very network: what it changes is how much the
distance to the prior counts in the loss, and so it is an argument of the task.

The networks are the paper's: one hidden layer of 500 units on each side (appendix C), here with ReLU in place of tanh.
"""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor
from torch.nn import Module

from groundup.layers.linear import Linear
from groundup.models.generative.autoencoder import Decoder, Trunk, check_sizes


class Cloud(NamedTuple):
    """A normal distribution of codes for each picture. Shapes: two times (batch, latent_dim)."""

    mean: Tensor
    log_var: Tensor

    def draw(self, noise: Tensor) -> Tensor:
        """A code for each picture, made of standard normal noise. Shapes: (batch, latent_dim) -> the same.

        Paper: section 2.4 and equation 10; noise is epsilon.
        Raises: ValueError for noise of another shape.
        """
        if noise.shape != self.mean.shape:
            raise ValueError(f"codes {tuple(self.mean.shape)} take as much noise; it was given {tuple(noise.shape)}")
        return self.mean + (self.log_var / 2).exp() * noise


class VAEOutput(NamedTuple):
    """The pictures decoded from drawn codes, as logits, and the distributions that the codes were drawn from."""

    logits: Tensor
    mean: Tensor
    log_var: Tensor


class VAE(Module):
    """An encoder to clouds of codes, and a decoder.

    Paper: Kingma and Welling 2014, https://arxiv.org/abs/1312.6114, section 3 and appendix C.
    Shapes: images (batch, *image_shape), noise (batch, latent_dim) -> VAEOutput.
    Raises: ValueError for sizes below 1, and for pictures, noise and codes of another shape.
    """

    def __init__(self, *, image_shape: Sequence[int], latent_dim: int, hidden_dims: Sequence[int]):
        super().__init__()
        check_sizes("VAE", image_shape, latent_dim, hidden_dims)
        self.trunk = Trunk(image_shape=image_shape, hidden_dims=hidden_dims)
        self.mean = Linear(in_features=hidden_dims[-1], out_features=latent_dim)
        self.log_var = Linear(in_features=hidden_dims[-1], out_features=latent_dim)
        self.decoder = Decoder(image_shape=image_shape, latent_dim=latent_dim, hidden_dims=hidden_dims)

    def encode(self, images: Tensor) -> Cloud:
        """Where the code of each picture lies. Shapes: (batch, *image_shape) -> Cloud."""
        x = self.trunk(images)
        return Cloud(self.mean(x), self.log_var(x))

    def decode(self, code: Tensor) -> Tensor:
        """The logits of each code's picture. Shapes: (batch, latent_dim) -> (batch, *image_shape)."""
        return self.decoder(code)

    def forward(self, images: Tensor, noise: Tensor) -> VAEOutput:
        cloud = self.encode(images)
        code = cloud.draw(noise)  # (batch, latent_dim)
        logits = self.decode(code)  # (batch, channels, height, width)
        return VAEOutput(logits, *cloud)


def vae(*, image_shape: Sequence[int] = (1, 28, 28), latent_dim: int = 20, hidden_dims: Sequence[int] = (500,)) -> VAE:
    """The paper's variational autoencoder for MNIST: 500 hidden units on each side of a code of 20 numbers."""
    return VAE(image_shape=image_shape, latent_dim=latent_dim, hidden_dims=hidden_dims)


WEIGHTS = {}

CARD = {
    "title": "VAE",
    "paper": "Auto-encoding variational Bayes, https://arxiv.org/abs/1312.6114",
    "year": 2014,
    "family": "generative",
    "sizes": {"vae": "the paper's size for MNIST, a code of 20 numbers"},
    "references": ("composed",),
    "ancestor": "autoencoder",
}
