"""
Checking gradients, and freezing what shall not learn
=====================================================

You wrote a backward pass, or an in-place trick, or a loss with a corner. The loss falls, somewhat. Is the gradient right, or only
about right? And once it is: how do you keep half of a network as it is?
"""

# %%
# A gradient can be checked without trusting anything but the function itself: move each input a little to either side, and
# see how the output follows. The middle of the two sides makes the error fall with the square of the step.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Sequential

from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.sgd import SGD


def slope(function, x: float, step: float) -> float:
    """The slope at x from two values beside it."""
    return (function(x + step) - function(x - step)) / (2 * step)


# %%
# How small a step? Too large, and the function bends in between; too small, and the two values are the same but for their
# last digits, so that their difference is noise. In ``float32`` there is hardly a good place; in ``float64`` there is.

steps = torch.logspace(-12, 0, 60, dtype=torch.float64)
figure, axis = plt.subplots(figsize=(7, 3.8), layout="constrained")
for dtype in (torch.float32, torch.float64):
    x = torch.tensor(1.3, dtype=dtype)
    errors = []
    for step in steps:
        change = slope(lambda value: value.sin().exp(), x, step.to(dtype))
        errors.append(abs(change.double() - x.double().sin().exp() * x.double().cos()))
    axis.loglog(steps, errors, label=str(dtype).removeprefix("torch."))
axis.set_xlabel("step")
axis.set_ylabel("error of the slope")
axis.legend()
plt.show()

# %%
# Hence the rule: check in ``float64``, with a step of about :math:`10^{-6}`, and expect seven digits.
#
# A function of many inputs is moved one at a time.


def numerical_gradient(function, x: Tensor, step: float = 1e-6) -> Tensor:
    """The gradient of a function to one number, from its values alone. Shapes: x any -> the same."""
    gradient = torch.zeros_like(x)
    for index in range(x.numel()):
        there, back = x.clone(), x.clone()
        there.view(-1)[index] += step
        back.view(-1)[index] -= step
        gradient.view(-1)[index] = (function(there) - function(back)) / (2 * step)
    return gradient


def loss_of(scores: Tensor) -> Tensor:
    return CrossEntropyLoss()(scores, torch.tensor([1, 0]))


scores = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
marked = scores.clone().requires_grad_()
loss_of(marked).backward()
print("largest difference:", (numerical_gradient(loss_of, scores) - marked.grad).abs().max().item())
assert torch.autograd.gradcheck(loss_of, (marked,))  # PyTorch's own check does the same

# %%
# A wrong gradient shows at once. Here somebody forgot that a clamp has no slope where it cuts.


class Clamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(-1, 1)

    @staticmethod
    def backward(ctx, gradient):
        return gradient  # also where nothing came through


try:
    torch.autograd.gradcheck(Clamp.apply, (torch.tensor([0.3, 2.0], dtype=torch.float64, requires_grad=True),))
except RuntimeError as refusal:
    print("found:", str(refusal).splitlines()[0])

# %%
# Two honest disagreements exist: at a corner (a ReLU at exactly 0) there is no slope, and a function that draws random
# numbers is another function at each call. Move away from corners; seed before each call.
#
# Freezing
# --------
#
# A parameter whose ``requires_grad`` is False is a constant: no gradient is computed for it, and no optimiser moves it. To
# keep a trained body and learn a new head is to freeze the body.

torch.manual_seed(0)
body, head = Sequential(Linear(in_features=4, out_features=8), ReLU()), Linear(in_features=8, out_features=3)
for parameter in body.parameters():
    parameter.requires_grad_(False)
model = Sequential(body, head)
before = [parameter.clone() for parameter in body.parameters()]
optimizer = SGD([parameter for parameter in model.parameters() if parameter.requires_grad], lr=0.5)
inputs, labels = torch.randn(30, 4), torch.randint(3, (30,))
losses = []
for _ in range(20):
    loss = CrossEntropyLoss()(model(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
assert all(map(torch.equal, before, body.parameters()))
print(f"the loss fell from {losses[0]:.3f} to {losses[-1]:.3f}, and the body is as it was")

# %%
# Nothing below the lowest part that learns is walked back through: freezing a body saves its share of the backward pass, and
# the activations that it would have kept.
#
# The trap: frozen, and moving all the same
# -----------------------------------------
#
# Three things move what is "frozen". Weight decay, if the parameter is in the optimiser and had a gradient once. Batch norm's
# running averages, which are no parameters and follow every batch in training mode. And freezing too late: a ``.grad`` from
# before the freezing is still there, and the next step applies it.

weight = torch.nn.Parameter(torch.ones(1))
optimizer = SGD([weight], lr=0.1)
(weight**2).sum().backward()
weight.requires_grad_(False)  # too late
optimizer.step()
print("a weight frozen after backward moved to", round(weight.item(), 3))
assert weight.item() != 1

# %%
# So: freeze first, give the optimiser only what learns, and put frozen norms in evaluation mode.
#
# Three things to try
# -------------------
#
# 1. Check ReLU's gradient at 0 itself. What do the two sides give, and what does PyTorch say?
# 2. Freeze the head instead of the body. Which gradients are still needed on the way, and which are not?
# 3. How many evaluations does a numerical gradient of a network with a million weights take? And a check that moves all
#    weights at once along one random direction?
#
# Then write a check that says where it went wrong: ``groundup learn start gradient_check``.
