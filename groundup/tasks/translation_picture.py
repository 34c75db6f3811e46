"""A picture of translations: what was said beside the truth, and what was looked at for each word."""

import textwrap
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib import font_manager
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from groundup.metrics.figure import figure_picture

SHOWN, WIDEST = 8, 150  # sentences, and letters in a line
RIGHT, WRONG, FAINT = "#1a7a3c", "#c8281e", "#82828a"
FONTS = ("Noto Sans CJK SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei", "SimHei")  # for Chinese, where installed


class Alignment(NamedTuple):
    """How much each written token takes of each that was read. Shapes: weights (wrote, read)."""

    read: list[str]
    wrote: list[str]
    weights: Tensor


def draw_translations(
    sources: Sequence[str], said: Sequence[str], truths: Sequence[str] | None, alignments: Sequence[Alignment]
) -> Image.Image:
    """Some sentences in words, those that are not as the truth first; below them the alignments."""
    order = list(range(len(said)))
    if truths is not None:
        order.sort(key=lambda i: said[i].split() == truths[i].split())
    lines = [line for i in order[:SHOWN] for line in told(sources[i], said[i], None if truths is None else truths[i])]
    words = 0.19 * len(lines) + 0.25
    maps = max((0.19 * len(alignment.wrote) + 1.5 for alignment in alignments), default=0)
    fonts = ["DejaVu Sans", *sorted({font.name for font in font_manager.fontManager.ttflist} & set(FONTS))]
    figure = Figure(figsize=(13, words + maps))
    for number, (name, text, colour) in enumerate(lines):
        for left, part, tone in ((0.012, name, FAINT), (0.055, text, colour)):
            place = 1 - (0.2 + 0.19 * number) / (words + maps)
            figure.text(left, place, part, color=tone, fontsize=9, fontfamily=fonts)
    if alignments:
        figure.set_layout_engine("constrained", rect=(0.01, 0, 0.98, maps / (words + maps)))
    axes = figure.subplots(1, len(alignments), squeeze=False)[0] if alignments else []
    for axis, (read, wrote, weights) in zip(axes, alignments, strict=True):
        axis.imshow(weights.numpy(), cmap="Greys", vmin=0, vmax=1, aspect="auto")
        axis.set_xticks(range(len(read)), map(plain, read), rotation=90, fontsize=8, fontfamily=fonts)
        axis.set_yticks(range(len(wrote)), map(plain, wrote), fontsize=8, fontfamily=fonts)
        axis.xaxis.tick_top()
        axis.tick_params(length=2)
    if alignments:
        axes[0].set_ylabel("written, and where it looked", fontsize=9, color=FAINT)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # of a script that no font here has: a box is drawn
        return figure_picture(figure)


def told(source: str, said: str, truth: str | None) -> list[tuple[str, str, str]]:
    """The lines about one sentence: what each is, at its beginning, its text and its colour."""
    same = truth is None or said.split() == truth.split()
    found = wrapped("source", source, FAINT)
    if not same:
        found += wrapped("truth", truth, "black")
    return [*found, *wrapped("said", said, "black" if truth is None else RIGHT if same else WRONG), ("", "", FAINT)]


def wrapped(name: str, text: str, colour: str) -> list[tuple[str, str, str]]:
    lines = textwrap.wrap(plain(text), WIDEST) or [""]
    return [(name if number == 0 else "", line, colour) for number, line in enumerate(lines)]


def plain(text: str) -> str:
    """Text that is drawn as it stands: no formula between dollars, and a dot for what cannot be seen."""
    return "".join(sign if sign.isprintable() else "\u00b7" for sign in text).replace("$", r"\$")
