"""Dropout beyond its cases: what it draws, and when it draws nothing."""

import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import stochastic_depth

from groundup.ops.dropout import drop_path, dropout, dropout2d

EVERY_OP = pytest.mark.parametrize(
    ("name", "rung"),
    [
        ("dropout", "tensors"),
        ("dropout", "fused"),
        ("dropout2d", "tensors"),
        ("dropout2d", "fused"),
        ("row", "tensors"),
        ("batch", "tensors"),
    ],
)
SEEDED = pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1.0])


def our(name, rung):
    """The op as a function of (input, p, training), whatever its other arguments are."""
    if name in ("row", "batch"):
        return lambda input, p, *args, **kwargs: getattr(drop_path, rung)(input, p, name, *args, **kwargs)
    return getattr({"dropout": dropout, "dropout2d": dropout2d}[name], rung)


THEIRS = {
    "dropout": F.dropout,
    "dropout2d": F.dropout2d,
    "row": lambda input, p, training=True: stochastic_depth(input, p, "row", training),
    "batch": lambda input, p, training=True: stochastic_depth(input, p, "batch", training),
}


@EVERY_OP
@SEEDED
@pytest.mark.parametrize("input", [torch.randn(9, 50, 2, 2), torch.randn(2, 3, 50, 9).permute(3, 2, 1, 0)])
def test_the_same_seed_strikes_out_the_same_numbers_as_the_peer(name, rung, p, input):
    torch.manual_seed(5)
    ours = our(name, rung)(input, p)
    torch.manual_seed(5)
    theirs = THEIRS[name](input, p)
    torch.testing.assert_close(ours, theirs)


@EVERY_OP
def test_as_many_random_numbers_are_taken_as_by_the_peer(name, rung):
    input = torch.randn(9, 50, 2, 2)
    torch.manual_seed(5)
    our(name, rung)(input, 0.3)
    ours = torch.rand(3)
    torch.manual_seed(5)
    THEIRS[name](input, 0.3)
    assert torch.equal(ours, torch.rand(3))


@EVERY_OP
def test_the_mean_stays_and_a_share_of_p_is_struck_out(name, rung):
    torch.manual_seed(0)
    if name == "batch":
        numbers = torch.cat([our(name, rung)(torch.ones(1, 2), 0.3) for _ in range(4_000)])
    else:
        numbers = our(name, rung)(torch.ones(4_000, 10), 0.3)
    tolerance = 0.01 if numbers.numel() > 10_000 and name != "row" else 0.03
    assert (numbers == 0).float().mean().item() == pytest.approx(0.3, abs=tolerance)
    assert numbers.mean().item() == pytest.approx(1.0, abs=2 * tolerance)
    assert numbers.unique().tolist() == pytest.approx([0.0, 1 / 0.7])


@EVERY_OP
def test_what_is_struck_out_goes_together(name, rung):
    torch.manual_seed(2)
    numbers = our(name, rung)(torch.ones(20, 5, 2, 2), 0.5)
    whole = {"dropout": None, "dropout2d": (2, 3), "row": (1, 2, 3), "batch": (0, 1, 2, 3)}[name]
    if whole is None:
        assert ((numbers == 0).any(3) & (numbers != 0).any(3)).any()
    else:
        assert torch.equal(numbers.amax(whole), numbers.amin(whole))
    if name in ("dropout2d", "row"):
        assert numbers.amax(whole).unique().tolist() == [0.0, 2.0]


@EVERY_OP
def test_what_is_struck_out_gets_no_gradient(name, rung):
    shape = {"dropout": (4,), "dropout2d": (2, 2), "row": (4,), "batch": (1,)}[name]
    kept = torch.tensor([True, False, True, False])[: torch.Size(shape).numel()].view(shape)
    rest = () if name == "dropout" else (3,) * (4 - len(shape))
    numbers = torch.randn(*shape, *rest, requires_grad=True)
    output = our(name, rung)(numbers, 0.75, mask=kept)
    output.sum().backward()
    expected = 4.0 * kept.view(*shape, *[1] * len(rest)).expand_as(numbers)
    torch.testing.assert_close(output, numbers.detach() * expected)
    assert torch.equal(numbers.grad, expected)


