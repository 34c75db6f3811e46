"""Recurrent networks over whole sequences: the cells of `recurrence.py`, walked along as `walk.py` tells.

All four take the arguments of torch's function for packed sequences, but that `batch_sizes` may be None: then data is not
packed but (time, batch, features), all sequences being of one length.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.walk import GRU, LSTM, RNN_RELU, RNN_TANH, recur, weights_of


def rnn_tanh_tensors(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor]:
    """The outputs and the last states of a plain recurrent network, each step of which is `rnn_tanh_cell`.

    Every layer reads the outputs of the one before, where `dropout` strikes out some in training. With `bidirectional`
    each layer has a second set of weights that reads from the end to the beginning, and the outputs of both lie side by
    side. `params` holds w_ih, w_hh and, with `has_biases`, b_ih, b_hh of each layer, the backward direction's after them.

    Shapes: data (time, batch, features), or packed (all steps, features) with batch_sizes (time) on the CPU; hx (layers *
    directions, batch, hidden) -> outputs (time, batch, directions * hidden) or packed like data, and states like hx.
    Raises: ValueError for shapes that do not match, no step at all, and batch sizes that grow.
    Equals: torch.rnn_tanh.
    """
    weights = weights_of(RNN_TANH, data, batch_sizes, (hx,), params, has_biases, num_layers, bidirectional)
    return recur(RNN_TANH, data, batch_sizes, (hx,), weights, num_layers, dropout, train)


def rnn_tanh_fused(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor]:
    weights_of(RNN_TANH, data, batch_sizes, (hx,), params, has_biases, num_layers, bidirectional)
    if batch_sizes is None:
        return torch.rnn_tanh(data, hx, params, has_biases, num_layers, dropout, train, bidirectional, False)
    return torch.rnn_tanh(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)


def rnn_relu_tensors(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor]:
    """`rnn_tanh` with a ReLU in the place of the tanh: each step is `rnn_relu_cell`.

    Equals: torch.rnn_relu.
    """
    weights = weights_of(RNN_RELU, data, batch_sizes, (hx,), params, has_biases, num_layers, bidirectional)
    return recur(RNN_RELU, data, batch_sizes, (hx,), weights, num_layers, dropout, train)


def rnn_relu_fused(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor]:
    weights_of(RNN_RELU, data, batch_sizes, (hx,), params, has_biases, num_layers, bidirectional)
    if batch_sizes is None:
        return torch.rnn_relu(data, hx, params, has_biases, num_layers, dropout, train, bidirectional, False)
    return torch.rnn_relu(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)


def lstm_tensors(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: tuple[Tensor, Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """The outputs, the last states and the last memories of an LSTM, each step of which is `lstm_cell`.

    The rest is as in `rnn_tanh`. Where the states in hx are smaller than the memories, each set of weights ends in one more
    matrix, w_hr (state, memory), and every state is w_hr times what the output gate lets out of the memory.

    Paper of w_hr: https://arxiv.org/abs/1402.1128, section 2.1 (there W_rm; only the recurrent projection).
    Shapes: hx (layers * directions, batch, state) and (layers * directions, batch, memory); else as in `rnn_tanh`.
    Equals: torch.lstm.
    """
    weights = weights_of(LSTM, data, batch_sizes, tuple(hx), params, has_biases, num_layers, bidirectional)
    return recur(LSTM, data, batch_sizes, tuple(hx), weights, num_layers, dropout, train)


def lstm_fused(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: tuple[Tensor, Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    weights = weights_of(LSTM, data, batch_sizes, tuple(hx), params, has_biases, num_layers, bidirectional)
    if weights[0].w_hr is not None and data.device.type == "cpu":  # for these torch has no kernel on the CPU, but a warning
        return recur(LSTM, data, batch_sizes, tuple(hx), weights, num_layers, dropout, train)
    if batch_sizes is None:
        return torch.lstm(data, tuple(hx), params, has_biases, num_layers, dropout, train, bidirectional, False)
    return torch.lstm(data, batch_sizes, tuple(hx), params, has_biases, num_layers, dropout, train, bidirectional)


def gru_tensors(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor]:
    """The outputs and the last states of a GRU, each step of which is `gru_cell`; the rest is as in `rnn_tanh`.

    Equals: torch.gru.
    """
    weights = weights_of(GRU, data, batch_sizes, (hx,), params, has_biases, num_layers, bidirectional)
    return recur(GRU, data, batch_sizes, (hx,), weights, num_layers, dropout, train)


def gru_fused(
    data: Tensor,
    batch_sizes: Tensor | None,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, Tensor]:
    weights_of(GRU, data, batch_sizes, (hx,), params, has_biases, num_layers, bidirectional)
    if batch_sizes is None:
        return torch.gru(data, hx, params, has_biases, num_layers, dropout, train, bidirectional, False)
    return torch.gru(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)


rnn_tanh = Ladder(rnn_tanh_tensors, fused=rnn_tanh_fused)
rnn_relu = Ladder(rnn_relu_tensors, fused=rnn_relu_fused)
lstm = Ladder(lstm_tensors, fused=lstm_fused)
gru = Ladder(gru_tensors, fused=gru_fused)
