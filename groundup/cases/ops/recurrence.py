"""Recurrent cells, and recurrent networks over whole sequences, against torch's."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.recurrence import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from groundup.ops.sequence import gru, lstm, rnn_relu, rnn_tanh


def cell_samples(generator: Generator, gates: int, states: int = 1) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for batch, features, hidden in ((2, 3, 6), (1, 1, 1), (3, 2, 1), (0, 3, 2)):
        rows = gates * hidden
        hx = [draw(batch, hidden) for _ in range(states)]
        hx = hx[0] if states == 1 else tuple(hx)
        weights = draw(rows, features), draw(rows, hidden)
        yield call(draw(batch, features), hx, *weights, draw(rows), draw(rows))
        yield call(draw(features, batch).T, hx, *weights)
        yield call(draw(1, features).expand(batch, features), hx, *weights, b_ih=draw(rows))
        yield call(draw(batch, features), hx, *weights, b_hh=draw(rows))


def sequence_samples(generator: Generator, gates: int, states: int = 1) -> Iterator[Sample]:
    """Padded and packed, of one and two layers, in one direction and both."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    features, hidden = 3, 2
    packed = [torch.tensor(sizes) for sizes in ([3, 3, 1], [2, 2], [4, 2, 1, 1], [1])]
    for data, batch_sizes in (
        (draw(4, 2, features), None),
        (draw(3, 1, features).expand(3, 2, features), None),
        (draw(2, 0, features), None),
        *((draw(int(sizes.sum()), features), sizes) for sizes in packed),
    ):
        batch = data.shape[1] if batch_sizes is None else int(batch_sizes[0])
        for has_biases, num_layers, bidirectional in ((True, 1, False), (False, 2, False), (True, 2, True), (False, 1, True)):
            directions = 2 if bidirectional else 1
            for size in (hidden, 1)[:states]:  # an LSTM's states may be smaller than its memories
                sizes = [size, hidden][:states]
                hx = tuple(draw(num_layers * directions, batch, size) for size in sizes)
                params = []
                for layer in range(num_layers):
                    for _ in range(directions):
                        params += [draw(gates * hidden, directions * size if layer else features), draw(gates * hidden, size)]
                        params += [draw(gates * hidden), draw(gates * hidden)] if has_biases else []
                        params += [draw(size, hidden)] if size != hidden else []
                hx = hx if states > 1 else hx[0]
                yield call(data, batch_sizes, hx, params, has_biases, num_layers, 0.0, True, bidirectional)


def either(theirs: Callable) -> Callable:
    """torch's function, which takes padded data without batch sizes, and says at the end that time comes first."""

    def run(data: Tensor, batch_sizes: Tensor | None, hx: Tensor | Sequence[Tensor], *settings) -> tuple[Tensor, ...]:
        return theirs(data, hx, *settings, False) if batch_sizes is None else theirs(data, batch_sizes, hx, *settings)

    return run


CASES = [
    OpCase(
        name="rnn_tanh_cell",
        reference="torch.rnn_tanh_cell",
        ours=rnn_tanh_cell,
        theirs=torch.rnn_tanh_cell,
        samples=partial(cell_samples, gates=1),
    ),
    OpCase(
        name="rnn_relu_cell",
        reference="torch.rnn_relu_cell",
        ours=rnn_relu_cell,
        theirs=torch.rnn_relu_cell,
        samples=partial(cell_samples, gates=1),
    ),
    OpCase(
        name="lstm_cell",
        reference="torch.lstm_cell",
        ours=lstm_cell,
        theirs=torch.lstm_cell,
        samples=partial(cell_samples, gates=4, states=2),
    ),
    OpCase(
        name="gru_cell",
        reference="torch.gru_cell",
        ours=gru_cell,
        theirs=torch.gru_cell,
        samples=partial(cell_samples, gates=3),
    ),
    OpCase(
        name="rnn_tanh",
        reference="torch.rnn_tanh",
        ours=rnn_tanh,
        theirs=either(torch.rnn_tanh),
        samples=partial(sequence_samples, gates=1),
    ),
    OpCase(
        name="rnn_relu",
        reference="torch.rnn_relu",
        ours=rnn_relu,
        theirs=either(torch.rnn_relu),
        samples=partial(sequence_samples, gates=1),
    ),
    OpCase(
        name="lstm",
        reference="torch.lstm",
        ours=lstm,
        theirs=either(torch.lstm),
        samples=partial(sequence_samples, gates=4, states=2),
    ),
    OpCase(
        name="gru",
        reference="torch.gru",
        ours=gru,
        theirs=either(torch.gru),
        samples=partial(sequence_samples, gates=3),
    ),
]
