"""report.html: a run on one page that needs nothing beside it. No network, no script; the same run gives the same bytes."""

import base64
import dataclasses
import inspect
import io
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from groundup.engine.comparison import Call, flat, word
from groundup.engine.line_chart import line_chart
from groundup.engine.names import resolve
from groundup.engine.recipe import RunSettings
from groundup.engine.run import Run
from groundup.engine.summary import Summary, shown, summarize
from groundup.errors import UserError

LARGE = 300_000  # bytes from which a picture is compressed for the page; the file in pictures/ stays as it is
ROOM = 1_400_000  # bytes of pictures in the page; those that do not fit are named
WIDEST = 1400  # pixels of a compressed picture
MOST_CLASSES = 200
PARTS = {  # of a recipe, as a person calls them
    "model": "model",
    "train_data": "training data",
    "validation_data": "validation data",
    "eval_data": "evaluation data",
    "facts": "learnt of the data",
    "collate": "put together by",
    "augment": "changed at random by",
    "prepare": "prepared by",
    "task": "task",
    "optimizer": "optimiser",
    "groups": "groups of weights",
    "schedule": "schedule",
    "step": "a step",
    "evaluators": "scored by",
    "best": "best is",
}

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # nothing is loaded, and no script runs

STYLE = """
:root { color-scheme: light dark; --paper: #fdfdfb; --ink: #1d2329; --faint: #66707a; --rule: #dfe3e6; --wash: #f2f4f4;
  --c0: #2f6db3; --c1: #c4562a; --c2: #2b8a5c; --c3: #8a4fa8; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181c; --ink: #e4e8eb; --faint: #96a1ab; --rule: #2c343b; --wash: #1c2228;
    --c0: #6fa8e6; --c1: #ee8e62; --c2: #62c294; --c3: #c493de; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: break-word; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; }
h2 { margin: 2.75rem 0 0.9rem; padding-bottom: 0.3rem; font-size: 1.15rem; border-bottom: 1px solid var(--rule); }
h3 { margin: 0 0 0.3rem; font-size: 0.9rem; font-weight: 600; }
p { margin: 0.4rem 0; } .faint, figcaption, dt { color: var(--faint); }
code, pre { font: 0.86em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { margin: 0.5rem 0; padding: 0.9rem 1rem; overflow-x: auto; background: var(--wash); border-radius: 8px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.75rem; margin: 1.6rem 0 0; }
.tiles div { display: flex; flex-direction: column-reverse; padding: 0.8rem 1rem; background: var(--wash); border-radius: 8px; }
.tiles dt { font-size: 0.85rem; }
.tiles dd { margin: 0; font-size: 1.45rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.4rem 1rem 0.4rem 0; text-align: left; vertical-align: top; font-weight: 400; }
tr { border-bottom: 1px solid var(--rule); }
thead th { color: var(--faint); font-size: 0.88rem; } tbody th { width: 10rem; min-width: 7rem; color: var(--faint); }
td small { display: block; margin-top: 0.1rem; color: var(--faint); font-size: 0.85rem; }
td.number, th.number { padding-right: 1.5rem; text-align: right; font-variant-numeric: tabular-nums; }
table.figures { width: auto; min-width: min(100%, 30rem); } .figures tbody th { width: auto; } .figures small { display: block; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17.5rem), 1fr)); gap: 1.5rem; }
figure { margin: 0; min-width: 0; } figcaption { font-size: 0.85rem; }
svg { display: block; width: 100%; max-width: 30rem; height: auto; } svg text { fill: var(--faint); font-size: 11px; }
.grid { stroke: var(--rule); } polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.line0 { stroke: var(--c0); } .line1 { stroke: var(--c1); } .line2 { stroke: var(--c2); } .line3 { stroke: var(--c3); }
.key0 { color: var(--c0); } .key1 { color: var(--c1); } .key2 { color: var(--c2); } .key3 { color: var(--c3); }
.pictures figure { margin-bottom: 1.5rem; }
img { display: block; max-width: 100%; height: auto; border-radius: 6px; background: #fff; }
.classes { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0.8rem 0 0; padding: 0; list-style: none; }
.classes li { padding: 0.1rem 0.6rem; background: var(--wash); border-radius: 99px; font-size: 0.88rem; }
summary { cursor: pointer; color: var(--faint); margin-top: 0.8rem; }
"""


