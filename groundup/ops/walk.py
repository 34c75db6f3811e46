"""How a recurrent network walks along whole sequences: step by step, in layers, and in both directions.

What each step needs of its input is one product, computed for all steps at once before the walk begins: only the product
with the state must wait for the step before.

Sequences of different lengths are packed: sorted from the longest to the shortest, and laid out step by step, so that the
first `batch_sizes[0]` rows are the first steps of all sequences, the next `batch_sizes[1]` rows the second steps of those
that have one, and so on. At every step, those that still run are the first ones.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from groundup.ops.activation import relu
from groundup.ops.dropout import dropout
from groundup.ops.recurrence import check_dtypes, check_shapes, gru_gates, lstm_gates, product

States = tuple[Tensor, ...]


class Weights(NamedTuple):
    """Those of one layer in one direction, under the names of the cells; `w_hr` makes an LSTM's state smaller."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_hr: Tensor | None


class Kind(NamedTuple):
    """What tells one recurrence from another."""

    name: str
    gates: int  # how many numbers each unit is fed
    feed: Callable[[Tensor, Weights], Tensor]  # all inputs -> what the steps are fed by them
    step: Callable[[Tensor, States, Weights], States]


def feed_both(data: Tensor, weights: Weights) -> Tensor:
    """w_ih x + b_ih + b_hh: where the two products are only added, so can the biases be beforehand."""
    bias = None if weights.b_ih is None else weights.b_ih + weights.b_hh
    return product(data, weights.w_ih, bias)


def feed_input(data: Tensor, weights: Weights) -> Tensor:
    """w_ih x + b_ih."""
    return product(data, weights.w_ih, weights.b_ih)


def rnn_tanh_step(fed: Tensor, states: States, weights: Weights) -> States:
    return (torch.tanh(torch.addmm(fed, states[0], weights.w_hh.T)),)


def rnn_relu_step(fed: Tensor, states: States, weights: Weights) -> States:
    return (relu(torch.addmm(fed, states[0], weights.w_hh.T)),)


def lstm_step(fed: Tensor, states: States, weights: Weights) -> States:
    state, memory = lstm_gates(torch.addmm(fed, states[0], weights.w_hh.T), states[1])
    return (state if weights.w_hr is None else state @ weights.w_hr.T), memory


def gru_step(fed: Tensor, states: States, weights: Weights) -> States:
    return (gru_gates(fed, product(states[0], weights.w_hh, weights.b_hh), states[0]),)


RNN_TANH = Kind("rnn_tanh", 1, feed_both, rnn_tanh_step)
RNN_RELU = Kind("rnn_relu", 1, feed_both, rnn_relu_step)
LSTM = Kind("lstm", 4, feed_both, lstm_step)
GRU = Kind("gru", 3, feed_input, gru_step)


def check_steps(name: str, data: Tensor, batch_sizes: Tensor | None) -> int:
    """How many sequences there are, or a ValueError that says what does not fit."""
    if batch_sizes is None:
        if data.dim() != 3 or not data.shape[0]:
            raise ValueError(f"{name} takes data (time, batch, features), of one step or more; it was given {tuple(data.shape)}")
        return data.shape[1]
    if data.dim() != 2:
        raise ValueError(f"{name} takes packed data (steps of all sequences, features); it was given {tuple(data.shape)}")
    sizes = batch_sizes.tolist() if batch_sizes.dim() == 1 and batch_sizes.device.type == "cpu" else []
    if not sizes or sizes != sorted(sizes, reverse=True) or sizes[-1] < 1 or sum(sizes) != len(data):
        raise ValueError(
            f"{name}: batch_sizes, on the CPU, are the numbers of sequences that still run at each step: none larger than the "
            f"one before, none 0, and {len(data)} in all; it was given {batch_sizes}"
        )
    return sizes[0]


