"""A record of one forward and backward pass: what every submodule was given, what it returned, and the gradients of both."""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from groundup.errors import UserError
from groundup.parity.compare import cotangents, tensors_in


def parameters_of(module: nn.Module) -> dict[str, Tensor]:
    """Every parameter, under every name that it has."""
    return dict(module.named_parameters(remove_duplicate=False))


def buffers_of(module: nn.Module) -> dict[str, Tensor]:
    """Every buffer, also those that a state dict leaves out."""
    return dict(module.named_buffers(remove_duplicate=False))


def owner(name: str) -> str:
    """The submodule that holds the tensor or child of this name."""
    return name.rpartition(".")[0]


def under(name: str, place: str) -> bool:
    """Whether the tensor of this name belongs to a submodule or to one inside it."""
    return not place or name.startswith(place + ".")


def snapshot(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Copies that later changes in place do not reach; a complex number counts as two real ones."""
    return [(torch.view_as_real(tensor) if tensor.is_complex() else tensor).detach().clone() for tensor in tensors]


def fresh(value: object) -> object:
    """A float64 copy that gradients can flow to and that may be changed in place."""
    if not isinstance(value, Tensor):
        return value
    value = value.detach().cpu().clone()
    return value.double().requires_grad_().clone() if value.is_floating_point() else value


def watch(tensors: Sequence[Tensor]) -> list[Tensor | None]:
    """A row that the backward pass fills with the gradient of each tensor; None for one that gradients cannot reach."""
    gradients = [torch.zeros_like(tensor) if tensor.requires_grad else None for tensor in tensors]
    for i, tensor in enumerate(tensors):
        if tensor.requires_grad:
            tensor.register_hook(partial(gradients.__setitem__, i))
    return gradients


class Call:
    """One call of one submodule; `outputs` is None where the call raised."""

    def __init__(self, name: str, nth: int, args: tuple, kwargs: dict):
        self.name, self.nth, self.args, self.kwargs = name, nth, args, kwargs
        self.live = tensors_in((args, kwargs))
        self.versions = [tensor._version for tensor in self.live]
        self.inputs = snapshot(self.live)
        self.input_gradients = watch(self.live)
        self.overwritten: list[int] = []
        self.outputs: list[Tensor] | None = None
        self.output_gradients: list[Tensor | None] = []

    def finish(self, outputs: object) -> None:
        outputs = tensors_in(outputs)
        self.outputs, self.output_gradients = snapshot(outputs), watch(outputs)
        self.overwritten = [i for i, tensor in enumerate(self.live) if tensor._version != self.versions[i]]

    def settle(self) -> None:
        """After the backward pass: autograd tells no gradient of a value that was overwritten."""
        for i in self.overwritten:
            self.input_gradients[i] = None

    def distinct_inputs(self) -> list[Tensor]:
        """The inputs with each tensor once: attention(x, x, x) was given one."""
        return list({id(tensor): value for tensor, value in zip(self.live, self.inputs)}.values())

    def plain_inputs(self) -> dict:
        """The arguments that are plain numbers or strings, by position or name."""
        arguments = {**dict(enumerate(self.args)), **self.kwargs}
        return {key: value for key, value in arguments.items() if isinstance(value, bool | int | float | str)}


class Trace:
    """One forward and backward pass of a copy of a module, with every call of every submodule.

    The global generator is seeded before each call, so that dropout draws the same mask wherever it stands. What the module
    raises is kept in `raised`.
    """

    def __init__(self, module: nn.Module, args: Sequence, kwargs: Mapping, mode: str, seed: int):
        self.original = module  # which this pass leaves as it is
        self.module = copy.deepcopy(module).train(mode == "training")
        self.calls: list[Call] = []  # in the order in which they began
        self.finished: list[Call] = []  # in the order in which they ended: a container after what it called
        self.recorded = False  # from here on a call is a recomputation for the backward pass (a checkpoint's)
        self.raised: Exception | None = None
        try:
            outputs = self.forward(args, kwargs, seed)
            live = [(a, b) for a, b in zip(outputs, cotangents(outputs, seed)) if a.requires_grad]
            if live:
                torch.autograd.backward(*zip(*live))
        except Exception as error:
            self.raised = error
        for call in self.calls:
            call.settle()
        self.at = {(call.name, call.nth): call for call in self.calls}
        self.buffers = buffers_of(self.module)
        self.gradients = {
            name: torch.zeros_like(value) if value.grad is None else value.grad
            for name, value in parameters_of(self.module).items()
        }

    def forward(self, args: Sequence, kwargs: Mapping, seed: int) -> list[Tensor]:
        names, counts, running = {child: name for name, child in self.module.named_modules()}, Counter(), []

        def before(child: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
            torch.default_generator.manual_seed(seed)
            if self.recorded:
                return args, kwargs
            views: dict[int, Tensor] = {}  # a view collects the gradient of this call apart from the tensor's other uses

            def view(value: object) -> object:
                if isinstance(value, Tensor) and value.requires_grad:
                    return views.setdefault(id(value), value.view_as(value))
                return value

            args, kwargs = tree_map(view, (args, kwargs))
            running.append(Call(names[child], counts[child], args, kwargs))
            self.calls.append(running[-1])
            counts[child] += 1
            return args, kwargs

        def after(child: nn.Module, args: tuple, outputs: object) -> None:
            if self.recorded:
                return
            self.finished.append(running.pop())
            self.finished[-1].finish(outputs)

        for child in names:
            child.register_forward_pre_hook(before, with_kwargs=True)
            child.register_forward_hook(after)
        outputs = tensors_in(self.module(*tree_map(fresh, tuple(args)), **tree_map(fresh, dict(kwargs))))
        self.recorded = True
        return outputs

    def names(self) -> list[str]:
        """The submodules that were called, in the order of their first call."""
        return list(dict.fromkeys(call.name for call in self.calls))


def in_double(module: nn.Module) -> nn.Module:
    """A float64 copy on the CPU, plain tensor attributes included."""
    module = copy.deepcopy(module).cpu().double()
    module.zero_grad()
    for child in module.modules():
        for name, value in vars(child).items():
            if isinstance(value, Tensor):
                vars(child)[name] = value.cpu().double() if value.is_floating_point() else value.cpu()
    return module


def arguments(inputs: object, reference: nn.Module, seed: int) -> tuple[tuple, dict]:
    """Positional and keyword arguments, guessed from the reference's weights where none are given."""
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    if inputs is not None:
        return (inputs,) if isinstance(inputs, Tensor) else tuple(inputs), {}
    generator = torch.Generator().manual_seed(seed)
    for module in reference.modules():
        for weight in module.parameters(recurse=False):
            for guess in guesses(module, weight, generator):
                if Trace(reference, (guess,), {}, "training", seed).raised is None:
                    return (guess,), {}
    raise UserError("no input that the reference takes could be guessed from its weights")


def guesses(module: nn.Module, weight: Tensor, generator: torch.Generator) -> list[Tensor]:
    """Tokens, vectors, rows of vectors or pictures that a weight of this shape may be meant for."""
    if "Embedding" in type(module).__name__:
        return [torch.randint(len(weight), (2, 8), generator=generator)]
    if weight.dim() < 2:
        return []
    channels = weight.shape[1] * getattr(module, "groups", 1)
    sides = [(2, 8, channels)] if isinstance(module, nn.RNNBase) else [(2, channels), (2, 8, channels)]
    if weight.dim() > 2:
        sides = [(2, channels, *[side] * (weight.dim() - 2)) for side in (32, 28, 64, 224)]
    return [torch.randn(shape, generator=generator) for shape in sides]
