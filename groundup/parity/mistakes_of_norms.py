"""Mistakes in normalization: what the moments are taken over, how, and where eps stands."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from groundup.parity.mistakes import Mistake

Norm = Callable[[Tensor, Sequence[int], float], Tensor]


def with_eps(eps: float) -> Norm:
    def normalized(x: Tensor, dims: Sequence[int], _: float) -> Tensor:
        return (x - x.mean(dims, True)) / (x.var(dims, correction=0, keepdim=True) + eps).sqrt()

    return normalized


def eps_outside(x: Tensor, dims: Sequence[int], eps: float) -> Tensor:
    return (x - x.mean(dims, True)) / (x.var(dims, correction=0, keepdim=True).sqrt() + eps)


def unbiased(x: Tensor, dims: Sequence[int], eps: float) -> Tensor:
    return (x - x.mean(dims, True)) / (x.var(dims, correction=1, keepdim=True) + eps).sqrt()


def unbiased_outside(x: Tensor, dims: Sequence[int], eps: float) -> Tensor:
    return (x - x.mean(dims, True)) / (x.std(dims, keepdim=True) + eps)


def uncentred(x: Tensor, dims: Sequence[int], eps: float) -> Tensor:
    return x / (x.square().mean(dims, True) + eps).sqrt()


def shifted_only(x: Tensor, dims: Sequence[int], eps: float) -> Tensor:
    return x - x.mean(dims, True)


def no_root(x: Tensor, dims: Sequence[int], eps: float) -> Tensor:
    return (x - x.mean(dims, True)) / (x.var(dims, correction=0, keepdim=True) + eps)


def detached(x: Tensor, dims: Sequence[int], eps: float) -> Tensor:
    mean, var = x.detach().mean(dims, True), x.detach().var(dims, correction=0, keepdim=True)
    return (x - mean) / (var + eps).sqrt()


FORMULAS: dict[str, Norm] = {
    "eps is added outside of the root: the variance and eps belong under it together": eps_outside,
    "the variance is the unbiased one, divided by one less than the count: a norm divides by the count": unbiased,
    "std() in mine: it is unbiased, and eps then stands outside of the root": unbiased_outside,
    "the mean is not subtracted": uncentred,
    "the mean is subtracted, but nothing is divided by the deviation": shifted_only,
    "divided by the variance instead of by its root": no_root,
    "no gradient flows through the mean and the variance: they are detached": detached,
    **{f"another eps: {eps:g} in mine": with_eps(eps) for eps in (0.0, 1e-12, 1e-8, 1e-6, 1e-5, 1e-3)},
}


def scaled(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def columns(vector: Tensor | None, x: Tensor) -> Tensor | None:
    """One number a channel, ready to multiply (batch, channels, ...)."""
    return None if vector is None else vector.view(-1, *[1] * (x.dim() - 2))


def layer_norms() -> list[Mistake]:
    def over(formula: Norm, dims: Callable[[Tensor, int], Sequence[int]] | None = None) -> Callable:
        def change(original: Callable, x: Tensor, shape: Sequence[int], weight=None, bias=None, eps: float = 1e-5) -> Tensor:
            chosen = list(range(-len(shape), 0)) if dims is None else dims(x, len(shape))
            return scaled(formula(x, chosen, eps), weight, bias)

        return change

    plain = with_eps(1e-5)
    found = [Mistake("layer_norm", cause, over(formula)) for cause, formula in FORMULAS.items()]
    for cause, dims in {
        "a wrong axis: mine normalizes over the batch, each example should be by itself": lambda x, n: [0],
        "a wrong axis: mine normalizes over all dimensions but the batch's": lambda x, n: list(range(1, x.dim())),
        "a wrong axis: mine normalizes over the positions, not over the features": lambda x, n: [-n - 1],
        "a wrong axis: mine normalizes over the whole batch at once": lambda x, n: list(range(x.dim())),
    }.items():
        found.append(Mistake("layer_norm", cause, over(plain, dims)))
    found.append(Mistake("layer_norm", "weight and bias are not applied", lambda o, x, s, w=None, b=None, e=1e-5: o(x, s, eps=e)))
    found.append(Mistake("layer_norm", "the bias is added before the weight multiplies", bias_first))
    found.append(Mistake("rms_norm", "the mean is subtracted: RMSNorm leaves it", over(with_eps(1e-5))))
    found.append(
        Mistake(
            "rms_norm", "eps is added outside of the root", lambda o, x, s, w=None, e=None: scaled(rms_outside(x, s, e), w, None)
        )
    )
    return found


def bias_first(original: Callable, x: Tensor, shape: Sequence[int], weight=None, bias=None, eps: float = 1e-5) -> Tensor:
    return (original(x, shape, eps=eps) + bias) * weight


def rms_outside(x: Tensor, shape: Sequence[int], eps: float | None) -> Tensor:
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    return x / (x.square().mean(list(range(-len(shape), 0)), True).sqrt() + eps)


def batch_norms() -> list[Mistake]:
    Vectors = tuple[Tensor | None, Tensor | None]

    def keep(running: Vectors, x: Tensor, momentum: float, correction: int = 1) -> None:
        dims = [0, *range(2, x.dim())]
        with torch.no_grad():
            for kept, new in zip(running, (x.mean(dims), x.var(dims, correction=correction))):
                if kept is not None:
                    kept.lerp_(new, momentum)

    def over(formula: Norm, dims: Callable[[Tensor], Sequence[int]] | None = None) -> Callable:
        def change(original, x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5) -> Tensor:
            weight, bias = columns(weight, x), columns(bias, x)
            if training:
                keep((mean, var), x, momentum)
                return scaled(formula(x, [0, *range(2, x.dim())] if dims is None else dims(x), eps), weight, bias)
            moments = columns(mean, x), columns(var, x)
            return scaled((x - moments[0]) / (moments[1] + eps).sqrt(), weight, bias)

        return change

    def keeping(momentum: Callable[[float], float], correction: int) -> Callable:
        def change(original, x, mean, var, weight=None, bias=None, training=False, rate=0.1, eps=1e-5) -> Tensor:
            if training:
                keep((mean, var), x, momentum(rate), correction)
            return original(x, *((None, None) if training else (mean, var)), weight, bias, training, rate, eps)

        return change

    def always(mode: bool) -> Callable:
        def change(original, x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5) -> Tensor:
            return original(x, mean, var, weight, bias, mode, 0.0, eps)

        return change

    found = [Mistake("batch_norm", cause, over(formula)) for cause, formula in FORMULAS.items()]
    plain = with_eps(1e-5)
    return [
        *found,
        Mistake("batch_norm", "the batch's own statistics are used in evaluation: the running ones should be", always(True)),
        Mistake("batch_norm", "the running statistics are used in training: the batch's own should be", always(False)),
        Mistake(
            "batch_norm", "a wrong axis: mine normalizes each picture by itself", over(plain, lambda x: list(range(2, x.dim())))
        ),
        Mistake(
            "batch_norm", "a wrong axis: mine normalizes each place by itself, over the batch alone", over(plain, lambda x: [0])
        ),
        Mistake("batch_norm", "momentum is the wrong way round: it is the share of what is new", keeping(lambda m: 1 - m, 1)),
        Mistake("batch_norm", "the running variance should be the unbiased one", keeping(lambda m: m, 0)),
        Mistake("batch_norm", "the running statistics are never moved", keeping(lambda m: 0.0, 1)),
    ]


def group_norms() -> list[Mistake]:
    def interleaved(original: Callable, x: Tensor, groups: int, weight=None, bias=None, eps: float = 1e-5) -> Tensor:
        mixed = x.unflatten(1, (-1, groups)).transpose(1, 2).flatten(1, 2)
        mixed = original(mixed, groups, eps=eps).unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)
        return scaled(mixed, columns(weight, x), columns(bias, x))

    def counted(original: Callable, x: Tensor, groups: int, weight=None, bias=None, eps: float = 1e-5) -> Tensor:
        return original(x, x.shape[1] // groups, weight, bias, eps)

    return [
        Mistake("group_norm", "the channels of a group should lie side by side", interleaved),
        Mistake("group_norm", "num_groups is taken for the number of channels in a group", counted),
    ]


def mistakes() -> list[Mistake]:
    return [*layer_norms(), *batch_norms(), *group_norms()]
