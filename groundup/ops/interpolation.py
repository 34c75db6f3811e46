"""Interpolation: sequences, pictures and volumes at another size.

Every direction is resampled by itself: an output pixel looks up where it lies among the input's pixels, takes a few of them
around that place, and weighs them by their distance.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.adaptive_pooling import adaptive_windows
from groundup.ops.ladder import Ladder
from groundup.ops.resample import resample

LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}  # mode: how many directions it is for
CUBIC = {"bicubic": 2}
NEAREST = ("nearest", "nearest-exact")


def check_interpolate(
    input: Tensor,
    size: int | Sequence[int] | None,
    scale_factor: float | Sequence[float] | None,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
    antialias: bool,
) -> None:
    """A ValueError that says what does not fit."""
    directions = input.dim() - 2
    if directions not in (1, 2, 3) or 0 in input.shape[2:]:
        raise ValueError(
            f"interpolate takes input (batch, channels, length), (batch, channels, height, width) or (batch, channels, depth, "
            f"height, width) with pixels in it; it was given {tuple(input.shape)}"
        )
    smooth = LINEAR | CUBIC
    if mode not in (*NEAREST, "area", *smooth):
        raise ValueError(f"interpolate: no mode is called {mode!r}: choose one of {', '.join((*NEAREST, 'area', *smooth))}")
    if smooth.get(mode, directions) != directions:
        raise ValueError(
            f"interpolate: mode {mode!r} is for {smooth[mode]} directions; an input {tuple(input.shape)} has {directions}"
        )
    if mode not in NEAREST and not input.is_floating_point():
        raise ValueError(f"interpolate: mode {mode!r} weighs pixels; the input is {input.dtype}, make it floating-point")
    if mode not in smooth and align_corners is not None:
        raise ValueError(f"interpolate: align_corners is for the modes {', '.join(smooth)}, not for {mode!r}")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f"interpolate: antialias is for bilinear and bicubic, not for {mode!r}")
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate takes either size or scale_factor; it was given " + ("neither" if size is None else "both"))
    if recompute_scale_factor and size is not None:
        raise ValueError("interpolate: recompute_scale_factor is for a scale_factor; it was given a size")


def per_direction(what: str, value: float | Sequence[float], directions: int) -> list[float]:
    """One number for all directions, or one for each."""
    values = list(value) if isinstance(value, tuple | list) else [value] * directions
    if len(values) != directions or min(values) <= 0:
        raise ValueError(f"interpolate: {what} is one positive number, or {directions}, one a direction; it was given {value}")
    return values


def target_sizes(
    sizes: Sequence[int],
    size: int | Sequence[int] | None,
    scale_factor: float | Sequence[float] | None,
    exact: bool,
) -> list[tuple[int, int, float]]:
    """For each direction the input's size, the output's, and how many input pixels lie from one output pixel to the next.

    With `exact` that is the scale_factor's own step, though the output's size was rounded, and else that of the sizes.
    """
    if size is not None:
        counts = per_direction("size", size, len(sizes))
        return [(length, count, length / count) for length, count in zip(sizes, counts)]
    factors = per_direction("scale_factor", scale_factor, len(sizes))
    counts = [math.floor(length * factor) for length, factor in zip(sizes, factors)]
    if min(counts) < 1:
        raise ValueError(f"interpolate: scale_factor {scale_factor} leaves nothing of {tuple(sizes)} pixels")
    return [(length, count, 1 / factor if exact else length / count) for length, count, factor in zip(sizes, counts, factors)]


def cubic(distance: Tensor, a: float) -> Tensor:
    """Keys's weight of a pixel at a distance of up to 2: smooth, 1 at 0, and 0 at 1 and 2; `a` is its slope at 1."""
    d = distance.abs()
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return torch.where(d <= 1, near, torch.where(d < 2, far, 0))


def aligned_step(size: int, count: int) -> float:
    """The step with which the first and the last of `count` output pixels fall on the first and last pixel."""
    return (size - 1) / (count - 1) if count > 1 else 0.0


def nearest_places(size: int, count: int, step: float, mode: str, input: Tensor) -> Tensor:
    """The one pixel under each output pixel: under its left edge for "nearest", under its middle for "nearest-exact"."""
    middle = 0.5 if mode == "nearest-exact" else 0.0
    if mode == "nearest" and count == 2 * size:
        step = 0.5  # as torch has it, though a scale_factor of a little over 2 would say otherwise
    # float32, as torch has it: how it rounds decides between neighbours
    places = (torch.arange(count, device=input.device, dtype=torch.float32) + middle) * step
    return places.long().clamp(max=size - 1)


