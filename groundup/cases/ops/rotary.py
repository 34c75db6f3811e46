"""Rotary positions against transformers': Llama's pairs (halves), Cohere's and GPT-J's (interleaved)."""

from collections.abc import Iterator
from types import SimpleNamespace

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.rotary import rotary_angles, rotate
from groundup.parity.compare import Constant


def llama_angles(positions: Tensor, rotary_dim: int, base: float = 10000.0) -> tuple[Tensor, Tensor]:
    """cos and sin of LlamaRotaryEmbedding, which holds them twice, once for each half of the features."""
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    config = SimpleNamespace(
        max_position_embeddings=16, rope_parameters={"rope_type": "default", "rope_theta": base}, head_dim=rotary_dim
    )
    cos, sin = LlamaRotaryEmbedding(config)(torch.zeros(()), positions)
    return cos[..., : rotary_dim // 2], sin[..., : rotary_dim // 2]


def angle_samples(generator: Generator) -> Iterator[Sample]:
    yield call(torch.arange(9), 8)
    yield call(torch.arange(1000, 1007), 6, 500000.0)
    yield call(torch.randint(5000, (2, 5), generator=generator), 10, base=1000.0)
    yield call(torch.arange(12).int()[::3], 2)
    yield call(torch.zeros(2, 0, dtype=torch.int64), 4)


def transformers_rotate(input: Tensor, cos: Tensor, sin: Tensor, pairing: str = "halves") -> Tensor:
    """Llama's or GPT-J's rotation of the features that have an angle, beside the rest as it is."""
    rotary_dim = 2 * cos.shape[-1]
    turned, rest = input[..., :rotary_dim], input[..., rotary_dim:]
    cos, sin = (table.expand(len(input), *table.shape[-2:]) if table.dim() < 3 else table.squeeze(1) for table in (cos, sin))
    if pairing == "halves":
        from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

        turned, _ = apply_rotary_pos_emb(turned, turned, torch.cat([cos, cos], -1), torch.cat([sin, sin], -1))
    else:
        from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb

        turned = apply_rotary_pos_emb(turned.transpose(1, 2), sin, cos).transpose(1, 2)  # it takes (batch, length, heads, ...)
    return torch.cat([turned, rest], -1)


def rotate_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def table(*shape: int) -> Constant:
        return Constant(draw(*shape))

    yield call(draw(2, 3, 5, 8), table(5, 4), table(5, 4))
    for pairing in ("halves", "interleaved"):
        yield call(draw(2, 3, 5, 8), table(5, 4), table(5, 4), pairing)
        yield call(draw(2, 3, 4, 7), table(2, 1, 4, 2), table(2, 1, 4, 2), pairing)
        yield call(draw(2, 4, 3, 6).transpose(1, 2), table(4, 3), table(4, 3), pairing=pairing)
        yield call(draw(1, 2, 1, 2), table(1, 1), table(1, 1), pairing)
        yield call(draw(0, 2, 3, 4), table(3, 2), table(3, 2), pairing)
        yield call(draw(2, 1, 3, 12)[..., ::2], table(3, 3), table(3, 3), pairing)


CASES = [
    OpCase(
        name="rotary_angles",
        reference="transformers.models.llama.modeling_llama.LlamaRotaryEmbedding",
        requires=("transformers",),
        ours=rotary_angles,
        theirs=llama_angles,
        samples=angle_samples,
    ),
    OpCase(
        name="rotate",
        reference="apply_rotary_pos_emb of transformers' Llama and GPT-J",
        requires=("transformers",),
        ours=rotate,
        theirs=transformers_rotate,
        samples=rotate_samples,
    ),
]
