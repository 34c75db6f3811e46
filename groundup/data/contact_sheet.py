"""A contact sheet: the first items of any data set in rows, with what is known of each drawn on it or written below."""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.utils.data import Dataset

TILE = 224  # pixels along a picture's longer side, on the sheet
GAP = 12
LINE = 17  # pixels from one line of writing to the next
PAPER, INK = (250, 250, 248), (30, 30, 30)
TINTS = [
    *((228, 26, 28), (55, 126, 184), (77, 175, 74), (152, 78, 163), (255, 127, 0), (247, 201, 24)),
    *((166, 86, 40), (247, 129, 191), (23, 190, 207), (120, 120, 120), (128, 128, 0), (0, 0, 128)),
]
IGNORED = 255  # in masks of classes: pixels without one
TEXTS = ("caption", "captions", "text", "phrase", "question", "answer")  # and captions_xx of a language xx

# Matplotlib brings letters but no Chinese signs: the first of these fonts that the machine has is taken for them.
CHINESE_FONTS = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "SourceHanSansSC-Regular.otf"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf"),
    *("msyh.ttc", "simsun.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc", "Arial Unicode.ttf"),
)


def contact_sheet(dataset: Dataset, *, count: int = 12, columns: int = 4) -> Image.Image:
    """A sheet with the first `count` items, `columns` in a row.

    Drawn are `image`, `masks`, `mask`, `segment_ids`, `boxes` with `labels`, and `box`; written are `label`, `present`,
    captions, texts, phrases, questions and answers. Classes bear the names in the data set's `labels`, where it has them.
    Raises: ValueError for a sheet without an item or a column.
    """
    if count < 1 or columns < 1:
        raise ValueError(f"a contact sheet has at least one item and one column; got count={count} and columns={columns}")
    names = list(getattr(dataset, "labels", ()))
    cells = [cell(dataset[index], names) for index in range(min(count, len(dataset)))]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    width = GAP + min(columns, len(cells)) * (TILE + GAP)
    sheet = Image.new("RGB", (width, GAP + sum(max(cell.height for cell in row) + GAP for row in rows)), PAPER)
    top = GAP
    for row in rows:
        for place, one in enumerate(row):
            sheet.paste(one, (GAP + place * (TILE + GAP), top))
        top += max(cell.height for cell in row) + GAP
    return sheet