def smooth_places(size: int, count: int, step: float, mode: str, align_corners: bool, input: Tensor) -> tuple[Tensor, Tensor]:
    """The two (linear) or four (cubic) pixels around each output pixel, and their weights: two of (count, pixels).

    Pixels are squares and output pixels lie at their middles, (i + 1/2) step - 1/2; with `align_corners` they are points, and
    the first and last of both pictures coincide.
    """
    steps = torch.arange(count, device=input.device, dtype=torch.float64 if input.dtype == torch.float64 else torch.float32)
    at = steps * aligned_step(size, count) if align_corners else (steps + 0.5) * step - 0.5
    if mode in LINEAR:
        at = at.clamp(0, size - 1)
    around = torch.arange(0, 2, device=input.device) if mode in LINEAR else torch.arange(-1, 3, device=input.device)
    places = at.floor().unsqueeze(1) + around
    distance = at.unsqueeze(1) - places
    weights = 1 - distance.abs() if mode in LINEAR else cubic(distance, a=-0.75)
    return places.long().clamp(0, size - 1), weights.to(input.dtype)


def antialiased_places(
    size: int, count: int, step: float, mode: str, align_corners: bool, input: Tensor
) -> tuple[Tensor, Tensor]:
    """As `smooth_places`, but where pixels become fewer the weights are stretched so that all pixels are counted.

    They end at the picture's edge, and those that are left are scaled up to a sum of 1.
    """
    step = aligned_step(size, count) if align_corners else step
    dtype = torch.float64 if input.dtype == torch.float64 else torch.float32
    stretch = max(step, 1.0)
    reach = (1 if mode in LINEAR else 2) * stretch
    at = (torch.arange(count, device=input.device, dtype=dtype) + 0.5) * step
    first = (at - reach + 0.5).long().clamp(min=0).unsqueeze(1)
    end = (at + reach + 0.5).long().clamp(max=size).unsqueeze(1)
    places = first + torch.arange(2 * math.ceil(reach) + 1, device=input.device)
    distance = (places - at.unsqueeze(1) + 0.5) / stretch
    weights = (1 - distance.abs()).clamp(min=0) if mode in LINEAR else cubic(distance, a=-0.5)
    weights = weights * (places < end)
    return places.clamp(max=size - 1), (weights / weights.sum(1, keepdim=True)).to(input.dtype)


def interpolate_tensors(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """The input at another `size`, or at its own size times `scale_factor`, rounded down.

    output[n, c, y, x] = sum over i, j of w(y, i) w(x, j) input[n, c, i, j], with w by `mode`:
    "nearest" takes the pixel at floor(i * step), "nearest-exact" that at floor((i + 1/2) step); "linear", "bilinear" and
    "trilinear" weigh two pixels a direction by 1 - distance, "bicubic" four by a cubic; "area" averages as
    adaptive_avg_pool2d does. `step` is the ratio of the sizes, or 1 / scale_factor unless `recompute_scale_factor`.
    With `align_corners` the first and last pixels of both pictures coincide; else the pictures' edges do. `antialias` widens
    the weights of bilinear and bicubic where the picture shrinks.

    Shapes: (batch, channels, length), (batch, channels, height, width) or (batch, channels, depth, height, width) -> the same
    with other sides.
    Raises: ValueError for a mode that is unknown or for another number of directions, for options that the mode does not
    know, for both or none of size and scale_factor, for an empty output, and for whole numbers that would have to be weighed.
    Paper: R. G. Keys, Cubic convolution interpolation for digital image processing, 1981 (equation 15; a is -3/4, and -1/2
    with antialias).
    Equals: torch.nn.functional.interpolate.
    """
    check_interpolate(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    targets = target_sizes(input.shape[2:], size, scale_factor, exact=not recompute_scale_factor and mode != "area")
    for dim, (length, count, step) in enumerate(targets, start=-len(targets)):
        if length == count and (step == 1 or antialias or mode not in ("nearest-exact", "bicubic")):
            continue  # what keeps its size is left alone, though a scale_factor just above 1 would move it (save in those two)
        if mode in NEAREST:
            input = input.index_select(dim, nearest_places(length, count, step, mode, input))
        elif mode == "area":
            input = resample(input, dim, *adaptive_windows(length, count, input))
        else:
            places = antialiased_places if antialias else smooth_places
            input = resample(input, dim, *places(length, count, step, mode, bool(align_corners), input))
    return input


interpolate = Ladder(interpolate_tensors, fused=F.interpolate)
