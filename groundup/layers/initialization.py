"""How weights start: so that numbers neither grow nor shrink on their way through many layers, forwards or backwards.

A sum of n products of independent numbers with mean 0 has n times the variance of one product. So a weight of variance
1 / fan_in keeps the variance of what goes forward, and one of variance 1 / fan_out that of the gradients that come back.
"""

import math

import torch
from torch import Generator, Tensor

WITHOUT_GAIN = ("linear", "sigmoid", *(f"conv{kind}{d}d" for kind in ("", "_transpose") for d in (1, 2, 3)))


def fans(weight: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out): how many numbers each output is made of, and how many outputs each input goes into.

    Shapes: (out features, in features, ...); what follows is the kernel of a convolution, of which all places count.
    Raises: ValueError for fewer than two dimensions.
    """
    if weight.dim() < 2:
        raise ValueError(
            f"fan in and fan out take a weight of shape (out features, in features, ...); it was given {tuple(weight.shape)}: "
            "start a bias or a gain with zero_(), fill_() or uniform_() instead"
        )
    places = math.prod(weight.shape[2:])
    return weight.shape[1] * places, weight.shape[0] * places


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much the weights before this activation must be larger, to make up for what the activation takes away.

    A ReLU sets half of the numbers to 0 and so halves their mean square: the gain is sqrt(2). A leaky one of slope `param`
    (0.01 if not given) keeps param^2 of that half: sqrt(2 / (1 + param^2)). Those of tanh, 5 / 3, and selu, 3 / 4, were
    found by trial.

    Raises: ValueError for another nonlinearity, and for a slope that is no number.
    Paper: https://arxiv.org/abs/1502.01852, section 2.2 (equations 8 and 14; a is param).
    Equals: torch.nn.init.calculate_gain.
    """
    if nonlinearity in WITHOUT_GAIN:
        return 1.0
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ValueError(f"calculate_gain: the slope of a leaky_relu is a number, not {slope!r}")
        return math.sqrt(2 / (1 + slope**2))
    gains = {"relu": math.sqrt(2), "tanh": 5 / 3, "selu": 3 / 4}
    if nonlinearity not in gains:
        known = ", ".join((*WITHOUT_GAIN, "leaky_relu", *gains))
        raise ValueError(f"calculate_gain knows no {nonlinearity!r}: choose one of {known}")
    return gains[nonlinearity]


def xavier_std(tensor: Tensor, gain: float) -> float:
    """The standard deviation of Xavier's start: one variance that lies between what forward and backward would each want."""
    fan_in, fan_out = fans(tensor)
    return gain * math.sqrt(2 / max(1, fan_in + fan_out))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform within +-sqrt(3) std, with std = gain * sqrt(2 / (fan_in + fan_out)); of a uniform number, std is bound / sqrt(3).

    Raises: ValueError for fewer than two dimensions.
    Paper: Understanding the difficulty of training deep feedforward neural networks,
    https://proceedings.mlr.press/v9/glorot10a.html, section 4.2 (equations 12 and 16).
    Equals: torch.nn.init.xavier_uniform_, bit by bit.
    """
    bound = math.sqrt(3) * xavier_std(tensor, gain)
    with torch.no_grad():
        return tensor.uniform_(-bound, bound, generator=generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with mean 0 and std = gain * sqrt(2 / (fan_in + fan_out)).

    Raises: ValueError for fewer than two dimensions.
    Paper: as `xavier_uniform_` (equation 12).
    Equals: torch.nn.init.xavier_normal_, bit by bit.
    """
    with torch.no_grad():
        return tensor.normal_(0, xavier_std(tensor, gain), generator=generator)


def kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation of Kaiming's start: gain / sqrt(fan)."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Kaiming's start: mode is 'fan_in' or 'fan_out', not {mode!r}")
    fan_in, fan_out = fans(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan_in if mode == "fan_in" else fan_out))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Generator | None = None
) -> Tensor:
    """Uniform within +-sqrt(3) std, with std = gain / sqrt(fan), where `a` is the slope of the leaky ReLU that follows.

    `mode` "fan_in" keeps the size of what goes forward, "fan_out" that of the gradients. A weight without a number stays.

    Raises: ValueError for fewer than two dimensions, another mode or nonlinearity.
    Paper: Delving Deep into Rectifiers, https://arxiv.org/abs/1502.01852, section 2.2 (equation 10; equation 14 for a mode).
    Equals: torch.nn.init.kaiming_uniform_, bit by bit.
    """
    bound = math.sqrt(3) * kaiming_std(tensor, a, mode, nonlinearity)
    with torch.no_grad():
        return tensor.uniform_(-bound, bound, generator=generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Generator | None = None
) -> Tensor:
    """Normal with mean 0 and std = gain / sqrt(fan); the arguments are those of `kaiming_uniform_`.

    Raises: ValueError for fewer than two dimensions, another mode or nonlinearity.
    Paper: as `kaiming_uniform_`.
    Equals: torch.nn.init.kaiming_normal_, bit by bit.
    """
    with torch.no_grad():
        return tensor.normal_(0, kaiming_std(tensor, a, mode, nonlinearity), generator=generator)


