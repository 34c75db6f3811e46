"""What differs between runs, in the words of the command line, and whose figures are the better ones."""

import json
import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from groundup.metrics.figure import figure_picture

Curves = Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]  # panel -> line -> (step, value)

LOWER = {"loss", "perplexity", "bits", "rmse", "mse", "mae", "error", "distance", "fid"}  # words of metrics that are to be small


class Call(str):
    """The full name of a function, such as `groundup.optim.adam:AdamW`."""


class NotSet:
    """Stands where a recipe does not give a value."""


def flat(value: object, where: str = "") -> dict[str, object]:
    """A recipe's JSON, or a part of it, as `part.name` -> value, which is how --set names them; a function is a `Call`."""
    if not isinstance(value, Mapping):
        return {where: value}
    found: dict[str, object] = {where: Call(value["call"])} if "call" in value else {}
    inner = value.get("with", {}) if "call" in value else value
    for name, part in inner.items():
        found |= flat(part, f"{where}.{name}".removeprefix("."))
    return found


def differences(documents: Sequence[Mapping]) -> dict[str, list[object]]:
    """The values in which these differ, by name, one a document; what a document lacks is `NotSet`."""
    values = [flat(document) for document in documents]
    names = dict.fromkeys(name for found in values for name in found)
    rows = {name: [found.get(name, NotSet) for found in values] for name in names}
    return {name: row for name, row in rows.items() if any(other != row[0] for other in row)}


def in_words(values: Sequence[object]) -> list[str]:
    """Values side by side; functions by their bare names where these tell them apart."""
    short = [word(value) for value in values]
    alike = any(a == b and x != y for a, x in zip(short, values) for b, y in zip(short, values))
    return [word(value, full=True) for value in values] if alike else short


def word(value: object, *, full: bool = False) -> str:
    """A value as the command line takes it."""
    if value is NotSet:
        return "not set"
    if value is None:
        return "none"
    if isinstance(value, Call):
        return str(value) if full else value.rpartition(":")[2]
    if isinstance(value, Mapping) and "call" in value:
        arguments = ", ".join(f"{name}={word(inner, full=full)}" for name, inner in value.get("with", {}).items())
        return word(Call(value["call"]), full=full) + (f"({arguments})" if arguments else "")
    if isinstance(value, list):
        return ", ".join(word(inner, full=full) for inner in value) or "nothing"
    return value if isinstance(value, str) else json.dumps(value)


def is_lower_better(metric: str, rule: str | None = None) -> bool:
    """Whether a metric is to be small: as the recipe's `best` says, if it is of this metric, else by the metric's name."""
    direction, _, name = (rule or "").partition(" ")
    return direction == "min" if name == metric else bool(LOWER & set(metric.split("_")))


def better(metric: str, values: Sequence[float | None], rule: str | None = None) -> list[bool]:
    """Which of these are the best; none where all are equal, or only one is there."""
    there = [value for value in values if value is not None and math.isfinite(value)]
    if len(there) < 2 or min(there) == max(there):
        return [False] * len(values)
    best = min(there) if is_lower_better(metric, rule) else max(there)
    return [value == best for value in values]


def draw_comparison(curves: Mapping[str, Curves]) -> Image.Image:
    """The curves of several runs, by name: a panel for each metric, a colour for each run, training dashed."""
    panels = list(dict.fromkeys(panel for found in curves.values() for panel in found))
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.4 * columns, 3.1 * rows + 0.3 * len(curves) + 0.2), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for axes, panel in zip_longest(grid, panels):
        if panel is None:
            axes.axis("off")
            continue
        for number, found in enumerate(curves.values()):
            for part, points in found.get(panel, {}).items():
                steps, values = zip(*points, strict=True)
                style = {"training": "--", "validation": ":"}.get(part, "-")
                marker = "o" if len(points) == 1 else None
                axes.plot(steps, values, style, color=f"C{number % 10}", linewidth=1.4, marker=marker, alpha=0.9)
        axes.set(title=plain(panel.replace("_", " ")), xlabel="step")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    parts = dict.fromkeys(part for found in curves.values() for lines in found.values() for part in lines)
    styles = {"training": "--", "validation": ":"}
    handles = [Line2D([], [], color=f"C{number % 10}", label=plain(name)) for number, name in enumerate(curves)]
    handles += [Line2D([], [], color="0.4", linestyle=styles.get(part, "-"), label=part) for part in parts]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 2 * columns), frameon=False)
    return figure_picture(figure)


def plain(text: str) -> str:
    """A name that matplotlib sets as it is: it takes what stands between dollars for a formula, and hides a leading _."""
    return (" " if text.startswith("_") else "") + text.replace("$", r"\$")
