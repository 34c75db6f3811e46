"""Recurrent cells: one step of a recurrent network, with its weights."""

import math

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.ops.recurrence import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell


# The weights that RNNCell, LSTMCell and GRUCell hold, and the form of what they take. `gates` is how many rows of the weights
# each unit has; `proj_size`, the size of a smaller state, is for the LSTM network alone.
class RecurrentCell(Module):
    def __init__(self, *, gates: int, input_size: int, hidden_size: int, bias: bool = True, proj_size: int = 0):
        super().__init__()
        if min(input_size, hidden_size) < 1 or not 0 <= proj_size < hidden_size:
            raise ValueError(
                f"{type(self).__name__}: input_size and hidden_size are at least 1 and proj_size is less than hidden_size; they "
                f"are {input_size}, {hidden_size} and {proj_size}"
            )
        self.input_size, self.hidden_size = input_size, hidden_size
        self.input_weight = Parameter(torch.empty(gates * hidden_size, input_size))
        self.hidden_weight = Parameter(torch.empty(gates * hidden_size, proj_size or hidden_size))
        self.input_bias = Parameter(torch.empty(gates * hidden_size)) if bias else None
        self.hidden_bias = Parameter(torch.empty(gates * hidden_size)) if bias else None
        self.projection_weight = Parameter(torch.empty(proj_size, hidden_size)) if proj_size else None
        self.reset_parameters()

    def weights(self) -> list[Tensor]:
        """Those that there are, in the order in which the ops take them."""
        return list(self.parameters())

    def reset_parameters(self) -> None:
        """Draw all weights and biases anew, uniform within +-1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        with torch.no_grad():
            for weight in self.weights():
                weight.uniform_(-bound, bound)

    def check(self, x: Tensor, *states: Tensor) -> None:
        """A ValueError unless x is a batch of inputs or a single one, and the states are as many."""
        name = type(self).__name__
        if x.dim() not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(f"{name} takes (batch, {self.input_size}) or ({self.input_size}); it was given {tuple(x.shape)}")
        for state in states:
            if state.shape != (*x.shape[:-1], self.hidden_size):
                raise ValueError(
                    f"{name}: an input {tuple(x.shape)} takes a state {(*x.shape[:-1], self.hidden_size)}; "
                    f"it was given {tuple(state.shape)}"
                )

    def start(self, x: Tensor) -> Tensor:
        """The state before anything was read, all 0."""
        return x.new_zeros(*x.shape[:-1], self.hidden_size)


def step(op, x: Tensor, hx: Tensor, cell: RecurrentCell) -> Tensor:
    """One step of an op with a single state, for a batch or for one input."""
    weights = cell.input_weight, cell.hidden_weight, cell.input_bias, cell.hidden_bias
    return op(x, hx, *weights) if x.dim() == 2 else op(x[None], hx[None], *weights)[0]


class RNNCell(RecurrentCell):
    """The next state of the plain recurrence: tanh (or ReLU, by `nonlinearity`) of a linear map of input and state.

    Shapes: x (batch, input_size), hx (batch, hidden_size), zeros where it is not given, or both without the batch -> as hx.
    Raises: ValueError for other shapes, and for a nonlinearity that is neither "tanh" nor "relu".
    Paper: Finding Structure in Time, https://doi.org/10.1207/s15516709cog1402_1.
    Equals: torch.nn.RNNCell, its start included.
    """

    def __init__(self, *, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh"):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNNCell: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        super().__init__(gates=1, input_size=input_size, hidden_size=hidden_size, bias=bias)
        self.nonlinearity = nonlinearity

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        hx = self.start(x) if hx is None else hx
        self.check(x, hx)
        return step(rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell, x, hx, self)


class LSTMCell(RecurrentCell):
    """The next state and memory of an LSTM; what its gates do stands in `ops.recurrence.lstm_cell`.

    Shapes: x (batch, input_size), hx two of (batch, hidden_size), zeros where they are not given, or all without the batch
    -> two as in hx.
    Raises: ValueError for other shapes.
    Paper: Long Short-Term Memory, https://doi.org/10.1162/neco.1997.9.8.1735.
    Equals: torch.nn.LSTMCell, its start included.
    """

    def __init__(self, *, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__(gates=4, input_size=input_size, hidden_size=hidden_size, bias=bias)

    def forward(self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        state, memory = (self.start(x), self.start(x)) if hx is None else hx
        self.check(x, state, memory)
        weights = self.input_weight, self.hidden_weight, self.input_bias, self.hidden_bias
        if x.dim() == 2:
            return lstm_cell(x, (state, memory), *weights)
        state, memory = lstm_cell(x[None], (state[None], memory[None]), *weights)
        return state[0], memory[0]


class GRUCell(RecurrentCell):
    """The next state of a GRU; what its gates do stands in `ops.recurrence.gru_cell`.

    Shapes: x (batch, input_size), hx (batch, hidden_size), zeros where it is not given, or both without the batch -> as hx.
    Raises: ValueError for other shapes.
    Paper: https://arxiv.org/abs/1406.1078, section 2.3.
    Equals: torch.nn.GRUCell, its start included.
    """

    def __init__(self, *, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__(gates=3, input_size=input_size, hidden_size=hidden_size, bias=bias)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        hx = self.start(x) if hx is None else hx
        self.check(x, hx)
        return step(gru_cell, x, hx, self)
