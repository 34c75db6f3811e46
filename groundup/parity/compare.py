"""How far two computations are apart: values and gradients, in float64, with every parameter and buffer random."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

PART_BOUND = 1e-10
MODEL_BOUND = 1e-9
NOISE = 1e-12  # a difference this small beside the largest number at hand is rounding, however small the tensor itself
FLOOR = 1e-4  # of the largest number of all tensors compared together: a tensor below is measured against this


@dataclass(frozen=True)
class Errors:
    """The largest relative error of the outputs and of the gradients; None where the thing has none of that kind."""

    forward: float | None
    gradient: float | None

    def __or__(self, other: "Errors") -> "Errors":
        def worse(a: float | None, b: float | None) -> float | None:
            return b if a is None else a if b is None else max(a, b)

        return Errors(worse(self.forward, other.forward), worse(self.gradient, other.gradient))

    def within(self, bound: float) -> bool:
        """Whether every error that applies keeps the bound (a NaN does not)."""
        return all(error is None or error <= bound for error in (self.forward, self.gradient))


def relative_error(ours: Tensor, theirs: Tensor, floor: float = 0.0) -> float:
    """max |ours - theirs| / max |theirs|; infinite where the shapes differ, or where only one of the two is finite.

    `floor` is the least that is divided by: a gradient that is zero in theory (of a key's bias: softmax does not see it) is
    rounding noise, and noise over noise says nothing.
    """
    if ours.shape != theirs.shape:
        return float("inf")
    if theirs.numel() == 0:
        return 0.0
    ours, theirs = ours.detach().double(), theirs.detach().double()
    odd = ~theirs.isfinite()
    if not torch.equal(odd, ~ours.isfinite()) or not torch.equal(ours[odd].nan_to_num(), theirs[odd].nan_to_num()):
        return float("inf")
    ours, theirs = ours.masked_fill(odd, 0), theirs.masked_fill(odd, 0)
    scale = max(theirs.abs().max().item(), floor)
    return (ours - theirs).abs().max().item() / (scale or 1.0)


def tensors_in(value: object) -> list[Tensor]:
    """Every tensor of a nest of tuples, lists, dicts and NamedTuples, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [tensor for part in value for tensor in tensors_in(part)]
    return []


def largest_error(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The largest relative error of two equally long rows of tensors; infinite where the lengths differ."""
    if len(ours) != len(theirs):
        return float("inf")
    floor = FLOOR * max(map(largest, theirs), default=0.0)
    return max((relative_error(a, b, floor) for a, b in zip(ours, theirs, strict=True)), default=0.0)


def largest(tensor: Tensor) -> float:
    """The largest finite magnitude."""
    tensor = tensor.detach().double()
    finite = tensor[tensor.isfinite()]
    return finite.abs().max().item() if finite.numel() else 0.0


@dataclass(frozen=True)
class Constant:
    """Marks an argument that takes no gradient: statistics, a temperature that is given, boxes that are only matched."""

    value: Tensor


def leaf(value: object) -> object:
    """The same value as a fresh leaf of the graph where it can have a gradient, in the same memory layout; rows of such too."""
    if isinstance(value, Constant):
        return value.value.clone(memory_format=torch.preserve_format)
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    if type(value) in (tuple, list):
        return type(value)(map(leaf, value))
    return value


def cotangents(outputs: Sequence[Tensor], seed: int = 271828) -> list[Tensor]:
    """Random gradients to send back, the same for every computation of the same output shapes.

    The seed is none that inputs are drawn with: a gradient that equals the input hides faults (a norm's is then almost zero).
    """
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(output.shape, generator=generator, dtype=torch.float64).to(output) for output in outputs]


def differentiable(outputs: Sequence[Tensor]) -> list[Tensor]:
    return [output for output in outputs if output.requires_grad]


def backward(outputs: Sequence[Tensor]) -> None:
    """Send random gradients back from every output that has a graph."""
    outputs = differentiable(outputs)
    if outputs:
        torch.autograd.backward(outputs, cotangents(outputs))


def values_and_gradients(function: Callable, args: Sequence, kwargs: Mapping) -> tuple[list[Tensor], list[Tensor]]:
    """The outputs of a function and the gradients of its floating-point arguments (zeros for an argument that took no part)."""
    args, kwargs = [leaf(value) for value in args], {name: leaf(value) for name, value in kwargs.items()}
    leaves = [value for value in tensors_in([*args, *kwargs.values()]) if value.requires_grad]
    outputs = tensors_in(function(*args, **kwargs))
    backward(outputs)
    return outputs, [torch.zeros_like(value) if value.grad is None else value.grad for value in leaves]


def compare_functions(ours: Callable, theirs: Callable, args: Sequence, kwargs: Mapping | None = None) -> Errors:
    """The errors of one function against another on the same arguments."""
    our_values, our_gradients = values_and_gradients(ours, args, kwargs or {})
    their_values, their_gradients = values_and_gradients(theirs, args, kwargs or {})
    gradient = largest_error(our_gradients, their_gradients) if their_gradients else None
    return Errors(largest_error(our_values, their_values), gradient)


def randomize(module: nn.Module, seed: int = 0) -> nn.Module:
    """Give every parameter and buffer a random value of a size that keeps activations near 1; variances stay positive.

    Running statistics, gains and biases included: a parity test with a parameter left at zero proves nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict(keep_vars=True).items():
            if not tensor.is_floating_point():
                if name.endswith("num_batches_tracked"):
                    tensor.fill_(3)
                continue
            noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
            if name.endswith("running_var"):
                value = 0.5 + noise.abs()
            elif tensor.dim() > 1:
                value = noise * (tensor.numel() / max(1, tensor.shape[0])) ** -0.5
            else:
                value = 0.3 * noise + (1.0 if name.endswith("weight") else 0.0)
            tensor.copy_(value)
    return module


def named_gradients(module: nn.Module) -> dict[str, Tensor]:
    """The gradient of every trainable parameter (zeros where none arrived)."""
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def compare_modules(
    ours: nn.Module,
    theirs: nn.Module,
    args: Sequence,
    kwargs: Mapping | None = None,
    *,
    to_ours: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict,
    call_theirs: Callable | None = None,
) -> Errors:
    """The errors of one module against another that holds the same weights.

    Compared are the outputs, the buffers after the call, and the gradients of every parameter and of every
    floating-point input. `to_ours` maps their names and layouts to ours, for gradients as for weights. `call_theirs`
    takes (theirs, *args, **kwargs) where their forward wants another form of the input.
    """
    call_theirs = call_theirs or (lambda module, *args, **kwargs: module(*args, **kwargs))
    for module in (ours, theirs):
        module.zero_grad(set_to_none=True)
    our_values, our_inputs = values_and_gradients(ours, args, kwargs or {})
    their_values, their_inputs = values_and_gradients(lambda *a, **k: call_theirs(theirs, *a, **k), args, kwargs or {})

    our_gradients, their_gradients = named_gradients(ours), to_ours(named_gradients(theirs))
    missing = our_gradients.keys() ^ their_gradients.keys()
    if missing:
        raise ValueError(f"these parameters have a gradient on one side only: {', '.join(sorted(missing))}")
    our_buffers = {name: value for name, value in ours.state_dict().items() if name not in our_gradients}
    their_state = to_ours(dict(theirs.state_dict()))
    forward = largest_error(our_values, their_values)
    forward = max(forward, largest_error(list(our_buffers.values()), [their_state[name] for name in our_buffers]))
    gradient = largest_error(
        [*our_gradients.values(), *our_inputs], [*(their_gradients[name] for name in our_gradients), *their_inputs]
    )
    return Errors(forward, gradient)


def apart(ours: Tensor, theirs: Tensor, scale: float = 1.0) -> float:
    """The relative error; 0 for what is rounding beside `scale`, infinite where shapes or infinities differ."""
    finite = theirs.isfinite()
    if ours.shape != theirs.shape or not torch.equal(ours.isfinite(), finite):
        return float("inf")
    if not torch.equal(ours[~finite].nan_to_num(), theirs[~finite].nan_to_num()):
        return float("inf")
    ours, theirs = ours[finite].double(), theirs[finite].double()
    if not len(ours) or (ours - theirs).abs().max().item() <= NOISE * scale:
        return 0.0
    return relative_error(ours, theirs)


def furthest(ours: Iterable[Tensor | None], theirs: Iterable[Tensor | None], scale: float = 1.0) -> float:
    """The largest error of the pairs that both rows have."""
    pairs = [(a, b) for a, b in zip(ours, theirs) if a is not None and b is not None]
    return max((apart(a, b, scale) for a, b in pairs), default=0.0)


def magnitude(tensors: Iterable[Tensor | None]) -> float:
    """The largest finite number in these tensors."""
    finite = [tensor[tensor.isfinite()] for tensor in tensors if tensor is not None]
    return max((tensor.abs().max().item() for tensor in finite if len(tensor)), default=0.0)
