"""Embedding: rows of a table, looked up by number."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_gradient(scale_grad_by_freq: bool, sparse: bool) -> None:
    """A ValueError for two wishes that do not go together; torch would say so only in the backward pass."""
    if scale_grad_by_freq and sparse:
        raise ValueError("embedding: a sparse gradient cannot be scaled by frequency: set scale_grad_by_freq or sparse, not both")


def check_embedding(input: Tensor, weight: Tensor, padding_idx: int | None) -> None:
    """A ValueError that says what does not fit; a GPU would have to be waited for, and is not asked for its indices."""
    if weight.dim() != 2:
        raise ValueError(f"embedding takes a table of shape (vocabulary, dim); it was given {tuple(weight.shape)}")
    if input.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"embedding takes indices of type int64 or int32; it was given {input.dtype}")
    if padding_idx is not None and not -len(weight) <= padding_idx < len(weight):
        raise ValueError(f"embedding: padding_idx={padding_idx} is outside a vocabulary of {len(weight)}")
    if input.device.type == "cpu" and not torch.compiler.is_compiling():
        outside = input[(input < 0) | (input >= len(weight))]
        if len(outside):
            raise ValueError(f"embedding: index {outside[0].item()} is outside a vocabulary of {len(weight)}")


def row_number(padding_idx: int | None, weight: Tensor) -> int | None:
    """padding_idx counted from the start; as in torch, a negative one counts from the end."""
    return padding_idx + len(weight) if padding_idx is not None and padding_idx < 0 else padding_idx


def shorten_rows(input: Tensor, weight: Tensor, max_norm: float | None, norm_type: float) -> None:
    """Scale, in place and unseen by autograd, those of the rows looked up that are longer than max_norm down to it."""
    if max_norm is None:
        return
    with torch.no_grad():
        rows = weight[input.flatten()]
        norm = torch.linalg.vector_norm(rows, norm_type, dim=1, keepdim=True)
        weight[input.flatten()] = torch.where(norm > max_norm, rows * (max_norm / (norm + 1e-7)), rows)


def look_up(input: Tensor, weight: Tensor, sparse: bool) -> Tensor:
    """The rows themselves; `sparse` keeps of their gradient only the rows that were read. Shapes: -> (..., dim)."""
    if not sparse:
        return weight[input]
    numbers = input.reshape(-1, 1).expand(-1, weight.shape[1]).long()
    return torch.gather(weight, 0, numbers, sparse_grad=True).view(*input.shape, weight.shape[1])


def uses(input: Tensor) -> Tensor:
    """How often each index occurs among all of them. Shapes: any -> the same, and one more dimension of size 1."""
    return input.flatten().bincount()[input].unsqueeze(-1)


def embedding_loops(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    check_gradient(scale_grad_by_freq, sparse)
    check_embedding(input, weight, padding_idx)
    padding, numbers = row_number(padding_idx, weight), input.flatten().tolist()
    for number in set(numbers):
        shorten_rows(torch.tensor(number), weight, max_norm, norm_type)
    output = weight.new_zeros(*input.shape, weight.shape[1])
    for index in product(*map(range, input.shape)):
        number = int(input[index])
        row = look_up(torch.tensor(number), weight, sparse)
        if number == padding:
            row = row.detach()
        elif scale_grad_by_freq:
            part = row / numbers.count(number)
            row = part + (row - part).detach()
        output[index] = row
    return output


def embedding_tensors(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """output[..., d] = weight[input[...], d]: the product of one-hot rows with the table, without the multiplications by 0.

    The row `padding_idx` is read like any other but gets no gradient. `max_norm`: a row that is looked up and whose
    `norm_type`-norm is larger is first shortened to it, in the table itself. `scale_grad_by_freq` divides the gradient of a
    row by how often it was looked up. `sparse` makes the table's gradient a sparse tensor, of the rows looked up alone.

    Shapes: input (...) of int64 or int32, weight (vocabulary, dim) -> (..., dim).
    Raises: ValueError for an index outside the vocabulary (not looked for on a GPU), a padding_idx outside it, indices of
    another type, a table that is none, and scale_grad_by_freq together with sparse.
    Equals: torch.nn.functional.embedding.
    """
    check_gradient(scale_grad_by_freq, sparse)
    check_embedding(input, weight, padding_idx)
    shorten_rows(input, weight, max_norm, norm_type)
    output = look_up(input, weight, sparse)
    if scale_grad_by_freq:
        part = output / uses(input)
        output = part + (output - part).detach()  # the value is the whole row, the gradient that of the part
    if padding_idx is not None:
        padding = (input == row_number(padding_idx, weight)).unsqueeze(-1)
        output = torch.where(padding, output.detach(), output)
    return output


class EmbeddingManual(torch.autograd.Function):
    """embedding with its backward pass by hand: each row of the table adds up the gradients of all its uses."""

    @staticmethod
    def forward(input, weight, padding_idx, scale_grad_by_freq, sparse):
        return weight[input]

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, padding_idx, ctx.scale_grad_by_freq, ctx.sparse = inputs
        ctx.save_for_backward(input)
        ctx.table, ctx.padding = weight.shape, row_number(padding_idx, weight)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        if ctx.padding is not None:
            grad_output = grad_output.masked_fill((input == ctx.padding).unsqueeze(-1), 0)
        if ctx.scale_grad_by_freq:
            grad_output = grad_output / uses(input)
        rows, numbers = grad_output.reshape(-1, ctx.table[1]), input.flatten()
        if ctx.sparse:
            grad_weight = torch.sparse_coo_tensor(numbers.unsqueeze(0), rows, ctx.table, check_invariants=False)
        else:
            grad_weight = rows.new_zeros(ctx.table).index_add(0, numbers, rows)
        return None, grad_weight, None, None, None


def embedding_manual(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    check_gradient(scale_grad_by_freq, sparse)
    check_embedding(input, weight, padding_idx)
    shorten_rows(input, weight, max_norm, norm_type)
    return EmbeddingManual.apply(input, weight, padding_idx, scale_grad_by_freq, sparse)


def embedding_fused(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    check_gradient(scale_grad_by_freq, sparse)
    try:
        return F.embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    except (AssertionError, IndexError, RuntimeError):
        check_embedding(input, weight, padding_idx)
        raise


embedding = Ladder(embedding_tensors, loops=embedding_loops, manual=embedding_manual, fused=embedding_fused)
