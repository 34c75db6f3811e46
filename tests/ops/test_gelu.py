"""SiLU and the GELUs beyond their cases: hand-written gradients, numbers not finite, what is refused."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.gelu import gelu, quick_gelu, silu
from groundup.parity.compare import PART_BOUND, compare_functions

FORMS = {
    "silu": (silu, F.silu, ()),
    "gelu": (gelu, lambda x, approximate: F.gelu(x, approximate=approximate), ("none",)),
    "gelu, tanh": (gelu, lambda x, approximate: F.gelu(x, approximate=approximate), ("tanh",)),
    "quick_gelu": (quick_gelu, lambda x: x * torch.sigmoid(1.702 * x), ()),
}
EVERY_RUNG = pytest.mark.parametrize(("name", "rung"), [(name, rung) for name, (op, *_) in FORMS.items() for rung in op.rungs])


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()


@pytest.mark.parametrize("name", ["silu", "gelu", "gelu, tanh"])
def test_a_manual_gelu_passes_gradcheck_twice_over(name):
    op, _, options = FORMS[name]
    assert gradcheck(op.manual, (draw(3, 4), *options))
    assert gradgradcheck(op.manual, (draw(3, 4), *options))


@EVERY_RUNG
@settings(max_examples=10, deadline=None)
@given(shape=st.lists(st.integers(0, 4), max_size=4), seed=st.integers(0, 99))
def test_a_gelu_equals_its_peer_on_any_shape(name, rung, shape, seed):
    ours, theirs, options = FORMS[name]
    numbers = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    assert compare_functions(getattr(ours, rung), theirs, (numbers, *options)).within(PART_BOUND)


@EVERY_RUNG
@pytest.mark.parametrize("number", [-torch.inf, -1e3, -0.0, 0.0, 1e-20, 1e3, 1e100, torch.inf, torch.nan])
def test_what_is_far_off_or_not_finite_has_the_peers_value_and_slope(name, rung, number):
    ours, theirs, options = FORMS[name]
    numbers = torch.tensor([number, 0.5], dtype=torch.float64)
    assert compare_functions(getattr(ours, rung), theirs, (numbers, *options)).within(PART_BOUND)


@EVERY_RUNG
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_gelu_returns_the_type_that_it_is_given(name, rung, dtype):
    ours, theirs, options = FORMS[name]
    numbers = draw(30).detach().to(dtype)
    values = getattr(ours, rung)(numbers, *options)
    assert values.dtype == dtype
    torch.testing.assert_close(values, theirs(numbers, *options), rtol=8 * torch.finfo(dtype).eps, atol=torch.finfo(dtype).eps)


@pytest.mark.parametrize("rung", gelu.rungs)
def test_the_two_gelus_are_two_functions_and_the_exact_one_the_default(rung):
    function, number = getattr(gelu, rung), torch.tensor(2.0, dtype=torch.float64)
    assert function(number).item() == pytest.approx(2 * torch.special.ndtr(number).item(), rel=1e-12)
    assert 1e-5 < abs(function(number) - function(number, approximate="tanh")) < 1e-3


def test_the_quick_gelu_is_near_the_exact_one():
    numbers = torch.linspace(-9, 9, 1000, dtype=torch.float64)
    assert 0.01 < (quick_gelu(numbers) - gelu(numbers)).abs().max() < 0.021


@pytest.mark.parametrize("rung", gelu.rungs)
def test_another_gelu_is_refused(rung):
    with pytest.raises(ValueError, match="approximate is 'none' or 'tanh', not 'sigmoid'"):
        getattr(gelu, rung)(torch.zeros(1), "sigmoid")


@pytest.mark.parametrize("op", [silu, gelu])
def test_whole_numbers_are_refused(op):
    for rung in op.rungs:
        with pytest.raises(ValueError, match=f"{op.__name__} takes floating-point numbers; it was given torch.int64"):
            getattr(op, rung)(torch.tensor([1, 2]))


@pytest.mark.parametrize("op", [silu, gelu])
def test_what_else_torch_refuses_keeps_its_message(op):
    with pytest.raises(RuntimeError, match="parse"):
        op.fused(torch.ones(2).to_sparse())


@pytest.mark.parametrize("op", [silu, gelu, quick_gelu])
def test_fused_gelus_are_seen_through_by_the_compiler_and_by_fx(op):
    class Net(torch.nn.Module):
        def forward(self, x):
            return op(x)

    x = torch.randn(4)
    expected = op(x)
    assert torch.equal(torch.fx.symbolic_trace(Net())(x), expected)
    assert torch.equal(torch.export.export(Net(), (x,)).module()(x), expected)
    assert torch.equal(torch.compile(Net(), backend="eager", fullgraph=True)(x), expected)
