"""What an answer to `conv2d` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Convolution: one small window for the whole picture",
    name="conv2d",
    solution="groundup.ops.convolution:conv2d_tensors",
    hints=(
        "Begin with no padding and stride 1, and one number: output[n, o, y, x] is the sum of a product of two boxes of the same "
        "shape, (in channels, rows, columns). Which box of input[n]?",
        "Padding first: make a tensor of zeros of the larger size and write the input into its middle. From then on there is no "
        "padding to think of. How many steps of `stride` fit into (size - kernel)? One answer more than steps.",
        "For each y and x: window = padded[:, :, y*stride : y*stride + rows, x*stride : x*stride + columns]; the outputs of all "
        "pictures and kernels there are torch.einsum('nchw,ochw->no', window, weight). At the end add bias[:, None, None].",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("one kernel over one picture")
def one(conv2d):
    return conv2d(numbers(1, 1, 5, 5), numbers(1, 1, 3, 3, seed=1))


@EXERCISE.claim("a picture that is wider than high, and a kernel that is not square")
def oblong(conv2d):
    return conv2d(numbers(1, 1, 4, 7), numbers(1, 1, 2, 3, seed=1))


@EXERCISE.claim("several pictures, channels and kernels")
def several(conv2d):
    return conv2d(numbers(2, 3, 6, 5), numbers(4, 3, 3, 3, seed=1))


@EXERCISE.claim("a bias for each kernel")
def bias(conv2d):
    return conv2d(numbers(2, 2, 4, 4), numbers(3, 2, 2, 2, seed=1), numbers(3, seed=2))


@EXERCISE.claim("a stride of 2, and of 3 where the last step does not fit")
def stride(conv2d):
    pictures, kernels = numbers(1, 2, 7, 8), numbers(2, 2, 3, 3, seed=1)
    return [conv2d(pictures, kernels, stride=2), conv2d(pictures, kernels, stride=3)]


@EXERCISE.claim("padding by 1 and by 2, with and without a stride")
def padding(conv2d):
    pictures, kernels = numbers(2, 1, 5, 6), numbers(2, 1, 3, 3, seed=1)
    return [conv2d(pictures, kernels, padding=1), conv2d(pictures, kernels, stride=2, padding=2)]


@EXERCISE.claim("gradients of the pictures, the kernels and the bias")
def gradients(conv2d):
    inputs = [numbers(2, 2, 5, 5), numbers(3, 2, 3, 3, seed=1), numbers(3, seed=2)]
    inputs = [tensor.requires_grad_() for tensor in inputs]
    output = conv2d(*inputs, stride=2, padding=1)
    (output * numbers(*output.shape, seed=3)).sum().backward()
    return {f"gradient of {name}": tensor.grad for name, tensor in zip(("input", "weight", "bias"), inputs)}


@EXERCISE.drawn
def drawn(conv2d, seed: int):
    draw = torch.Generator().manual_seed(seed)
    batch, channels, out, rows, columns = torch.randint(1, 4, (5,), generator=draw).tolist()
    height, width = (torch.randint(0, 4, (2,), generator=draw) + torch.tensor([rows, columns])).tolist()
    stride, padding = torch.randint(1, 3, (), generator=draw).item(), torch.randint(0, 3, (), generator=draw).item()
    tensors = [(batch, channels, height, width), (out, channels, rows, columns), (out,)]
    return conv2d(*(torch.randn(shape, generator=draw) for shape in tensors), stride=stride, padding=padding)
