"""Layers that tell a model where in a sequence or a picture each vector stands; itself it could not tell."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.initialization import trunc_normal_
from groundup.ops.embedding import embedding
from groundup.ops.position import sinusoidal_positions, sinusoidal_positions2d
from groundup.ops.relative_position import relative_position_bucket, relative_position_index
from groundup.ops.rotary import rotary_angles, rotate


def look_up_positions(name: str, x: Tensor, table: Tensor, positions: Tensor | None) -> Tensor:
    """The rows of the table for these positions, 0, 1, 2 ... if none are given; a ValueError for an x that does not fit.

    Shapes: x (batch, length, embed_dim), table (longest, embed_dim), positions (length) or (batch, length)
    -> (length, embed_dim) or (batch, length, embed_dim).
    """
    if x.dim() < 2 or x.shape[-1] != table.shape[1]:
        raise ValueError(f"{name} takes (batch, length, {table.shape[1]}); it was given {tuple(x.shape)}")
    if positions is None and x.shape[-2] > len(table):
        raise ValueError(f"{name} knows {len(table)} positions; it was given a sequence of {x.shape[-2]}")
    return table[: x.shape[-2]] if positions is None else embedding(positions, table)


class SinusoidalPosition(Module):
    """Adds to each vector the sines and cosines of its position, a table that is never trained.

    `positions` says where the vectors stand, if not at 0, 1, 2 ...: a cache of keys is continued so.

    Shapes: x (batch, length, embed_dim), positions (length) or (batch, length) -> as x.
    Raises: ValueError for another embed_dim, more than `max_seq_len` positions and, on the CPU, a position beyond.
    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.5 (d_model is embed_dim).
    Equals: x plus transformers' MarianSinusoidalPositionalEmbedding (layout "halves") or XLM's table ("interleaved").
    """

    def __init__(self, *, max_seq_len: int, embed_dim: int, base: float = 10000.0, layout: str = "interleaved"):
        super().__init__()
        self.register_buffer("table", sinusoidal_positions(max_seq_len, embed_dim, base, layout), persistent=False)

    def forward(self, x: Tensor, positions: Tensor | None = None) -> Tensor:
        return x + look_up_positions("SinusoidalPosition", x, self.table, positions)


class SinusoidalPosition2d(Module):
    """Adds to each patch of a picture the sines and cosines of its column and row, a table that is never trained.

    Shapes: (batch, height * width, embed_dim), row by row -> the same.
    Raises: ValueError for an embed_dim that 4 does not divide, and for another number of patches.
    Paper: Masked Autoencoders, https://arxiv.org/abs/2111.06377, appendix A.1.
    Equals: x plus the table of transformers' ViT-MAE.
    """

    def __init__(self, *, height: int, width: int, embed_dim: int, base: float = 10000.0):
        super().__init__()
        self.register_buffer("table", sinusoidal_positions2d(height, width, embed_dim, base), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-2:] != self.table.shape:
            rows, columns = self.table.shape
            raise ValueError(f"SinusoidalPosition2d takes (batch, {rows}, {columns}); it was given {tuple(x.shape)}")
        return x + self.table


class LearnedPosition(Module):
    """Adds to each vector a learnt one of its position.

    `positions` says where the vectors stand, if not at 0, 1, 2 ...: a cache of keys is continued so.

    Shapes: x (batch, length, embed_dim), positions (length) or (batch, length) -> as x.
    Raises: ValueError for another embed_dim, more than `max_seq_len` positions and, on the CPU, a position beyond.
    Paper: Convolutional Sequence to Sequence Learning, https://arxiv.org/abs/1705.03122, section 3.1.
    Equals: x plus torch.nn.Embedding of the positions; it starts normal, with a standard deviation of 0.02 as in BERT and GPT.
    """

    def __init__(self, *, max_seq_len: int, embed_dim: int):
        super().__init__()
        self.weight = Parameter(torch.empty(max_seq_len, embed_dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        with torch.no_grad():
            self.weight.normal_(0, 0.02)

    def forward(self, x: Tensor, positions: Tensor | None = None) -> Tensor:
        return x + look_up_positions("LearnedPosition", x, self.weight, positions)


class RotaryPosition(Module):
    """Turns queries and keys by their positions, so that their product knows how far apart they are; nothing is learnt.

    The first `rotary_dim` features of a head are turned (all of them if not given), in pairs as `rotate` says. `positions`
    says where queries and keys stand, if not at 0, 1, 2 ...: a cache of keys is continued so.

    Shapes: query and key (batch, heads, length, head_dim), of any number of heads; positions (length) or (batch, length)
    -> as query, as key.
    Raises: ValueError for an odd rotary_dim, one larger than head_dim, and another pairing.
    Paper: RoFormer, https://arxiv.org/abs/2104.09864, section 3.2.2 (d is rotary_dim, 10000 is base).
    Equals: transformers' LlamaRotaryEmbedding with apply_rotary_pos_emb ("halves"), Cohere's ("interleaved").
    """

    def __init__(self, *, head_dim: int, base: float = 10000.0, pairing: str = "halves", rotary_dim: int | None = None):
        super().__init__()
        self.rotary_dim = head_dim if rotary_dim is None else rotary_dim
        if not 2 <= self.rotary_dim <= head_dim or self.rotary_dim % 2:
            raise ValueError(f"RotaryPosition: rotary_dim is even and 2 to head_dim={head_dim}, not {self.rotary_dim}")
        if pairing not in ("halves", "interleaved"):
            raise ValueError(f"RotaryPosition: pairing is 'halves' or 'interleaved', not {pairing!r}")
        self.base, self.pairing = base, pairing

    def forward(self, query: Tensor, key: Tensor, positions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if positions is None:
            positions = torch.arange(query.shape[-2], device=query.device)
        cos, sin = rotary_angles(positions, self.rotary_dim, self.base)
        if positions.dim() == 2:
            cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)  # (batch, 1, length, pairs)
        return rotate(query, cos, sin, self.pairing), rotate(key, cos, sin, self.pairing)


class RelativePositionBias(Module):
    """What is added to the attention scores, learnt for each head and each bucket of distances.

    Shapes: query_positions (query), key_positions (key), whole numbers -> (1, num_heads, query, key).
    Raises: ValueError for too few buckets and for a max_distance that the short distances reach.
    Paper: T5, https://arxiv.org/abs/1910.10683, section 2.1.
    Equals: transformers' T5Attention.compute_bias (of an encoder; of a decoder with bidirectional=False).
    """

    def __init__(self, *, num_heads: int, num_buckets: int = 32, max_distance: int = 128, bidirectional: bool = True):
        super().__init__()
        self.num_buckets, self.max_distance, self.bidirectional = num_buckets, max_distance, bidirectional
        self.weight = Parameter(torch.empty(num_buckets, num_heads))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew, from a standard normal distribution."""
        with torch.no_grad():
            self.weight.normal_()

    def forward(self, query_positions: Tensor, key_positions: Tensor) -> Tensor:
        distance = key_positions - query_positions.unsqueeze(1)  # (query, key)
        bucket = relative_position_bucket(distance, self.bidirectional, self.num_buckets, self.max_distance)
        return embedding(bucket, self.weight).permute(2, 0, 1).unsqueeze(0)  # (1, heads, query, key)


class WindowPositionBias(Module):
    """What is added to the attention scores inside a window of a picture, learnt for each head and each step between pixels.

    Shapes: -> (1, num_heads, pixels, pixels), where pixels = height * width of the window, row by row.
    Raises: ValueError for a window without pixels.
    Paper: Swin Transformer, https://arxiv.org/abs/2103.14030, section 3.2 (weight is B-hat, the bias B).
    Equals: torchvision's ShiftedWindowAttention.get_relative_position_bias, its start included.
    """

    def __init__(self, *, window_size: tuple[int, int], num_heads: int):
        super().__init__()
        self.register_buffer("index", relative_position_index(window_size), persistent=False)
        height, width = window_size
        self.weight = Parameter(torch.empty((2 * height - 1) * (2 * width - 1), num_heads))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        trunc_normal_(self.weight, std=0.02)

    def forward(self) -> Tensor:
        return embedding(self.index, self.weight).permute(2, 0, 1).unsqueeze(0)  # (1, heads, pixels, pixels)
