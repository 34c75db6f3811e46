"""Answers to `record` that are wrong in the ways that people are."""

import torch


def keeper(outputs, name):
    return lambda module, given, output: outputs.update({name: output})


def hooked(model, names, outputs):
    modules = dict(model.named_modules())
    chosen = {name: modules[name] for name in names}
    return [module.register_forward_hook(keeper(outputs, name)) for name, module in chosen.items()]


def never_removed(model, names, input):
    """Your hooks stay on the model: they run in every later call, and keep what they see. Keep the handles that
    register_forward_hook returns, and call remove() on each."""
    outputs = {}
    hooked(model, names, outputs)
    gradients = torch.autograd.grad(model(input).sum(), [outputs[name] for name in names])
    return {name: (outputs[name].detach(), gradient) for name, gradient in zip(names, gradients)}


def left_on_failure(model, names, input):
    """Where the model fails, your hooks stay behind: what must happen in any case stands in `finally`."""
    outputs = {}
    handles = hooked(model, names, outputs)
    total = model(input).sum()
    for handle in handles:
        handle.remove()
    gradients = torch.autograd.grad(total, [outputs[name] for name in names])
    return {name: (outputs[name].detach(), gradient) for name, gradient in zip(names, gradients)}


def last_name(model, names, input):
    """All hooks write under the last name: a lambda made in a loop looks its name up when it runs, and by then the loop is over.
    Let a function make the hook, or bind the name by a default argument."""
    modules, outputs, handles = dict(model.named_modules()), {}, []
    chosen = {name: modules[name] for name in names}
    for name, module in chosen.items():
        handles.append(module.register_forward_hook(lambda module, given, output: outputs.update({name: output})))  # noqa: B023
    try:
        total = model(input).sum()
    finally:
        for handle in handles:
            handle.remove()
    gradients = torch.autograd.grad(total, [outputs[name] for name in names])
    return {name: (outputs[name].detach(), gradient) for name, gradient in zip(names, gradients)}


def through_backward(model, names, input):
    """backward() has added to the gradients of the parameters, which were not asked for. torch.autograd.grad(total, outputs)
    gives gradients by the outputs and touches nothing else."""
    outputs = {}
    handles = hooked(model, names, outputs)
    try:
        total = model(input).sum()
    finally:
        for handle in handles:
            handle.remove()
    for output in outputs.values():
        output.retain_grad()
    total.backward()
    return {name: (outputs[name].detach(), outputs[name].grad) for name in names}


def still_marked(model, names, input):
    """The outputs that you return still know the graph they came from, and keep it alive: return output.detach()."""
    outputs = {}
    handles = hooked(model, names, outputs)
    try:
        total = model(input).sum()
    finally:
        for handle in handles:
            handle.remove()
    gradients = torch.autograd.grad(total, [outputs[name] for name in names])
    return {name: (outputs[name], gradient) for name, gradient in zip(names, gradients)}


def in_order_of_calls(model, names, input):
    """The entries stand in the order in which the layers were called; asked for is the order of `names`."""
    outputs = {}
    handles = hooked(model, names, outputs)
    try:
        total = model(input).sum()
    finally:
        for handle in handles:
            handle.remove()
    gradients = torch.autograd.grad(total, list(outputs.values()))
    return {name: (output.detach(), gradient) for (name, output), gradient in zip(outputs.items(), gradients)}
