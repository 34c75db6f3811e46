"""How much memory a computation holds at its worst moment."""

import weakref
from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from groundup.parity.compare import tensors_in


class Held(TorchDispatchMode):
    """Follows the storages that are made within the block: how many bytes live now, and the most that lived at once."""

    def __init__(self):
        super().__init__()
        self.now, self.peak = 0, 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        old = {tensor.untyped_storage()._cdata for tensor in tensors_in((args, kwargs or {}))}
        result = function(*args, **(kwargs or {}))
        for tensor in tensors_in(result):
            storage = tensor.untyped_storage()
            if storage._cdata not in old and storage._cdata not in self.known:
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                self.known.add(storage._cdata)
                weakref.finalize(storage, self.gone, storage._cdata, storage.nbytes())
        return result

    def gone(self, key: int, count: int) -> None:
        self.known.discard(key)
        self.now -= count


def peak_bytes(work: Callable[[], object]) -> int:
    """The most bytes of tensors that live at once while `work` runs, beyond those that lived before."""
    with Held() as held, torch.no_grad():
        work()
    return held.peak
