"""`groundup compare RUN RUN ...`."""

import json as json_format
import math
from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.options import Code, Json, load_code
from groundup.errors import UserError


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN ...", help="The folders of two runs or more.")],
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where comparison.png goes; by default here (with --json: nowhere).")
    ] = None,
    code: Code = None,
    json: Json = False,
) -> None:
    """Lay runs side by side: what differs between them, what each reached, and their curves in one picture."""
    check(runs, output)

    from groundup.engine.run import Run
    from groundup.engine.summary import summarize

    module = load_code(code)
    summaries = [summarize(Run.open(run), module) for run in runs]
    for summary in summaries:
        if not summary.rows:
            raise UserError(f"{summary.folder} has no figures yet: groundup train writes them as it goes")
    found = {
        "runs": [str(run) for run in runs],
        "recipe": recipe_rows(summaries),
        "environment": environment_rows(summaries),
        "figures": figure_rows(summaries),
        "notes": notes(summaries),
        **{name: [getattr(summary, name) for summary in summaries] for name in ("step", "total", "minutes", "parameters")},
    }
    picture = None
    if output is not None or not json:
        picture = draw(summaries, names(runs), output or Path())
    if json:
        print(json_format.dumps(without_nan(found | {"picture": None if picture is None else str(picture)})))
        return
    print_comparison(found, names(runs))
    print(f"\ncurves of all runs: {picture}")


def check(runs: list[Path], output: Path | None) -> None:
    """Raises: UserError for less than two runs, one run twice, an output that is no folder."""
    if len(runs) < 2:
        raise UserError(f"compare takes two runs or more; it was given {runs[0]} alone")
    places = [run.resolve() for run in runs]
    for run, place in zip(runs, places):
        if places.count(place) > 1:
            raise UserError(f"{run} was named twice: compare takes runs that differ")
    if output is not None and output.exists() and not output.is_dir():
        raise UserError(f"--output {output} is a file; give a folder")


def names(runs: list[Path]) -> list[str]:
    """What the columns are called: the folders' own names, or the whole paths where two share one."""
    short = [run.resolve().name for run in runs]
    return short if len({*short}) == len(short) else [str(run) for run in runs]


def recipe_rows(summaries: list) -> list[dict]:
    """The values of the recipes that differ, as --set names them, in the order of the runs."""
    from groundup.engine.comparison import differences, in_words

    found = differences([summary.recipe for summary in summaries])
    return [{"name": name, "values": in_words(values)} for name, values in found.items()]


def environment_rows(summaries: list) -> list[dict]:
    """Versions, hardware, numerics and first weights that differ."""
    from groundup.engine.comparison import differences, in_words

    keys = ("versions", "processor", "world_size", "numerics")
    recorded = [
        {key: one.environment[key] for key in keys if key in one.environment} | {"weights": one.weights} for one in summaries
    ]
    return [{"name": name, "values": in_words(values)} for name, values in differences(recorded).items()]


def figure_rows(summaries: list) -> list[dict]:
    """The last figures by part and metric, None where a run lacks one; of evaluations the better is marked.

    The losses of training are those of ever other weights and of changed items: none of them is called the better.
    """
    from groundup.engine.comparison import better
    from groundup.engine.report import NOT_DRAWN

    found = [summary.figures() for summary in summaries]
    rules = {str(summary.recipe.get("best")) for summary in summaries}
    rule = rules.pop() if len(rules) == 1 else None
    pairs = dict.fromkeys((part, metric) for one in found for part, values in one.items() for metric in values)
    rows = []
    for part, metric in sorted(pairs, key=lambda pair: pair[0] != "eval"):
        values = [one.get(part, {}).get(metric) for one in found]
        rows.append({"part": part, "metric": metric, "values": values, "better": better(metric, values, rule)})
    logged = [summary.training() for summary in summaries]
    for metric in dict.fromkeys(name for one in logged for name in one if name not in NOT_DRAWN):
        values = [one.get(metric) for one in logged]
        rows.append({"part": "training", "metric": metric, "values": values, "better": [False] * len(values)})
    return rows


def notes(summaries: list) -> list[str]:
    """Why figures that stand side by side may not be comparable."""
    from groundup.engine.comparison import differences, in_words

    changed = differences([{name: one.recipe.get(name) for name in ("task", "eval_data")} for one in summaries])
    found = []
    if "task" in changed:
        found.append(f"the tasks differ ({', '.join(in_words(changed['task']))}): only some runs have some of the figures")
    if any(name.startswith("eval_data") for name in changed):
        found.append("the evaluation data differs: figures of one name are not of the same items")
    short = [one for one in summaries if one.total is None or one.step is None or one.step < one.total]
    found += [f"{one.name} is not finished" for one in short]
    return found


def draw(summaries: list, columns: list[str], output: Path) -> Path:
    """Write the curves of all runs under a name that is free in this folder: comparison.png, comparison-2.png ..."""
    from groundup.engine.checkpoint import write_atomic
    from groundup.engine.comparison import draw_comparison
    from groundup.engine.report import curves_of, picture_bytes

    picture = draw_comparison({name: curves_of(one.rows) for name, one in zip(columns, summaries)})
    output.mkdir(parents=True, exist_ok=True)
    path, number = output / "comparison.png", 1
    while path.exists():
        number += 1
        path = output / f"comparison-{number}.png"
    write_atomic(path, picture_bytes(picture))
    return path


def print_comparison(found: dict, columns: list[str]) -> None:
    from groundup.engine.summary import shown

    for title, rows in (("recipe", found["recipe"]), ("versions, hardware, numerics", found["environment"])):
        print(f"{title}: {'' if rows else 'the same'}".rstrip())
        width = max((len(row["name"]) for row in rows), default=0)
        for row in rows:
            print(f"  {row['name']:<{width}}  {' -> '.join(row['values'])}")
        print()
    lines = [["", *(f"{name}  " for name in columns)]]
    for row in found["figures"]:
        marked = zip(row["values"], row["better"])
        cells = [f"{'-' if value is None else shown(value)} {'*' if best else ' '}" for value, best in marked]
        lines.append([f"{row['part']} {row['metric']}", *cells])
    steps = [f"{step}/{total}" if total else "-" for step, total in zip(found["step"], found["total"])]
    lines.append(["step", *(f"{cell}  " for cell in steps)])
    lines.append(["minutes", *("-  " if value is None else f"{value:.2f}  " for value in found["minutes"])])
    lines.append(["parameters", *("-  " if value is None else f"{value:,}  " for value in found["parameters"])])
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for first, *rest in lines:
        print(f"{first:<{widths[0]}}  {'  '.join(f'{cell:>{width}}' for cell, width in zip(rest, widths[1:]))}".rstrip())
    if any(any(row["better"]) for row in found["figures"]):
        print(f"* the {'better' if len(columns) == 2 else 'best'} one")
    for note in found["notes"]:
        print(f"note: {note}")


def without_nan(value: object) -> object:
    """The same with None for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
