"""Recurrent cells beyond their cases: random shapes, gradients of the states, what gates do, what does not fit."""

import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.ladder import RUNGS
from groundup.ops.recurrence import gru_cell, lstm_cell, lstm_gates, rnn_relu_cell, rnn_tanh_cell
from groundup.parity.compare import PART_BOUND, compare_functions

OPS = {op.__name__: op for op in (rnn_tanh_cell, rnn_relu_cell, lstm_cell, gru_cell)}
GATES = {"rnn_tanh_cell": 1, "rnn_relu_cell": 1, "lstm_cell": 4, "gru_cell": 3}
EACH_RUNG = [(name, rung) for name, op in OPS.items() for rung in op.rungs]


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


def arguments(name, batch=2, features=3, hidden=4, biases=2):
    """Input, one state or two, the weights and that many biases."""
    rows = GATES[name] * hidden
    states = [draw(batch, hidden) for _ in range(2 if name == "lstm_cell" else 1)]
    return [draw(batch, features), *states, draw(rows, features), draw(rows, hidden), *(draw(rows) for _ in range(biases))]


def flat(name, function):
    """The cell with its states as arguments of their own, which thus take a gradient."""
    if name != "lstm_cell":
        return function
    return lambda input, state, memory, *weights: function(input, (state, memory), *weights)


def test_the_lstm_stands_on_every_rung():
    assert lstm_cell.rungs == RUNGS
    assert all(op.rungs == ("tensors", "fused") for op in OPS.values() if op is not lstm_cell)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_the_arguments_are_torchs(name, rung):
    parts = inspect.signature(getattr(OPS[name], rung)).parameters
    assert list(parts) == [argument.name for argument in torch._C._get_schema(f"aten::{name}", "").arguments]
    assert parts["b_ih"].default is None and parts["b_hh"].default is None


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2))
def test_cells_and_their_gradients_equal_torchs_for_every_shape(batch, features, hidden, biases):
    for name, rung in EACH_RUNG:
        ours, theirs = flat(name, getattr(OPS[name], rung)), flat(name, getattr(torch, name))
        assert compare_functions(ours, theirs, arguments(name, batch, features, hidden, biases)).within(PART_BOUND), (name, rung)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_either_bias_may_be_missing(name, rung):
    *args, bias = arguments(name, biases=1)
    ours, theirs = flat(name, getattr(OPS[name], rung)), flat(name, getattr(torch, name))
    assert compare_functions(ours, theirs, (*args, None, bias)).within(PART_BOUND)
    assert compare_functions(ours, theirs, (*args, bias, None)).within(PART_BOUND)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_type_of_the_input_is_that_of_the_state(name, rung, dtype):
    args = [part.detach().to(dtype) for part in arguments(name)]
    ours, theirs = flat(name, getattr(OPS[name], rung))(*args), flat(name, getattr(torch, name))(*args)
    torch.testing.assert_close(ours, theirs, atol=3e-2 if dtype == torch.bfloat16 else 1e-6, rtol=1e-2)


def test_the_hand_written_backward_passes_gradcheck_twice_over():
    for biases in (0, 2):
        args = arguments("lstm_cell", 1, 2, 6, biases)
        assert gradcheck(flat("lstm_cell", lstm_cell.manual), args)
        assert gradgradcheck(flat("lstm_cell", lstm_cell.manual), args)
    # of a single output too: the other's gradient is then missing
    for output in (0, 1):
        assert gradcheck(lambda *args, output=output: flat("lstm_cell", lstm_cell.manual)(*args)[output], args)


def test_an_open_forget_gate_and_a_shut_input_gate_keep_the_memory_and_its_gradient():
    gates = torch.tensor([[-100.0, 100.0, 0.7, 0.0]])  # i, f, g, o of one unit
    memory = torch.tensor([[3.0]], requires_grad=True)
    _, kept = lstm_gates(gates, memory)
    assert kept.item() == 3.0 and torch.autograd.grad(kept, memory)[0].item() == 1.0
    assert lstm_gates(gates.neg(), memory)[1].item() == pytest.approx(-0.6043678)  # tanh(-0.7), what is written instead


