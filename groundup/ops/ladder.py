"""The ladder: one op computed in several ways, side by side, proven equal.

| rung      | made of                                         | why it is there                              |
|-----------|-------------------------------------------------|----------------------------------------------|
| `loops`   | Python loops over indices                       | the definition; for tiny inputs only         |
| `tensors` | tensor arithmetic, differentiated by autograd   | how it is really computed; fit to train with |
| `manual`  | the same with a backward pass written by hand   | what autograd does for you                   |
| `fused`   | PyTorch's kernel or the fastest arrangement     | what you would ship; the default             |
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, ParamSpec, TypeVar

RUNGS = ("loops", "tensors", "manual", "fused")

P = ParamSpec("P")
R = TypeVar("R")

_active = "fused"


class Ladder(Generic[P, R]):
    """An op with up to four rungs. Calling it calls the active rung; a rung that it lacks falls to `tensors`."""

    def __init__(
        self,
        tensors: Callable[P, R],
        *,
        loops: Callable[P, R] | None = None,
        manual: Callable[P, R] | None = None,
        fused: Callable[P, R] | None = None,
    ):
        own = {"loops": loops, "tensors": tensors, "manual": manual, "fused": fused}
        self.rungs: tuple[str, ...] = tuple(name for name in RUNGS if own[name] is not None)
        self.loops = loops or tensors
        self.tensors = tensors
        self.manual = manual or tensors
        self.fused = fused or tensors
        self.__doc__ = tensors.__doc__
        self.__name__ = tensors.__name__.removesuffix("_tensors")

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return getattr(self, _active)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"Ladder({self.__name__}: {', '.join(self.rungs)})"


def active_rung() -> str:
    """The rung that every Ladder uses now."""
    return _active


@contextmanager
def rung(name: str) -> Iterator[None]:
    """Within the block every Ladder, in every thread, computes on this rung.

    Raises: ValueError for a name that is not one of `RUNGS`.
    """
    global _active
    if name not in RUNGS:
        raise ValueError(f"no rung is called {name!r}: choose one of {', '.join(RUNGS)}")
    before, _active = _active, name
    try:
        yield
    finally:
        _active = before
