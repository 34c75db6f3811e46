"""Rotary positions: query and key are turned by an angle that grows with their place, so that a product of the two knows
only how far apart they are.
"""

from itertools import product

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder

PAIRINGS = ("halves", "interleaved")


def check_rotary_angles(positions: Tensor, rotary_dim: int) -> None:
    """A ValueError that says what does not fit."""
    if rotary_dim < 2 or rotary_dim % 2:
        raise ValueError(f"rotary_angles turns pairs of features: rotary_dim is even and at least 2, not {rotary_dim}")
    if positions.dim() == 0:
        raise ValueError("rotary_angles takes positions (..., length); it was given a single number")


def rotary_angles_loops(positions: Tensor, rotary_dim: int, base: float = 10000.0) -> tuple[Tensor, Tensor]:
    check_rotary_angles(positions, rotary_dim)
    pairs = rotary_dim // 2
    cos, sin = (torch.empty(*positions.shape, pairs, device=positions.device, dtype=torch.float32) for _ in range(2))
    for index in product(*map(range, positions.shape)):
        for i in range(pairs):
            speed = 1 / base ** torch.tensor(2 * i / rotary_dim, dtype=torch.float32)
            angle = positions[index].float() * speed
            cos[index][i], sin[index][i] = angle.cos(), angle.sin()
    return cos, sin


