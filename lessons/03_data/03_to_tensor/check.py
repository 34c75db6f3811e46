"""What an answer to `read_picture` must do."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="ToTensor: what a picture is to a network",
    name="read_picture",
    hints=(
        'Every kind of picture can be converted to one that has everything: "RGBA", three colours and how opaque each pixel is.',
        "ImageOps.exif_transpose(opened) turns it as the camera noted; then convert, then np.array, then permute(2, 0, 1), "
        "then / 255. Which type do layers want?",
        "With a = planes[3:], between 0 and 1, what is seen is colours * a + 1 * (1 - a): a share a of the colour, and the "
        "rest is the white page behind it.",
    ),
)


def pixels(height: int, width: int, *channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, *channels), dtype=np.uint8)


def asked(read_picture, picture: Image.Image, suffix: str = ".png", **options):
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / f"picture{suffix}"
        picture.save(file, **options)
        return read_picture(file)


@EXERCISE.claim("a picture in colour")
def colour(read_picture):
    return asked(read_picture, Image.fromarray(pixels(4, 6, 3)))


@EXERCISE.claim("a square of three pixels, where no shape tells a mistake")
def square(read_picture):
    return asked(read_picture, Image.fromarray(pixels(3, 3, 3)))


@EXERCISE.claim("a grey picture")
def grey(read_picture):
    return asked(read_picture, Image.fromarray(pixels(5, 3)))


@EXERCISE.claim("a palette of colours")
def palette(read_picture):
    picture = Image.fromarray(pixels(4, 4), mode="P")
    picture.putpalette(pixels(256, 3, seed=1).flatten().tolist())
    return asked(read_picture, picture)


@EXERCISE.claim("pixels that are transparent, and half so")
def transparent(read_picture):
    array = pixels(2, 3, 4)
    array[..., 3] = [[255, 0, 128], [0, 255, 51]]
    return asked(read_picture, Image.fromarray(array))


@EXERCISE.claim("a photograph that the camera notes as turned")
def turned(read_picture):
    picture = Image.fromarray(pixels(4, 7, 3))
    exif = picture.getexif()
    exif[0x0112] = 6
    return asked(read_picture, picture, ".png", exif=exif)


@EXERCISE.drawn
def drawn(read_picture, seed: int):
    mode = ["RGB", "RGBA", "L", "LA"][seed % 4]
    channels = () if mode == "L" else (len(mode),)
    array = pixels(1 + seed % 5, 1 + seed % 6, *channels, seed=seed)
    picture = Image.fromarray(array, mode=mode)
    exif = picture.getexif()
    exif[0x0112] = 1 + seed % 8
    return asked(read_picture, picture, exif=exif)
