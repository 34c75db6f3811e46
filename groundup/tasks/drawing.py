"""Pictures of batches: plain Pillow, no figure library."""

import math
from collections.abc import Sequence

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

INK, PAPER, WRONG = (40, 40, 48), (255, 255, 255), (200, 40, 30)


def to_picture(image: Tensor) -> Image.Image:
    """A tensor (channels, height, width) of 1 or 3 channels as a picture; its lowest value is black, its highest white."""
    image = image.detach().cpu().float()
    low, high = image.min(), image.max()
    image = ((image - low) / (high - low).clamp_min(1e-12) * 255).round().to(torch.uint8)
    array = image.permute(1, 2, 0).numpy()
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array).convert("RGB")


def tile_sheet(tiles: Sequence[tuple[Image.Image, str, bool]], *, columns: int | None = None, side: int = 72) -> Image.Image:
    """Pictures in rows, each with its words below; those that are not right stand in a red frame."""
    columns = columns or max(1, min(len(tiles), math.ceil(math.sqrt(len(tiles) * 1.6))))
    font = ImageFont.load_default(size=13)
    widest = max((font.getlength(text) for _, text, _ in tiles), default=0)
    margin, caption = 6, 18 if widest else 0
    rows, width = math.ceil(len(tiles) / columns), max(side, math.ceil(widest))
    sheet = Image.new("RGB", (columns * (width + margin) + margin, rows * (side + caption + margin) + margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    for position, (picture, text, right) in enumerate(tiles):
        x = margin + position % columns * (width + margin)
        y = margin + position // columns * (side + caption + margin)
        scale = side / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        sheet.paste(picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS), (x, y))
        if not right:
            draw.rectangle((x - 2, y - 2, x + side + 1, y + side + 1), outline=WRONG, width=2)
        draw.text((x, y + side + 1), text, fill=INK if right else WRONG, font=font)
    return sheet
