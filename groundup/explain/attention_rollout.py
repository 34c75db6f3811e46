"""Attention rollout: how much of each patch has come to the class token, through all blocks together.

The weights of one block say what a token takes of the tokens before it, but those are mixtures already. Half of what leaves a
block came by attention and half came past it on the stream; so a block mixes tokens by 0.5 * weights + 0.5 * identity, and
several blocks by the product of these. It is an estimate: what the feed-forward networks and the values do is left out.
"""

import inspect
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.explain.sheet import Cell, Row, draw_sheet, enlarged, overlaid, scaled
from groundup.explain.subject import NothingToShow
from groundup.layers.attention import MultiHeadAttention

SIDE, MOST = 132, 6  # pixels of a picture on the sheet, and how many depths are drawn


@torch.no_grad()
def self_attentions(model: Module, images: Tensor) -> list[Tensor]:
    """The weights of each self-attention, the mean of its heads, in the order in which they are asked.

    The model computes as ever; the weights are computed a second time from what each attention reads.
    Shapes: images as the model takes them -> (batch, query, key) each, in float64 on the CPU; each row sums to 1.
    """
    found: list[Tensor] = []

    def look(module: MultiHeadAttention, inputs: tuple, options: dict) -> None:
        asked = inspect.signature(module.forward).bind(*inputs, **options).arguments
        if asked.get("context") is None:
            weights = module.weights(asked["x"], mask=asked.get("mask"), is_causal=asked.get("is_causal", False))
            found.append(weights.cpu().double().mean(-3))

    attentions = [module for module in model.modules() if isinstance(module, MultiHeadAttention)]
    handles = [attention.register_forward_pre_hook(look, with_kwargs=True) for attention in attentions]
    try:
        model(images)
    finally:
        for handle in handles:
            handle.remove()
    return found


def rollout(attentions: Sequence[Tensor]) -> Tensor:
    """How much of each token of the input is in each token behind each block.

    Paper: Abnar and Zuidema, "Quantifying attention flow in Transformers", 2020, https://arxiv.org/abs/2005.00928, section 3
    (W_att is a block's weights, A its mixture, A with a tilde the product).
    Shapes: (batch, tokens, tokens) for each block -> (blocks, batch, tokens, tokens); each row sums to 1.
    """
    identity = torch.eye(attentions[0].shape[-1], dtype=attentions[0].dtype)
    joint, found = identity, []
    for weights in attentions:
        mixture = 0.5 * weights + 0.5 * identity
        joint = mixture / mixture.sum(-1, keepdim=True) @ joint  # weights of 16-bit numbers do not quite sum to 1
        found.append(joint)
    return torch.stack(found)


def attention_rollout(model: Module, images: Tensor, grid: tuple[int, int]) -> Tensor:
    """How much of each patch is in the class token behind each block; without one, in all patches on average.

    `grid` is how many rows and columns of patches there are; they are the last tokens, row by row.
    Shapes: images as the model takes them -> (blocks, batch, rows, columns).
    Raises: NothingToShow for a model without attention, and for one whose attentions do not all see the same tokens.
    """
    attentions, (rows, columns) = self_attentions(model, images), grid
    if not attentions:
        raise NothingToShow("the model has no attention")
    if len({weights.shape for weights in attentions}) > 1 or attentions[0].shape[-1] < rows * columns:
        raise NothingToShow("the attentions of the model do not all see the same tokens")
    joint = rollout(attentions)
    gathers = joint[:, :, 0] if joint.shape[-1] > rows * columns else joint.mean(2)
    return gathers[..., -rows * columns :].unflatten(-1, (rows, columns))


def draw_rollout(pictures: Sequence[Image.Image], heat: Tensor, words: Sequence[str]) -> Image.Image:
    """A row for each picture: the picture with its words, then what has come to the class token behind some of the blocks.

    Shapes: heat (blocks, batch, rows, columns).
    """
    blocks = len(heat)
    shown = sorted({round(place * (blocks - 1) / max(1, min(MOST, blocks) - 1)) for place in range(min(MOST, blocks))})
    rows = []
    for number, (picture, line) in enumerate(zip(pictures, words, strict=True)):
        large = enlarged(picture, SIDE)
        cells = [Cell(large, line)]
        for block in shown:
            share = heat[block, number]
            low, high = (value.item() * share.numel() / share.sum().item() for value in (share.min(), share.max()))
            cells.append(Cell(overlaid(large, scaled(share)), f"block {block + 1} of {blocks}\n{low:.1f} to {high:.1f}"))
        rows.append(Row(cells))
    note = "dark to bright: from the patch of which least has come to that of which most has; 1.0 is an even share"
    return draw_sheet(rows, title="Attention rollout: how much of each patch has come to the class token", note=note)
