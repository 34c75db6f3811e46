"""Recurrent networks beyond their cases: their options, lengths, gradients of the states, their start, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from groundup.cases.case import ModuleCase, call
from groundup.cases.layers.recurrent import WEIGHTS, call_torch
from groundup.layers.recurrent import GRU, LSTM, RNN
from groundup.parity.compare import PART_BOUND, compare_functions, compare_modules, randomize
from groundup.weights.rules import rename, restore

NETWORKS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
VARIANTS = [
    dict(),
    dict(bias=False),
    dict(num_layers=2),
    dict(bidirectional=True),
    dict(batch_first=True),
    dict(num_layers=2, bidirectional=True, batch_first=True, bias=False),
]
OPTIONS = [(name, options) for name in NETWORKS for options in VARIANTS]
OPTIONS += [("RNN", dict(nonlinearity="relu")), ("LSTM", dict(proj_size=2))]
OPTIONS += [("LSTM", dict(proj_size=3, num_layers=2, bidirectional=True))]


def pair(name, **options):
    """Ours and torch's with the same weights."""
    theirs = randomize(getattr(nn, name)(3, 4, **options).double())
    ours = NETWORKS[name](input_size=3, hidden_size=4, **options).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS))
    return ours, theirs


def states(name, batch, num_layers=1, bidirectional=False, proj_size=0, **others):
    """Random ones, of that batch (which may be none)."""
    sizes = (proj_size or 4, 4) if name == "LSTM" else (4,)
    return [torch.randn(num_layers * (1 + bidirectional), *batch, size).double() for size in sizes]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_networks_with_each_option_equal_torchs(name, options):
    def samples(generator):
        for lengths in (None, [2, 5, 3], torch.tensor([4, 4, 1])):
            x = torch.randn(3, 5, 3, generator=generator, dtype=torch.float64)
            hx = states(name, (3,), **options)
            yield call(x if options.get("batch_first") else x.transpose(0, 1), tuple(hx) if len(hx) > 1 else hx[0], lengths)
        yield call(torch.randn(5, 3, generator=generator, dtype=torch.float64))

    case = ModuleCase(
        name=name,
        reference="",
        ours=lambda: NETWORKS[name](input_size=3, hidden_size=4, **options),
        theirs=lambda: getattr(nn, name)(3, 4, **options),
        weights=WEIGHTS,
        call_theirs=call_torch,
        samples=samples,
    )
    result = case.run()
    assert result.passed, result


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.booleans())
def test_any_lengths_equal_packed_sequences(lengths, bidirectional):
    for name in NETWORKS:
        modules = pair(name, num_layers=2, bidirectional=bidirectional)
        x = torch.randn(max(lengths), len(lengths), 3).double()
        to_ours = lambda state: rename(state, WEIGHTS)  # noqa: E731
        errors = compare_modules(*modules, (x, None, lengths), to_ours=to_ours, call_theirs=call_torch)
        assert errors.within(PART_BOUND)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("lengths", [None, [2, 4, 1]])
def test_the_gradients_of_the_states_equal_torchs(name, lengths):
    modules = pair(name, num_layers=2, bidirectional=True)
    hx = states(name, (3,), num_layers=2, bidirectional=True)

    def run(module, x, *hx):
        return (
            call_torch(module, x, tuple(hx) if len(hx) > 1 else hx[0], lengths)
            if module is modules[1]
            else module(x, tuple(hx) if len(hx) > 1 else hx[0], lengths)
        )

    calls = (lambda *args, module=module: run(module, *args) for module in modules)
    assert compare_functions(*calls, (torch.randn(4, 3, 3).double(), *hx)).within(PART_BOUND)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch_first", [True, False])
def test_one_sequence_without_a_batch_equals_a_batch_of_one(name, batch_first):
    ours, theirs = pair(name, bidirectional=True, batch_first=batch_first)
    x, hx = torch.randn(5, 3).double(), states(name, (), bidirectional=True)
    hx = tuple(hx) if name == "LSTM" else hx[0]
    torch.testing.assert_close(ours(x, hx), theirs(x, hx), atol=1e-12, rtol=1e-12)
    together = ours(x[None] if batch_first else x[:, None])[0]
    torch.testing.assert_close(ours(x)[0], together[0] if batch_first else together[:, 0])


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_never_reaches_the_output(name):
    layer = NETWORKS[name](input_size=3, hidden_size=4, bidirectional=True, num_layers=2, batch_first=True)
    x, lengths = torch.randn(3, 5, 3), [2, 5, 3]
    other = x.clone()
    other[0, 2:], other[2, 3:] = float("nan"), 9.0
    (output, last), (same, same_last) = layer(x, lengths=lengths), layer(other, lengths=lengths)
    torch.testing.assert_close((output, last), (same, same_last), atol=0, rtol=0)
    assert (output[0, 2:] == 0).all() and (output[2, 3:] == 0).all()
    torch.testing.assert_close(output[0, :2], layer(x[0, :2])[0])  # as if it had come alone


