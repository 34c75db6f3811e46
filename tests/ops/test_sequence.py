"""Recurrent networks over whole sequences beyond their cases: gradients, random lengths, dropout, what does not fit."""

import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.recurrence import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from groundup.ops.sequence import gru, lstm, rnn_relu, rnn_tanh
from groundup.ops.walk import RNN_RELU, Weights, walk
from groundup.parity.compare import PART_BOUND, compare_functions

OPS = {op.__name__: op for op in (rnn_tanh, rnn_relu, lstm, gru)}
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
EACH_RUNG = [(name, rung) for name, op in OPS.items() for rung in op.rungs]


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


def network(name, batch, features=3, hidden=2, size=2, has_biases=True, num_layers=1, bidirectional=False):
    """The states, one or two, and the weights of every layer and direction."""
    directions = 2 if bidirectional else 1
    rows = GATES[name] * hidden
    states = [draw(num_layers * directions, batch, width) for width in ((size, hidden) if name == "lstm" else (hidden,))]
    params = []
    for k in range(num_layers * directions):
        params += [draw(rows, directions * size if k >= directions else features), draw(rows, size)]
        params += [draw(rows), draw(rows)] if has_biases else []
        params += [draw(size, hidden)] if size != hidden else []
    return states, params


def flat(name, function, batch_sizes, *settings):
    """As a function of the data, the states and the weights alone, so that all take a gradient."""
    count = 2 if name == "lstm" else 1

    def run(data, *rest):
        hx = tuple(rest[:count]) if count > 1 else rest[0]
        return function(data, batch_sizes, hx, list(rest[count:]), *settings)

    return run


def torch_function(name):
    """torch's function, given the arguments of ours."""

    def run(data, batch_sizes, hx, *settings):
        function = getattr(torch, name)
        return function(data, hx, *settings, False) if batch_sizes is None else function(data, batch_sizes, hx, *settings)

    return run


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_the_arguments_are_those_of_torchs_packed_form(name, rung):
    parts = inspect.signature(getattr(OPS[name], rung)).parameters
    assert list(parts) == [argument.name for argument in torch._C._get_schema(f"aten::{name}", "data").arguments]
    assert OPS[name].rungs == ("tensors", "fused")


NETWORKS = st.tuples(st.booleans(), st.integers(1, 3), st.booleans())


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 4), st.integers(0, 3), NETWORKS)
def test_padded_networks_and_their_gradients_equal_torchs(steps, batch, shape):
    has_biases, num_layers, bidirectional = shape
    for name, rung in EACH_RUNG:
        options = dict(has_biases=has_biases, num_layers=num_layers, bidirectional=bidirectional)
        states, params = network(name, batch, **options)
        settings = None, has_biases, num_layers, 0.0, True, bidirectional
        functions = (flat(name, function, *settings) for function in (getattr(OPS[name], rung), torch_function(name)))
        errors = compare_functions(*functions, (draw(steps, batch, 3), *states, *params))
        assert errors.within(PART_BOUND), (name, rung, errors)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), NETWORKS)
def test_packed_networks_and_their_gradients_equal_torchs(lengths, shape):
    has_biases, num_layers, bidirectional = shape
    batch_sizes = torch.tensor([sum(length > t for length in lengths) for t in range(max(lengths))])
    for name, rung in EACH_RUNG:
        options = dict(has_biases=has_biases, num_layers=num_layers, bidirectional=bidirectional)
        states, params = network(name, len(lengths), **options)
        settings = batch_sizes, has_biases, num_layers, 0.0, True, bidirectional
        functions = (flat(name, function, *settings) for function in (getattr(OPS[name], rung), torch_function(name)))
        errors = compare_functions(*functions, (draw(sum(lengths), 3), *states, *params))
        assert errors.within(PART_BOUND), (name, rung, errors)


@pytest.mark.parametrize(
    ("reverse", "outputs", "last"),
    [(False, [[11, 101], [12, 102], [13]], [13, 102]), (True, [[13, 102], [12, 101], [11]], [13, 102])],
)
def test_each_sequence_is_walked_from_its_own_end_to_its_other(reverse, outputs, last):
    """Two sequences, of three steps and of two, each step of which adds 1 to a state that began at 10 or 100."""
    one = torch.ones(1, 1)
    fed = tuple(torch.ones(count, 1) for count in (2, 2, 1))
    start = (torch.tensor([[10.0], [100.0]]),)
    found, (states,) = walk(RNN_RELU, fed, start, Weights(one, one, None, None, None), reverse)
    assert [step.flatten().tolist() for step in found] == outputs and states.flatten().tolist() == last


