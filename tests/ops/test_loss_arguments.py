"""What all ops of losses and distances share: torch's defaults on every rung, and the reductions."""

import inspect

import pytest
import torch
import torch.nn.functional as F

from groundup.ops.binary_loss import binary_cross_entropy, binary_cross_entropy_with_logits
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.distance import cosine_similarity, normalize, pairwise_distance
from groundup.ops.divergence import gaussian_nll_loss, kl_div
from groundup.ops.margin_loss import cosine_embedding_loss, triplet_margin_loss
from groundup.ops.nll_loss import nll_loss
from groundup.ops.reduction import can_look_into, check_reduction, fits, reduce
from groundup.ops.regression_loss import huber_loss, l1_loss, mse_loss, smooth_l1_loss

OPS = [
    *(binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, normalize, gaussian_nll_loss, kl_div),
    *(cosine_embedding_loss, triplet_margin_loss, nll_loss, huber_loss, l1_loss, mse_loss, smooth_l1_loss),
]
DOCUMENTED = {  # builtins of torch, whose defaults no signature tells
    cosine_similarity: {"dim": 1, "eps": 1e-8},
    pairwise_distance: {"p": 2.0, "eps": 1e-6, "keepdim": False},
}


def defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters if parameter.default is not parameter.empty}


@pytest.mark.parametrize("op", [*OPS, *DOCUMENTED], ids=lambda op: op.__name__)
def test_every_default_is_torchs_on_every_rung(op):
    theirs = DOCUMENTED.get(op) or defaults(getattr(F, op.__name__))
    for rung in op.rungs:
        ours = defaults(getattr(op, rung))
        assert ours == {name: theirs[name] for name in ours}
        assert theirs.keys() - ours.keys() <= {"size_average", "reduce", "out"}


PAIR = (torch.rand(2, 3), torch.rand(2, 3))
CALLS = {
    **dict.fromkeys((binary_cross_entropy, binary_cross_entropy_with_logits, kl_div, cosine_similarity, pairwise_distance), PAIR),
    **dict.fromkeys((huber_loss, l1_loss, mse_loss, smooth_l1_loss), PAIR),
    **{op: (PAIR[0].log(), torch.tensor([2, 0])) for op in (cross_entropy, nll_loss)},
    gaussian_nll_loss: (*PAIR, torch.ones(2, 3)),
    normalize: PAIR[:1],
    cosine_embedding_loss: (*PAIR, torch.tensor([1, -1])),
    triplet_margin_loss: (*PAIR, torch.rand(2, 3)),
}


@pytest.mark.parametrize("op", [*OPS, *DOCUMENTED], ids=lambda op: op.__name__)
def test_the_compiler_sees_through_the_checks_in_one_graph(op):
    torch.compiler.reset()
    compiled = torch.compile(lambda *args: op(*args), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*CALLS[op]), op(*CALLS[op]))


def test_the_rungs_are_those_that_each_needs():
    for op in (*OPS, *DOCUMENTED):
        expected = {"tensors", "fused"}
        expected |= {"loops", "manual"} if op is cross_entropy else {"loops"} if op in (nll_loss, mse_loss) else set()
        assert set(op.rungs) == expected - ({"fused"} if op is gaussian_nll_loss else set())


def test_a_mean_is_over_all_losses_or_over_a_count():
    losses = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    assert reduce(losses, "none") is losses
    assert reduce(losses, "sum").item() == 12
    assert reduce(losses, "mean").item() == 3
    assert reduce(losses, "mean", torch.tensor(6.0)).item() == 2
    assert reduce(losses, "sum", torch.tensor(6.0)).item() == 12


def test_a_mean_in_half_precision_does_not_overflow_on_the_way():
    assert reduce(torch.full((1000,), 1000.0, dtype=torch.float16), "mean").item() == 1000


def test_an_unknown_reduction_is_refused_by_naming_those_that_are():
    with pytest.raises(ValueError, match=r"loss: no reduction is called 'all': choose one of none, mean, sum$"):
        check_reduction("loss", "all")
    check_reduction("loss", "all", ("all",))


@pytest.mark.parametrize(
    ("shape", "whole", "expected"),
    [
        ((), (2, 3), True),
        ((3,), (2, 3), True),
        ((1, 3), (2, 3), True),
        ((2, 1), (2, 3), True),
        ((2, 3), (2, 3), True),
        ((2,), (2, 3), False),
        ((3, 2), (2, 3), False),
        ((1, 2, 3), (2, 3), False),
        ((2,), (1,), False),
        ((1,), (), False),
    ],
)
def test_what_fits_broadcasts_without_stretching_the_whole(shape, whole, expected):
    assert fits(torch.Size(shape), torch.Size(whole)) is expected


def test_values_are_looked_into_on_a_cpu_only():
    assert can_look_into(torch.zeros(2), torch.zeros(2))
    assert not can_look_into(torch.zeros(2), torch.zeros(2, device="meta"))


def test_what_is_traced_is_not_looked_into():
    seen = []

    def function(x):
        seen.append(can_look_into(x))
        return x + 1

    torch.compile(function, backend="eager", fullgraph=True)(torch.zeros(2))
    assert seen == [False]