@pytest.mark.parametrize("name", NETWORKS)
def test_the_last_state_of_the_reverse_direction_is_at_the_first_step(name):
    layer = NETWORKS[name](input_size=3, hidden_size=4, bidirectional=True)
    output, last = layer(torch.randn(5, 2, 3))
    last = last[0] if name == "LSTM" else last
    torch.testing.assert_close(output[-1, :, :4], last[0])
    torch.testing.assert_close(output[0, :, 4:], last[1])


@pytest.mark.parametrize("name", NETWORKS)
def test_dropout_acts_in_training_between_layers_as_torchs_does(name):
    modules = pair(name, num_layers=3, dropout=0.5)
    x = torch.randn(5, 2, 3).double()
    for train in (True, False):
        results = []
        for module in modules:
            torch.manual_seed(3)
            results.append(module.train(train)(x)[0])
        torch.testing.assert_close(*results, atol=1e-12, rtol=1e-12)
    assert not torch.allclose(modules[0].train()(x)[0], results[0])
    assert NETWORKS[name](input_size=3, hidden_size=4).dropout == 0


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_networks_start_as_torchs_do(name, options):
    torch.manual_seed(4)
    theirs = getattr(nn, name)(3, 5, **options).state_dict()
    ours = NETWORKS[name](input_size=3, hidden_size=5, **options)
    torch.manual_seed(4)
    ours.reset_parameters()
    torch.testing.assert_close(restore(ours.state_dict(), WEIGHTS), dict(theirs), atol=0, rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3,), {}, r"takes \(time, batch, 3\), or one sequence \(time, 3\); it was given \(3,\)"),
        ((5, 2, 4), {}, r"it was given \(5, 2, 4\)"),
        ((5, 4), {}, r"it was given \(5, 4\)"),
        ((5, 2, 2, 3), {}, r"it was given \(5, 2, 2, 3\)"),
        ((5, 2, 4), {"batch_first": True}, r"takes \(batch, time, 3\), or one sequence"),
    ],
)
def test_inputs_that_do_not_fit_are_named(name, shape, options, message):
    with pytest.raises(ValueError, match=f"{name} .*{message}"):
        NETWORKS[name](input_size=3, hidden_size=4, **options)(torch.zeros(shape))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch_first", [True, False])
def test_states_that_do_not_fit_are_named(name, batch_first):
    layer = NETWORKS[name](input_size=3, hidden_size=4, num_layers=2, batch_first=batch_first)
    for x, right in ((torch.zeros(5, 5, 3)[:, :2], (2, 5, 4) if batch_first else (2, 2, 4)), (torch.zeros(5, 3), (2, 4))):
        for shape in ((1, *right[1:]), (*right[:-1], 5), (*right, 1), right[1:], (2, 7, 4)):
            good, wrong = torch.zeros(right), torch.zeros(shape)
            for hx in ((good, wrong), (wrong, good)) if name == "LSTM" else (wrong,):
                with pytest.raises(ValueError, match=rf"{name}: for this input a state has shape \({right[0]}, {right[1]}"):
                    layer(x, hx)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("lengths", "message"),
    [([5, 0], "between 1 and the 5 steps"), ([6, 1], "between 1 and the 5 steps"), ([5], "lengths are 2 whole numbers")],
)
@pytest.mark.parametrize("batch_first", [True, False])
def test_lengths_that_do_not_fit_are_named(name, lengths, message, batch_first):
    layer = NETWORKS[name](input_size=3, hidden_size=4, batch_first=batch_first)
    with pytest.raises(ValueError, match=message):
        layer(torch.zeros(2, 5, 3) if batch_first else torch.zeros(5, 2, 3), lengths=lengths)
    with pytest.raises(ValueError, match=f"{name}: lengths are for a batch"):
        layer(torch.zeros(5, 3), lengths=[5])


@pytest.mark.parametrize("name", NETWORKS)
def test_options_that_do_not_fit_are_refused(name):
    for options, message in (
        (dict(num_layers=0), f"{name}: there is at least one layer, not 0"),
        (dict(dropout=1.1), f"{name}: dropout is a probability between 0 and 1, not 1.1"),
        (dict(dropout=-0.1), "dropout is a probability between 0 and 1, not -0.1"),
        (dict(hidden_size=0), "input_size and hidden_size are at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            NETWORKS[name](**dict(input_size=3, hidden_size=4) | options)
    assert NETWORKS[name](input_size=3, hidden_size=4, dropout=1.0).dropout == 1


def test_what_only_one_of_them_takes_is_checked():
    with pytest.raises(ValueError, match="RNN: nonlinearity is 'tanh' or 'relu', not 'gelu'"):
        RNN(input_size=3, hidden_size=4, nonlinearity="gelu")
    for proj_size in (4, 5, -1):
        with pytest.raises(ValueError, match=f"proj_size is less than hidden_size; they are 3, 4 and {proj_size}"):
            LSTM(input_size=3, hidden_size=4, proj_size=proj_size)
