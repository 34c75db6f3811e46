"""Text from a language model, a token at a time: each is drawn from what the model expects after all before it."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import Module

from groundup.ops.softmax import softmax


@torch.no_grad()
def sample_tokens(
    model: Module,
    tokens: Tensor,
    count: int,
    *,
    generator: Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    max_seq_len: int,
) -> Tensor:
    """The given tokens with `count` more behind each row.

    The model sees the last `max_seq_len` of them: its window slides along. A model that has `new_caches` (GPT-2 does) is shown
    each token once, as long as the window is not full. When it slides, every token moves to another position, and what was
    kept of it no longer holds: from there on the whole window is computed for every new token.

    A `temperature` below 1 makes likely tokens likelier still, 0 takes the likeliest, above 1 all come closer to equal; with
    `top_k` only so many of the likeliest can be drawn. All chance comes from the generator, on the CPU, so every device draws
    alike.

    Shapes: tokens (batch, length) of int64 -> (batch, length + count).
    Raises: ValueError for no tokens to begin with, and for a count, temperature, top_k or max_seq_len below its range.
    """
    if not tokens.shape[1]:
        raise ValueError("sample_tokens needs at least one token to continue")
    if count < 0 or not 0 <= temperature < math.inf or (top_k is not None and top_k < 1) or max_seq_len < 1:
        raise ValueError(
            "sample_tokens takes count >= 0, temperature >= 0, top_k >= 1 and max_seq_len >= 1; "
            f"got count={count}, temperature={temperature}, top_k={top_k}, max_seq_len={max_seq_len}"
        )
    caches, held = None, 0  # the caches, and how many tokens are in them
    if hasattr(model, "new_caches"):
        caches = model.new_caches(len(tokens), min(max_seq_len, tokens.shape[1] + count))
    for _ in range(count):
        if caches is not None and tokens.shape[1] <= max_seq_len:
            logits = model(tokens[:, held:], caches=caches)
            held = tokens.shape[1]
        else:
            logits = model(tokens[:, -max_seq_len:])
        logits = logits[:, -1].double().cpu()  # (batch, vocab_size)
        following = draw(logits, generator, temperature, top_k).to(tokens.device)
        tokens = torch.cat([tokens, following], dim=1)
    return tokens


def draw(logits: Tensor, generator: Generator, temperature: float, top_k: int | None) -> Tensor:
    """One token for each row of logits. Shapes: (batch, vocab_size) -> (batch, 1)."""
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    if top_k is not None and top_k < logits.shape[-1]:
        weakest = logits.topk(top_k).values[:, -1:]
        logits = logits.masked_fill(logits < weakest, -math.inf)
    return torch.multinomial(softmax(logits / temperature, dim=-1), 1, generator=generator)