@pytest.mark.parametrize("rung", gru_cell.rungs)
def test_a_gru_whose_update_gate_is_open_keeps_its_state(rung):
    bias = torch.tensor([0.0, 100.0, 0.0])  # r, z, n of one unit
    state = getattr(gru_cell, rung)(torch.randn(2, 1), torch.tensor([[3.0], [-2.0]]), torch.zeros(3, 1), torch.zeros(3, 1), bias)
    assert torch.equal(state, torch.tensor([[3.0], [-2.0]]))


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize(
    ("part", "shape", "message"),
    [
        ("input", (3,), r"takes input \(batch, features\)"),
        ("input", (2, 5), r"input should have shape \(2, 3\); it was given \(2, 5\)"),
        ("w_ih", (3,), r"takes input \(batch, features\)"),
        ("w_ih", (5, 3), r"w_ih should have shape \(\d+, 3\); it was given \(5, 3\)"),
        ("w_hh", (4,), r"takes input \(batch, features\)"),
        ("w_hh", (5, 4), r"w_hh should have shape \(\d+, 4\); it was given \(5, 4\)"),
        ("b_ih", (1,), r"b_ih should have shape \(\d+,\); it was given \(1,\)"),
        ("b_hh", (1,), r"b_hh should have shape \(\d+,\); it was given \(1,\)"),
    ],
)
def test_what_a_cell_cannot_take_is_named(name, rung, part, shape, message):
    input, *states, w_ih, w_hh, b_ih, b_hh = arguments(name)
    hx = tuple(states) if name == "lstm_cell" else states[0]
    given = dict(input=input, hx=hx, w_ih=w_ih, w_hh=w_hh, b_ih=b_ih, b_hh=b_hh)
    with pytest.raises(ValueError, match=f"{name}.*{message}"):
        getattr(OPS[name], rung)(**given | {part: draw(*shape)})
    double = {} if part == "input" else {part: given[part].float()}
    if double:
        with pytest.raises(
            ValueError, match=f"{name}: an input of torch.float64 takes {part} of the same type; .* torch.float32"
        ):
            getattr(OPS[name], rung)(**given | double)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_states_that_do_not_fit_are_named(name, rung):
    input, *states, w_ih, w_hh = arguments(name, biases=0)
    for position in range(len(states)):
        key = rf"hx\[{position}\]" if name == "lstm_cell" else "hx"
        for shape in ((2, 5), (1, 4), (4,)):
            wrong = [draw(*shape) if k == position else state for k, state in enumerate(states)]
            with pytest.raises(ValueError, match=rf"{name}: {key} should have shape \(2, 4\); it was given"):
                getattr(OPS[name], rung)(input, tuple(wrong) if name == "lstm_cell" else wrong[0], w_ih, w_hh)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_whole_numbers_are_refused(name, rung):
    input, *states, w_ih, w_hh = (part.detach().long() for part in arguments(name, biases=0))
    with pytest.raises(ValueError, match=f"{name} takes floating-point numbers; the input is of torch.int64"):
        getattr(OPS[name], rung)(input, tuple(states) if name == "lstm_cell" else states[0], w_ih, w_hh)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("count", [1, 3])
def test_an_lstm_wants_state_and_memory(rung, count):
    input, state, _, w_ih, w_hh = arguments("lstm_cell", biases=0)
    with pytest.raises(ValueError, match=rf"hx is a pair \(state, memory\), not {count} tensors"):
        getattr(lstm_cell, rung)(input, (state,) * count, w_ih, w_hh)


@pytest.mark.parametrize("name", OPS)
def test_under_autocast_the_types_may_differ(name):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for rung in ("tensors", "fused"):
            input, *rest = (part.detach().float() for part in arguments(name))
            result = flat(name, getattr(OPS[name], rung))(input.bfloat16(), *rest)
            assert all(part.isfinite().all() for part in (result if name == "lstm_cell" else (result,)))
