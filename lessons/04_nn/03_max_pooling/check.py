"""What an answer to `max_pool2d` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Max-pooling: the strongest of its neighbours",
    name="max_pool2d",
    solution="groundup.ops.max_pooling:max_pool2d_tensors",
    hints=(
        "First how many windows there are along each side, then the largest number of each.",
        "Make a larger map full of -infinity and write the input into its middle; with ceil_mode it must be large enough for "
        "the window that hangs over. count = (math.ceil or math.floor)((size + 2 * padding - kernel_size) / stride) + 1.",
        "If (count - 1) * stride >= size + padding, the last window begins outside: count - 1 then. A window is padded[:, :, "
        "y * stride : y * stride + kernel_size, x * stride : x * stride + kernel_size], and its largest number .amax((2, 3)).",
    ),
)


def maps(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("windows of two, side by side")
def plain(max_pool2d):
    return max_pool2d(maps(2, 3, 4, 6), 2)


@EXERCISE.claim("a rest that is left out")
def rest(max_pool2d):
    return max_pool2d(maps(1, 2, 5, 7), 3)


@EXERCISE.claim("a rest that is taken, with ceil_mode")
def rounded_up(max_pool2d):
    return max_pool2d(maps(1, 2, 5, 7), 3, ceil_mode=True)


@EXERCISE.claim("windows that overlap")
def overlap(max_pool2d):
    return max_pool2d(maps(1, 1, 7, 6), 3, stride=2)


@EXERCISE.claim("padding of negative numbers")
def padding(max_pool2d):
    return max_pool2d(-maps(1, 2, 5, 5).abs() - 1, 3, stride=2, padding=1)


@EXERCISE.claim("ceil_mode with padding, where a last window would begin outside")
def outside(max_pool2d):
    return [
        max_pool2d(maps(1, 1, 4, 5), 2, stride=2, padding=1, ceil_mode=True),
        max_pool2d(maps(1, 1, 3, 3), 1, stride=3, ceil_mode=True),
    ]


@EXERCISE.claim("gradients go to the winners")
def gradients(max_pool2d):
    x = maps(1, 2, 5, 4).requires_grad_()
    y = max_pool2d(x, 2, stride=1)
    (y * maps(*y.shape, seed=1)).sum().backward()
    return {"gradient of input": x.grad}


@EXERCISE.drawn
def drawn(max_pool2d, seed: int):
    kernel = 1 + seed % 3
    options = dict(stride=1 + seed % 4, padding=seed % (kernel // 2 + 1), ceil_mode=bool(seed % 2))
    return max_pool2d(maps(1, 2, kernel + seed % 5, kernel + seed % 4, seed=seed), kernel, **options)