def report_page(folder: Path, curves: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> str:
    """The page of a run's folder, with these curves: panel -> line -> (step, value)."""
    summary = summarize(Run(folder))
    body = [
        header(summary),
        section("Figures", figures(summary)),
        section("Curves", panels(curves)),
        section("Pictures", pictures(folder / "pictures")),
        section("Data", data(summary)),
        section("Recipe", recipe(summary)),
        section("Computed with", machine(summary)),
        section("Go on from here", commands(summary)),
    ]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{escape(summary.name)} · groundup</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            *filter(None, body),
            "</body>",
            "</html>",
            "",
        ]
    )


def section(title: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>" if content else ""


def header(summary: Summary) -> str:
    """The name, what it is, and the figures that one looks for first."""
    named = {part: escape(word(summary.recipe.get(part))) for part in ("task", "model", "train_data")}
    called = {part: text.partition("(")[0] for part, text in named.items()}
    tiles = {}
    for values in reversed(summary.figures(summary.step).values()):
        tiles = {plain(name): shown(value) for name, value in list(values.items())[:3]} | tiles
    if summary.step is not None:
        done = summary.total is None or summary.step == summary.total
        tiles["steps"] = f"{summary.step:,}" + ("" if done else f" of {summary.total:,}")
    if summary.minutes is not None:
        tiles["time"] = duration(summary.minutes)
    if summary.parameters is not None:
        tiles["parameters"] = large(summary.parameters)
    boxes = "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in tiles.items())
    return (
        f"<header>\n<h1>{escape(summary.name)}</h1>\n"
        f'<p class="faint">{called["model"]} on {called["train_data"]}, {called["task"]}</p>\n'
        f'<dl class="tiles">\n{boxes}\n</dl>\n</header>'
    )


def figures(summary: Summary) -> str:
    """What the last and the best checkpoint were found to reach."""
    columns = {f"last, step {summary.step:,}": summary.figures(summary.step)} if summary.step is not None else {}
    if summary.best is not None and summary.best != summary.step:
        columns[f"best, step {summary.best:,}"] = summary.figures(summary.best)
    names = dict.fromkeys((part, name) for found in columns.values() for part, values in found.items() for name in values)
    if not names:
        return '<p class="faint">Nothing was scored yet.</p>'
    rows = []
    for part, name in names:
        cells = (found.get(part, {}).get(name) for found in columns.values())
        numbers = "".join(f'<td class="number">{"" if value is None else shown(value)}</td>' for value in cells)
        rows.append(f'<tr><th scope="row">{escape(plain(name))}<small>{escape(scored(part))}</small></th>{numbers}</tr>')
    heads = "".join(f'<th scope="col" class="number">{title}</th>' for title in columns)
    best = ""
    if summary.best is not None and summary.best == summary.step:
        best = '<p class="faint">The last checkpoint is also the best.</p>'
    return (
        f'<div class="scroll"><table class="figures">\n<thead><tr><td></td>{heads}</tr></thead>\n'
        f"<tbody>\n{chr(10).join(rows)}\n</tbody>\n</table></div>\n{best}"
    )


def scored(part: str) -> str:
    return {"eval": "on the evaluation data", "validation": "on the validation data"}.get(part, part)


def panels(curves: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> str:
    """A chart for each metric, with a key of its lines and where each of them ends; a line has one colour on all charts."""
    colours = {line: number % 4 for number, line in enumerate(dict.fromkeys(line for lines in curves.values() for line in lines))}
    found = []
    for name, lines in curves.items():
        chart = line_chart(lines, f"{plain(name)} by step", colours)
        if chart:
            keys = " · ".join(
                f'<span class="key{colours[line]}">●</span> {escape(line)} {shown(points[-1][1])}'
                for line, points in lines.items()
            )
            found.append(f"<figure>\n<h3>{escape(plain(name))}</h3>\n{chart}\n<figcaption>{keys}</figcaption>\n</figure>")
    return f'<div class="panels">\n{chr(10).join(found)}\n</div>' if found else ""


def pictures(folder: Path) -> str:
    """All pictures but curves.png, which stands above as charts; films last. What does not fit is named."""
    files = [path for path in folder.glob("*.png") if path.name != "curves.png" and not path.name.startswith(".")]
    found, left_out, room = [], [], ROOM
    for path in sorted(files, key=lambda path: (path.stem.endswith("_over_time"), path.name)):
        kind, content, size = for_page(path)
        if len(content) > room:
            left_out.append(f"pictures/{path.name}")
            continue
        room -= len(content)
        title = escape(plain(path.stem))
        encoded = base64.b64encode(content).decode()
        found.append(
            f'<figure>\n<h3>{title}</h3>\n<img src="data:image/{kind};base64,{encoded}" width="{size[0]}" height="{size[1]}" '
            f'alt="{title}">\n</figure>'
        )
    more = f'<p class="faint">Too large for this page: {escape(", ".join(left_out))}</p>' if left_out else ""
    return f'<div class="pictures">\n{chr(10).join(found)}\n{more}\n</div>' if found or more else ""


def for_page(path: Path) -> tuple[str, bytes, tuple[int, int]]:
    """The kind, the bytes and the size of a picture, compressed where it is large."""
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        if len(content) <= LARGE:
            return "png", content, picture.size
        small = picture.convert("RGB")
    small.thumbnail((WIDEST, 4 * WIDEST))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82, optimize=True)
    return "jpeg", buffer.getvalue(), small.size


def data(summary: Summary) -> str:
    """What was trained on, what was learnt of it before training, and the classes."""
    parts = ("train_data", "validation_data", "eval_data")
    facts = {name: value for name, value in summary.facts.items() if name != "labels" and len(json.dumps(value)) <= 80}
    rows = [(PARTS[part], *told(summary.recipe[part])) for part in parts if summary.recipe.get(part) is not None]
    rows += [(plain(name), escape(word(value)), "") for name, value in facts.items()]
    labels = summary.facts.get("labels")
    chips = ""
    if isinstance(labels, list):
        items = "\n".join(f"<li>{escape(str(label))}</li>" for label in labels[:MOST_CLASSES])
        more = f"\n<li>and {len(labels) - MOST_CLASSES:,} more</li>" if len(labels) > MOST_CLASSES else ""
        chips = f'\n<h3 style="margin-top: 1.2rem">{len(labels):,} classes</h3>\n<ul class="classes">\n{items}{more}\n</ul>'
    return table(rows) + chips


def recipe(summary: Summary) -> str:
    """The recipe in words, and as it stands in recipe.json."""
    skipped = ("train_data", "validation_data", "eval_data")
    rows = [
        (words, *told(summary.recipe[part]))
        for part, words in PARTS.items()
        if summary.recipe.get(part) not in (None, []) and part not in skipped
    ]
    rows.append(("run", escape(run_in_words(summary.recipe.get("run", {}))), ""))
    if summary.weights is not None:
        rows.append(("begun from", escape(summary.weights), ""))
    document = escape(json.dumps(summary.recipe, indent=1, ensure_ascii=False), quote=False)
    return f"{table(rows)}\n<details>\n<summary>recipe.json</summary>\n<pre>{document}</pre>\n</details>"


def told(part: object) -> tuple[str, str]:
    """A part of a recipe: its name with its arguments, and what its docstring says first."""
    if isinstance(part, Mapping) and "call" in part:
        name = escape(word(Call(part["call"])))
        given = {where: value for where, value in flat(part).items() if where}
        arguments = ", ".join(f"{escape(where)} <code>{escape(word(value))}</code>" for where, value in given.items())
        return f"{name}{', ' if arguments else ''}{arguments}", with_code(summary_line(part["call"]))
    if isinstance(part, Mapping):
        return "; ".join(f"{escape(str(child))}: {told(inner)[0]}" for child, inner in part.items()), ""
    return escape(word(part)), ""


def with_code(text: str) -> str:
    """A docstring's words as HTML: what stands between backticks is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def summary_line(call: str) -> str:
    """The first line of the docstring of a function of groundup; nothing of a user's own file is run for it."""
    try:
        return (inspect.getdoc(resolve(call)) or "").partition("\n")[0]
    except UserError:
        return ""


def run_in_words(settings: Mapping) -> str:
    """How long and in which manner: "80 epochs, batches of 64, seed 0", and whatever else was set."""
    length = f"{settings.get('epochs')} epochs" if settings.get("epochs") else f"{settings.get('steps')} steps"
    words = [length, f"batches of {settings.get('batch_size')}", f"seed {settings.get('seed')}"]
    usual = {field.name: field.default for field in dataclasses.fields(RunSettings)}
    told_already = ("epochs", "steps", "batch_size", "seed")
    others = {name: value for name, value in settings.items() if name not in told_already and value != usual.get(name)}
    return ", ".join(words + [f"{plain(name)} {word(value)}" for name, value in others.items()])


def machine(summary: Summary) -> str:
    """Numerics, versions, hardware, time."""
    recorded = summary.environment
    rows = [("processor", recorded.get("processor"))] if recorded.get("processor") else []
    rows += [(plain(name), word(value)) for name, value in flat(recorded.get("numerics", {})).items()]
    rows += [("versions", ", ".join(f"{name} {value}" for name, value in flat(recorded.get("versions", {})).items()))]
    rows += [("begun", str(recorded["started"]).replace("T", " ").replace("+00:00", " UTC"))] if "started" in recorded else []
    rows += [("time", f"{duration(summary.minutes)} of training")] if summary.minutes is not None else []
    return table([(escape(name), escape(str(value)), "") for name, value in rows if value])


def commands(summary: Summary) -> str:
    """The command lines that evaluate, use and continue the run."""
    place = summary.folder.resolve()
    above = place.parent.name == "runs"
    folder = shlex.quote(f"runs/{place.name}" if above else place.name)
    code = own_file(summary.recipe)
    code = f" --code {shlex.quote(code)}" if code else ""
    lines = [f"groundup eval {folder}{code}"]
    task = summary.recipe.get("task")
    verbs = verbs_of(task["call"]) if isinstance(task, Mapping) else ()
    if "read" in verbs:
        lines.append(f"groundup predict {folder} --input FILE --output out{code}")
    if "sample" in verbs:
        lines.append(f"groundup sample {folder} --count 8{code}")
    resume = resumed(summary.environment.get("command"), f"runs/{place.name}" if above else place.name)
    lines += [resume] if resume else []
    where = "the folder that holds runs" if above else f"the folder that holds {place.name}"
    return f'<p class="faint">In {escape(where)}:</p>\n<pre>{escape(chr(10).join(lines), quote=False)}</pre>'


def own_file(document: Mapping) -> str:
    """The file of the user's own that a recipe names; empty where it names none."""
    calls = [value for value in flat({"recipe": document}).values() if isinstance(value, Call)]
    files = (call.partition(":")[0] for call in calls)
    return next((file for file in files if file.endswith(".py")), "")


def verbs_of(call: str) -> Iterable[str]:
    try:
        return dir(resolve(call))
    except UserError:
        return ()


def resumed(command: object, folder: str) -> str:
    """The command that began a run, to continue it: with --resume, and into this folder; empty where it was no training."""
    try:
        words = shlex.split(str(command))
    except ValueError:
        return ""
    if words[:2] != ["groundup", "train"]:
        return ""
    kept, skip = [], False
    for one in words:
        if not skip and one != "--resume" and not one.startswith("--out=") and one != "--out":
            kept.append(one)
        skip = one == "--out"
    return shlex.join([*kept, "--out", folder, "--resume"])


def table(rows: Sequence[tuple[str, str, str]]) -> str:
    """Rows of a name, what it is and what that means; all of it is HTML already."""
    lines = [
        f'<tr><th scope="row">{name}</th><td>{value}{f"<small>{note}</small>" if note else ""}</td></tr>'
        for name, value, note in rows
    ]
    return f'<div class="scroll"><table>\n<tbody>\n{chr(10).join(lines)}\n</tbody>\n</table></div>'


def plain(name: str) -> str:
    return name.replace("_", " ")


def duration(minutes: float) -> str:
    """12 s, 3.4 min, 2 h 05 min."""
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    return f"{minutes:.1f} min" if minutes < 60 else f"{minutes // 60:.0f} h {minutes % 60:02.0f} min"


def large(count: int) -> str:
    """61,706 or 11.7 M."""
    return f"{count:,}" if count < 1_000_000 else f"{count / 1e6:.1f} M"
