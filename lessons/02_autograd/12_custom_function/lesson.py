"""
Your own Function: forward and backward by hand
===============================================

autograd knows the slope of every operation that PyTorch has. What of one that it does not have, or of one whose true slope is of
no use: a step, a rounding, a sign, flat everywhere and broken once? A network with weights of one bit trains. How?
"""

# %%
# By writing down what the way back shall do. A ``torch.autograd.Function`` has two methods: ``forward`` computes and keeps
# what will be needed, ``backward`` is given how fast the loss rises with the output, and returns how fast it rises with
# each input.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.autograd import Function, gradcheck

from groundup.ops.activation import relu
from groundup.ops.straight_through import straight_through_sign


class Relu(Function):
    """max(x, 0), whose gradient passes where x is positive."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient * (x > 0)


x = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
assert gradcheck(Relu.apply, (x,))
torch.testing.assert_close(Relu.apply(x), relu(x))
print("Relu passes the check of the last lesson")

# %%
# Several inputs, several gradients: one for each, in the order of ``forward``'s arguments, and ``None`` for what takes none
# (a number, a flag). Where an input was broadcast, its gradient is summed back to its shape.


class Scale(Function):
    """x times s, one s for all of x."""

    @staticmethod
    def forward(ctx, x: Tensor, s: Tensor, times: int) -> Tensor:
        ctx.save_for_backward(x, s)
        ctx.times = times
        return x * s**times

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        x, s = ctx.saved_tensors
        by_s = (gradient * x).sum() * ctx.times * s ** (ctx.times - 1)
        return gradient * s**ctx.times, by_s, None


s = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
assert gradcheck(lambda x, s: Scale.apply(x, s, 2), (x, s))

# %%
# The slope that is not there
# ---------------------------
#
# The sign of a number is plus or minus one. Its slope is 0 wherever it has one, so nothing below it would ever learn. The
# **straight-through estimator** (Bengio et al. 2013, https://arxiv.org/abs/1308.3432) tells a useful lie on the way back:
# as if the step had been the line y = x; and only between -1 and 1, so that numbers far on their side are left alone.


class Sign(Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient * (x.abs() <= 1)


for function in (Sign.apply, straight_through_sign):
    x.grad = None
    function(x).sum().backward()
    print("output", function(x).tolist(), " gradient", x.grad.tolist())

# %%
# Does the lie work? Sixteen weights of one bit each shall reproduce what sixteen bits chosen before give. What is trained
# is a number behind each bit; used is only its sign.

torch.manual_seed(1)
truth = torch.where(torch.rand(16) < 0.5, -1.0, 1.0)
inputs = torch.randn(200, 16)
answers = inputs @ truth


def train(sign, steps: int = 60) -> tuple[list[float], Tensor]:
    behind = (0.1 * torch.randn(16, generator=torch.Generator().manual_seed(2))).requires_grad_()
    errors = []
    for _ in range(steps):
        error = (inputs @ sign(behind) - answers).square().mean()
        errors.append(error.item())
        (gradient,) = torch.autograd.grad(error, behind, allow_unused=True)
        with torch.no_grad():
            behind -= 0.02 * (0 if gradient is None else gradient)
    return errors, torch.where(behind >= 0, 1.0, -1.0)


honest, _ = train(torch.sign)
errors, bits = train(Sign.apply)
print(f"with the true slope: {honest[0]:.1f} -> {honest[-1]:.1f}; straight through: {errors[0]:.1f} -> {errors[-1]:.3f}")
assert torch.equal(bits, truth)

plt.figure(figsize=(7, 3.5), layout="constrained")
plt.plot(honest, label="true slope (0)")
plt.plot(errors, label="straight through")
plt.xlabel("step")
plt.ylabel("error")
plt.legend()
plt.show()

# %%
# The trap: what is kept, and what is checked
# -------------------------------------------
#
# ``gradcheck`` cannot pass for Sign: its gradient **is** wrong, on purpose. Check such a Function against what it promises.
# And keep tensors by ``ctx.save_for_backward`` alone: what hangs on ``ctx`` as an attribute is not freed after the walk,
# and nobody notices when it was changed in between.


class Square(Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.x = x  # not saved: remembered
        return x * x

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient * 2 * ctx.x


y = torch.tensor([3.0], requires_grad=True)
z = y * 1
result = Square.apply(z)
with torch.no_grad():
    z += 100  # somebody works in place
result.backward()
print("the slope of x² at 3, remembered wrongly:", y.grad.item())
assert y.grad.item() == 206
z = y * 1
result = z * z  # PyTorch's own saves, and notices
with torch.no_grad():
    z += 100
try:
    result.backward()
except RuntimeError as refusal:
    print("saved properly, it is refused:", str(refusal).split(":")[0])

# %%
# Three things to try
# -------------------
#
# 1. Write ``Exp`` so that it saves its output and not its input. Which is the better thing to keep, and when?
# 2. Leave the clipping (``x.abs() <= 1``) away. Does the training of the bits still arrive? How large do the numbers become?
# 3. A Function that returns its input and turns the gradient's sign around: what could that be good for?
#    (https://arxiv.org/abs/1409.7495)
#
# Then write one with two inputs that broadcast: ``groundup learn start custom_function``.
