"""The feed-forward network of a Transformer."""

from torch import Tensor
from torch.nn import Module

from groundup.layers.activation import ReLU
from groundup.layers.dropout import Dropout
from groundup.layers.linear import Linear


class FeedForward(Module):
    """Two linear layers with an activation between them, applied to each position alone.

    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.3 (d_model is embed_dim, d_ff hidden_dim).
    Shapes: (..., embed_dim) -> the same.
    Equals: torch.nn.Sequential(Linear, activation, Linear, Dropout), its start included.
    """

    def __init__(self, *, embed_dim: int, hidden_dim: int, activation: Module | type[Module] = ReLU, dropout: float = 0.0):
        super().__init__()
        self.expand = Linear(in_features=embed_dim, out_features=hidden_dim)
        self.activation = activation() if isinstance(activation, type) else activation
        self.contract = Linear(in_features=hidden_dim, out_features=embed_dim)
        self.dropout = Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.contract(self.activation(self.expand(x))))
