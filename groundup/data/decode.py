"""Picture files as pixels: known by their content, turned upright, brought to grey or colour, on white where transparent."""

import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn.functional import interpolate

from groundup.errors import UserError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF")  # no other reader of Pillow's is ever started
FITS = ("stretch", "crop")
PUBLISHED_FIT = re.compile(r"(?:resize ([1-9][0-9]{0,3})|stretch) (bilinear|bicubic)")
LONGEST = 20  # times as long as it is wide: of a longer picture, the middle alone is resized
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
SIGNS = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    **{b"P%d" % n: "ppm" for n in range(1, 7)},
}


def kind_of(head: bytes) -> str | None:
    """The format of a file by its first bytes (32 are enough), whatever its name says: "jpeg", "png" ...; None for no picture."""
    if head[4:8] == b"ftyp":  # the container of HEIC and AVIF: the brands tell which
        brands = [head[i : i + 4] for i in (8, *range(16, 32, 4))]
        return "avif" if b"avif" in brands or b"avis" in brands else "heic" if any(b in HEIC for b in brands) else None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((kind for sign, kind in SIGNS.items() if head.startswith(sign)), None)


def decode(path: str | Path, *, channels: int = 3) -> Tensor:
    """The pixels of a picture file as a person sees it.

    The content decides on the format, not the name. EXIF rotation is applied; of an animation the first frame is taken;
    CMYK and palettes become colour, 16 bits their upper 8; what is transparent shows white. Ordinary colour JPEGs go through
    torchvision where it is installed, all else through Pillow, to the same pixels.

    Shapes: uint8 (channels, height, width), with 1 channel for grey or 3 for colour.
    Raises: UserError for a file that is not there, is no picture, is cut off, is HEIC, or has more pixels than
    `PIL.Image.MAX_IMAGE_PIXELS`, which is found out before it is decoded.
    """
    try:
        data = bytearray(Path(path).read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read as a picture: {error.strerror}") from error
    kind = kind_of(bytes(data[:32]))
    if kind is None:
        why = "its content is of no known format" if data else "it is empty"
        raise UserError(f"{path} cannot be read as a picture: {why}")
    if kind == "heic":
        raise UserError(
            f"{path} is a HEIC picture, which is not read here: save it as JPEG "
            f"(an iPhone takes JPEGs with Settings > Camera > Formats > Most Compatible)"
        )
    if kind == "jpeg" and channels == 3 and (pixels := decode_jpeg(data)) is not None:
        return pixels
    try:
        return decode_any(data, channels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(f"{path} is too large a picture to be opened safely: {error}. Make it smaller or take it out") from error
    except Exception as error:  # Pillow's readers meet damage with errors of every kind
        raise UserError(f"{path} cannot be read as a picture: {error or type(error).__name__}") from error


def decode_any(data: bytes, channels: int) -> Tensor:
    """The pixels of a picture through Pillow."""
    with opened(BytesIO(data)) as picture:
        return to_tensor(flat(upright(eight_bits(picture)), "L" if channels == 1 else "RGB"))


@contextmanager
def opened(source: Path | BytesIO, formats: Sequence[str] | None = None) -> Iterator[Image.Image]:
    """A picture file whose pixels are not decoded yet; nothing that is done with it inside warns.

    Raises: what Pillow raises, and its DecompressionBombWarning too, for more pixels than `PIL.Image.MAX_IMAGE_PIXELS`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about damage beside the pixels, which does no harm
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(source, formats=readers() if formats is None else formats) as picture:
            yield picture


@cache
def readers() -> list[str]:
    """Those of the formats that this build of Pillow reads."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def eight_bits(picture: Image.Image) -> Image.Image:
    """Of 16 bits the upper 8: Pillow itself would turn all but the darkest greys white.

    Raises: ValueError for pixels of 32 bits, whose range nobody knows.
    """
    picture.load()
    sixteen = picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PPM")
    if sixteen:
        exif = picture.getexif()
        picture = Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).astype(np.uint8))
        picture.getexif().update(exif)
    elif picture.mode in ("I", "F"):
        raise ValueError("its pixels are 32-bit numbers and nothing says which is white; save it with 8 or 16 bits")
    return picture


def upright(picture: Image.Image) -> Image.Image:
    """The picture as the camera was held; damaged EXIF counts as none, as in every viewer."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:
        return picture


def flat(picture: Image.Image, mode: str) -> Image.Image:
    """The picture in this mode, "L" or "RGB"; what is transparent shows white."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    if picture.mode == "LAB":  # which Pillow brings to colour alone
        picture = picture.convert("RGB")
    return picture.convert(mode)


def decode_jpeg(data: bytearray) -> Tensor | None:
    """The pixels of an ordinary JPEG through torchvision; None where Pillow should see it."""
    decoder, frame = torchvision_decoder(), jpeg_frame(bytes(data))
    if decoder is None or frame is None:
        return None
    height, width, components = frame
    if components not in (1, 3) or height * width > (Image.MAX_IMAGE_PIXELS or float("inf")):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the day torchvision drops it, all goes through Pillow
            return decoder(torch.frombuffer(data, dtype=torch.uint8))
    except RuntimeError:  # perhaps damaged: what Pillow says of it holds
        return None


