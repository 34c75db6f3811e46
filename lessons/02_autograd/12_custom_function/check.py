"""What an answer to `ScaledNorm` must do."""

import torch
from torch.autograd import gradcheck

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Your own Function: forward and backward by hand",
    name="ScaledNorm",
    hints=(
        "Let scale = 1 / sqrt(mean(x²) + eps) and n = x * scale, so output = n * weight. backward returns three things, in "
        "the order of forward's arguments after ctx; eps takes no gradient.",
        "By weight: gradient * n, summed over all dimensions but the last, since weight was broadcast over them. By x there "
        "are two ways: through x itself, and through scale, which depends on every x of the row.",
        "The slope of scale by x[j] is -scale³ x[j] / features. With inner = gradient * weight that gives scale * (inner - n "
        "* (inner * n).mean(-1, keepdim=True)). Keep n, scale and weight by ctx.save_for_backward.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def both_ways(ScaledNorm, x, weight, eps):
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    output = ScaledNorm.apply(x, weight, eps)
    output.backward(numbers(*output.shape, seed=9))
    return {"output": output, "gradient of x": x.grad, "gradient of weight": weight.grad}


@EXERCISE.claim("a row of four")
def row(ScaledNorm):
    return both_ways(ScaledNorm, numbers(4), numbers(4, seed=1), 0.1)


@EXERCISE.claim("a batch of rows")
def batch(ScaledNorm):
    return both_ways(ScaledNorm, numbers(3, 5), numbers(5, seed=1), 1e-5)


@EXERCISE.claim("a batch of sentences of rows")
def deep(ScaledNorm):
    return both_ways(ScaledNorm, numbers(2, 3, 4), numbers(4, seed=1), 0.5)


@EXERCISE.claim("PyTorch's check of gradients passes")
def checked(ScaledNorm):
    inputs = (numbers(2, 3).requires_grad_(), numbers(3, seed=1).requires_grad_())
    return gradcheck(lambda x, weight: ScaledNorm.apply(x, weight, 0.1), inputs, raise_exception=False)


@EXERCISE.drawn
def drawn(ScaledNorm, seed: int):
    shape = [(3,), (2, 4), (1, 2, 5), (4, 1)][seed % 4]
    return both_ways(ScaledNorm, numbers(*shape, seed=seed), numbers(shape[-1], seed=seed + 1), 0.01 * (1 + seed))
