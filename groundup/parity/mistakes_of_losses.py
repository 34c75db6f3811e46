"""Mistakes in losses: what is averaged over what, what is given as what."""

from collections.abc import Callable

import torch
from torch import Tensor

from groundup.parity.mistakes import Mistake


def cross_entropies() -> list[Mistake]:
    def of(change_logits: Callable[[Tensor], Tensor] = lambda x: x, **changed) -> Callable:
        def change(original: Callable, input: Tensor, target: Tensor, *args, **kwargs) -> Tensor:
            names = ("weight", "size_average", "ignore_index", "reduce", "reduction", "label_smoothing")
            own = ("weight", "ignore_index", "reduction", "label_smoothing")
            options = dict(zip(own if is_ladders(args) else names, args)) | kwargs | changed
            options = {name: value for name, value in options.items() if name in own}
            return original(change_logits(input), target, **options)

        return change

    def spread_over_the_others(original: Callable, input: Tensor, target: Tensor, *args, **kwargs) -> Tensor:
        smoothing = kwargs.get("label_smoothing") or (args[-1] if args else 0.0)
        classes = input.shape[1]
        logs = input - input.logsumexp(1, keepdim=True)
        picked = logs.gather(1, target.unsqueeze(1)).squeeze(1)
        return -((1 - smoothing) * picked + smoothing / (classes - 1) * (logs.sum(1) - picked)).mean()

    def mean_over_classes(original: Callable, input: Tensor, target: Tensor, *args, **kwargs) -> Tensor:
        return original(input, target, *args, **kwargs) / input.shape[1]

    return [
        Mistake("cross_entropy", "the softmax is taken twice: cross-entropy takes logits", of(lambda x: x.softmax(1))),
        Mistake("cross_entropy", "ignore_index is not ignored", of(ignore_index=-1_000_000)),
        Mistake("cross_entropy", "the class weights are not applied", of(weight=None)),
        Mistake("cross_entropy", "the smoothing is not applied", of(label_smoothing=0.0)),
        Mistake("cross_entropy", "the losses are summed, the reference takes their mean", of(reduction="sum")),
        Mistake("cross_entropy", "the losses are averaged, the reference takes their sum", of(reduction="mean")),
        Mistake("cross_entropy", "the smoothing goes to the other classes alone: it goes to all", spread_over_the_others),
        Mistake("cross_entropy", "the mean is taken over the classes as well", mean_over_classes),
        Mistake("cross_entropy", "the mean counts the ignored targets", counted_all),
        Mistake(
            "cross_entropy", "the mean is not weighed: it is divided by the classes' weights, not by the count", unweighed_mean
        ),
    ]


def is_ladders(args: tuple) -> bool:
    """Whether positional arguments are those of our op, which has no deprecated ones between."""
    return len(args) > 1 and isinstance(args[1], int) and not isinstance(args[1], bool)


def counted_all(original: Callable, input: Tensor, target: Tensor, *args, **kwargs) -> Tensor:
    ignored = kwargs.get("ignore_index", args[1] if is_ladders(args) else -100)
    logs = input - input.logsumexp(1, keepdim=True)
    kept = target != ignored
    return -(logs.gather(1, (target * kept).unsqueeze(1)).squeeze(1) * kept).sum() / target.numel()


def unweighed_mean(original: Callable, input: Tensor, target: Tensor, weight: Tensor | None = None, *args, **kwargs) -> Tensor:
    weight = input.new_ones(input.shape[1]) if weight is None else weight
    logs = input - input.logsumexp(1, keepdim=True)
    return -(logs.gather(1, target.unsqueeze(1)).squeeze(1) * weight[target]).mean()


def binary() -> list[Mistake]:
    name = "binary_cross_entropy_with_logits"

    def given(change: Callable[[Tensor, Tensor], Tensor]) -> Callable:
        return lambda original, input, target, *args, **kwargs: change(input, target)

    def plain(probability: Tensor, target: Tensor) -> Tensor:
        return -(target * probability.log() + (1 - target) * (1 - probability).log())

    return [
        Mistake(
            name, "the sigmoid is taken twice: this loss takes logits", given(lambda x, t: plain(x.sigmoid().sigmoid(), t).mean())
        ),
        Mistake(
            name,
            "only the yes is counted: (1 - target) * log(1 - p) is missing",
            given(lambda x, t: -(t * x.sigmoid().log()).mean()),
        ),
        Mistake(name, "the losses are summed, the reference takes their mean", given(lambda x, t: plain(x.sigmoid(), t).sum())),
        Mistake(name, "pos_weight is not applied", given(lambda x, t: plain(x.sigmoid(), t).mean())),
    ]


def regressions() -> list[Mistake]:
    def mse(change: Callable[[Tensor], Tensor]) -> Callable:
        return lambda original, input, target, *args, **kwargs: change(input - target)

    return [
        Mistake("mse_loss", "the squares are summed, the reference takes their mean", mse(lambda d: d.square().sum())),
        Mistake("mse_loss", "the squares are halved", mse(lambda d: d.square().mean() / 2)),
        Mistake("mse_loss", "the root of the mean is taken", mse(lambda d: d.square().mean().sqrt())),
        Mistake("mse_loss", "absolute values in mine, squares in the reference", mse(lambda d: d.abs().mean())),
        Mistake("mse_loss", "the mean is taken over the batch alone", mse(lambda d: d.square().sum() / len(d))),
        Mistake("l1_loss", "squares in mine, absolute values in the reference", mse(lambda d: d.square().mean())),
        Mistake("smooth_l1_loss", "squares in mine, the smooth L1 in the reference", mse(lambda d: d.square().mean())),
        Mistake(
            "smooth_l1_loss",
            "the Huber loss in mine: the smooth L1 is divided by beta",
            lambda o, a, b, *r, **k: torch.nn.functional.huber_loss(a, b, delta=k.get("beta", 1.0)),
        ),
    ]


def divergences() -> list[Mistake]:
    def swapped(original: Callable, input: Tensor, target: Tensor, *args, **kwargs) -> Tensor:
        if kwargs.get("log_target"):
            return original(target, input, *args, **kwargs)
        return original(target.log(), input.exp(), *args, **kwargs)

    def reduced(change: Callable[[Tensor], Tensor]) -> Callable:
        def run(original: Callable, input: Tensor, target: Tensor, *args, **kwargs) -> Tensor:
            logs = target if kwargs.get("log_target") else target.log()
            return change(logs.exp() * (logs - input))

        return run

    return [
        Mistake("kl_div", "the two distributions are swapped: KL(p || q) is not KL(q || p)", swapped),
        Mistake(
            "kl_div",
            "the mean is taken over the classes as well: the divergence of a batch is the sum over the batch's size",
            reduced(torch.mean),
        ),
        Mistake(
            "kl_div",
            "the mean is taken over the batch, the reference takes it over all numbers",
            reduced(lambda x: x.sum() / len(x)),
        ),
        Mistake("kl_div", "the divergences are summed", reduced(torch.sum)),
        Mistake("kl_div", "the entropy of the target is left out", lambda o, a, b, *r, **k: -(b * a).sum() / len(a)),
    ]


def mistakes() -> list[Mistake]:
    return [*cross_entropies(), *binary(), *regressions(), *divergences()]
