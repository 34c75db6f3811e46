"""Masks of classes or objects in picture files: numbers, colours of a palette, or colours of a table."""

import struct
import zlib
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from groundup.data.annotated import VOID
from groundup.data.decode import opened
from groundup.errors import UserError

Colour = tuple[int, int, int]
PNG = b"\x89PNG\r\n\x1a\n"
NUMBERS = ("1", "L", "I", "I;16", "I;16B", "I;16L")  # modes of Pillow in which a pixel is a number


@cache
def voc_colours() -> tuple[Colour, ...]:
    """The 256 colours of Pascal VOC: near numbers get far colours.

    The bits of a number are dealt out in turn to red, green and blue, the lowest three to the highest bit of each.
    """
    return tuple(
        tuple(sum(((number >> (3 * place + channel)) & 1) << (7 - place) for place in range(3)) for channel in range(3))
        for number in range(256)
    )


def class_mask(path: Path, colours: Sequence[Colour], size: tuple[int, int], *, num_classes: int, void: int = VOID) -> Tensor:
    """The class of each pixel: `colours[c]` stands for class c, where the file does not hold the numbers themselves.

    In a picture with a palette it is the colours that count: programs that save one may number them anew. `void` is the
    number of pixels that belong to no class, and its colour their colour; they become VOID.
    Shapes: (height, width) int64.
    Raises: UserError for a file that is no picture, has another size than (width, height), or holds a number or a colour
    that stands for no class.
    """
    mode, pixels, palette = mask_pixels(path, size)
    if mode == "P":
        classes = numbered(pixels, palette, colours)
        if classes is None:
            mode, pixels = "RGB", palette[pixels]
    if mode == "RGB":
        classes = coloured(path, pixels, colours)
    elif mode != "P":
        classes = pixels
    classes = torch.from_numpy(classes.astype(np.int64))
    wrong = ((classes < 0) | (classes >= num_classes)) & (classes != void)
    if wrong.any():
        row, column = wrong.nonzero()[0].tolist()
        raise UserError(
            f"{path}: the pixel in row {row}, column {column} is of class {int(classes[row, column])}, "
            f"but the classes are 0 to {num_classes - 1}, and {void} for none"
        )
    return classes.masked_fill(classes == void, VOID) if void != VOID else classes


def object_numbers(path: Path, size: tuple[int, int]) -> Tensor:
    """The number of the object at each pixel, 0 where there is none.

    Shapes: (height, width) int64.
    Raises: UserError as `class_mask` does, and for a mask in colours, whose order says nothing.
    """
    mode, pixels, _ = mask_pixels(path, size)
    if mode == "RGB":
        raise UserError(f"{path} numbers its objects by colours: save it as a grey picture or with a palette, 0 for no object")
    return torch.from_numpy(pixels.astype(np.int64))


def mask_pixels(path: Path, size: tuple[int, int]) -> tuple[str, np.ndarray, np.ndarray | None]:
    """A mask's mode ("L" for numbers, "P" or "RGB"), its pixels, and its palette of (colours, 3) where it has one."""
    try:
        data = path.read_bytes()
        if data.startswith(PNG):
            check_sums(data)
        with opened(BytesIO(data)) as picture:
            found, mode = picture.size, picture.mode
            if picture.format == "JPEG":
                raise UserError(f"{path} is a JPEG, whose pixels are not exact: a mask has to be saved as PNG")
            if found != size:
                got, wanted = "x".join(map(str, found)), "x".join(map(str, size))
                raise UserError(f"{path} is a mask of {got}, but its picture is {wanted}: mask and picture have to fit")
            pixels = np.array(picture if mode in NUMBERS or mode == "P" else picture.convert("RGB"))
            entries = (picture.getpalette("RGB") or []) if mode == "P" else []
    except UserError:
        raise
    except Exception as error:  # Pillow's readers meet damage with errors of every kind
        raise UserError(f"{path} cannot be read as a mask: {error or type(error).__name__}") from error
    if mode != "P":
        return "L" if mode in NUMBERS else "RGB", pixels, None
    palette = np.zeros((256, 3), dtype=np.uint8)  # a file may leave out the last colours
    palette[: len(entries) // 3] = np.array(entries, dtype=np.uint8).reshape(-1, 3)
    return "P", pixels, palette


def check_sums(data: bytes) -> None:
    """Pillow decodes a PNG without looking at the checksums of its pixels: each changed one would be a wrong label.

    Raises: ValueError for a chunk whose checksum is another, and for a file that is cut off.
    """
    at, kind = len(PNG), b""
    while kind != b"IEND":
        if at + 12 > len(data):
            raise ValueError("it is cut off")
        (length,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(data) or zlib.crc32(data[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise ValueError(f"its checksum at byte {end} is wrong, so it is damaged")
        at = end + 4


def numbered(pixels: np.ndarray, palette: np.ndarray, colours: Sequence[Colour]) -> np.ndarray | None:
    """The pixels' numbers themselves, where each that is used has the colour of its class; else None."""
    used = np.unique(pixels)
    fits = used.max() < len(colours) and (palette[used] == np.array(colours, dtype=np.uint8)[used]).all()
    return pixels if fits else None


def coloured(path: Path, pixels: np.ndarray, colours: Sequence[Colour]) -> np.ndarray:
    """The class of each pixel's colour; of two classes with one colour, the first.

    Raises: UserError that names a colour of no class, where it stands, and of how many pixels it is.
    """
    codes = pixels.astype(np.int64) @ np.array([65536, 256, 1])
    table = np.array(colours, dtype=np.int64) @ np.array([65536, 256, 1])
    known, first = np.unique(table, return_index=True)
    place = np.searchsorted(known, codes).clip(max=len(known) - 1)
    wrong = known[place] != codes
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        colour = tuple(pixels[row, column].tolist())
        count = int((codes == codes[row, column]).sum())
        raise UserError(f"{path}: colour {colour} in row {row}, column {column} ({count} pixels of it) is no class's colour")
    return first[place]
