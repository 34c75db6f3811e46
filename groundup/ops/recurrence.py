"""One step of a recurrent network: the state that it keeps of all it has read, moved on by one more input.

The plain cell computes the new state outright. The gated ones (LSTM, GRU) let each unit choose, between 0 and 1, how much
of the old state to keep and how much of the new to let in, so that what is kept stays unchanged over many steps.
"""

import torch
from torch import Tensor

from groundup.ops.activation import relu
from groundup.ops.ladder import Ladder
from groundup.ops.linear import linear

State = tuple[Tensor, Tensor]


def check_shapes(name: str, expected: dict[str, tuple[Tensor | None, tuple[int, ...]]]) -> None:
    """A ValueError for the first tensor that does not have the shape beside it."""
    for key, (tensor, shape) in expected.items():
        if tensor is not None and tuple(tensor.shape) != shape:
            raise ValueError(f"{name}: {key} should have shape {shape}; it was given {tuple(tensor.shape)}")


def check_dtypes(name: str, input: Tensor, tensors: dict[str, Tensor | None]) -> None:
    """A ValueError unless all are of the same floating-point type; under autocast torch sees to that."""
    if not input.is_floating_point():
        raise ValueError(f"{name} takes floating-point numbers; the input is of {input.dtype}")
    for key, tensor in tensors.items():
        if tensor is not None and tensor.dtype != input.dtype and not torch.is_autocast_enabled(input.device.type):
            raise ValueError(f"{name}: an input of {input.dtype} takes {key} of the same type; it was given {tensor.dtype}")


def check_cell(
    name: str, gates: int, input: Tensor, states: State | tuple[Tensor], w_ih: Tensor, w_hh: Tensor, *biases: Tensor | None
) -> None:
    """A ValueError that says what does not fit; `gates` is how many rows of the weights each unit has."""
    if input.dim() != 2 or w_ih.dim() != 2 or w_hh.dim() != 2:
        raise ValueError(
            f"{name} takes input (batch, features), w_ih ({gates} * hidden, features) and w_hh ({gates} * hidden, hidden); "
            f"it was given {tuple(input.shape)}, {tuple(w_ih.shape)} and {tuple(w_hh.shape)}"
        )
    if gates == 4 and len(states) != 2:
        raise ValueError(f"{name}: hx is a pair (state, memory), not {len(states)} tensors")
    batch, features, hidden = input.shape[0], w_ih.shape[1], w_hh.shape[1]
    keys = ("hx[0]", "hx[1]") if gates == 4 else ("hx",)
    expected = {"input": (input, (batch, features))}
    expected |= {key: (state, (batch, hidden)) for key, state in zip(keys, states)}
    expected |= {"w_ih": (w_ih, (gates * hidden, features)), "w_hh": (w_hh, (gates * hidden, hidden))}
    expected |= {key: (bias, (gates * hidden,)) for key, bias in zip(("b_ih", "b_hh"), biases)}
    check_shapes(name, expected)
    check_dtypes(name, input, {key: tensor for key, (tensor, _) in expected.items()})