@pytest.mark.parametrize("rung", lstm.rungs)
@pytest.mark.parametrize("batch_sizes", [None, torch.tensor([2, 2, 1])])
@pytest.mark.parametrize("has_biases", [True, False])
def test_states_smaller_than_the_memories_equal_torchs(rung, batch_sizes, has_biases):
    states, params = network("lstm", 2, hidden=3, size=2, num_layers=2, bidirectional=True, has_biases=has_biases)
    data = draw(3, 2, 3) if batch_sizes is None else draw(5, 3)
    settings = batch_sizes, has_biases, 2, 0.0, True, True
    functions = (flat("lstm", function, *settings) for function in (getattr(lstm, rung), torch_function("lstm")))
    assert compare_functions(*functions, (data, *states, *params)).within(PART_BOUND)


@pytest.mark.parametrize(
    ("op", "cell"), [(rnn_tanh, rnn_tanh_cell), (rnn_relu, rnn_relu_cell), (lstm, lstm_cell), (gru, gru_cell)]
)
def test_a_network_of_one_layer_is_its_cell_step_by_step(op, cell):
    name = op.__name__
    states, params = network(name, 2)
    data = draw(4, 2, 3)
    hx = tuple(states) if name == "lstm" else states[0]
    outputs, *lasts = op(data, None, hx, params, True, 1, 0.0, False, False)
    current = tuple(state[0] for state in states)
    for x, output in zip(data, outputs):
        moved = cell(x, current if name == "lstm" else current[0], *params)
        current = moved if name == "lstm" else (moved,)
        torch.testing.assert_close(output, current[0])
    for last, state in zip(lasts, current):
        torch.testing.assert_close(last[0], state)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("batch_sizes", [None, torch.tensor([3, 3, 2])])
def test_dropout_acts_in_training_between_layers_as_torchs_does(name, rung, batch_sizes):
    states, params = network(name, 3, num_layers=3, bidirectional=True)
    data = draw(3, 3, 3) if batch_sizes is None else draw(8, 3)
    hx = tuple(states) if name == "lstm" else states[0]
    for train in (True, False):
        results = []
        for function in (getattr(OPS[name], rung), torch_function(name)):
            torch.manual_seed(3)
            results.append(tuple(function(data, batch_sizes, hx, params, True, 3, 0.4, train, True)))
        torch.testing.assert_close(*results, atol=1e-10, rtol=1e-10)
    plain = getattr(OPS[name], rung)(data, batch_sizes, hx, params, True, 3, 0.0, True, True)[0]
    torch.testing.assert_close(results[0][0], plain)  # outside of training
    with_dropout = getattr(OPS[name], rung)(data, batch_sizes, hx, params, True, 3, 0.9, True, True)[0]
    assert not torch.allclose(with_dropout, plain)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("size", [5, 2])
def test_float32_equals_torchs(name, rung, size):
    if size == 2 and name != "lstm":
        return
    states, params = network(name, 3, features=4, hidden=5, size=size, num_layers=2, bidirectional=True)
    data, results = draw(6, 3, 4), []
    for function, dtype in ((torch_function(name), torch.float64), (getattr(OPS[name], rung), torch.float32)):
        hx = tuple(state.to(dtype) for state in states) if name == "lstm" else states[0].to(dtype)
        weights = [weight.to(dtype) for weight in params]
        results.append([part.double() for part in function(data.to(dtype), None, hx, weights, True, 2, 0.0, True, True)])
    torch.testing.assert_close(*results, atol=1e-4, rtol=1e-4)


