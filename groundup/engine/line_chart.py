"""Curves as SVG that stands within a page: its colours come from the page's style, so it is dark where the page is."""

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[int, float]]

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 26
MOST = 400  # points of a line; more cannot be seen


def line_chart(lines: Mapping[str, Points], label: str, colours: Mapping[str, int]) -> str:
    """A panel with its lines, which bear the classes line0, line1 ... as `colours` says; empty where no value is finite."""
    finite = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in lines.items()}
    everything = [point for points in finite.values() for point in points]
    if not everything:
        return ""
    x_ticks = [value for value in ticks(0, max(x for x, _ in everything), 4) if value <= max(x for x, _ in everything)]
    low, high = min(y for _, y in everything), max(y for _, y in everything)
    y_ticks = ticks(low, high, 4)
    low, high, end = y_ticks[0], y_ticks[-1], max(x for x, _ in everything)

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = x / (end or 1), (y - low) / ((high - low) or 1)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">']
    for value in y_ticks:
        y = place(0, value)[1]
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>')
    for value in x_ticks:
        x = place(value, low)[0]
        anchor = "end" if x > WIDTH - RIGHT - 12 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{number(value)}</text>')
    for name, points in finite.items():
        places = [place(*point) for point in thinned(points)]
        if len(places) == 1:
            parts.append(f'<circle class="line{colours[name]}" cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="2.5"/>')
        elif places:
            parts.append(f'<polyline class="line{colours[name]}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
    return "\n".join([*parts, "</svg>"])


def thinned(points: Points) -> list[tuple[int, float]]:
    """At most MOST + 1 of the points, evenly, the last among them."""
    every = -(-len(points) // MOST) or 1
    return [*points[:-1:every], *points[-1:]]


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers, about so many: the first is low or lies below, the last is high or lies above."""
    span = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span / about))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= about + 0.5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * k for k in range(first, max(last, first + 1) + 1)]


def number(value: float) -> str:
    """A tick: 20k, 0.05, 3."""
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:.4g}"