def weights_of(
    kind: Kind,
    data: Tensor,
    batch_sizes: Tensor | None,
    states: States,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    bidirectional: bool,
) -> list[Weights]:
    """Those of each layer and direction, the directions of a layer side by side; or a ValueError that says what does not fit."""
    name, batch = kind.name, check_steps(kind.name, data, batch_sizes)
    if num_layers < 1:
        raise ValueError(f"{name}: there is at least one layer, not {num_layers}")
    if kind is LSTM and len(states) != 2:
        raise ValueError(f"{name}: hx is a pair (states, memories), not {len(states)} tensors")
    directions = 2 if bidirectional else 1
    sets = num_layers * directions
    for key, part in zip(("states", "memories"), states):
        check_shapes(name, {f"the {key} in hx": (part, (sets, batch, *part.shape[-1:]))})
        check_dtypes(name, data, {f"the {key} in hx": part})
    size, hidden = states[0].shape[-1], states[-1].shape[-1]
    projected = size != hidden
    each = 2 + (2 if has_biases else 0) + projected
    if len(params) != sets * each:
        raise ValueError(f"{name}: params holds {len(params)} tensors; {sets} layers and directions take {each} each")
    found = []
    for k in range(sets):
        w_ih, w_hh, *rest = params[k * each : (k + 1) * each]
        b_ih, b_hh = rest[:2] if has_biases else (None, None)
        found.append(Weights(w_ih, w_hh, b_ih, b_hh, rest[-1] if projected else None))
        rows, features = kind.gates * hidden, data.shape[-1] if k < directions else directions * size
        shapes = ((rows, features), (rows, size), (rows,), (rows,), (size, hidden))
        where = f"of layer {k // directions}{', reverse' if k % directions else ''}"
        named = {f"{key} {where}": tensor for key, tensor in zip(Weights._fields, found[k])}
        check_shapes(name, {key: (tensor, shape) for (key, tensor), shape in zip(named.items(), shapes)})
        check_dtypes(name, data, named)
    return found


def walk(kind: Kind, fed: Sequence[Tensor], start: States, weights: Weights, reverse: bool) -> tuple[list[Tensor], States]:
    """The states after each step, in the order of time, and the last state of every sequence."""
    fed = fed[::-1] if reverse else fed
    states = tuple(part[: fed[0].shape[0]] for part in start)
    outputs, ended = [], []
    for rows in fed:
        running, before = rows.shape[0], states[0].shape[0]
        if running < before:  # the shorter sequences have come to their end
            ended.append(tuple(part[running:] for part in states))
            states = tuple(part[:running] for part in states)
        elif running > before:  # walking back, the shorter ones begin later
            states = tuple(torch.cat((part, first[before:running])) for part, first in zip(states, start))
        states = kind.step(rows, states, weights)
        outputs.append(states[0])
    return outputs[::-1] if reverse else outputs, tuple(torch.cat(parts) for parts in zip(states, *ended[::-1]))


def recur(
    kind: Kind,
    data: Tensor,
    batch_sizes: Tensor | None,
    states: States,
    weights: Sequence[Weights],
    num_layers: int,
    probability: float,
    train: bool,
) -> States:
    """The outputs of the last layer, then the last states of every layer and direction."""
    lasts = []
    for layer in range(num_layers):
        data = dropout(data, probability, train) if layer else data
        directions = []
        for reverse in (False, True)[: len(weights) // num_layers]:
            k = len(lasts)
            fed = kind.feed(data.flatten(0, -2), weights[k])
            fed = fed.unflatten(0, data.shape[:-1]).unbind(0) if batch_sizes is None else fed.split(batch_sizes.tolist())
            outputs, last = walk(kind, fed, tuple(part[k] for part in states), weights[k], reverse)
            directions.append(torch.stack(outputs) if batch_sizes is None else torch.cat(outputs))
            lasts.append(last)
        data = torch.cat(directions, -1)
    return data, *(torch.stack(parts) for parts in zip(*lasts))
