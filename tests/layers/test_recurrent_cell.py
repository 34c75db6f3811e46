"""Recurrent cells beyond their cases: their options, their start, what does not fit."""

import pytest
import torch
from torch import nn

from groundup.cases.case import ModuleCase
from groundup.cases.layers.recurrent import CELL_WEIGHTS, cell_samples
from groundup.layers.recurrent_cell import GRUCell, LSTMCell, RNNCell
from groundup.parity.compare import PART_BOUND, compare_functions, randomize
from groundup.weights.rules import rename, restore

CELLS = {"RNNCell": RNNCell, "LSTMCell": LSTMCell, "GRUCell": GRUCell}
OPTIONS = [(name, dict(bias=bias)) for name in CELLS for bias in (True, False)] + [("RNNCell", dict(nonlinearity="relu"))]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_cells_with_each_option_equal_torchs(name, options):
    case = ModuleCase(
        name=name,
        reference="",
        ours=lambda: CELLS[name](input_size=3, hidden_size=4, **options),
        theirs=lambda: getattr(nn, name)(3, 4, **options),
        weights=CELL_WEIGHTS,
        samples=lambda generator: cell_samples(generator, states=2 if name == "LSTMCell" else 1),
    )
    result = case.run()
    assert result.passed, result


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("batch", [(2,), ()])
def test_the_gradients_of_the_states_equal_torchs(name, batch):
    theirs = randomize(getattr(nn, name)(3, 4).double())
    ours = CELLS[name](input_size=3, hidden_size=4).double()
    ours.load_state_dict(rename(theirs.state_dict(), CELL_WEIGHTS))
    args = [torch.randn(*batch, size).double() for size in ((3, 4, 4) if name == "LSTMCell" else (3, 4))]
    calls = (lambda x, *hx, cell=cell: cell(x, tuple(hx) if len(hx) > 1 else hx[0]) for cell in (ours, theirs))
    assert compare_functions(*calls, args).within(PART_BOUND)


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_cells_start_as_torchs_do(name, options):
    torch.manual_seed(4)
    theirs = getattr(nn, name)(3, 5, **options).state_dict()
    torch.manual_seed(4)
    ours = CELLS[name](input_size=3, hidden_size=5, **options)
    drawn = [ours.state_dict()]
    torch.manual_seed(4)
    ours.reset_parameters()
    for state in (*drawn, ours.state_dict()):
        torch.testing.assert_close(restore(state, CELL_WEIGHTS), theirs, atol=0, rtol=0)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("shape", [(), (4,), (2, 4), (2, 2, 3)])
def test_inputs_that_do_not_fit_are_named(name, shape):
    with pytest.raises(ValueError, match=rf"{name} takes \(batch, 3\) or \(3\); it was given"):
        CELLS[name](input_size=3, hidden_size=4)(torch.zeros(shape))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("batch", [(2,), ()])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 4), (5,), (2, 4)])
def test_states_that_do_not_fit_are_named(name, batch, shape):
    if shape == (*batch, 4):
        return
    cell, x, right, wrong = (
        CELLS[name](input_size=3, hidden_size=4),
        torch.zeros(*batch, 3),
        torch.zeros(*batch, 4),
        torch.zeros(shape),
    )
    for hx in ((right, wrong), (wrong, right)) if name == "LSTMCell" else (wrong,):
        with pytest.raises(ValueError, match=rf"{name}: an input .* takes a state \({'2, ' if batch else ''}4,?\); it was given"):
            cell(x, hx)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("sizes", [(0, 4), (3, 0), (3, -1)])
def test_sizes_below_one_are_refused(name, sizes):
    with pytest.raises(ValueError, match=f"{name}: input_size and hidden_size are at least 1 .* {sizes[0]}, {sizes[1]} and 0"):
        CELLS[name](input_size=sizes[0], hidden_size=sizes[1])
    assert CELLS[name](input_size=1, hidden_size=1)(torch.zeros(1, 1)) is not None


def test_an_unknown_nonlinearity_is_refused():
    with pytest.raises(ValueError, match="RNNCell: nonlinearity is 'tanh' or 'relu', not 'gelu'"):
        RNNCell(input_size=3, hidden_size=4, nonlinearity="gelu")
