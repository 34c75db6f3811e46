"""The embedding layer."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.ops.embedding import embedding


class Embedding(Module):
    """A learnt vector for each number of a vocabulary; the one of `padding_idx` starts at zero and is never trained.

    `max_norm`: a vector that is looked up is first shortened, in the table, to this `norm_type`-norm. `scale_grad_by_freq`:
    its gradient is divided by how often it was looked up. `sparse`: the table's gradient holds only the rows looked up.

    Shapes: (...) of int64 or int32 -> (..., embedding_dim).
    Raises: ValueError for a padding_idx outside the vocabulary, for scale_grad_by_freq together with sparse and, on the
    CPU, for an index outside the vocabulary.
    Equals: torch.nn.Embedding, its start included.
    """

    def __init__(
        self,
        *,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ):
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx={padding_idx} is outside a vocabulary of {num_embeddings}")
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.weight = Parameter(torch.empty(num_embeddings, embedding_dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew, from a standard normal distribution."""
        with torch.no_grad():
            self.weight.normal_()
            if self.padding_idx is not None:
                self.weight[self.padding_idx] = 0

    def forward(self, x: Tensor) -> Tensor:
        return embedding(x, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
