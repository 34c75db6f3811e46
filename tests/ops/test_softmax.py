"""softmax and its logarithm beyond their cases: hand-written gradients, far-off numbers, random shapes, what is refused."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.softmax import log_softmax, softmax
from groundup.parity.compare import PART_BOUND, compare_functions

PEERS = {"softmax": (softmax, F.softmax), "log_softmax": (log_softmax, F.log_softmax)}
EVERY_RUNG = pytest.mark.parametrize(("name", "rung"), [(name, rung) for name, (op, _) in PEERS.items() for rung in op.rungs])


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()


@pytest.mark.parametrize("op", [softmax, log_softmax])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_manual_softmax_passes_gradcheck_twice_over(op, dim):
    assert gradcheck(op.manual, (draw(2, 3, 4), dim))
    assert gradgradcheck(op.manual, (draw(2, 3, 4), dim))


@EVERY_RUNG
@settings(max_examples=15, deadline=None)
@given(shape=st.lists(st.integers(0, 4), max_size=4), data=st.data())
def test_softmax_equals_torchs_on_any_shape_along_any_dimension(name, rung, shape, data):
    ours, theirs = PEERS[name]
    rank = max(1, len(shape))
    dim = data.draw(st.integers(-rank, rank - 1))
    numbers = 5 * torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(len(shape)))
    if not shape or shape[dim] == 1:  # of one number the gradient is 0 but for rounding
        numbers, ours = numbers.long(), getattr(ours, rung)
        assert torch.equal(ours(numbers, dim, torch.float64), theirs(numbers, dim, dtype=torch.float64))
    else:
        assert compare_functions(getattr(ours, rung), theirs, (numbers, dim)).within(PART_BOUND)


@EVERY_RUNG
@pytest.mark.parametrize(
    "row",
    [
        [-torch.inf, 0.0, 2.0],
        [-torch.inf, -torch.inf, -torch.inf],
        [torch.inf, 0.0, 1.0],
        [torch.nan, 0.0, 1.0],
        [1e3, -1e3, 999.0],
        [-1e308, 1e308, 1e308],
    ],
)
def test_rows_with_numbers_far_off_or_not_finite_have_torchs_values_and_slopes(name, rung, row):
    ours, theirs = PEERS[name]
    logits = torch.tensor([row, [1.0, 2.0, 3.0]], dtype=torch.float64)
    assert compare_functions(getattr(ours, rung), theirs, (logits, 1)).within(PART_BOUND)


@pytest.mark.parametrize("rung", softmax.rungs)
def test_softmax_is_stable_for_large_logits(rung):
    logits = torch.tensor([[1e4, 1e4, 0.0, -1e4], [-3e38, -3e38, -3e38, -3e38]], requires_grad=True)
    shares = getattr(softmax, rung)(logits, -1)
    assert torch.equal(shares, torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]))
    shares[:, 0].sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("rung", log_softmax.rungs)
def test_the_logarithm_of_a_share_too_small_to_write_is_exact(rung):
    assert getattr(log_softmax, rung)(torch.tensor([0.0, -900.0]), 0).tolist() == [0.0, -900.0]


@EVERY_RUNG
def test_softmax_computes_and_returns_in_the_type_asked_for(name, rung):
    ours, theirs = PEERS[name]
    logits = torch.tensor([0.1, 0.2, 0.7], dtype=torch.bfloat16, requires_grad=True)
    values = getattr(ours, rung)(logits, 0, torch.float64)
    torch.testing.assert_close(values, theirs(logits.detach().double(), 0), rtol=1e-12, atol=0)
    values[0].backward()
    assert logits.grad.dtype == torch.bfloat16
    assert getattr(ours, rung)(logits, 0).dtype == torch.bfloat16


@EVERY_RUNG
def test_whole_numbers_are_refused_but_with_a_type_to_compute_in(name, rung):
    ours, theirs = PEERS[name]
    numbers = torch.tensor([1, 2, 4])
    with pytest.raises(ValueError, match=f"{name} takes floating-point numbers, .* it was given torch.int64"):
        getattr(ours, rung)(numbers, 0)
    torch.testing.assert_close(getattr(ours, rung)(numbers, 0, torch.float32), theirs(numbers, 0, dtype=torch.float32))


@EVERY_RUNG
@pytest.mark.parametrize(
    ("shape", "dim", "choice"), [((2, 3), 2, "-2 to 1"), ((2, 3), -3, "-2 to 1"), ((), 1, "-1 to 0"), ((4,), 1, "-1 to 0")]
)
def test_a_dimension_that_is_not_there_is_named(name, rung, shape, dim, choice):
    with pytest.raises(ValueError, match=rf"{name}: an input of shape .* has no dimension {dim}: give {choice}"):
        getattr(PEERS[name][0], rung)(torch.zeros(shape), dim)


@pytest.mark.parametrize("op", [softmax, log_softmax])
def test_what_else_torch_refuses_keeps_its_message(op):
    with pytest.raises(RuntimeError, match="parse"):
        op.fused(torch.ones(2, 2).to_sparse(), 0)


@pytest.mark.parametrize("op", [softmax, log_softmax])
def test_fused_softmax_is_seen_through_by_the_compiler_and_by_fx(op):
    class Net(torch.nn.Module):
        def forward(self, x):
            return op(x, -1)

    x = torch.randn(2, 4)
    expected = op(x, -1)
    assert torch.equal(torch.fx.symbolic_trace(Net())(x), expected)
    assert torch.equal(torch.export.export(Net(), (x,)).module()(x), expected)
    assert torch.equal(torch.compile(Net(), backend="eager", fullgraph=True)(x), expected)
