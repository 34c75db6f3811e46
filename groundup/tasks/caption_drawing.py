"""Pictures beside what was said of them: plain Pillow."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from groundup.data.contact_sheet import INK, PAPER, TILE, font_for, wrapped
from groundup.tasks.drawing import WRONG

GAP, LINE = 12, 17
SIDE, NAMES, BAR = 120, 150, 110  # pixels: of a picture beside bars, of the names of labels, of the longest bar
SURE, FAINT = (33, 84, 158), (176, 190, 212)


def fitted_in(picture: Image.Image, side: int) -> Image.Image:
    """The picture with its longer side at `side`."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS)


def captioned_sheet(tiles: Sequence[tuple[Image.Image, str, str]], *, columns: int = 4) -> Image.Image:
    """Pictures with the sentence that fits each best below; where that is not its own, in red, and its own below that."""
    cells = []
    for picture, said, own in tiles:
        lines = [(line, INK if said == own else WRONG) for line in wrapped(said)]
        lines += [] if said == own else [(line, INK) for line in wrapped(f"Its own: {own}")]
        cells.append((fitted_in(picture, TILE), lines))
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    heights = [max(picture.height + 4 + LINE * len(lines) for picture, lines in row) for row in rows]
    sheet = Image.new("RGB", (GAP + min(columns, len(cells)) * (TILE + GAP), GAP + sum(heights) + GAP * len(rows)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        top = GAP + sum(heights[:number]) + GAP * number
        for place, (picture, lines) in enumerate(row):
            left = GAP + place * (TILE + GAP)
            sheet.paste(picture, (left + (TILE - picture.width) // 2, top))
            for step, (line, tone) in enumerate(lines):
                draw.text((left, top + picture.height + 4 + LINE * step), line, tone, font_for(line, 13))
    return sheet


def ranked_sheet(rows: Sequence[tuple[Image.Image, Sequence[tuple[str, float, bool]], str]], *, columns: int = 3) -> Image.Image:
    """Pictures, each beside the labels that fit it best with bars of their shares; what is wrong in red, with a note below."""
    columns = max(1, min(columns, len(rows)))
    wide, high = SIDE + GAP + NAMES + BAR + 44, SIDE + LINE
    size = (GAP + columns * (wide + GAP), GAP + math.ceil(len(rows) / columns) * (high + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (picture, bars, note) in enumerate(rows):
        left, top = GAP + number % columns * (wide + GAP), GAP + number // columns * (high + GAP)
        shown = fitted_in(picture, SIDE)
        sheet.paste(shown, (left + (SIDE - shown.width) // 2, top + (SIDE - shown.height) // 2))
        if note:
            draw.rectangle((left - 2, top - 2, left + SIDE + 1, top + SIDE + 1), outline=WRONG, width=2)
            draw.text((left, top + SIDE + 1), note, WRONG, font_for(note, 12))
        for place, (label, share, right) in enumerate(bars):
            down = top + 6 + 23 * place
            ink = INK if right or place else WRONG
            edge = left + SIDE + GAP + NAMES
            draw.text((edge - 6, down + 8), ended(draw, label, NAMES - 6), ink, font_for(label, 13), anchor="rm")
            draw.rectangle((edge, down + 1, edge + max(1, round(BAR * share)), down + 15), fill=FAINT if place else SURE)
            draw.text((edge + BAR * share + 5, down + 8), f"{share:.0%}", ink, font_for("0", 12), anchor="lm")
    return sheet


def ended(draw: ImageDraw.ImageDraw, label: str, width: int) -> str:
    """The label, its end left off where it is too wide."""
    text = label
    while text and draw.textlength(text if text == label else text + "…", font_for(label, 13)) > width:
        text = text[:-1]
    return label if text == label else text + "…"
