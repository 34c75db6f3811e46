"""Two ways from the features of a table to a number: a weighted sum, and a network with hidden layers.

The weighted sum can be read, weight by weight, and it is hard to beat on a few hundred rows. What it cannot say is that one
feature matters more because of another. A hidden layer can: each of its units is a weighted sum that counts only where it is
positive, and the next layer adds up these pieces. Back-propagation made such networks trainable.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.dropout import Dropout
from groundup.layers.linear import Linear


class LinearRegressor(Module):
    """One weight for each feature, and a bias; all start at zero.

    Trained on the mean squared error with a weight decay d on the weights alone, it comes to the solution of ridge
    regression with alpha = rows * d / 2: https://doi.org/10.1080/00401706.1970.10488634.
    Shapes: (batch, in_features) -> (batch,).
    """

    def __init__(self, *, in_features: int):
        super().__init__()
        self.output = Linear(in_features=in_features, out_features=1)
        with torch.no_grad():
            self.output.weight.zero_()
            self.output.bias.zero_()

    def forward(self, features: Tensor) -> Tensor:
        return self.output(features).squeeze(-1)  # (batch,)


class MLPRegressor(Module):
    """Hidden layers of rectified units, each with dropout behind it, then one linear output.

    Paper: Rumelhart, Hinton, Williams 1986: the network of its figure 1, with today's rectified units for the sigmoid.
    Shapes: (batch, in_features) -> (batch,).
    Units and ranges: hidden_dims one width a hidden layer, at least one; dropout from 0 to 1.
    Raises: ValueError for no hidden layer, and for values outside of these.
    """

    def __init__(self, *, in_features: int, hidden_dims: Sequence[int], dropout: float = 0.0):
        super().__init__()
        if not hidden_dims or min(hidden_dims) < 1:
            raise ValueError(f"hidden_dims must be one or more widths of at least 1; got {tuple(hidden_dims)}")
        widths = [in_features, *hidden_dims]
        layers = []
        for before, width in pairwise(widths):
            layers += [Linear(in_features=before, out_features=width), ReLU(), Dropout(p=dropout)]
        self.hidden = Sequential(*layers)
        self.output = Linear(in_features=widths[-1], out_features=1)

    def forward(self, features: Tensor) -> Tensor:
        x = self.hidden(features)  # (batch, hidden)
        return self.output(x).squeeze(-1)  # (batch,)


def linear_regressor(*, in_features: int) -> LinearRegressor:
    """A weight for each feature, and a bias."""
    return LinearRegressor(in_features=in_features)


def mlp_regressor(*, in_features: int, hidden_dims: Sequence[int] = (128,), dropout: float = 0.0) -> MLPRegressor:
    """A multilayer perceptron, by default with one hidden layer of 128 units."""
    return MLPRegressor(in_features=in_features, hidden_dims=hidden_dims, dropout=dropout)


WEIGHTS = {}

CARD = {
    "title": "Linear and multilayer regression",
    "paper": "Learning representations by back-propagating errors, https://doi.org/10.1038/323533a0",
    "year": 1986,
    "family": "tabular",
    "sizes": {
        "linear_regressor": "a weighted sum of the features",
        "mlp_regressor": "hidden layers of rectified units, by default one of 128",
    },
    "references": ("composed",),
    "ancestor": None,
}
