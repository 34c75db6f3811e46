"""The answer of `diverge`, and the words that it is made of."""

from dataclasses import dataclass

from torch import nn

from groundup.parity.trace import owner


@dataclass(frozen=True)
class Divergence:
    """Where two modules part, or that they do not.

    `place` is the qualified name in mine: "" is the module itself, None where there is nothing to name. `what` is "output",
    "gradient", "buffer", "weights" or "alignment", and "" where they agree. `error` is relative to the largest value of the
    reference's tensor, None where there was nothing to measure. `cause` is what is likely wrong, "" where that is not known.
    """

    agrees: bool
    place: str | None
    what: str
    error: float | None
    message: str
    cause: str = ""

    def __str__(self) -> str:
        if self.agrees:
            return f"They agree. {self.message}"
        place = "" if self.place is None else f" at {self.place or 'the module itself'}"
        cause = f" Likely cause: {self.cause}." if self.cause else ""
        return f"They part{place} ({self.what}). {self.message}{cause}"


def size(error: float) -> str:
    if error == float("inf"):
        return "the two differ in shape, or are not finite at the same places"
    return f"they are {error:.1e} of the largest value apart"


def told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def nearest(place: str | None, module: nn.Module) -> str | None:
    """The submodule of this name, or the innermost one around it that exists."""
    names = {name for name, _ in module.named_modules(remove_duplicate=False)}
    while place is not None and place not in names:
        place = owner(place)
    return place
