"""Write what comes from the cards and from measured.json: the tables of the README, and docs/results.md with its curves.

python -m benchmarks.tables [--check]

With --check it only looks whether they are as they should be. What was measured on data that come with groundup and what was
measured on published sets stand in tables of their own: the ones say that a thing works, the others how well.
"""

import inspect
import sys
from functools import partial
from pathlib import Path

from groundup.data.sources import sets
from groundup.data.text import prose
from groundup.engine.recipe import Recipe
from groundup.models.card import read_cards
from groundup.recipes.catalog import Entry, entries, is_stale, load_recipe, measured

CHECKOUT = Path(__file__).parents[1]
README, RESULTS, CURVES = CHECKOUT / "README.md", CHECKOUT / "docs" / "results.md", CHECKOUT / "docs" / "curves"
BEGIN, END = "<!-- {} -->\n", "<!-- end of {} -->\n"
KINDS = {"embedded": "On data that come with groundup", "published": "On published sets", "own": "On data of your own"}


def models() -> str:
    """A row for each card."""
    rows = ["| model | paper's year | sizes | held against |", "|---|---|---|---|"]
    for card in read_cards():
        sizes = ", ".join(f"`{size}`" for size in card.sizes)
        rows.append(f"| {card.title} | {card.year} | {sizes} | {', '.join(card.references)} |")
    return "\n".join(rows) + "\n"


def kind_of(recipe: Recipe) -> str:
    """Whether a recipe's data are embedded, a published set's, or to be given by the user."""
    part = recipe.train_data
    function, given = (part.func, part.keywords) if isinstance(part, partial) else (part, {})
    while "dataset" in given:  # one that wraps another
        function, given = given["dataset"].func, given["dataset"].keywords
    if function.__name__ in sets() or "name" in given:
        return "published"
    takes_files = "root" in inspect.signature(function).parameters and function is not prose  # which finds some on any machine
    return "own" if takes_files else "embedded"


def recipes() -> str:
    """A table for each kind of data, in it a row for each recipe with what it was measured to reach."""
    tables: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    for entry in entries():
        tables[kind_of(load_recipe(entry.name)[0])].append(entry)
    parts = []
    for kind, words in KINDS.items():
        head = f"{words}:\n\n| recipe | what | reached (mean of its seeds) | minutes | on |\n|---|---|---|---|---|\n"
        unmeasured = "depends on your data" if kind == "own" else "not measured yet"
        parts.append(head + "".join(row(entry, unmeasured) for entry in tables[kind]))
    return "\n".join(parts)


def row(entry: Entry, unmeasured: str) -> str:
    found = measured().get(entry.name)
    reached, minutes, where = unmeasured, "", ""
    if found is not None and is_stale(entry.name):
        reached = "stale: measured with other values than the recipe has now"
    elif found is not None:
        reached = ", ".join(f"{name} {value['mean']:.4g}" for name, value in found["metrics"].items())
        minutes = f"{found['minutes']:g}"
        where = f"{found['hardware']}; seeds {', '.join(map(str, found['seeds']))}; {found['date']}"
    return f"| `{entry.name}` | {entry.summary} | {reached} | {minutes} | {where} |\n"


def results() -> str:
    """docs/results.md: each measured recipe with its figures, how they came about, and its curves."""
    lines = [
        "# Results",
        "",
        "Every figure here was measured by `make results`, which trains a recipe and scores its last checkpoint on the test",
        "part of its data. Where there are several seeds, a figure is their mean and standard deviation; the curves are those",
        "of seed 0. `python -m benchmarks.tables` writes this page from `groundup/recipes/measured.json`.",
    ]
    tables: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    for entry in entries():
        if entry.name in measured():
            tables[kind_of(load_recipe(entry.name)[0])].append(entry)
    for kind, words in KINDS.items():
        if tables[kind]:
            lines += ["", f"## {words}"]
        for entry in tables[kind]:
            lines += ["", *section(entry)]
    return "\n".join(lines) + "\n"


def section(entry: Entry) -> list[str]:
    found = measured()[entry.name]
    numerics, seeds = found["numerics"], found["seeds"]
    stale = ["", "**Stale:** the recipe has changed since."] if is_stale(entry.name) else []
    figures = [f"| {name} | {spread(value)} |" for name, value in found["metrics"].items()]
    how = (
        f"`{found['command']}`, {'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}: "
        f"{found['minutes']:g} minutes{'' if len(seeds) == 1 else ' each'} on {found['hardware']}, {numerics['precision']}, "
        f"torch {found['versions']['torch']}, {found['date']}; recipe {found['hash']}."
    )
    curves = CURVES / f"{entry.name}.png"
    picture = ["", f"![Curves of {entry.name}]({curves.parent.name}/{curves.name})"] if curves.exists() else []
    return [f"### {entry.name}", "", entry.summary, *stale, "", "| metric | value |", "|---|---|", *figures, "", how, *picture]


def spread(value: dict) -> str:
    deviation = value["deviation"]
    return f"{value['mean']:.4g}" if deviation is None else f"{value['mean']:.4g} ± {deviation:.2g}"


def filled(text: str) -> str:
    """The README with every generated table as it should be."""
    for name, table in (("models", models()), ("recipes", recipes())):
        head, rest = text.split(BEGIN.format(name))
        _, tail = rest.split(END.format(name))
        text = f"{head}{BEGIN.format(name)}{table}{END.format(name)}{tail}"
    return text


if __name__ == "__main__":
    before = README.read_text(encoding="utf-8")
    pages = {README: filled(before), RESULTS: results()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if stale and "--check" in sys.argv:
        raise SystemExit(f"{', '.join(path.name for path in stale)} is stale: python -m benchmarks.tables")
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")