def uniform_fan_in_(weight: Tensor, bias: Tensor | None = None, generator: Generator | None = None) -> None:
    """Weight and bias uniform within +-1 / sqrt(fan_in), torch's start for linear and convolution layers.

    It is Kaiming's for a leaky ReLU of slope sqrt(5), whose gain of sqrt(1 / 3) cancels the sqrt(3) of the bound.

    Raises: ValueError for a weight of fewer than two dimensions.
    Equals: the start of torch.nn.Linear and torch.nn.Conv2d, bit by bit.
    """
    kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
    if bias is not None:
        fan_in, _ = fans(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        with torch.no_grad():
            bias.uniform_(-bound, bound, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Generator | None = None
) -> Tensor:
    """Normal, but only what lies between a and b: whatever does not is drawn anew.

    a and b are ends, not multiples of std: with a small std, as of the tables of Vision Transformers, nothing is cut off.
    Where fewer than 3 in 10 draws of the normal distribution would be kept, numbers between a and b are drawn instead, each
    kept with a probability proportional to the density there.

    Raises: ValueError for a std that is not positive and for ends that are not a < b.
    Equals: torch.nn.init.trunc_normal_, bit by bit (of torch 2.14).
    """
    if not (std > 0 and a < b):
        raise ValueError(f"trunc_normal_ takes a positive std and ends a < b; it was given std={std}, a={a}, b={b}")
    if tensor.is_meta:
        return tensor  # nothing to draw, and nothing to look at
    below_b, below_a = (math.erf((end - mean) / std / math.sqrt(2)) / 2 for end in (b, a))
    with torch.no_grad():
        if below_b - below_a > 0.3:
            low, high = (torch.tensor(end, dtype=tensor.dtype).item() for end in (a, b))  # as this type can write them
            tensor.normal_(mean, std, generator=generator)
            while (outside := (tensor < low) | (tensor > high)).any():
                tensor.copy_(torch.where(outside, torch.empty_like(tensor).normal_(mean, std, generator=generator), tensor))
            return tensor
        highest = -0.5 * ((min(max(a, mean), b) - mean) / std) ** 2  # the logarithm of the density, but for a constant
        refused = torch.ones_like(tensor, dtype=torch.bool)
        while refused.any():
            draws = torch.empty_like(tensor).uniform_(a, b, generator=generator)
            density = -0.5 * ((draws - mean) / std) ** 2 - highest
            luck = torch.empty_like(tensor).uniform_(generator=generator).log()
            tensor.copy_(torch.where(refused, draws, tensor))
            refused &= luck > density
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Rows (or columns, if fewer) of length `gain` at right angles: no vector is stretched more than another.

    The Q of a QR decomposition of normal numbers, with the signs that make the diagonal of R positive: without them the
    directions would not all be equally likely.

    Shapes: (rows, ...); what follows the first dimension is taken as one.
    Raises: ValueError for fewer than two dimensions.
    Paper: Exact solutions to the nonlinear dynamics of learning in deep linear neural networks,
    https://arxiv.org/abs/1312.6120, section 3.
    Equals: torch.nn.init.orthogonal_, bit by bit.
    """
    if tensor.dim() < 2:
        raise ValueError(f"orthogonal_ takes a weight of at least two dimensions; it was given {tuple(tensor.shape)}")
    if tensor.numel() == 0 or tensor.is_meta:
        return tensor
    with torch.no_grad():
        rows = tensor.new_empty(len(tensor), tensor[0].numel()).normal_(generator=generator)
        wide = len(rows) < rows.shape[1]
        directions, triangle = torch.linalg.qr(rows.T if wide else rows)
        directions = directions * triangle.diagonal().sign()
        return tensor.copy_((directions.T if wide else directions).reshape(tensor.shape)).mul_(gain)


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution that begins by passing its input on: in each group, output channel i is input channel i.

    Output channels beyond the inputs are 0.

    Shapes: (out channels, in channels of a group, kernel of one to three dimensions).
    Raises: ValueError for another number of dimensions, and for groups that do not divide the output channels.
    Equals: torch.nn.init.dirac_.
    """
    if not 3 <= tensor.dim() <= 5:
        raise ValueError(
            f"dirac_ takes a convolution's weight (out channels, in channels, kernel ...); it was given {tuple(tensor.shape)}"
        )
    if groups < 1 or len(tensor) % groups:
        raise ValueError(f"dirac_: groups={groups} must divide the {len(tensor)} output channels")
    middle = tuple(size // 2 for size in tensor.shape[2:])
    with torch.no_grad():
        tensor.zero_()
        for group in tensor.chunk(groups):
            for channel in range(min(group.shape[:2])):
                group[(channel, channel, *middle)] = 1
    return tensor


def bilinear_(tensor: Tensor) -> Tensor:
    """A transposed convolution that begins as bilinear interpolation: each channel stamps a tent of its own, and no other's.

    The tent of a kernel of k pixels falls from its middle at a slope of 1 / f, where f = (k + 1) // 2 is the factor by which a
    convolution with that stride enlarges: of two neighbouring stamps, the weights at any pixel then add up to 1.

    Shapes: (in channels, out channels, kernel, kernel); output channels beyond the inputs stay 0.
    Raises: ValueError for another number of dimensions.
    Paper: Fully convolutional networks, https://arxiv.org/abs/1411.4038, section 3.3.
    Equals: torch.nn.functional.interpolate by bilinear interpolation, but for the border, beyond which is 0 here.
    """
    if tensor.dim() != 4:
        raise ValueError(
            f"bilinear_ takes a transposed convolution's weight (in channels, out channels, kernel, kernel); it was given "
            f"{tuple(tensor.shape)}"
        )
    tents = []
    for size in tensor.shape[2:]:
        distance = torch.arange(size, device=tensor.device, dtype=tensor.dtype) - (size - 1) / 2
        tents.append(1 - distance.abs() / ((size + 1) // 2))
    with torch.no_grad():
        tensor.zero_()
        for channel in range(min(tensor.shape[:2])):
            tensor[channel, channel] = tents[0][:, None] * tents[1]
    return tensor
