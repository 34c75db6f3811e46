"""Recurrent networks: whole sequences read step by step, in one direction or both, in layers.

Sequences of different lengths come as one padded tensor with their `lengths`, as the layers around this one take and give
them. Inside they are packed (`packed_sequence.py`), so that no step is spent on padding, and the walk backwards begins each
sequence at its own end; no caller has to sort or pack.
"""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import Module, ModuleList

from groundup.layers.packed_sequence import pack_padded_sequence, pad_packed_sequence
from groundup.layers.recurrent_cell import RecurrentCell
from groundup.ops.ladder import Ladder
from groundup.ops.sequence import gru, lstm, rnn_relu, rnn_tanh


# What RNN, LSTM and GRU share: the weights of every layer and direction, and the form of what they take and give. `onward`
# holds the weights of the layers that read from the first step to the last, `reverse` of those that read back.
class Recurrent(Module):
    def __init__(
        self,
        op: Ladder,
        gates: int,
        *,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int = 0,
    ):
        super().__init__()
        name = type(self).__name__
        if num_layers < 1:
            raise ValueError(f"{name}: there is at least one layer, not {num_layers}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout is a probability between 0 and 1, not {dropout}")
        self.op, self.input_size, self.bias = op, input_size, bias
        self.sizes = (proj_size or hidden_size, hidden_size)  # of a state, and of an LSTM's memory
        self.num_layers, self.batch_first, self.dropout, self.bidirectional = num_layers, batch_first, dropout, bidirectional

        def layers() -> ModuleList:
            later = self.sizes[0] * (2 if bidirectional else 1)  # what a layer gives to the next
            inputs = [input_size] + [later] * (num_layers - 1)
            options = dict(gates=gates, hidden_size=hidden_size, bias=bias, proj_size=proj_size)
            return ModuleList(RecurrentCell(input_size=size, **options) for size in inputs)

        self.onward = layers()
        self.reverse = layers() if bidirectional else None

    def cells(self) -> list[RecurrentCell]:
        """Those of the first layer first; of each layer, the one that reads onward first."""
        if self.reverse is None:
            return list(self.onward)
        return [cell for both in zip(self.onward, self.reverse) for cell in both]

    def reset_parameters(self) -> None:
        """Draw all weights and biases anew, uniform within +-1 / sqrt(hidden_size)."""
        for cell in self.cells():
            cell.reset_parameters()

    def check(self, x: Tensor, states: Sequence[Tensor], lengths: Tensor | Sequence[int] | None) -> None:
        """A ValueError that says what does not fit."""
        name = type(self).__name__
        if x.dim() not in (2, 3) or x.shape[-1] != self.input_size:
            order = "batch, time" if self.batch_first else "time, batch"
            raise ValueError(
                f"{name} takes ({order}, {self.input_size}), or one sequence (time, {self.input_size}); "
                f"it was given {tuple(x.shape)}"
            )
        if lengths is not None and x.dim() == 2:
            raise ValueError(f"{name}: lengths are for a batch; one sequence alone is as long as it is")
        batch = () if x.dim() == 2 else (x.shape[0 if self.batch_first else 1],)
        for state, size in zip(states, self.sizes):
            if state.shape != (len(self.cells()), *batch, size):
                raise ValueError(
                    f"{name}: for this input a state has shape {(len(self.cells()), *batch, size)} (layers * directions, "
                    f"batch, size); it was given {tuple(state.shape)}"
                )

    def read(
        self, x: Tensor, states: Sequence[Tensor] | None, lengths: Tensor | Sequence[int] | None, count: int
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The outputs, and what becomes of the `count` states, zeros where they are not given."""
        self.check(x, () if states is None else states, lengths)
        alone, x = x.dim() == 2, x if x.dim() == 3 else x.unsqueeze(0 if self.batch_first else 1)
        x = x.transpose(0, 1) if self.batch_first else x
        cells, (steps, batch) = self.cells(), x.shape[:2]
        if states is None:
            states = [x.new_zeros(len(cells), batch, size) for size in self.sizes[:count]]
        elif alone:
            states = [state.unsqueeze(1) for state in states]
        data, batch_sizes = x, None
        if lengths is not None:
            packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
            data, batch_sizes, order, back = packed
            states = [state[:, order] for state in states]
        weights = [weight for cell in cells for weight in cell.weights()]
        hx = tuple(states) if count > 1 else states[0]
        settings = self.bias, self.num_layers, self.dropout, self.training, self.bidirectional
        output, *states = self.op(data, batch_sizes, hx, weights, *settings)
        if lengths is not None:
            output, _ = pad_packed_sequence(packed._replace(data=output), total_length=steps)
            states = [state[:, back] for state in states]
        output = output.transpose(0, 1) if self.batch_first else output
        if alone:
            return output.squeeze(0 if self.batch_first else 1), tuple(state.squeeze(1) for state in states)
        return output, tuple(states)


class RNN(Recurrent):
    """The plain recurrent network; what a step does stands in `ops.recurrence.rnn_tanh_cell`.

    `dropout` acts in training, between layers. What forward gives are the outputs of the last layer at every step, those
    beyond a sequence's length being 0, and the last state of every layer and direction.

    Shapes: x (time, batch, input_size), or (batch, time, input_size) with `batch_first`, or one sequence (time, input_size);
    hx (num_layers * directions, batch, hidden_size), zeros where it is not given; lengths (batch) -> outputs (time, batch,
    directions * hidden_size) in the order of x, and states as in hx.
    Raises: ValueError for other shapes, and for lengths below 1 or beyond the input.
    Paper: Finding Structure in Time, https://doi.org/10.1207/s15516709cog1402_1; in both directions:
    https://doi.org/10.1109/78.650093.
    Equals: torch.nn.RNN, on packed sequences too, its start included.
    """

    def __init__(
        self,
        *,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        sizes = dict(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, bias=bias)
        form = dict(batch_first=batch_first, dropout=dropout, bidirectional=bidirectional)
        super().__init__(rnn_tanh if nonlinearity == "tanh" else rnn_relu, 1, **sizes, **form)

    def forward(
        self, x: Tensor, hx: Tensor | None = None, lengths: Tensor | Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        output, (state,) = self.read(x, None if hx is None else (hx,), lengths, 1)
        return output, state


class LSTM(Recurrent):
    """The LSTM network; what a step does stands in `ops.recurrence.lstm_cell`.

    As in RNN, but that hx is a pair, (states, memories), and so is what comes back of it. With `proj_size` the states and
    outputs are that much smaller than the memories.

    Shapes: as in RNN; hx two of (num_layers * directions, batch, hidden_size), the states of proj_size if that is not 0.
    Raises: ValueError as RNN does, and for a proj_size that is not less than hidden_size.
    Paper: Long Short-Term Memory, https://doi.org/10.1162/neco.1997.9.8.1735; proj_size: https://arxiv.org/abs/1402.1128.
    Equals: torch.nn.LSTM, on packed sequences too, its start included.
    """

    def __init__(
        self,
        *,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
    ):
        sizes = dict(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, bias=bias, proj_size=proj_size)
        super().__init__(lstm, 4, **sizes, batch_first=batch_first, dropout=dropout, bidirectional=bidirectional)

    def forward(
        self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None, lengths: Tensor | Sequence[int] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return self.read(x, hx, lengths, 2)


class GRU(Recurrent):
    """The GRU network, used as RNN is; what a step does stands in `ops.recurrence.gru_cell`.

    Shapes and errors are those of RNN.
    Paper: https://arxiv.org/abs/1406.1078, section 2.3.
    Equals: torch.nn.GRU, on packed sequences too, its start included.
    """

    def __init__(
        self,
        *,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ):
        sizes = dict(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, bias=bias)
        super().__init__(gru, 3, **sizes, batch_first=batch_first, dropout=dropout, bidirectional=bidirectional)

    def forward(
        self, x: Tensor, hx: Tensor | None = None, lengths: Tensor | Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        output, (state,) = self.read(x, None if hx is None else (hx,), lengths, 1)
        return output, state
