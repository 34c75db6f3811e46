"""Pictures in rows that are read from left to right: how something came about, a moment after the other."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from groundup.tasks.drawing import INK, PAPER
from groundup.tasks.image_generation import tone_picture

SIDE, GAP = 64, 4  # of a picture, and between two of them, in pixels


def enlarged(image: Tensor) -> Image.Image:
    """A tensor from -1 to 1 as a picture of some 64 pixels, enlarged smoothly."""
    picture = tone_picture(image)
    times = max(1, round(SIDE / max(picture.size)))
    return picture.resize((times * picture.width, times * picture.height), Image.Resampling.BICUBIC)


def row_sheet(rows: Sequence[Sequence[Image.Image | None]], headings: Sequence[str] = ()) -> Image.Image:
    """Rows of pictures under headings; None leaves a place empty."""
    pictures = [picture for row in rows for picture in row if picture is not None]
    width, height = max(picture.width for picture in pictures), max(picture.height for picture in pictures)
    top = GAP + (18 if any(headings) else 0)
    size = (GAP + max(map(len, rows)) * (width + GAP), top + len(rows) * (height + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for column, words in enumerate(headings):
        draw.text((GAP + column * (width + GAP) + width // 2, 3), words, fill=INK, font=font, anchor="ma")
    for number, row in enumerate(rows):
        for column, picture in enumerate(row):
            if picture is not None:
                sheet.paste(picture, (GAP + column * (width + GAP), top + number * (height + GAP)))
    return sheet
