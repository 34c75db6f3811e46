"""Mistakes in activations, linear layers, convolution, pooling, normalization, dropout and recurrence."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.parity.mistakes import Mistake


def instead(function: str, other: Callable, cause: str) -> Mistake:
    """Another function of the first argument alone."""
    return Mistake(function, cause, lambda original, x, *args, **kwargs: other(x))


def activations() -> list[Mistake]:
    quick = ("the sigmoid form x * sigmoid(1.702 x)", lambda x: x * torch.sigmoid(1.702 * x))
    exact = ("the exact form, with erf", lambda x: x / 2 * (1 + torch.erf(x / math.sqrt(2))))
    tanh = ("the tanh form", lambda x: x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    found = [
        instead("gelu", form, f"another GELU: mine computes {name}, the reference does not")
        for name, form in (quick, exact, tanh)
    ]
    others = {
        "relu": lambda x: x.clamp(min=0),
        "leaky_relu (slope 0.01)": lambda x: torch.where(x > 0, x, 0.01 * x),
        "silu": lambda x: x * torch.sigmoid(x),
        "gelu": exact[1],
        "tanh": lambda x: 2 * torch.sigmoid(2 * x) - 1,
        "no activation": lambda x: x,
    }
    for function in ("relu", "gelu", "silu", "leaky_relu", "sigmoid", "tanh"):
        for name, other in others.items():
            if not name.startswith(function):
                found.append(instead(function, other, f"another activation: {name} in mine, {function} in the reference"))
    for slope in (0.1, 0.2, 0.3):
        cause = f"another slope: leaky_relu with {slope} in mine"
        found.append(instead("leaky_relu", lambda x, slope=slope: torch.where(x > 0, x, slope * x), cause))
    return found


def softmaxes() -> list[Mistake]:
    found = []
    for function in ("softmax", "log_softmax"):
        for axis in range(-4, 0):

            def along(original: Callable, x: Tensor, dim: int = -1, *args, axis=axis, **kwargs) -> Tensor:
                return original(x, axis) if x.dim() >= -axis else original(x, dim)

            found.append(Mistake(function, f"a wrong axis: mine takes the {function} over dimension {axis}", along))
        twice = f"the {function} is taken twice: it is already in what mine applies it to"
        found.append(Mistake(function, twice, lambda original, x, *a, **k: original(original(x, *a, **k), *a, **k)))
    found.append(
        Mistake("softmax", "log_softmax in mine where the reference has softmax", lambda o, x, *a, **k: o(x, *a, **k).log())
    )
    found.append(
        Mistake("log_softmax", "softmax in mine where the reference has log_softmax", lambda o, x, *a, **k: o(x, *a, **k).exp())
    )
    found.append(instead("softmax", torch.sigmoid, "sigmoid in mine where the reference has softmax"))
    return found


def products() -> list[Mistake]:
    def unscaled(original: Callable, x: Tensor, p: float = 0.5, training: bool = True, *args, **kwargs) -> Tensor:
        return original(x, p, training, *args, **kwargs) * (1 - p if training else 1)

    def in_evaluation(original: Callable, x: Tensor, p: float = 0.5, training: bool = True, *args, **kwargs) -> Tensor:
        return original(x, p, True)

    def opposite(original: Callable, x: Tensor, p: float = 0.5, training: bool = True, *args, **kwargs) -> Tensor:
        return original(x, 1 - p, training)

    def at_rate(other: float) -> Callable:
        return lambda original, x, p=0.5, training=True, *args, **kwargs: original(x, other, training)

    rates = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
    return [
        *(Mistake("dropout", f"another dropout rate: {rate:g} in mine", at_rate(rate)) for rate in rates),
        Mistake("linear", "the bias is not added", lambda o, x, weight, bias=None: o(x, weight)),
        Mistake("linear", "the bias is added twice", lambda o, x, weight, bias=None: o(x, weight, bias) + bias),
        Mistake(
            "linear", "the weight is used transposed: it holds (out, in)", lambda o, x, weight, bias=None: o(x, weight.T, bias)
        ),
        Mistake("dropout", "what dropout keeps is not divided by 1 - p", unscaled),
        Mistake("dropout", "dropout is on in evaluation", in_evaluation),
        Mistake("dropout", "p is taken for the share that is kept: it is the share that is dropped", opposite),
        Mistake(
            "embedding", "the rows are scaled by sqrt(embedding_dim) in mine", lambda o, i, w, *a, **k: o(i, w) * len(w[0]) ** 0.5
        ),
        Mistake("embedding", "the table is read one row too far", lambda o, i, w, *a, **k: o((i + 1) % len(w), w)),
        Mistake("embedding", "the row of padding_idx is read as zeros", blank_padding),
    ]


def blank_padding(original: Callable, input: Tensor, weight: Tensor, padding_idx: int | None = None, *args, **kwargs) -> Tensor:
    rows = original(input, weight)
    return rows if padding_idx is None else rows.masked_fill((input == padding_idx).unsqueeze(-1), 0)


def convolutions() -> list[Mistake]:
    def padded(mode: str) -> Callable:
        def change(original: Callable, x: Tensor, weight: Tensor, bias=None, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
            pads = [amount for side in reversed(both(padding)) for amount in (side, side)]
            return original(F.pad(x, pads, mode), weight, bias, stride, 0, dilation, groups)

        return change

    def flipped(original: Callable, x: Tensor, weight: Tensor, *args, **kwargs) -> Tensor:
        return original(x, weight.flip(-1, -2), *args, **kwargs)

    def turned(original: Callable, x: Tensor, weight: Tensor, *args, **kwargs) -> Tensor:
        return original(x, weight.mT, *args, **kwargs)

    def without_bias(original: Callable, x: Tensor, weight: Tensor, bias=None, *args, **kwargs) -> Tensor:
        return original(x, weight, None, *args, **kwargs)

    def another(name: str, value: int) -> Callable:
        names = ("bias", "stride", "padding", "dilation", "groups")

        def change(original: Callable, x: Tensor, weight: Tensor, *args, **kwargs) -> Tensor:
            options = dict(zip(names, args)) | kwargs | {name: value}
            return original(x, weight, **options)

        return change

    found = [
        Mistake("conv2d", "the kernel is flipped: a layer cross-correlates, only mathematics convolves", flipped),
        Mistake("conv2d", "rows and columns of the kernel are swapped", turned),
        Mistake("conv2d", "the bias is not added", without_bias),
    ]
    for mode in ("reflect", "replicate", "circular"):
        found.append(Mistake("conv2d", f"padding of another kind: {mode} in mine, zeros in the reference", padded(mode)))
    for name, values in {"stride": (1, 2), "padding": (0, 1, 2, 3), "dilation": (1, 2), "groups": (1,)}.items():
        found += [Mistake("conv2d", f"another {name}: {value} in mine", another(name, value)) for value in values]
    return found


def both(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else tuple(value)


def poolings() -> list[Mistake]:
    def zero_padded(original: Callable, x: Tensor, kernel_size, stride=None, padding=0, *args, **kwargs) -> Tensor:
        pads = [amount for side in reversed(both(padding)) for amount in (side, side)]
        return original(F.pad(x, pads), kernel_size, stride or kernel_size)

    def averaged(original: Callable, x: Tensor, kernel_size, stride=None, padding=0, *args, **kwargs) -> Tensor:
        return F.avg_pool2d(x, kernel_size, stride, padding)

    def largest(original: Callable, x: Tensor, kernel_size, stride=None, padding=0, *args, **kwargs) -> Tensor:
        return F.max_pool2d(x, kernel_size, stride, padding)

    def counting(original: Callable, x: Tensor, kernel_size, stride=None, padding=0, ceil_mode=False, include=True, *a) -> Tensor:
        return original(x, kernel_size, stride, padding, ceil_mode, not include)

    def overhanging(original: Callable, x: Tensor, kernel_size, stride=None, padding=0, *args, **kwargs) -> Tensor:
        options = {name: value for name, value in kwargs.items() if name == "count_include_pad"}
        return original(x, kernel_size, stride, padding, ceil_mode=True, **options)

    return [
        Mistake(
            "max_pool2d",
            "the padding of a max-pool is zeros in mine: it must lose to every pixel, as minus infinity",
            zero_padded,
        ),
        Mistake("max_pool2d", "the mean of each window in mine, the maximum in the reference", averaged),
        Mistake("avg_pool2d", "the maximum of each window in mine, the mean in the reference", largest),
        Mistake("avg_pool2d", "padding is counted on one side only: see count_include_pad", counting),
        *(Mistake(pool, "ceil_mode is on in mine", overhanging) for pool in ("max_pool2d", "avg_pool2d")),
    ]


def recurrences() -> list[Mistake]:
    """Gates that lie in another order or miss a bias: for the cells and for whole sequences alike."""

    def with_weights(change: Callable[[Tensor], Tensor], biases: int = 2) -> Callable:
        def cell(original: Callable, x: Tensor, hidden, w_ih: Tensor, w_hh: Tensor, b_ih=None, b_hh=None) -> Tensor:
            last = None if b_hh is None else change(b_hh) * (biases == 2)
            return original(x, hidden, change(w_ih), change(w_hh), None if b_ih is None else change(b_ih), last)

        return cell

    def sequence(change: Callable[[Tensor], Tensor], biases: int = 2) -> Callable:
        def run(original: Callable, x: Tensor, hidden, weights, *rest) -> Tensor:
            if not isinstance(weights, list | tuple) or (rest and not isinstance(rest[0], bool)):  # the packed form
                return original(x, hidden, weights, *rest)
            kept = [1 if weight.dim() > 1 or biases == 2 or place % 4 != 3 else 0 for place, weight in enumerate(weights)]
            return original(x, hidden, [change(weight) * keep for weight, keep in zip(weights, kept)], *rest)

        return run

    def ordered(*order: int) -> Callable[[Tensor], Tensor]:
        return lambda weight: torch.cat([weight.chunk(len(order))[place] for place in order])

    def update_reversed(weight: Tensor) -> Tensor:
        reset, update, new = weight.chunk(3)
        return torch.cat([reset, -update, new])  # sigmoid(-x) = 1 - sigmoid(x)

    found = []
    for name, changes in {
        "lstm": {
            "the gates lie in another order: the reference's are input, forget, cell, output": [
                ordered(*order) for order in ((0, 1, 3, 2), (1, 0, 2, 3), (0, 2, 1, 3), (2, 1, 0, 3), (0, 3, 2, 1), (1, 0, 3, 2))
            ]
        },
        "gru": {
            "the gates lie in another order: the reference's are reset, update, new": [ordered(1, 0, 2), ordered(0, 2, 1)],
            "the update gate is the wrong way round: it says how much of the old state stays": [update_reversed],
        },
    }.items():
        for cause, kinds in changes.items():
            for change in kinds:
                found += [Mistake(f"{name}_cell", cause, with_weights(change)), Mistake(name, cause, sequence(change))]
        cause = "the second bias, of the hidden state, is not added"
        found += [
            Mistake(f"{name}_cell", cause, with_weights(lambda weight: weight, 1)),
            Mistake(name, cause, sequence(lambda weight: weight, 1)),
        ]
    return found


def mistakes() -> list[Mistake]:
    return [*activations(), *softmaxes(), *products(), *convolutions(), *poolings(), *recurrences()]
