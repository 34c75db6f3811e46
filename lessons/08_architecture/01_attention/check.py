"""What an answer to `attention` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Attention: looking something up, softly",
    name="attention",
    solution="groundup.ops.attention:scaled_dot_product_attention_tensors",
    hints=(
        "scores = query @ key.mT / sqrt(d): mT turns the last two dimensions alone, whatever stands in front. Softmax over "
        "the keys, then @ value.",
        "A mask of bool becomes numbers: 0 where it is True, minus infinity where it is not, added before the softmax. Causal"
        " is the mask torch.ones(queries, keys, dtype=torch.bool).tril().",
        "A row of nothing but minus infinity has no softmax: find it (blind = (mask == -inf).all(-1, keepdim=True)), open it "
        "(mask.masked_fill(blind, 0)), and strike its output out afterwards (output.masked_fill(blind, 0)); then no NaN "
        "arises on either way.",
    ),
)


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def three(*front: int, queries: int = 3, keys: int = 5, d: int = 4, e: int = 6, seed: int = 0):
    return rows(*front, queries, d, seed=seed), rows(*front, keys, d, seed=seed + 1), rows(*front, keys, e, seed=seed + 2)


def both_ways(attention, parts, mask=None, **options):
    parts = [part.clone().requires_grad_() for part in parts]
    output = attention(*parts, mask, **options) if mask is not None else attention(*parts, **options)
    (output * rows(*output.shape, seed=9)).sum().backward()
    return {"output": output, **{f"gradient of {n}": p.grad for n, p in zip(("query", "key", "value"), parts)}}


@EXERCISE.claim("three queries, five keys")
def plain(attention):
    return both_ways(attention, three())


@EXERCISE.claim("as many queries as keys as features")
def square(attention):
    return both_ways(attention, three(queries=4, keys=4, d=4, e=4))


@EXERCISE.claim("a batch with heads")
def batch(attention):
    return both_ways(attention, three(2, 3))


@EXERCISE.claim("a mask of bool, and one of numbers, that broadcast")
def masks(attention):
    seen = torch.tensor([True, True, False, True, False])
    return [both_ways(attention, three(2, 2), seen.view(1, 1, 1, 5)), both_ways(attention, three(2, 2), rows(2, 1, 3, 5, seed=4))]


@EXERCISE.claim("causal: nobody sees what comes later")
def causal(attention):
    return both_ways(attention, three(2, queries=4, keys=4), is_causal=True)


@EXERCISE.claim("scores of thousands")
def large(attention):
    query, key, value = three()
    return attention(200 * query, 200 * key, value)


@EXERCISE.claim("a query that may see nothing gives 0, and no NaN on the way back")
def blind(attention):
    seen = torch.ones(3, 5, dtype=torch.bool)
    seen[1] = False
    return both_ways(attention, three(2), seen)


@EXERCISE.drawn
def drawn(attention, seed: int):
    length, d = 1 + seed % 5, 1 + seed % 4
    parts = three(1 + seed % 2, 2, queries=length, keys=length, d=d, e=3, seed=seed)
    if seed % 3 == 0:
        return both_ways(attention, parts, is_causal=True)
    seen = torch.rand(length, length, generator=torch.Generator().manual_seed(seed)) < 0.7
    return both_ways(attention, parts, seen if seed % 3 == 1 else None)