def product(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """input weight^T + bias. Shapes: (batch, features), (outputs, features), (outputs) -> (batch, outputs)."""
    return input @ weight.T if bias is None else torch.addmm(bias, input, weight.T)


def rnn_tanh_cell_tensors(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """The next state of the plain recurrence: tanh(w_ih input + b_ih + w_hh hx + b_hh).

    Shapes: input (batch, features), hx (batch, hidden), w_ih (hidden, features), w_hh (hidden, hidden), b_ih and b_hh
    (hidden) -> (batch, hidden).
    Raises: ValueError for shapes that do not match.
    Paper: Finding Structure in Time, https://doi.org/10.1207/s15516709cog1402_1 (hx are the context units).
    Equals: torch.rnn_tanh_cell.
    """
    check_cell("rnn_tanh_cell", 1, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return torch.tanh(product(input, w_ih, b_ih) + product(hx, w_hh, b_hh))


def rnn_tanh_cell_fused(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    check_cell("rnn_tanh_cell", 1, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return torch.rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih, b_hh)


def rnn_relu_cell_tensors(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """The next state of the plain recurrence with a ReLU: relu(w_ih input + b_ih + w_hh hx + b_hh).

    Shapes and errors are those of `rnn_tanh_cell`.
    Equals: torch.rnn_relu_cell.
    """
    check_cell("rnn_relu_cell", 1, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return relu(product(input, w_ih, b_ih) + product(hx, w_hh, b_hh))


def rnn_relu_cell_fused(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    check_cell("rnn_relu_cell", 1, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return torch.rnn_relu_cell(input, hx, w_ih, w_hh, b_ih, b_hh)


def lstm_cell_loops(
    input: Tensor, hx: State, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> State:
    check_cell("lstm_cell", 4, input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    old_state, old_memory = hx
    (batch, features), hidden = input.shape, w_hh.shape[1]
    state, memory = torch.empty_like(old_state), torch.empty_like(old_memory)

    def total(n: int, row: int) -> Tensor:
        sums = sum((input[n, k] * w_ih[row, k] for k in range(features)), input.new_zeros(()))
        sums = sum((old_state[n, k] * w_hh[row, k] for k in range(hidden)), sums)
        sums = sums if b_ih is None else sums + b_ih[row]
        return sums if b_hh is None else sums + b_hh[row]

    for n in range(batch):
        for unit in range(hidden):
            i, f, g, o = (total(n, gate * hidden + unit) for gate in range(4))
            kept = torch.sigmoid(f) * old_memory[n, unit] + torch.sigmoid(i) * torch.tanh(g)
            state[n, unit], memory[n, unit] = torch.sigmoid(o) * torch.tanh(kept), kept
    return state, memory


def lstm_gates(gates: Tensor, memory: Tensor) -> State:
    """The next state and memory, from what the four gates were fed. Shapes: (batch, 4 * hidden), (batch, hidden)."""
    i, f, g, o = gates.chunk(4, -1)
    memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(memory), memory


def lstm_cell_tensors(
    input: Tensor, hx: State, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> State:
    """The next (state, memory) of an LSTM.

    i, f, g, o = w_ih input + b_ih + w_hh state + b_hh, in four equal parts
    memory = sigmoid(f) * memory + sigmoid(i) * tanh(g)
    state = sigmoid(o) * tanh(memory)

    i is the input gate, f the forget gate, o the output gate, g what might be written. Where f is near 1 and i near 0 the
    memory stays as it is, and a gradient passes through it undiminished.

    Shapes: input (batch, features), hx two of (batch, hidden), w_ih (4 * hidden, features), w_hh (4 * hidden, hidden), b_ih
    and b_hh (4 * hidden) -> two of (batch, hidden).
    Raises: ValueError for shapes that do not match.
    Paper: Long Short-Term Memory, https://doi.org/10.1162/neco.1997.9.8.1735, with the forget gate of
    https://doi.org/10.1162/089976600300015015 (memory is the cell state).
    Equals: torch.lstm_cell.
    """
    check_cell("lstm_cell", 4, input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    state, memory = hx
    return lstm_gates(product(input, w_ih, b_ih) + product(state, w_hh, b_hh), memory)


class LstmGatesManual(torch.autograd.Function):
    """lstm_gates with its backward pass by hand.

    The memory gets gradient from two sides, from what comes after and through the state; it goes on to the memory before
    times f, and to each gate times the slope of its sigmoid, y (1 - y), or of its tanh, 1 - y^2.
    """

    @staticmethod
    def forward(gates, memory):
        return lstm_gates(gates, memory)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_state, grad_memory):
        gates, memory = ctx.saved_tensors
        i, f, g, o = gates.chunk(4, -1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        shown = torch.tanh(f * memory + i * g)
        grad_memory = grad_memory + grad_state * o * (1 - shown**2)
        grad_i, grad_f = grad_memory * g * i * (1 - i), grad_memory * memory * f * (1 - f)
        grad_g, grad_o = grad_memory * i * (1 - g**2), grad_state * shown * o * (1 - o)
        return torch.cat((grad_i, grad_f, grad_g, grad_o), -1), grad_memory * f


def lstm_cell_manual(
    input: Tensor, hx: State, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> State:
    check_cell("lstm_cell", 4, input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    state, memory = hx
    return LstmGatesManual.apply(linear.manual(input, w_ih, b_ih) + linear.manual(state, w_hh, b_hh), memory)


def lstm_cell_fused(
    input: Tensor, hx: State, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> State:
    check_cell("lstm_cell", 4, input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    return torch.lstm_cell(input, tuple(hx), w_ih, w_hh, b_ih, b_hh)


def gru_gates(fed: Tensor, recalled: Tensor, state: Tensor) -> Tensor:
    """The next state, from what the gates were fed by the input and by the old state: two of (batch, 3 * hidden)."""
    (fed_r, fed_z, fed_n), (old_r, old_z, old_n) = fed.chunk(3, -1), recalled.chunk(3, -1)
    new = torch.tanh(fed_n + torch.sigmoid(fed_r + old_r) * old_n)
    return new + torch.sigmoid(fed_z + old_z) * (state - new)


def gru_cell_tensors(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """The next state of a GRU.

    r, z, n = w_ih input + b_ih and R, Z, N = w_hh hx + b_hh, each in three equal parts
    new = tanh(n + sigmoid(r + R) * N)
    output = (1 - sigmoid(z + Z)) * new + sigmoid(z + Z) * hx

    The reset gate (r) says how much of the old state the new one may use, the update gate (z) how much of it is kept.

    Shapes: input (batch, features), hx (batch, hidden), w_ih (3 * hidden, features), w_hh (3 * hidden, hidden), b_ih and
    b_hh (3 * hidden) -> (batch, hidden).
    Raises: ValueError for shapes that do not match.
    Paper: https://arxiv.org/abs/1406.1078, section 2.3, where the reset gate acts on hx before the product, not after it;
    after, as here, is version 1 of the paper, and what cuDNN computes.
    Equals: torch.gru_cell.
    """
    check_cell("gru_cell", 3, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return gru_gates(product(input, w_ih, b_ih), product(hx, w_hh, b_hh), hx)


def gru_cell_fused(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    check_cell("gru_cell", 3, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return torch.gru_cell(input, hx, w_ih, w_hh, b_ih, b_hh)


rnn_tanh_cell = Ladder(rnn_tanh_cell_tensors, fused=rnn_tanh_cell_fused)
rnn_relu_cell = Ladder(rnn_relu_cell_tensors, fused=rnn_relu_cell_fused)
lstm_cell = Ladder(lstm_cell_tensors, loops=lstm_cell_loops, manual=lstm_cell_manual, fused=lstm_cell_fused)
gru_cell = Ladder(gru_cell_tensors, fused=gru_cell_fused)
