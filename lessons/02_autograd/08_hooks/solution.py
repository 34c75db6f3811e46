"""The answer to `record`."""

import torch
from torch import Tensor
from torch.nn import Module


def record(model: Module, names: list[str], input: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """What the submodules of these names give for an input, and the gradient of the sum of the model's output by it."""
    modules, outputs = dict(model.named_modules()), {}
    chosen = {name: modules[name] for name in names}

    def keep(name: str):
        return lambda module, given, output: outputs.update({name: output})

    handles = [module.register_forward_hook(keep(name)) for name, module in chosen.items()]
    try:
        total = model(input).sum()
    finally:
        for handle in handles:
            handle.remove()
    gradients = torch.autograd.grad(total, [outputs[name] for name in names])
    return {name: (outputs[name].detach(), gradient) for name, gradient in zip(names, gradients, strict=True)}
