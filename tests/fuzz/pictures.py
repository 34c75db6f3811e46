"""Pictures that say which item they are: sixteen blocks, dark or light, that survive JPEG, scaling and other formats."""

import io
import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image
from torch import Tensor

from tests.fuzz.case import Case, Damage
from tests.fuzz.damage import mark, wounded

DARK, LIGHT = 55, 200
COUNT = 24  # different pictures


def turned(bits: np.ndarray) -> list[np.ndarray]:
    """A pattern in all eight positions."""
    return [np.rot90(side, quarter) for side in (bits, bits.T) for quarter in range(4)]


def patterns() -> list[np.ndarray]:
    """Patterns of 4x4 blocks, each far from the others however these are turned: a turned picture is not mistaken."""
    chance, found = random.Random(0), []
    while len(found) < COUNT:
        bits = np.array([chance.random() < 0.5 for _ in range(16)]).reshape(4, 4)
        others = [side for other in found for side in turned(other)] + turned(bits)[1:]
        if all((bits != other).sum() >= 4 for other in others):
            found.append(bits)
    return found


PATTERNS = patterns()


def drawn(number: int, height: int, width: int) -> np.ndarray:
    """The picture of an item. Shapes: -> (height, width) uint8."""
    rows, columns = (np.arange(size) * 4 // size for size in (height, width))
    return np.where(PATTERNS[number][rows][:, columns], LIGHT, DARK).astype(np.uint8)


def recognised(image: Tensor) -> int | None:
    """Which item's picture it is. Shapes: (channels, height, width) uint8."""
    if min(image.shape[1:]) < 8:
        return None
    pixels = image.numpy().astype(np.float64).mean(axis=0)
    edges = [[size * k // 4 for k in range(5)] for size in pixels.shape]
    bits = np.zeros((4, 4), dtype=bool)
    for row in range(4):
        for column in range(4):
            block = pixels[edges[0][row] : edges[0][row + 1], edges[1][column] : edges[1][column + 1]]
            inner = block[
                block.shape[0] // 4 : -(block.shape[0] // 4) or None, block.shape[1] // 4 : -(block.shape[1] // 4) or None
            ]
            if not (inner.mean() < 90 or inner.mean() > 165):
                return None
            bits[row, column] = inner.mean() > 128
    return next((number for number, pattern in enumerate(PATTERNS) if (pattern == bits).all()), None)


def encoded(array: np.ndarray, kind: str, **settings) -> bytes:
    file = io.BytesIO()
    (array if isinstance(array, Image.Image) else Image.fromarray(array)).save(file, kind, **settings)
    return file.getvalue()


def colour(number: int, height: int, width: int) -> np.ndarray:
    return np.repeat(drawn(number, height, width)[:, :, None], 3, axis=2)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that announces many pixels, and truly holds some of them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10**6), 9)) + chunk(b"IEND", b"")


def other_forms(number: int, height: int, width: int) -> dict[str, bytes]:
    """An item's picture in forms that are rare, and show the same."""
    grey, picture = drawn(number, height, width), Image.fromarray(colour(number, height, width))
    exif, other = Image.Exif(), Image.fromarray(colour((number + 1) % COUNT, height, width))
    exif[0x0112] = 6
    lying = picture.rotate(90, expand=True)
    return {
        "CMYK": encoded(picture.convert("CMYK"), "JPEG", quality=95),
        "grey": encoded(grey, "JPEG", quality=95),
        "palette": encoded(picture.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
        "palette with transparency": encoded(
            picture.convert("P", palette=Image.Palette.ADAPTIVE), "PNG", transparency=b"\xff" * 9
        ),
        "16-bit": encoded(Image.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        "16-bit TIFF": encoded(Image.fromarray(grey.astype(np.uint16) * 257), "TIFF"),
        "alpha": encoded(picture.convert("RGBA"), "PNG"),
        "animated GIF": encoded(picture, "GIF", save_all=True, append_images=[other]),
        "animated PNG": encoded(picture, "PNG", save_all=True, append_images=[other]),
        "animated WEBP": encoded(picture, "WEBP", save_all=True, append_images=[other], lossless=True),
        "pages": encoded(picture, "TIFF", save_all=True, append_images=[other]),
        "progressive": encoded(picture, "JPEG", progressive=True, quality=95),
        "BMP": encoded(picture, "BMP"),
        "PPM": encoded(picture, "PPM"),
        "rotated by EXIF": encoded(lying, "JPEG", exif=exif, quality=95),
        "PNG rotated by EXIF": encoded(lying, "PNG", exif=exif),
        "damaged EXIF": encoded(picture, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(40), quality=95),
    }


def in_another_form(size: tuple[int, int], allowed: Callable[[str], bool] = lambda kind: True) -> Damage:
    """A picture is replaced by the same in a rare form, whose name the file does not bear."""

    def in_another_form(case: Case) -> str | None:
        path = case.pick(case.contents)
        if path is None:
            return None
        kinds = {kind: data for kind, data in other_forms(case.contents[path], *size).items() if allowed(kind)}
        kind = case.chance.choice(sorted(kinds))
        path.write_bytes(kinds[kind])
        return f"{path.name}: {kind}"

    return in_another_form


def made_a_bomb(case: Case) -> str | None:
    """A few bytes that would be hundreds of millions of pixels."""
    path = case.pick(case.contents)
    if path is not None:
        size = case.chance.choice(((10_000, 12_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1), (1, 10**9), (0, 0)))
        wounded(case, path, bomb(*size))
        return f"{path.name}: {size[0]}x{size[1]}"
    return None


def of_another_size(case: Case) -> str | None:
    """The right picture, larger or smaller than it was."""
    path = case.pick(case.contents)
    if path is not None:
        mark(case, path)
        size = case.chance.choice(((16, 16), (80, 64), (64, 48), (1, 1), (400, 3)))
        path.write_bytes(encoded(Image.fromarray(colour(case.contents[path], 48, 64)).resize(size), "PNG"))
        case.restated = True  # a box that was inside may reach over the border now
        return f"{path.name}: {size[0]}x{size[1]}"
    return None