@cache
def torchvision_decoder():
    """Torchvision's decoder of JPEGs to upright colour; None where torchvision is not installed."""
    try:
        from torchvision.io import ImageReadMode, decode_jpeg
    except (ImportError, RuntimeError):  # RuntimeError: it was built for another PyTorch
        return None
    return lambda data: decode_jpeg(data, mode=ImageReadMode.RGB, apply_exif_orientation=True)


def jpeg_frame(data: bytes) -> tuple[int, int, int] | None:
    """Height, width and number of components of a JPEG with 8 bits; None where the header is out of the ordinary."""
    at = 2
    while at + 10 <= len(data) and data[at] == 0xFF:
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        if marker in (0xC0, 0xC1, 0xC2):  # baseline, extended and progressive
            bits, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
            return (height, width, components) if bits == 8 and height and width else None
        if (0xC0 <= marker <= 0xCF and marker != 0xC4) or marker == 0xDA:
            return None
        if marker == 0xE1 and b"tiff:Orientation" in data[at : at + 2 + length]:  # in XMP, which torchvision does not read
            return None
        at += 2 + length
    return None


def to_tensor(picture: Image.Image) -> Tensor:
    """Shapes: a picture in mode L or RGB -> uint8 (1 or 3, height, width)."""
    array = torch.from_numpy(np.array(picture))
    return (array.unsqueeze(0) if array.ndim == 2 else array.permute(2, 0, 1)).contiguous()


def to_picture(image: Tensor) -> Image.Image:
    """Shapes: uint8 (1 or 3, height, width) -> a picture in mode L or RGB."""
    return Image.fromarray((image[0] if len(image) == 1 else image.permute(1, 2, 0)).numpy())


def fitted(image: Tensor, height: int, width: int, fit: str) -> Tensor:
    """The picture brought to this size: "stretch" takes all of it, "crop" its middle in the proportions asked for.

    Averages where it shrinks in both directions, else interpolates. Published weights ask for the very pixels that they were
    trained on: see `resized` for "resize 256 bilinear" and its like.
    Shapes: uint8 (channels, any, any) -> (channels, height, width).
    """
    published = PUBLISHED_FIT.fullmatch(fit)
    if published:
        return resized(image, height, width, published[2], short_side=int(published[1]) if published[1] else None)
    if fit not in FITS:
        raise UserError(f"fit is like 'resize 256 bilinear' or 'stretch bicubic', or one of {', '.join(FITS)}; got {fit!r}")
    rows, columns = image.shape[1:]
    box = (0.0, 0.0, float(columns), float(rows))
    if fit == "crop":
        scale = min(rows / height, columns / width)
        left, top = (columns - width * scale) / 2, (rows - height * scale) / 2
        box = (left, top, left + width * scale, top + height * scale)
    shrinks = columns >= width and rows >= height
    kernel = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return to_tensor(to_picture(image).resize((width, height), kernel, box=box))


def resized(image: Tensor, height: int, width: int, interpolation: str, *, short_side: int | None) -> Tensor:
    """The middle of the picture after its shorter side was brought to `short_side`; where that is None, all of it, stretched.

    Shapes: uint8 (channels, any, any) -> (channels, height, width).
    Raises: UserError for a `short_side` below the size asked for.
    Equals: torchvision's resize of a tensor ("bilinear" or "bicubic", with antialias) and center_crop.
    """
    rows, columns = size = height, width
    if short_side is not None:
        if short_side < max(height, width):
            raise UserError(
                f"a shorter side of {short_side} holds no {height}x{width} pixels: give at least {max(height, width)}"
            )
        most = LONGEST * min(image.shape[1:])
        image = middle(image, min(image.shape[1], most), min(image.shape[2], most))
        rows, columns = (int(short_side * side / min(image.shape[1:])) for side in image.shape[1:])
    if (rows, columns) != tuple(image.shape[1:]):
        pixels = interpolate(image.unsqueeze(0).float(), size=(rows, columns), mode=interpolation, antialias=True)
        image = pixels[0].clamp(0, 255).round().to(torch.uint8)
    return middle(image, *size)


def middle(image: Tensor, height: int, width: int) -> Tensor:
    """So many rows and columns of the picture's middle."""
    top, left = round((image.shape[1] - height) / 2), round((image.shape[2] - width) / 2)
    return image[:, top : top + height, left : left + width].contiguous()


def read_picture(path: str | Path, shape: Sequence[int], *, fit: str = "stretch") -> Tensor:
    """A picture file as uint8 of this (channels, height, width): what a data set of pictures on disk and a prediction both see.

    Raises: UserError as `decode` does.
    """
    channels, height, width = shape
    return fitted(decode(path, channels=channels), height, width, fit)
