"""Pictures of a whole run and its page, made after training from what it wrote."""

import io
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from groundup.engine.checkpoint import write_atomic
from groundup.engine.report_page import report_page
from groundup.engine.summary import Rows, read_metrics
from groundup.metrics.figure import figure_picture

Curves = dict[str, dict[str, list[tuple[int, float]]]]  # panel -> line -> (step, value)
NOT_DRAWN = {"step", "items_per_second", "rate"}


def picture_bytes(picture: Image.Image) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def read_curves(metrics: Path) -> Curves:
    """The numbers of a metrics.jsonl, one panel for each name; the losses of training and evaluation share theirs."""
    return curves_of(read_metrics(metrics))


def curves_of(rows: Rows) -> Curves:
    """The numbers of these rows, likewise."""
    curves: Curves = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, Mapping):
                for inner, number in value.items():
                    curves.setdefault(inner, {}).setdefault(name, []).append((row["step"], number))
            elif name not in NOT_DRAWN:
                curves.setdefault(name, {}).setdefault("training", []).append((row["step"], value))
    return curves


def draw_curves(curves: Curves, title: str) -> Image.Image:
    """All panels in one picture."""
    columns = min(len(curves), 3) or 1
    rows = -(-len(curves) // columns) or 1
    figure = Figure(figsize=(4.2 * columns, 3.1 * rows), layout="constrained")
    for axes, (name, lines) in zip(figure.subplots(rows, columns, squeeze=False).flat, curves.items(), strict=False):
        for line, points in lines.items():
            steps, values = zip(*points, strict=True)
            axes.plot(steps, values, label=line, linewidth=1.5, marker="o" if len(points) == 1 else None)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    for axes in list(figure.axes)[len(curves) :]:
        axes.axis("off")
    figure.suptitle(title)
    return figure_picture(figure)


def draw_film(frames: list[tuple[int, Image.Image]]) -> Image.Image:
    """Frames of the same thing at growing steps, one below the other, each with its step."""
    margin, gutter = 6, 84
    width = max(frame.width for _, frame in frames) + gutter + margin
    film = Image.new("RGB", (width, sum(frame.height + margin for _, frame in frames) + margin), "white")
    draw, font, y = ImageDraw.Draw(film), ImageFont.load_default(size=14), margin
    for step, frame in frames:
        draw.text((margin, y + frame.height // 2 - 8), f"step {step}", fill="black", font=font)
        film.paste(frame, (gutter, y))
        y += frame.height + margin
    return film


def chosen_frames(files: list[Path], most: int = 10) -> list[Path]:
    """The first, the last, and evenly between."""
    if len(files) <= most:
        return files
    return [files[round(i * (len(files) - 1) / (most - 1))] for i in range(most)]


def write_report(folder: Path) -> None:
    """Draw curves.png, and a film NAME_over_time.png of each kind of frame; then write report.html, which shows them all."""
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    curves = read_curves(folder / "metrics.jsonl")
    write_atomic(pictures / "curves.png", picture_bytes(draw_curves(curves, folder.name)))
    kinds: dict[str, list[Path]] = {}
    for path in sorted((pictures / "frames").glob("*-*.png")):
        kinds.setdefault(path.stem.rpartition("-")[0], []).append(path)
    for kind, files in kinds.items():
        frames = [(int(path.stem.rpartition("-")[2]), Image.open(path)) for path in chosen_frames(files)]
        write_atomic(pictures / f"{kind}_over_time.png", picture_bytes(draw_film(frames)))
    write_atomic(folder / "report.html", report_page(folder, curves).encode(errors="replace"))
