"""
Jacobian, vector-Jacobian product, Hessian
==========================================

``backward`` gives the slope of **one** number. A function from three numbers to two has six slopes. Where are they, and why is
a network of a million weights trained without anyone ever writing its slopes down in a table?
"""

# %%
# The table of all slopes is the **Jacobian**: row i, column j says how fast output i rises with input j. One walk back gives
# one row of it. With a weight for each output, ``backward`` gives the weighted sum of the rows, a **vector-Jacobian product**
# (VJP).

import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor


def function(x: Tensor) -> Tensor:
    """Three numbers to two."""
    return torch.stack([x[0] * x[1], x[1] * x[2].sin()])


x = torch.tensor([1.0, 2.0, 0.5], requires_grad=True)
y = function(x)
weights = torch.tensor([10.0, 1.0])
(product,) = torch.autograd.grad(y, x, weights, retain_graph=True)
print("ten times the first row and once the second:", product.tolist())

# %%
# The whole table: ask for each row by a weight of 1 there and 0 elsewhere.


def jacobian(function, x: Tensor) -> Tensor:
    """All slopes of a function of a vector. Shapes: x (inputs) -> (outputs, inputs)."""
    x = x.detach().requires_grad_()
    y = function(x)
    return torch.stack([torch.autograd.grad(y, x, row, retain_graph=True)[0] for row in torch.eye(len(y))])


table = jacobian(function, x)
print(table)
torch.testing.assert_close(weights @ table, product)
torch.testing.assert_close(table, torch.autograd.functional.jacobian(function, x.detach()))

# %%
# A VJP costs about as much as computing the function, whatever the number of inputs; a Jacobian costs as many of them as
# there are outputs. A loss has one output. That is the whole reason why training works: its gradient is one row.


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


matrix = torch.randn(400, 400, generator=torch.Generator().manual_seed(0)) / 20


def network(x: Tensor) -> Tensor:
    for _ in range(10):
        x = (matrix @ x).tanh()
    return x


point = torch.ones(400, requires_grad=True)
once = seconds(lambda: torch.autograd.grad(network(point), point, torch.ones(400)))
whole = seconds(lambda: jacobian(network, point))
print(f"one product: {1e3 * once:.1f} ms; all 400 rows: {1e3 * whole:.0f} ms")

# %%
# The layers of a network multiply their Jacobians. Nobody multiplies the matrices: the vector is carried through them from
# the right end, one vector-matrix product after another. This is backpropagation.

first, second = torch.randn(5, 3), torch.randn(2, 5)
v, z = torch.randn(2), torch.randn(3)
inner = (first @ z).tanh()
slope = torch.diag(1 - inner**2)  # of tanh, in a table
by_matrices = v @ (second @ slope @ first)
by_steps = ((v @ second) * (1 - inner**2)) @ first
torch.testing.assert_close(by_matrices, by_steps)

# %%
# The slope of the slope
# ----------------------
#
# With ``create_graph=True`` the walk back is itself recorded, and can be differentiated: the **Hessian** is the Jacobian of
# the gradient, and tells how curved a function is. A whole one is as large as the number of weights squared; but its
# product with a vector is one more VJP.


def hessian_product(function, x: Tensor, v: Tensor) -> Tensor:
    """The Hessian of a function to one number, times a vector, without the Hessian."""
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(function(x), x, create_graph=True)
    return torch.autograd.grad(slope @ v, x)[0]


def valley(x: Tensor) -> Tensor:
    """Rosenbrock's valley: flat along its floor, steep at its sides."""
    return (1 - x[0]) ** 2 + 20 * (x[1] - x[0] ** 2) ** 2


at = torch.tensor([-0.5, 0.8])
hessian = torch.autograd.functional.hessian(valley, at)
for v in torch.eye(2):
    torch.testing.assert_close(hessian_product(valley, at, v), hessian @ v)

# %%
# Knowing the curvature, one can step to the bottom of the bowl that fits here (Newton's method) instead of a little downhill.

paths = {"gradient, 200 steps": [at], "Newton, 8 steps": [at]}
for _ in range(200):
    spot = paths["gradient, 200 steps"][-1].clone().requires_grad_()
    paths["gradient, 200 steps"].append(spot.detach() - 0.01 * torch.autograd.grad(valley(spot), spot)[0])
for _ in range(8):
    spot = paths["Newton, 8 steps"][-1].clone().requires_grad_()
    (slope,) = torch.autograd.grad(valley(spot), spot)
    curved = torch.autograd.functional.hessian(valley, spot.detach())
    paths["Newton, 8 steps"].append(spot.detach() - torch.linalg.solve(curved, slope))

across, up = torch.meshgrid(torch.linspace(-1.2, 1.4, 200), torch.linspace(-0.6, 1.5, 200), indexing="xy")
plt.figure(figsize=(6.5, 4.5), layout="constrained")
plt.contourf(across, up, valley(torch.stack([across, up])).log(), levels=25, cmap="viridis")
for (name, path), style in zip(paths.items(), ("w.-", "r.-")):
    plt.plot(*torch.stack(path).T, style, markersize=4, label=name)
plt.xlim(-1.2, 1.4)
plt.ylim(-0.6, 1.5)
plt.legend()
plt.show()

# %%
# The trap: the missing graph of the gradient
# -------------------------------------------
#
# Without ``create_graph=True`` the gradient is a plain number that remembers nothing, and a penalty on it (as a WGAN's)
# cannot be learnt from. Added to another loss, it does not even fail: it is a constant.

w = torch.tensor(2.0, requires_grad=True)
(slope,) = torch.autograd.grad(w**3, w)
print("can be differentiated again:", slope.requires_grad)
(slope,) = torch.autograd.grad(w**3, w, create_graph=True)
print("with create_graph:          ", slope.requires_grad, "- second derivative", torch.autograd.grad(slope, w)[0].item())

# %%
# Three things to try
# -------------------
#
# 1. How many walks does the Jacobian of a function from 2 numbers to 1000 take? How could forward mode
#    (``torch.func.jvp``) do it in two?
# 2. Start Newton's method at (0, 1). What is the sign of the curvature there, and where does the step go?
# 3. The trace of a Hessian is the mean of v·Hv over random v of plus and minus ones. Try it with a hundred of them.
#
# Then write the products yourself, for functions of any shape: ``groundup learn start jacobian``.
