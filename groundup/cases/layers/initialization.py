"""The starts of weights against torch.nn.init's, drawn from the same generator."""

import warnings
from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import OpCase, Sample, call
from groundup.layers import initialization

SHAPES = ((5, 7), (7, 5), (4, 3, 3), (6, 2, 3, 5), (2, 3, 1, 2, 2), (1, 1), (3, 0))


def start(function: Callable) -> Callable:
    """The same start, but of a new tensor: (shape, seed, options of the function) -> the weights."""

    def run(shape: tuple[int, ...], seed: int, transposed: bool = False, **options) -> Tensor:
        weight = torch.full(shape, torch.nan, dtype=torch.float64)
        weight = weight.transpose(0, 1) if transposed else weight
        with warnings.catch_warnings(action="ignore"):  # torch's, that a weight without numbers stays as it is
            return function(weight, generator=Generator().manual_seed(seed), **options)

    return run


def fan_samples(generator: Generator) -> Iterator[Sample]:
    for seed, shape in enumerate(SHAPES):
        yield call(shape, seed)
        yield call(shape, seed, transposed=True)


def xavier_samples(generator: Generator) -> Iterator[Sample]:
    yield from fan_samples(generator)
    yield call((4, 9), 8, gain=2.5)


def kaiming_samples(generator: Generator) -> Iterator[Sample]:
    yield from fan_samples(generator)
    for mode in ("fan_in", "fan_out"):
        yield call((4, 9, 2), 8, a=0.3, mode=mode)
        yield call((4, 9, 2), 8, a=0.3, mode=mode, nonlinearity="relu")


def trunc_normal_samples(generator: Generator) -> Iterator[Sample]:
    yield call((40, 50), 1)
    yield call((9,), 2, std=0.02)
    yield call((4, 5), 3, transposed=True, mean=0.5, std=2.0, a=-1.0, b=2.0)
    yield call((40, 50), 4, mean=1.0, std=3.0, a=-0.5, b=0.8)  # few draws would be kept
    yield call((40, 5), 4, mean=-1.0, std=0.3, a=-0.9, b=4.0)
    yield call((40, 5), 5, mean=4.0, std=2.0, a=-1.0, b=1.0)
    yield call((0, 5), 6)


def orthogonal_samples(generator: Generator) -> Iterator[Sample]:
    for seed, shape in enumerate(SHAPES):
        yield call(shape, seed)
    yield call((7, 5), 7, transposed=True)
    yield call((4, 9), 8, gain=2.5)


def torch_dirac(weight: Tensor, generator: Generator, groups: int = 1) -> Tensor:
    return nn.init.dirac_(weight, groups)


def our_dirac(weight: Tensor, generator: Generator, groups: int = 1) -> Tensor:
    return initialization.dirac_(weight, groups)


def dirac_samples(generator: Generator) -> Iterator[Sample]:
    for shape in ((3, 3, 3), (5, 2, 4), (2, 5, 3, 2), (6, 2, 1, 4), (4, 4, 3, 3, 2)):
        yield call(shape, 0)
    yield call((6, 2, 3, 3), 0, groups=3)
    yield call((6, 5, 3), 0, groups=2)
    yield call((4, 3, 3), 0, transposed=True)


def enlarged(picture: Tensor, factor: int) -> Tensor:
    """A picture enlarged by a transposed convolution with the start: beyond its border lies nothing."""
    channels, size = picture.shape[1], 2 * factor - factor % 2
    weight = initialization.bilinear_(torch.full((channels, channels, size, size), torch.nan, dtype=picture.dtype))
    return nn.functional.conv_transpose2d(picture, weight, stride=factor, padding=factor // 2)


def torch_enlarged(picture: Tensor, factor: int) -> Tensor:
    """Interpolation with black all around, which lets what lies at the border fade as the start does."""
    wide = nn.functional.pad(picture, (1, 1, 1, 1))
    wide = nn.functional.interpolate(wide, scale_factor=factor, mode="bilinear", align_corners=False)
    return wide[:, :, factor:-factor, factor:-factor]


def enlarged_samples(generator: Generator) -> Iterator[Sample]:
    for factor in (1, 2, 3, 4, 5, 8):
        yield call(torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64), factor)


def linear_start(weight: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    bias = torch.empty(len(weight), dtype=weight.dtype)
    initialization.uniform_fan_in_(weight, bias, generator)
    return weight, bias


def torch_linear_start(weight: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """What torch.nn.Linear and torch.nn.Conv2d do to a weight and a bias, which take no generator of their own."""
    kind = {2: nn.Linear, 3: nn.Conv1d, 4: nn.Conv2d, 5: nn.Conv3d}[weight.dim()]
    layer = kind(weight.shape[1], weight.shape[0], *([weight.shape[2:]] if weight.dim() > 2 else []), dtype=weight.dtype)
    with torch.random.fork_rng(devices=[]):
        torch.random.set_rng_state(generator.get_state())
        layer.weight = nn.Parameter(weight)
        layer.reset_parameters()
    return weight, layer.bias.detach()


def linear_samples(generator: Generator) -> Iterator[Sample]:
    for seed, shape in enumerate(shape for shape in SHAPES if 0 not in shape):
        yield call(shape, seed)


STARTS = {
    "xavier_uniform_": xavier_samples,
    "xavier_normal_": xavier_samples,
    "kaiming_uniform_": kaiming_samples,
    "kaiming_normal_": kaiming_samples,
    "trunc_normal_": trunc_normal_samples,
    "orthogonal_": orthogonal_samples,
}
CASES = [
    *(
        OpCase(
            name=name,
            reference=f"torch.nn.init.{name}",
            ours=start(getattr(initialization, name)),
            theirs=start(getattr(nn.init, name)),
            samples=samples,
            bound=0.0,
        )
        for name, samples in STARTS.items()
    ),
    OpCase(
        name="dirac_",
        reference="torch.nn.init.dirac_",
        ours=start(our_dirac),
        theirs=start(torch_dirac),
        samples=dirac_samples,
        bound=0.0,
    ),
    OpCase(
        name="bilinear_",
        reference="torch.nn.functional.interpolate",
        ours=enlarged,
        theirs=torch_enlarged,
        samples=enlarged_samples,
    ),
    OpCase(
        name="uniform_fan_in_",
        reference="reset_parameters of torch.nn.Linear and of torch.nn.Conv1d to Conv3d",
        ours=start(linear_start),
        theirs=start(torch_linear_start),
        samples=linear_samples,
        bound=0.0,
    ),
]