@EVERY_OP
def test_a_mask_counts_even_where_nothing_would_be_drawn(name, rung):
    mask = {"dropout": torch.tensor(False), "dropout2d": torch.zeros(2, 2), "row": torch.zeros(2), "batch": torch.zeros(1)}[name]
    assert our(name, rung)(torch.ones(2, 2, 3), 0.0, mask=mask.bool()).eq(0).all()


@EVERY_OP
def test_outside_of_training_nothing_is_touched(name, rung):
    numbers = torch.randn(2, 2)
    function = our(name, rung)
    assert function(numbers, 0.9, training=False) is numbers
    assert function(numbers, 0.9, False, mask=torch.zeros(2, 2, dtype=torch.bool)) is numbers
    whole = torch.arange(4).view(2, 2)
    assert torch.equal(function(whole, 0.9, False), whole)


@EVERY_OP
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_type_stays(name, rung, dtype):
    for p in (0.2, 1.0):
        assert our(name, rung)(torch.ones(2, 3, 2, dtype=dtype), p).dtype == dtype


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_half_is_struck_out_if_nothing_is_said(rung):
    for op in (dropout, dropout2d):
        assert getattr(op, rung)(torch.ones(50, 50)).unique().tolist() == [0.0, 2.0]
        assert getattr(op, rung)(torch.ones(1, 1), mask=torch.tensor([[True]])).tolist() == [[2.0]]


@EVERY_OP
@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_a_p_that_is_no_probability_is_refused(name, rung, p):
    for training in (True, False):
        with pytest.raises(ValueError, match=f"{name if name[:4] == 'drop' else 'drop_path'}: p is .* between 0 and 1, not"):
            our(name, rung)(torch.ones(2, 2), p, training)


@EVERY_OP
def test_whole_numbers_are_refused_in_training(name, rung):
    with pytest.raises(ValueError, match=f"{name if name[:4] == 'drop' else 'drop_path'} scales floating.* given torch.int64"):
        our(name, rung)(torch.ones(2, 2).long(), 0.5)


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_too_few_dimensions_are_named(rung):
    with pytest.raises(ValueError, match=r"dropout2d takes input \(batch, channels, ...\); it was given \(3,\)"):
        getattr(dropout2d, rung)(torch.ones(3), 0.5)
    with pytest.raises(ValueError, match=r"drop_path takes input \(batch, ...\); it was given \(\)"):
        getattr(drop_path, rung)(torch.ones(()), 0.5, "row")


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("op", [dropout, dropout2d])
def test_what_else_torch_refuses_keeps_its_message(op):
    with pytest.raises(RuntimeError, match="parse"):
        op.fused(torch.ones(2, 2).to_sparse_csr(), 0.5)


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_a_single_number_can_be_struck_out(rung):
    assert getattr(dropout, rung)(torch.tensor(3.0), 0.25, mask=torch.tensor(True)).item() == 4.0
    assert getattr(dropout, rung)(torch.tensor(3.0), 1.0).item() == 0.0


def test_another_mode_is_refused():
    for training in (True, False):
        with pytest.raises(ValueError, match="drop_path: mode is 'row' or 'batch', not 'column'"):
            drop_path(torch.ones(2, 2), 0.5, "column", training)


def test_fused_dropout_is_seen_through_by_fx_and_the_compiler():
    class Net(torch.nn.Module):
        def forward(self, x):
            return drop_path(dropout2d(dropout(x, 0.4), 0.3), 0.2, "row", False)

    x = torch.randn(4, 3, 2, 2)
    torch.manual_seed(1)
    expected = Net()(x)
    for seen in (torch.fx.symbolic_trace(Net()), torch.compile(Net(), backend="eager", fullgraph=True)):
        torch.manual_seed(1)
        assert torch.equal(seen(x), expected)