def cell(item: dict[str, object], names: Sequence[str]) -> Image.Image:
    """One item: its picture, and below it what is written."""
    picture = marked(item, names) if "image" in item else None
    lines = [(line, tint) for text, tint in written(item, names) for line in wrapped(text)]
    height = picture.height + 4 if picture else 0
    found = Image.new("RGB", (TILE, height + LINE * len(lines)), PAPER)
    if picture:
        found.paste(picture, ((TILE - picture.width) // 2, 0))
    draw = ImageDraw.Draw(found)
    for number, (line, tint) in enumerate(lines):
        top = height + LINE * number
        if tint:
            draw.rectangle((0, top + 3, 10, top + 13), fill=tint)
        draw.text((16 if tint else 0, top), line, INK, font_for(line, 13))
    return found


def marked(item: dict[str, object], names: Sequence[str]) -> Image.Image:
    """The picture enlarged, with tints where its masks are, and boxes with their names."""
    image = item["image"].numpy()
    height, width = image.shape[1:]
    scale = TILE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.broadcast_to(image.transpose(1, 2, 0), (height, width, 3)).copy()
    for area, tint in tinted(item):
        pixels[area] = (pixels[area].astype(np.int64) + np.array(tint) * 2) // 3
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX)
    draw = ImageDraw.Draw(picture)
    for number, (box, name) in enumerate(boxes_of(item, names)):
        tint = TINTS[number % len(TINTS)]
        x1, y1, x2, y2 = (value * scale for value in box)
        draw.rectangle((x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), outline=tint, width=2)
        if name:
            font = font_for(name, 11)
            wide = draw.textlength(name, font) + 4
            left, top = max(0, min(x1, size[0] - wide)), max(0, y1 - 14)
            draw.rectangle((left, top, left + wide, top + 14), fill=tint)
            draw.text((left + 2, top), name, (255, 255, 255) if sum(tint) < 450 else INK, font)
    return picture


def tinted(item: dict[str, object]) -> Iterator[tuple[np.ndarray, tuple[int, int, int]]]:
    """The areas of the masks, each with its tint: one for each thing, or for each class but the ground."""
    if "masks" in item:
        yield from zip(item["masks"].numpy(), (TINTS[number % len(TINTS)] for number in range(len(item["masks"]))))
    elif "segments" in item:
        ids = item["segment_ids"].numpy()
        yield from ((ids == segment["id"], tint_of(number, segment)) for number, segment in enumerate(item["segments"]))
    elif "mask" in item:
        mask = item["mask"].numpy()
        numbers = [int(number) for number in np.unique(mask) if number not in (0, IGNORED)]
        yield from ((mask == number, TINTS[(number - 1) % len(TINTS)]) for number in numbers)


def tint_of(number: int, segment: dict[str, object]) -> tuple[int, int, int]:
    """Of the things each another colour, and of what lies between them, greys."""
    grey = 190 - 50 * (number % 4)
    return TINTS[number % len(TINTS)] if segment["isthing"] else (grey, grey, grey)


def boxes_of(item: dict[str, object], names: Sequence[str]) -> Iterator[tuple[list[float], str]]:
    """Each box with the name of its class, where it has one."""
    labels = item["labels"].tolist() if "labels" in item else []
    for number, box in enumerate(item["boxes"].tolist() if "boxes" in item else []):
        yield box, name_of(labels[number], names) if labels else ""
    if "box" in item and "boxes" not in item:
        yield item["box"].tolist(), ""


def written(item: dict[str, object], names: Sequence[str]) -> Iterator[tuple[str, tuple[int, int, int] | None]]:
    """What is written under a picture, a paragraph each, with the tint that it explains, if any."""
    label = item.get("label")
    if isinstance(label, Tensor) and label.ndim == 0 and "answer" not in item:
        yield (name_of(int(label), names) if not label.is_floating_point() else f"{float(label):.4g}"), None
    if "present" in item and "boxes" not in item:
        yield ", ".join(name_of(number, names) for number in torch.nonzero(item["present"]).flatten().tolist()), None
    if "mask" in item and len(names) and "labels" not in item:
        for number in item["mask"].unique().tolist():
            if number not in (0, IGNORED):
                yield name_of(number, names), TINTS[(number - 1) % len(TINTS)]
    for number, segment in enumerate(item.get("segments", []) if "labels" not in item else []):
        yield f"{name_of(segment['category_id'], names)}, {segment['area']} pixels", tint_of(number, segment)
    for key, value in item.items():
        if key in TEXTS or key.startswith("captions_"):
            yield from ((text, None) for text in ([value] if isinstance(value, str) else value))


def name_of(number: int, names: Sequence[str]) -> str:
    return str(names[number]) if 0 <= number < len(names) else str(number)


def wrapped(text: str) -> list[str]:
    """A paragraph in lines no wider than a picture; it may be broken at a space or beside a sign that is no Latin letter."""
    lines, font = [""], font_for(text, 13)
    if not font_shows(text):
        return [f"({len(text)} signs: no font here has them)"]
    for word in pieces(" ".join(text.split())):
        if lines[-1] and font.getlength((lines[-1] + word).rstrip()) > TILE:
            lines.append("")
        lines[-1] += word if lines[-1] else word.lstrip()
    return lines


def pieces(text: str) -> list[str]:
    """A text cut where a line may end: words with the space before them, and wide signs one by one."""
    found = [""]
    for sign in text:
        if sign == " " or (is_wide(sign) and sign not in "，。、：；？！"):  # no line begins with these marks
            found.append("")
        found[-1] += sign
    return [piece for piece in found if piece]


def is_wide(sign: str) -> bool:
    """Chinese and Japanese signs, and the marks that go with them."""
    return "\u2e80" <= sign <= "\u9fff" or "\uff00" <= sign <= "\uffef"


def font_for(text: str, size: int) -> ImageFont.FreeTypeFont:
    if any(map(is_wide, text)) and (name := chinese_font()):
        return ImageFont.truetype(name, size)
    return ImageFont.truetype(latin_font(), size)


def font_shows(text: str) -> bool:
    return not any(map(is_wide, text)) or chinese_font() is not None


@cache
def latin_font() -> str:
    """The font that Matplotlib brings, which unlike Pillow's own has the letters of all European languages."""
    import matplotlib

    return f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"


@cache
def chinese_font() -> str | None:
    """The file name of a font with Chinese signs; None where the machine has none."""
    return next(filter(can_be_opened, CHINESE_FONTS), None)


def can_be_opened(name: str) -> bool:
    try:
        ImageFont.truetype(name, 13)
    except OSError:
        return False
    return True