def test_projections_warn_of_no_missing_kernel(recwarn):
    states, params = network("lstm", 2, hidden=3, size=2)
    args = [state.detach().float() for state in states], [weight.detach().float() for weight in params]
    lstm.fused(torch.randn(3, 2, 3), None, *args, True, 1, 0.0, True, False)
    assert not recwarn.list


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(data=draw(3, 3)), r"takes data \(time, batch, features\), of one step or more; it was given \(3, 3\)"),
        (dict(data=draw(0, 2, 3)), r"takes data \(time, batch, features\), of one step or more; it was given \(0, 2, 3\)"),
        (dict(data=torch.ones(4, 2, 3).long()), "takes floating-point numbers; the input is of torch.int64"),
        (dict(data=draw(4, 2, 5)), r"w_ih of layer 0 should have shape \(\d+, 5\); it was given \(\d+, 3\)"),
        (dict(data=draw(4, 1, 3)), r"the states in hx should have shape \(4, 1, 2\); it was given \(4, 2, 2\)"),
        (dict(num_layers=1), r"the states in hx should have shape \(2, 2, 2\); it was given \(4, 2, 2\)"),
        (dict(num_layers=0), "there is at least one layer, not 0"),
        (dict(has_biases=False), "params holds 16 tensors; 4 layers and directions take 2 each"),
        (dict(batch_sizes=torch.tensor([2, 2])), r"takes packed data \(steps of all sequences, features\); it was given"),
    ],
)
def test_what_a_network_cannot_take_is_named(name, rung, change, message):
    states, params = network(name, 2, num_layers=2, bidirectional=True)
    hx = tuple(states) if name == "lstm" else states[0]
    given = dict(data=draw(4, 2, 3), batch_sizes=None, hx=hx, params=params, has_biases=True)
    given |= dict(num_layers=2, dropout=0.0, train=True, bidirectional=True)
    with pytest.raises(ValueError, match=f"{name}.*{message}"):
        getattr(OPS[name], rung)(**given | change)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize(
    ("position", "where"),
    [(0, "w_ih of layer 0 "), (5, "w_hh of layer 0, reverse"), (10, "b_ih of layer 1 "), (15, "b_hh of layer 1, reverse")],
)
def test_a_weight_that_does_not_fit_is_named(name, rung, position, where):
    states, params = network(name, 2, num_layers=2, bidirectional=True)
    hx = tuple(states) if name == "lstm" else states[0]
    for wrong, message in ((params[position][:-1], "should have shape"), (params[position].float(), "of the same type")):
        weights = [wrong if k == position else weight for k, weight in enumerate(params)]
        with pytest.raises(ValueError, match=f"{name}.*{where}.*{message}"):
            getattr(OPS[name], rung)(draw(4, 2, 3), None, hx, weights, True, 2, 0.0, True, True)


@pytest.mark.parametrize("rung", lstm.rungs)
def test_an_lstms_states_and_memories_are_checked_each(rung):
    (states, memories), params = network("lstm", 2)
    settings = params, True, 1, 0.0, True, False
    for hx, message in (
        ((states,), r"hx is a pair \(states, memories\), not 1"),
        ((states, memories[:, :1]), r"the memories in hx should have shape \(1, 2, 2\); it was given \(1, 1, 2\)"),
        ((states.float(), memories), "takes the states in hx of the same type"),
        ((states, memories.float()), "takes the memories in hx of the same type"),
        ((states[..., :1], memories), "params holds 4 tensors; 1 layers and directions take 5 each"),
    ):
        with pytest.raises(ValueError, match=message):
            getattr(lstm, rung)(draw(4, 2, 3), None, hx, *settings)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("sizes", [[1, 2], [2, 0, 1], [2, 1, 0], [2, 2], [], [[2, 1]], [-1, 4]])
def test_batch_sizes_that_describe_no_packed_data_are_refused(name, rung, sizes):
    states, params = network(name, 2)
    hx = tuple(states) if name == "lstm" else states[0]
    with pytest.raises(ValueError, match=f"{name}: batch_sizes, on the CPU, are the numbers .* and 3 in all"):
        getattr(OPS[name], rung)(draw(3, 3), torch.tensor(sizes), hx, params, True, 1, 0.0, True, False)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_compile_and_export_see_through_the_walk(name, rung):
    states, params = network(name, 2, num_layers=2, bidirectional=True)

    class Net(torch.nn.Module):
        def forward(self, data, hx, params):
            return tuple(getattr(OPS[name], rung)(data, None, hx, params, True, 2, 0.0, True, True))

    args = draw(3, 2, 3).detach(), tuple(states) if name == "lstm" else states[0], params
    expected = Net()(*args)
    torch.testing.assert_close(torch.export.export(Net(), args).module()(*args), expected)
    torch.testing.assert_close(torch.compile(Net(), backend="eager", fullgraph=True)(*args), expected)
