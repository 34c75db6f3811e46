"""Relative positions: which of a few learnt numbers is added to the score of a query and a key, by how far apart they are."""

import math
from itertools import product

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_buckets(relative_position: Tensor, bidirectional: bool, num_buckets: int, max_distance: int) -> None:
    """A ValueError that says what does not fit."""
    if relative_position.is_floating_point() or relative_position.dtype == torch.bool:
        raise ValueError(f"relative_position_bucket takes whole numbers; it was given {relative_position.dtype}")
    fewest, exact = (4, num_buckets // 4) if bidirectional else (2, num_buckets // 2)
    if num_buckets < fewest or max_distance <= exact:
        raise ValueError(
            f"relative_position_bucket: num_buckets is at least {fewest} and max_distance larger than the {exact} distances "
            f"that have a bucket of their own; it was given num_buckets={num_buckets} and max_distance={max_distance}"
        )


def relative_position_bucket_loops(
    relative_position: Tensor, bidirectional: bool = True, num_buckets: int = 32, max_distance: int = 128
) -> Tensor:
    check_buckets(relative_position, bidirectional, num_buckets, max_distance)
    output = torch.zeros_like(relative_position, dtype=torch.int64)
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    for index in product(*map(range, relative_position.shape)):
        apart = int(relative_position[index])
        first = buckets if bidirectional and apart > 0 else 0
        distance = abs(apart) if bidirectional else max(-apart, 0)
        if distance < exact:
            output[index] = first + distance
        else:
            # in float32, as T5 was trained: where the logarithm comes out whole, rounding decides
            ratio = torch.tensor(distance / exact, dtype=torch.float32).log() / math.log(max_distance / exact)
            output[index] = first + min(exact + int(ratio * (buckets - exact)), buckets - 1)
    return output


def relative_position_bucket_tensors(
    relative_position: Tensor, bidirectional: bool = True, num_buckets: int = 32, max_distance: int = 128
) -> Tensor:
    """The bucket of each distance key - query: one for each of the short ones, ever wider ones for the long.

    Of n buckets, the distances 0 to n / 2 - 1 have one each; a longer distance d has
    n / 2 + floor(log(d / (n / 2)) / log(max_distance / (n / 2)) * n / 2), at most the last.
    `bidirectional` gives half of all buckets to the keys before the query and half to those behind; without it, keys behind
    the query, which a causal model does not see, count as distance 0.

    Shapes: any, of whole numbers -> the same, of int64, 0 to num_buckets - 1.
    Raises: ValueError for too few buckets, a max_distance that the short distances reach, and floating-point numbers.
    Paper: T5, https://arxiv.org/abs/1910.10683, section 2.1 (its published code sets the formula).
    Equals: transformers' T5Attention._relative_position_bucket.
    """
    check_buckets(relative_position, bidirectional, num_buckets, max_distance)
    relative_position = relative_position.long()
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    first = (relative_position > 0) * buckets if bidirectional else 0
    distance = relative_position.abs() if bidirectional else (-relative_position).clamp(min=0)
    ratio = (distance.clamp(min=1).float() / exact).log() / math.log(max_distance / exact)
    long = (exact + (ratio * (buckets - exact)).long()).clamp(max=buckets - 1)
    return first + torch.where(distance < exact, distance, long)


def check_window(window_size: tuple[int, int]) -> None:
    """A ValueError for a window without pixels."""
    if len(window_size) != 2 or min(window_size) < 1:
        raise ValueError(f"relative_position_index takes a window (height, width) of at least 1 x 1, not {window_size}")


def relative_position_index_loops(window_size: tuple[int, int], device: torch.device | str | None = None) -> Tensor:
    check_window(window_size)
    height, width = window_size
    output = torch.empty(height * width, height * width, dtype=torch.int64, device=device)
    for query_y, query_x, key_y, key_x in product(range(height), range(width), range(height), range(width)):
        row, column = query_y - key_y + height - 1, query_x - key_x + width - 1
        output[query_y * width + query_x, key_y * width + key_x] = row * (2 * width - 1) + column
    return output


def relative_position_index_tensors(window_size: tuple[int, int], device: torch.device | str | None = None) -> Tensor:
    """For every two pixels of a window, the row of a table that holds a number for each way to step from one to the other.

    With the steps dy = query y - key y + height - 1 and dx = query x - key x + width - 1, both counted from 0:
    output[query, key] = dy * (2 width - 1) + dx

    Shapes: -> (height * width, height * width) of int64, 0 to (2 height - 1) (2 width - 1) - 1.
    Raises: ValueError for a window without pixels.
    Paper: Swin Transformer, https://arxiv.org/abs/2103.14030, section 3.2 (the window is M x M, the table B-hat).
    Equals: relative_position_index of torchvision's Swin Transformer.
    """
    check_window(window_size)
    height, width = window_size
    y = torch.arange(height, device=device).repeat_interleave(width)  # (pixels)
    x = torch.arange(width, device=device).repeat(height)  # (pixels)
    steps_down = y.unsqueeze(1) - y + height - 1  # (pixels, pixels)
    steps_right = x.unsqueeze(1) - x + width - 1
    return steps_down * (2 * width - 1) + steps_right


relative_position_bucket = Ladder(relative_position_bucket_tensors, loops=relative_position_bucket_loops)
relative_position_index = Ladder(relative_position_index_tensors, loops=relative_position_index_loops)
