"""The feed-forward network of a Transformer, plain and gated."""

from torch import Tensor
from torch.nn import Module

from groundup.layers.activation import ReLU, SiLU
from groundup.layers.dropout import Dropout
from groundup.layers.linear import Linear


class FeedForward(Module):
    """Two linear layers with an activation between them, applied to each position alone.

    `dropout` acts on what comes out, `hidden_dropout` behind the activation.

    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.3 (d_model is embed_dim, d_ff hidden_dim).
    Shapes: (..., embed_dim) -> the same.
    Equals: torch.nn.Sequential(Linear, activation, Dropout, Linear, Dropout), its start included.
    """

    def __init__(
        self,
        *,
        embed_dim: int,
        hidden_dim: int,
        activation: Module | type[Module] = ReLU,
        dropout: float = 0.0,
        hidden_dropout: float = 0.0,
        bias: bool = True,
    ):
        super().__init__()
        self.expand = Linear(in_features=embed_dim, out_features=hidden_dim, bias=bias)
        self.activation = activation() if isinstance(activation, type) else activation
        self.hidden_dropout = Dropout(p=hidden_dropout)
        self.contract = Linear(in_features=hidden_dim, out_features=embed_dim, bias=bias)
        self.dropout = Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.hidden_dropout(self.activation(self.expand(x)))
        return self.dropout(self.contract(x))


class GatedFeedForward(Module):
    """A feed-forward network whose hidden numbers are products: a gate, which passes the activation, times what it lets through.

    With SiLU this is SwiGLU; with GELU it is GEGLU, with ReLU ReGLU. A third matrix comes in, so for equally many parameters
    hidden_dim is 2/3 of the plain network's.

    Paper: GLU Variants Improve Transformer, https://arxiv.org/abs/2002.05202, equation 6 (W is gate, V expand, W2 contract).
    Shapes: (..., embed_dim) -> the same.
    Equals: transformers' LlamaMLP.
    """

    def __init__(
        self,
        *,
        embed_dim: int,
        hidden_dim: int,
        activation: Module | type[Module] = SiLU,
        dropout: float = 0.0,
        bias: bool = False,
    ):
        super().__init__()
        self.gate = Linear(in_features=embed_dim, out_features=hidden_dim, bias=bias)
        self.activation = activation() if isinstance(activation, type) else activation
        self.expand = Linear(in_features=embed_dim, out_features=hidden_dim, bias=bias)
        self.contract = Linear(in_features=hidden_dim, out_features=embed_dim, bias=bias)
        self.dropout = Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.gate(x)) * self.expand(x)
        return self.dropout(self.contract(x))
