"""What every way of decoding asks of a model: to be shown new tokens, and to say what may follow."""

from collections.abc import Callable, Sequence
from typing import Protocol

from torch import Tensor

from groundup.layers.kv_cache import KVCache


class Writer(Protocol):
    """Rows of texts that a model is writing. It remembers what it was shown, so each token is shown once.

    show     the new tokens of every row, (rows, new) of int64, to the logits of what follows: (rows, vocab_size)
    reorder  row i goes on where row rows[i] stands; rows (rows) of int64
    """

    def show(self, tokens: Tensor) -> Tensor: ...

    def reorder(self, rows: Tensor) -> None: ...


class CachedWriter:
    """The writer of any model that takes (tokens, caches), such as GPT-2: `CachedWriter(model, model.new_caches(rows, longest))`.

    A model that looks into another text takes that beside: `translation_writer` does so.
    """

    def __init__(self, model: Callable[[Tensor, Sequence[KVCache]], Tensor], caches: Sequence[KVCache]):
        self.model, self.caches = model, caches

    def show(self, tokens: Tensor) -> Tensor:
        return self.model(tokens, self.caches)[:, -1]

    def reorder(self, rows: Tensor) -> None:
        for cache in self.caches:
            cache.reorder(rows)


def translation_writer(model, source: Tensor, *, num_beams: int, max_length: int) -> CachedWriter:
    """The writer of `num_beams` translations of each sentence by a model such as `Transformer`.

    The source is read once, and what the decoder's blocks see of it is projected once. Row i * num_beams + j writes beam j of
    sentence i; beams change places within their sentence alone, so what they look into stays.
    Shapes: source (batch, length) of int64.
    """
    rows = source.new_tensor(range(len(source))).repeat_interleave(num_beams)
    memory = [part.reorder(rows) for part in model.decoder.project(model.encode(source))]
    mask = model.mask(source)[rows]
    caches = model.new_caches(len(rows), max_length)
    return CachedWriter(lambda tokens, caches: model.decode(tokens, memory, mask, caches), caches)
