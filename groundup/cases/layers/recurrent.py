"""Recurrent cells and networks, and the packing of sequences, against torch.nn's."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Generator, Tensor, nn
from torch.nn.utils import rnn as theirs_packed

from groundup.cases.case import ModuleCase, OpCase, Sample, call
from groundup.layers.packed_sequence import PackedSequence, pack_padded_sequence, pad_packed_sequence
from groundup.layers.recurrent import GRU, LSTM, RNN
from groundup.layers.recurrent_cell import GRUCell, LSTMCell, RNNCell
from groundup.weights.rules import Rename

CELL = dict(input_size=3, hidden_size=4)
NETWORK = dict(input_size=3, hidden_size=4, num_layers=2, bidirectional=True)
NAMES = {
    "weight_ih": "input_weight",
    "weight_hh": "hidden_weight",
    "bias_ih": "input_bias",
    "bias_hh": "hidden_bias",
    "weight_hr": "projection_weight",
}
CELL_WEIGHTS = [Rename(theirs, ours) for theirs, ours in NAMES.items()]
WEIGHTS = [
    Rename(f"{theirs}_l{{}}{end}", f"{direction}.{{}}.{ours}")
    for end, direction in (("_reverse", "reverse"), ("", "onward"))
    for theirs, ours in NAMES.items()
]


def call_torch(theirs: nn.Module, x: Tensor, hx: object = None, lengths: Tensor | Sequence[int] | None = None) -> tuple:
    """Theirs takes and gives packed sequences where ours takes lengths."""
    if lengths is None:
        return theirs(x, hx)
    first = theirs.batch_first
    packed = theirs_packed.pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=False)
    output, states = theirs(packed, hx)
    total = x.shape[1 if first else 0]
    return theirs_packed.pad_packed_sequence(output, batch_first=first, total_length=total)[0], states


def cell_samples(generator: Generator, states: int = 1) -> Iterator[Sample]:
    for batch in ((3,), (), (0,)):
        x, *hx = (torch.randn(*batch, size, generator=generator, dtype=torch.float64) for size in (3, 4, 4)[: 1 + states])
        yield call(x)
        yield call(x, hx[0] if states == 1 else tuple(hx))


def sequences(generator: Generator, states: int = 1) -> Iterator[Sample]:
    """With and without states, of equal and of different lengths, and one sequence without a batch."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def hidden(*batch: int) -> Tensor | tuple[Tensor, ...]:
        hx = tuple(draw(4, *batch, 4) for _ in range(states))
        return hx[0] if states == 1 else hx

    yield call(draw(5, 3, 3))
    yield call(draw(3, 5, 3).transpose(0, 1), hidden(3))
    yield call(draw(5, 3, 3), hidden(3), [2, 5, 1])
    yield call(draw(5, 3, 3), lengths=torch.tensor([3, 2, 3]))
    yield call(draw(5, 3), hidden())
    yield call(draw(1, 2, 3))


def packing_samples(generator: Generator) -> Iterator[Sample]:
    for rest in ((), (3,), (2, 3)):
        for batch_first in (False, True):
            lengths = torch.tensor([2, 4, 1])
            shape = (3, 5) if batch_first else (5, 3)
            yield call(torch.randn(*shape, *rest, generator=generator, dtype=torch.float64), lengths, batch_first, False)
            yield call(
                torch.randn(*shape, *rest, generator=generator, dtype=torch.float64),
                lengths.sort(descending=True)[0],
                batch_first,
            )


def padding_samples(generator: Generator) -> Iterator[Sample]:
    batch_sizes, order, back = torch.tensor([3, 2, 2, 1]), torch.tensor([1, 2, 0]), torch.tensor([2, 0, 1])
    for rest in ((), (3,)):
        data = torch.randn(8, *rest, generator=generator, dtype=torch.float64)
        yield call(data, batch_sizes, None, None)
        yield call(data, batch_sizes, order, back, batch_first=True)
        yield call(data, batch_sizes, order, back, padding_value=-2.0, total_length=6)


def padded(pad: Callable, sequence: Callable) -> Callable:
    """Padding as a function of the fields of the packed sequence, so that the data takes a gradient."""
    return lambda data, batch_sizes, order, back, **options: pad(sequence(data, batch_sizes, order, back), **options)


CASES = [
    ModuleCase(
        name="RNNCell",
        reference="torch.nn.RNNCell",
        ours=partial(RNNCell, **CELL),
        theirs=partial(nn.RNNCell, **CELL),
        weights=CELL_WEIGHTS,
        samples=cell_samples,
    ),
    ModuleCase(
        name="LSTMCell",
        reference="torch.nn.LSTMCell",
        ours=partial(LSTMCell, **CELL),
        theirs=partial(nn.LSTMCell, **CELL),
        weights=CELL_WEIGHTS,
        samples=partial(cell_samples, states=2),
    ),
    ModuleCase(
        name="GRUCell",
        reference="torch.nn.GRUCell",
        ours=partial(GRUCell, **CELL),
        theirs=partial(nn.GRUCell, **CELL),
        weights=CELL_WEIGHTS,
        samples=cell_samples,
    ),
    ModuleCase(
        name="RNN",
        reference="torch.nn.RNN",
        ours=partial(RNN, **NETWORK),
        theirs=partial(nn.RNN, **NETWORK),
        weights=WEIGHTS,
        call_theirs=call_torch,
        samples=sequences,
    ),
    ModuleCase(
        name="LSTM",
        reference="torch.nn.LSTM",
        ours=partial(LSTM, **NETWORK),
        theirs=partial(nn.LSTM, **NETWORK),
        weights=WEIGHTS,
        call_theirs=call_torch,
        samples=partial(sequences, states=2),
    ),
    ModuleCase(
        name="GRU",
        reference="torch.nn.GRU",
        ours=partial(GRU, **NETWORK),
        theirs=partial(nn.GRU, **NETWORK),
        weights=WEIGHTS,
        call_theirs=call_torch,
        samples=sequences,
    ),
    OpCase(
        name="pack_padded_sequence",
        reference="torch.nn.utils.rnn.pack_padded_sequence",
        kind="layer",
        ours=pack_padded_sequence,
        theirs=theirs_packed.pack_padded_sequence,
        samples=packing_samples,
    ),
    OpCase(
        name="pad_packed_sequence",
        reference="torch.nn.utils.rnn.pad_packed_sequence",
        kind="layer",
        ours=padded(pad_packed_sequence, PackedSequence),
        theirs=padded(theirs_packed.pad_packed_sequence, theirs_packed.PackedSequence),
        samples=padding_samples,
    ),
]
