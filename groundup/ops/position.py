"""Sinusoidal positions: a place is told by waves, as the time is told by hands that turn at different speeds."""

import math

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder

LAYOUTS = ("interleaved", "halves")


def check_sinusoidal(name: str, sizes: tuple[int, ...], dim: int, layout: str, multiple: int = 1) -> None:
    """A ValueError that says what does not fit."""
    if min(sizes) < 0 or dim < 1 or dim % multiple:
        kind = f"a positive multiple of {multiple}" if multiple > 1 else "positive"
        raise ValueError(f"{name}: lengths are at least 0 and dim is {kind}; it was given {(*sizes, dim)}")
    if layout not in LAYOUTS:
        raise ValueError(f"{name}: layout is 'interleaved' or 'halves', not {layout!r}")


def sinusoidal_positions_loops(
    length: int,
    dim: int,
    base: float = 10000.0,
    layout: str = "interleaved",
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    check_sinusoidal("sinusoidal_positions", (length,), dim, layout)
    output = torch.empty(length, dim, dtype=dtype, device=device)
    for position in range(length):
        for wave in range((dim + 1) // 2):
            angle = position / base ** (2 * wave / dim)
            sine, cosine = (2 * wave, 2 * wave + 1) if layout == "interleaved" else (wave, (dim + 1) // 2 + wave)
            output[position, sine] = math.sin(angle)
            if cosine < dim:  # of an odd number of features the last is a sine alone
                output[position, cosine] = math.cos(angle)
    return output


def sinusoidal_positions_tensors(
    length: int,
    dim: int,
    base: float = 10000.0,
    layout: str = "interleaved",
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Sines and cosines of each position, from a wave of length 2 pi to one of nearly 2 pi * base.

    angle[p, i] = p / base^(2 i / dim)
    layout "interleaved": output[p, 2 i] = sin(angle[p, i]), output[p, 2 i + 1] = cos(angle[p, i]), as in the paper
    layout "halves": all sines, then all cosines, as in Marian, MAE and tensor2tensor: the same features in another order

    The row of p + k is that of p with every (sine, cosine) turned by an angle that depends on k alone. It is computed in
    float64 and rounded once, so that every device holds the same table.

    Shapes: -> (length, dim); of an odd dim the last wave has a sine only.
    Raises: ValueError for a negative length, a dim below 1 and another layout.
    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.5 (d_model is dim, 10000 is base).
    Equals: the tables of transformers' XLM (interleaved) and Marian (halves).
    """
    check_sinusoidal("sinusoidal_positions", (length,), dim, layout)
    return waves(torch.arange(length, dtype=torch.float64, device="cpu"), dim, base, layout).to(
        device=device or torch.get_default_device(), dtype=dtype or torch.get_default_dtype()
    )


def waves(positions: Tensor, dim: int, base: float, layout: str) -> Tensor:
    """The sines and cosines of all positions. Shapes: (length) -> (length, dim)."""
    exponents = torch.arange(0, dim, 2, dtype=torch.float64, device="cpu") / dim
    angles = positions.unsqueeze(1) / base**exponents  # (length, waves)
    if layout == "halves":
        return torch.cat([angles.sin(), angles.cos()], 1)[:, :dim]
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :dim]


def sinusoidal_positions2d_loops(
    height: int,
    width: int,
    dim: int,
    base: float = 10000.0,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    check_sinusoidal("sinusoidal_positions2d", (height, width), dim, "halves", multiple=4)
    output, count = torch.empty(height * width, dim, dtype=dtype, device=device), dim // 4
    for y in range(height):
        for x in range(width):
            for wave in range(count):
                for half, place in ((0, x), (1, y)):
                    angle = place / base ** (wave / count)
                    output[y * width + x, 2 * half * count + wave] = math.sin(angle)
                    output[y * width + x, (2 * half + 1) * count + wave] = math.cos(angle)
    return output


def sinusoidal_positions2d_tensors(
    height: int,
    width: int,
    dim: int,
    base: float = 10000.0,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Sinusoidal positions of a grid, row by row: half of the features tell the column, the other half the row.

    output[y * width + x] = (sin of x, cos of x, sin of y, cos of y), each of dim / 4 waves, those of
    `sinusoidal_positions` for dim / 2 features in the layout "halves".

    Shapes: -> (height * width, dim).
    Raises: ValueError for a negative size and for a dim that 4 does not divide.
    Paper: Masked Autoencoders, https://arxiv.org/abs/2111.06377, appendix A.1 (the published code sets the order).
    Equals: the table of transformers' ViT-MAE.
    """
    check_sinusoidal("sinusoidal_positions2d", (height, width), dim, "halves", multiple=4)
    columns = waves(torch.arange(width, dtype=torch.float64, device="cpu"), dim // 2, base, "halves")
    rows = waves(torch.arange(height, dtype=torch.float64, device="cpu"), dim // 2, base, "halves")
    grid = torch.cat([columns.expand(height, -1, -1), rows.unsqueeze(1).expand(-1, width, -1)], 2)  # (height, width, dim)
    return grid.flatten(0, 1).to(device=device or torch.get_default_device(), dtype=dtype or torch.get_default_dtype())


sinusoidal_positions = Ladder(sinusoidal_positions_tensors, loops=sinusoidal_positions_loops)
sinusoidal_positions2d = Ladder(sinusoidal_positions2d_tensors, loops=sinusoidal_positions2d_loops)
