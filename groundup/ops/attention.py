"""Scaled dot-product attention: each query takes the mean of the values, weighted by how well their keys answer it."""

import math
from itertools import product

import torch
from torch import Tensor

from groundup.ops.attention_fused import scaled_dot_product_attention_fused
from groundup.ops.attention_mask import causal_mask, check_attention, share_heads, whole_mask
from groundup.ops.dropout import dropout
from groundup.ops.ladder import Ladder

BLOCK = 128  # queries that are computed together where none sees what comes after it


def prepare(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
    enable_gqa: bool,
) -> tuple[Tensor, Tensor, float]:
    """Key and value with as many heads as the query, and the scale; a ValueError that says what does not fit."""
    check_attention(query, key, value, attn_mask, dropout_p, is_causal, enable_gqa)
    if enable_gqa:
        key, value = share_heads(query, key, value)
    return key, value, 1 / math.sqrt(max(1, query.shape[-1])) if scale is None else scale


def scaled_dot_product_attention_loops(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    key, value, scale = prepare(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
    mask = whole_mask(query, key, attn_mask, is_causal)
    batch = torch.broadcast_shapes(*(part.shape[:-2] for part in (query, key, value)))
    query, key, value = (part.expand(*batch, -1, -1) for part in (query, key, value))
    (queries, head_dim), (keys, value_dim) = query.shape[-2:], value.shape[-2:]
    mask = None if mask is None else mask.expand(*batch, queries, keys)
    output = query.new_zeros(*batch, queries, value_dim)
    for index in product(*map(range, batch)):
        for i in range(queries):
            scores = []
            for j in range(keys):
                score = query.new_zeros(())
                for d in range(head_dim):
                    score = score + query[index][i, d] * key[index][j, d]
                scores.append(score * scale if mask is None else score * scale + mask[index][i, j])
            if all(score == -math.inf for score in scores):
                continue  # a query that may see no key gives 0
            largest = max(score.item() for score in scores)
            powers = [(score - largest).exp() for score in scores]
            weights = dropout(torch.stack(powers) / sum(powers), dropout_p)
            for d in range(value_dim):
                output[index][i, d] = sum(weights[j] * value[index][j, d] for j in range(keys))
    return output


def powers_and_totals(query: Tensor, key: Tensor, mask: Tensor | None, scale: float, blind: bool = True) -> tuple[Tensor, Tensor]:
    """Both parts of softmax(query key^T * scale + mask): exp of each score, and the sum of each row to divide it by.

    The largest score of a row is first taken from all of it, so that no power can overflow. A query that may see no key, as
    there may be unless `blind` is false, has powers of 0, and 1 to divide them by. Behind a mask a power of e is taken as
    one of 2, exp(x) = 2^(x / log 2): on a CPU `exp` takes ten times as long where its result is 0, as it is wherever a key
    is hidden, and `exp2` does not.
    Shapes: query (..., query, head_dim), key (..., key, head_dim) -> (..., query, key) and (..., query, 1).
    """
    base = math.e if mask is None else 2.0
    scores = (query @ key.mT).mul_(scale / math.log(base))  # (..., query, key), of which each step writes over the one before
    if mask is not None:
        scores = scores.add_(mask / math.log(2) if blind else mask)  # a causal mask is of 0 and -inf alone
    if scores.shape[-1]:
        largest = scores.detach().amax(-1, keepdim=True)
        scores = scores.sub_(largest.masked_fill(largest == -math.inf, 0) if blind else largest)
    powers = scores.exp_() if mask is None else scores.exp2_()
    totals = powers.sum(-1, keepdim=True)
    return powers, totals.masked_fill(totals == 0, 1) if blind else totals


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, scale: float, blind: bool) -> Tensor:
    """softmax(query key^T * scale + mask) value; divided is where there is less to divide, the powers or what they sum up."""
    powers, totals = powers_and_totals(query, key, mask, scale, blind)
    if not torch.compiler.is_compiling() and key.shape[-2] < value.shape[-1]:
        return dropout(powers / totals, dropout_p) @ value
    return dropout(powers, dropout_p) @ value / totals


def scaled_dot_product_attention_tensors(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query key^T * scale + mask) value, with scale = 1 / sqrt(head_dim) where none is given.

    `attn_mask` is of bool (True = this query may see this key) or is added to the scores (0 = may, -inf = may not).
    `is_causal` lets query i see the keys 0 to i. A query that may see no key gives 0. `dropout_p` strikes out weights
    whenever it is not 0: outside of training, pass 0. With `enable_gqa` key and value have fewer heads than query, which
    divide its: query heads that stand side by side share one of theirs.

    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.2.1; for `enable_gqa`
    https://arxiv.org/abs/2305.13245, section 2.2.
    Shapes: query (..., heads, query, head_dim), key (..., heads, key, head_dim), value (..., heads, key, value_dim),
    attn_mask any of two dimensions or more that broadcasts to (..., heads, query, key) -> (..., heads, query, value_dim).
    Raises: ValueError for attn_mask together with is_causal, a mask of another type, shapes and types that do not match,
    heads that do not divide, and a dropout_p outside 0 to 1.
    Equals: torch.nn.functional.scaled_dot_product_attention; on the CPU also number by number after the same seed.
    """
    key, value, scale = prepare(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
    blind = attn_mask is not None or torch.compiler.is_compiling() or not key.shape[-2]  # else all may see the first key
    if not is_causal or dropout_p or torch.compiler.is_compiling() or query.shape[-2] <= BLOCK:
        return attend(query, key, value, whole_mask(query, key, attn_mask, is_causal), dropout_p, scale, blind)
    outputs = []
    for first in range(0, query.shape[-2], BLOCK):  # no block needs the keys behind its end: half of the work falls away
        end = first + BLOCK
        block, seen = query[..., first:end, :], key[..., :end, :]
        mask = causal_mask(block.shape[-2], seen.shape[-2], query, first)
        outputs.append(attend(block, seen, value[..., :end, :], mask, 0.0, scale, blind))
    return torch.cat(outputs, -2)


def attention_weights(
    query: Tensor,
    key: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query key^T * scale + mask): how much each query takes of each value.

    The arguments are those of `scaled_dot_product_attention`.
    Shapes: -> (..., heads, query, key); each row sums to 1, or to 0 for a query that may see no key.
    """
    key, _, scale = prepare(query, key, key, attn_mask, 0.0, is_causal, scale, enable_gqa)
    powers, totals = powers_and_totals(query, key, whole_mask(query, key, attn_mask, is_causal), scale)
    return powers / totals


class AttentionManual(torch.autograd.Function):
    """weights = softmax(query key^T * scale + mask) and output = (weights * kept) value, with the backward pass by hand.

    `kept` strikes weights out and scales the others up (dropout); None keeps all. The weights are an output too: the
    backward pass needs them, and as an output they can themselves be differentiated, for a second derivative.
    """

    @staticmethod
    def forward(query, key, value, mask, kept, scale):
        powers, totals = powers_and_totals(query, key, mask, scale)
        weights = powers / totals
        return (weights if kept is None else weights * kept) @ value, weights

    @staticmethod
    def setup_context(ctx, inputs, output):
        query, key, value, mask, kept, ctx.scale = inputs
        ctx.mask_shape = None if mask is None else mask.shape
        ctx.save_for_backward(query, key, value, kept, output[1])

    @staticmethod
    def backward(ctx, grad, grad_weights):
        query, key, value, kept, weights = ctx.saved_tensors
        grad_value = (weights if kept is None else weights * kept).mT @ grad
        through_value = grad @ value.mT
        grad_weights = grad_weights + (through_value if kept is None else through_value * kept)
        # through softmax: weight i by score j is weight_i * ((1 if i is j else 0) - weight_j)
        mean = (grad_weights * weights).sum(-1, keepdim=True)
        grad_scores = weights * (grad_weights - mean)
        grad_query = (grad_scores @ key * ctx.scale).sum_to_size(query.shape)
        grad_key = (grad_scores.mT @ query * ctx.scale).sum_to_size(key.shape)
        grad_mask = grad_scores.sum_to_size(ctx.mask_shape) if ctx.needs_input_grad[3] else None
        return grad_query, grad_key, grad_value.sum_to_size(value.shape), grad_mask, None, None


def scaled_dot_product_attention_manual(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    key, value, scale = prepare(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
    mask, kept = whole_mask(query, key, attn_mask, is_causal), None
    if dropout_p:
        batch = torch.broadcast_shapes(query.shape[:-2], key.shape[:-2])
        kept = dropout(query.new_ones(*batch, query.shape[-2], key.shape[-2]), dropout_p)
    return AttentionManual.apply(query, key, value, mask, kept, scale)[0]


scaled_dot_product_attention = Ladder(
    scaled_dot_product_attention_tensors,
    loops=scaled_dot_product_attention_loops,
    manual=scaled_dot_product_attention_manual,
    fused=scaled_dot_product_attention_fused,
)