def rotary_angles_tensors(positions: Tensor, rotary_dim: int, base: float = 10000.0) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angle by which each pair of features is turned at each position.

    angle[..., i] = positions[...] / base^(2 i / rotary_dim)

    Always in float32, whatever the model computes in: bfloat16 does not tell position 256 from 257. Models compute the two
    once for all their layers. Positions are given, so that a sentence may go on where a cache of keys ended.

    Shapes: positions (..., length), whole numbers -> two of (..., length, rotary_dim / 2).
    Raises: ValueError for an odd rotary_dim, one below 2, and a single number.
    Paper: RoFormer, https://arxiv.org/abs/2104.09864, section 3.2.2 (d is rotary_dim, m a position, theta_i the speed).
    Equals: transformers' LlamaRotaryEmbedding, bit by bit, where each pair's number stands twice.
    """
    check_rotary_angles(positions, rotary_dim)
    exponents = torch.arange(0, rotary_dim, 2, dtype=torch.float32, device=positions.device) / rotary_dim
    angles = positions.unsqueeze(-1).float() * (1 / base**exponents)  # (..., length, pairs)
    return angles.cos(), angles.sin()


def check_rotate(input: Tensor, cos: Tensor, sin: Tensor, pairing: str) -> None:
    """A ValueError that says what does not fit."""
    if not input.is_floating_point():
        raise ValueError(f"rotate takes floating-point numbers; it was given {input.dtype}")
    if pairing not in PAIRINGS:
        raise ValueError(f"rotate: pairing is 'halves' or 'interleaved', not {pairing!r}")
    fits = cos.shape == sin.shape and 1 <= cos.dim() <= input.dim() and 2 * cos.shape[-1] <= input.shape[-1]
    if not fits or any(c not in (1, i) for c, i in zip(cos.shape[-2::-1], input.shape[-2::-1])):
        raise ValueError(
            "rotate takes input (..., length, head_dim) and cos and sin (..., length, pairs) of no more than head_dim / 2 "
            f"pairs; it was given {tuple(input.shape)}, {tuple(cos.shape)} and {tuple(sin.shape)}"
        )


def rotate_loops(input: Tensor, cos: Tensor, sin: Tensor, pairing: str = "halves") -> Tensor:
    check_rotate(input, cos, sin, pairing)
    pairs = cos.shape[-1]
    cos, sin = (table.detach().expand(*input.shape[:-1], pairs) for table in (cos, sin))
    output = input.clone()
    for index in product(*map(range, input.shape[:-1])):
        for i in range(pairs):
            first, second = (i, pairs + i) if pairing == "halves" else (2 * i, 2 * i + 1)
            x, y = input[index][first], input[index][second]
            output[index][first] = x * cos[index][i] - y * sin[index][i]
            output[index][second] = x * sin[index][i] + y * cos[index][i]
    return output


def rotate_tensors(input: Tensor, cos: Tensor, sin: Tensor, pairing: str = "halves") -> Tensor:
    """Each pair (x, y) of features turned in its plane: (x cos - y sin, x sin + y cos).

    pairing "halves": feature i goes with i + pairs, as in Llama and GPT-NeoX
    pairing "interleaved": feature 2 i goes with 2 i + 1, as in the paper, GPT-J and Cohere

    The two differ only in the order of the features, but weights trained with one are useless with the other. Features
    beyond the pairs, which some models leave for what has no place, stay as they are. cos and sin take no gradient.

    Shapes: input (batch, heads, length, head_dim), cos and sin (length, pairs), or (batch, 1, length, pairs) where the
    positions differ from example to example -> as input, and of its type.
    Raises: ValueError for more pairs than head_dim has, shapes that do not match, another pairing, and whole numbers.
    Paper: RoFormer, https://arxiv.org/abs/2104.09864, section 3.4.2 (equation 34).
    Equals: apply_rotary_pos_emb of transformers' Llama (halves), Cohere and GPT-J (interleaved).
    """
    check_rotate(input, cos, sin, pairing)
    return turned(input, cos.detach(), sin.detach(), pairing)


def turned(input: Tensor, cos: Tensor, sin: Tensor, pairing: str) -> Tensor:
    """The rotation itself, computed in the wider of the two types. Shapes: those of `rotate`."""
    pairs = cos.shape[-1]
    if pairing == "halves":
        x, y = input[..., :pairs], input[..., pairs : 2 * pairs]  # (batch, heads, length, pairs)
    else:
        x, y = input[..., : 2 * pairs].unflatten(-1, (pairs, 2)).unbind(-1)  # (batch, heads, length, pairs)
    x, y = (x * cos - y * sin).to(input.dtype), (x * sin + y * cos).to(input.dtype)
    both = [x, y] if pairing == "halves" else [torch.stack([x, y], -1).flatten(-2)]
    return torch.cat([*both, input[..., 2 * pairs :]], -1)


class RotateManual(torch.autograd.Function):
    """rotate with its backward pass by hand: the gradient is turned back."""

    @staticmethod
    def forward(input, cos, sin, pairing):
        return turned(input, cos, sin, pairing)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, cos, sin, ctx.pairing = inputs
        ctx.save_for_backward(cos, sin)

    @staticmethod
    def backward(ctx, grad_output):
        cos, sin = ctx.saved_tensors
        return turned(grad_output, cos, -sin, ctx.pairing), None, None, None


def rotate_manual(input: Tensor, cos: Tensor, sin: Tensor, pairing: str = "halves") -> Tensor:
    check_rotate(input, cos, sin, pairing)
    return RotateManual.apply(input, cos.detach(), sin.detach(), pairing)


def lies_in_pairs(input: Tensor) -> bool:
    """Whether neighbouring features can be read, where they lie, as one complex number (which no exported graph can hold)."""
    if torch.compiler.is_compiling() or input.device.type not in ("cpu", "cuda"):
        return False
    *strides, last = input.stride()
    return last == 1 and input.storage_offset() % 2 == 0 and all(stride % 2 == 0 for stride in strides)


def rotate_fused(input: Tensor, cos: Tensor, sin: Tensor, pairing: str = "halves") -> Tensor:
    check_rotate(input, cos, sin, pairing)
    if torch.promote_types(input.dtype, cos.dtype) != input.dtype:  # the product is to be formed in the wider type
        return rotate_tensors(input, cos, sin, pairing)
    pairs, cos, sin = cos.shape[-1], cos.detach().to(input.dtype), sin.detach().to(input.dtype)
    turning = input[..., : 2 * pairs]
    if pairing == "halves":
        swapped = turning.roll(pairs, -1)
        output = torch.addcmul(turning * torch.cat([cos, cos], -1), swapped, torch.cat([-sin, sin], -1))
    elif input.dtype in (torch.float32, torch.float64) and lies_in_pairs(turning):
        numbers = torch.view_as_complex(turning.unflatten(-1, (pairs, 2)))  # turned by one product
        output = torch.view_as_real(numbers * torch.complex(cos, sin)).flatten(-2)
    else:
        return rotate_tensors(input, cos, sin, pairing)
    return torch.cat([output, input[..., 2 * pairs :]], -1) if input.shape[-1] > 2 * pairs else output


rotary_angles = Ladder(rotary_angles_tensors, loops=rotary_angles_loops)
rotate = Ladder(rotate_tensors, loops=rotate_loops, manual=rotate_manual, fused=rotate_fused)
