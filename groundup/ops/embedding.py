"""Embedding: rows of a table, looked up by number."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_embedding(input: Tensor, weight: Tensor) -> None:
    """A ValueError that names the first index outside the table; a GPU would have to be waited for, and is not asked."""
    if input.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"embedding takes indices of type int64 or int32; it was given {input.dtype}")
    if input.device.type == "cpu" and not torch.compiler.is_compiling():
        outside = input[(input < 0) | (input >= len(weight))]
        if len(outside):
            raise ValueError(f"embedding: index {outside[0].item()} is outside a vocabulary of {len(weight)}")


def row_number(padding_idx: int | None, weight: Tensor) -> int | None:
    """padding_idx counted from the start; as in torch, a negative one counts from the end."""
    return padding_idx + len(weight) if padding_idx is not None and padding_idx < 0 else padding_idx


def embedding_loops(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    check_embedding(input, weight)
    padding = row_number(padding_idx, weight)
    output = weight.new_zeros(*input.shape, weight.shape[1])
    for index in product(*map(range, input.shape)):
        row = int(input[index])
        output[index] = weight[row].detach() if row == padding else weight[row]
    return output


def embedding_tensors(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """output[..., d] = weight[input[...], d]; the row `padding_idx` is read like any other but gets no gradient.

    It is the product of one-hot rows with the table, without the multiplications by 0.

    Shapes: input (...) of int64 or int32, weight (vocabulary, dim) -> (..., dim).
    Raises: ValueError for an index outside the vocabulary (not looked for on a GPU).
    Equals: torch.nn.functional.embedding.
    """
    check_embedding(input, weight)
    output = weight[input]
    if padding_idx is not None:
        padding = (input == row_number(padding_idx, weight)).unsqueeze(-1)
        output = torch.where(padding, output.detach(), output)
    return output


class EmbeddingManual(torch.autograd.Function):
    """embedding with its backward pass by hand: each row of the table adds up the gradients of all its uses."""

    @staticmethod
    def forward(input, weight, padding_idx=None):
        return embedding_tensors(input, weight, padding_idx)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, padding_idx = inputs
        ctx.save_for_backward(input)
        ctx.table, ctx.padding = weight.shape, row_number(padding_idx, weight)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        if ctx.padding is not None:
            grad_output = grad_output.masked_fill((input == ctx.padding).unsqueeze(-1), 0)
        rows = grad_output.reshape(-1, ctx.table[1])
        return None, rows.new_zeros(ctx.table).index_add(0, input.flatten(), rows), None


def embedding_fused(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    return F.embedding(input, weight, padding_idx)


embedding = Ladder(embedding_tensors, loops=embedding_loops, manual=EmbeddingManual.apply, fused=embedding_fused)
