"""Masks as run lengths, the way COCO writes them: as lists of counts, and as short strings.

The pixels are taken column by column, and what is written down is how many in turn are outside, inside, outside ... of the
mask; the first count is 0 where the first pixel is inside. The string holds the same counts, five bits a character.
https://github.com/cocodataset/cocoapi
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from groundup.errors import UserError

FIRST = 48  # the character of the value 0, which is "0"; the 64 characters from there on are printable
MORE = 0x20  # set in a character that another of the same number follows
SIGN = 0x10  # set in the last character of a negative number
LONGEST = 13  # characters of a number of 64 bits


def mask_to_counts(mask: Tensor) -> list[int]:
    """The run lengths of a mask.

    Shapes: mask (height, width) bool.
    """
    pixels = mask.numpy().T.reshape(-1)
    borders = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    begins_inside = [0] if pixels.size and pixels[0] else []
    return begins_inside + np.diff(borders, prepend=0, append=pixels.size).tolist()


def counts_to_mask(counts: Sequence[int], height: int, width: int, *, where: str = "a mask") -> Tensor:
    """The mask of run lengths.

    Shapes: (height, width) bool.
    Raises: UserError, beginning with `where`, for counts that do not fill the picture exactly.
    """
    filled = sum(counts)
    if filled != height * width or min(counts, default=0) < 0:
        raise UserError(f"{where}: the runs fill {filled} pixels, and the picture has {height * width} ({width}x{height})")
    inside = np.arange(len(counts)) % 2 == 1
    return torch.from_numpy(np.repeat(inside, counts).reshape(width, height).T.copy())


def counts_to_text(counts: Sequence[int]) -> str:
    """Run lengths as a string. From the fourth on, what is written is the difference to the count two places before,
    since neighbouring columns of a mask have runs of nearly the same length, and small numbers take one character.
    """
    characters = []
    for i, count in enumerate(counts):
        number = count - counts[i - 2] if i > 2 else count
        while True:
            bits, number = number & 0x1F, number >> 5  # an arithmetic shift: a negative number ends as -1
            last = number == -1 if bits & SIGN else number == 0
            characters.append(chr(FIRST + (bits if last else bits | MORE)))
            if last:
                break
    return "".join(characters)


def text_to_counts(text: str, *, where: str = "a mask") -> list[int]:
    """The run lengths in a string.

    Raises: UserError, beginning with `where`, for a string that is cut off, or that no mask was ever written as.
    """
    counts: list[int] = []
    number, shift = 0, 0
    for place, character in enumerate(text):
        code = ord(character) - FIRST
        if not 0 <= code < 64 or shift >= 5 * LONGEST:
            raise UserError(f"{where}: character {place} of the runs, {character!r}, cannot stand there")
        number |= (code & 0x1F) << shift
        shift += 5
        if not code & MORE:
            if code & SIGN:
                number -= 1 << shift
            counts.append(number + counts[-2] if len(counts) > 2 else number)
            number, shift = 0, 0
    if shift:
        raise UserError(f"{where}: the string of runs ends in the middle of a number: it is cut off")
    return counts
