"""Mistakes in what is written out by hand, without a function of its own: a constant, a mask, the kind of variance."""

from collections.abc import Callable

from torch import Tensor

from groundup.parity.mistakes import Mistake


def mistakes() -> list[Mistake]:
    def left_out(original: Callable, x: Tensor, other: object) -> Tensor:
        return x if isinstance(other, int | float) else original(x, other)

    def another_variance(original: Callable, x: Tensor, *args, correction: int = 1, **kwargs) -> Tensor:
        return original(x, *args, correction=1 - correction, **kwargs)

    unscaled = "a constant factor is left out, such as the 1/sqrt(d) of attention"
    return [
        *(Mistake(name, unscaled, left_out) for name in ("__mul__", "__rmul__", "__truediv__")),
        *(Mistake(name, "a constant term is left out, such as eps", left_out) for name in ("__add__", "__radd__")),
        Mistake("var", "the variance is divided by the wrong count: see unbiased, or correction", another_variance),
        Mistake("sqrt", "a root is left out", lambda original, x: x),
        Mistake("masked_fill", "the mask is not applied", lambda original, x, mask, value: x),
        Mistake("masked_fill", "the mask is inverted", lambda original, x, mask, value: original(x, ~mask, value)),
        Mistake("masked_fill", "masked scores are set to 0: only minus infinity hides them", masked_with_zero),
        Mistake("detach", "what the reference keeps out of the gradient takes part in it: a detach() is missing", let_through),
    ]


def masked_with_zero(original: Callable, x: Tensor, mask: Tensor, value: float) -> Tensor:
    return original(x, mask, 0.0)


def let_through(original: Callable, x: Tensor) -> Tensor:
    return x
