"""What attention need not compute twice: the keys and values of tokens that were seen before."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor


class KeysAndValues(NamedTuple):
    """The keys and values of a text, projected and cut into heads; a context that stays is projected only once.

    Shapes: (..., num_kv_heads, length, head_dim) each.
    """

    keys: Tensor
    values: Tensor

    def reorder(self, rows: Tensor) -> "KeysAndValues":
        """Those of other rows of the batch, each as often as its number occurs: the contexts of the beams that go on."""
        return KeysAndValues(self.keys[rows], self.values[rows])


class KVCache:
    """The keys and values of all tokens so far, in memory that is taken once and filled from the front.

    Attention gives each token a key and a value that later tokens look at but never change. A model that writes one token
    after another keeps them here, and computes those of the newest alone. One layer's cache holds `max_seq_len` tokens for
    each of `batch_size` texts; the shape of what attention reads never changes, and a mask hides what is still empty.

    It is for generation, without gradients. `length`, a tensor of no dimensions, counts the tokens held.
    Raises: ValueError for tokens of another shape, for gradients, and for more than fit (on a GPU the kernel itself refuses
    those).
    """

    def __init__(
        self,
        *,
        batch_size: int,
        num_kv_heads: int,
        max_seq_len: int,
        head_dim: int,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ):
        self.keys = torch.zeros(batch_size, num_kv_heads, max_seq_len, head_dim, dtype=dtype, device=device)
        self.values = torch.zeros_like(self.keys)
        self.length = torch.zeros((), dtype=torch.int64, device=device)

    @property
    def max_seq_len(self) -> int:
        return self.keys.shape[2]

    def held(self) -> int | None:
        """How many tokens there are; None while compiling, and where one would have to wait for a GPU to know."""
        return int(self.length) if self.length.device.type == "cpu" and not torch.compiler.is_compiling() else None

    def positions(self, count: int) -> Tensor:
        """Where the next `count` tokens stand in their text; a ValueError if so many do not fit. Shapes: -> (count) of int64."""
        held = self.held()
        if held is not None and held + count > self.max_seq_len:
            raise ValueError(
                f"this cache has room for {self.max_seq_len} tokens: it holds {held}, and {count} more do not fit; "
                "make it with a larger max_seq_len, or reset it"
            )
        return torch.arange(count, device=self.length.device) + self.length

    def append(self, keys: Tensor, values: Tensor) -> KeysAndValues:
        """Those of new tokens are written behind the ones held; all come back, what is still empty included.

        Shapes: (batch_size, num_kv_heads, new tokens, head_dim) each -> (batch_size, num_kv_heads, max_seq_len, head_dim).
        """
        self.check(keys, values)
        places = self.positions(keys.shape[2])
        self.keys.index_copy_(2, places, keys.to(self.keys.dtype))
        self.values.index_copy_(2, places, values.to(self.values.dtype))
        self.length += keys.shape[2]
        return KeysAndValues(self.keys, self.values)

    def check(self, keys: Tensor, values: Tensor) -> None:
        """A ValueError that says why these do not go in."""
        batch, heads, _, head_dim = self.keys.shape
        for part in (keys, values):
            if part.dim() != 4 or part.shape != (batch, heads, part.shape[2], head_dim):
                raise ValueError(
                    f"this cache takes keys and values of shape ({batch}, {heads}, tokens, {head_dim}); it was given "
                    f"{tuple(part.shape)}"
                )
        if keys.shape != values.shape:
            raise ValueError(f"every token has a key and a value; there are {keys.shape[2]} keys and {values.shape[2]} values")
        if torch.is_grad_enabled() and (keys.requires_grad or values.requires_grad):
            raise ValueError("a cache is filled without gradients: write text within torch.no_grad()")

    def reset(self) -> None:
        """Forget everything."""
        self.truncate(0)

    def truncate(self, length: int) -> None:
        """Keep the first `length` tokens alone: what a draft model guessed wrong is taken back.

        Raises: ValueError for a length below 0 or of more than are held.
        """
        held = self.held()
        if length < 0 or (held is not None and length > held):
            raise ValueError(f"this cache cannot be cut back to {length} tokens: it holds {int(self.length)}")
        self.keys[:, :, length:] = 0  # not only hidden: were there a NaN, a weight of 0 would not silence it
        self.values[:, :, length:] = 0
        self.length.fill_(length)

    def reorder(self, rows: Tensor) -> None:
        """Text i goes on where text rows[i] stands: in a beam search, the beams that were kept.

        Shapes: rows (batch_size) of int64.
        Raises: ValueError for another shape.
        """
        if rows.shape != self.keys.shape[:1]:
            raise ValueError(f"this cache holds {len(self.keys)} texts and takes as many row numbers, not {tuple(rows.shape)}")
        held = self.held()  # if that is not known, all places are copied
        self.keys[:, :, :held] = self.keys[rows, :, :held]
        self.values[:, :, :held] = self.values[rows, :, :held]


def one_each(given: Sequence[Any] | None, blocks: int) -> Sequence[Any]:
    """What is given for each of so many blocks, None for all of them where nothing is; a ValueError for another number."""
    given = [None] * blocks if given is None else given
    if len(given) != blocks:
        raise ValueError(f"each of {blocks} blocks has its own cache, or memory; {len(given)} were given")
    return given
