"""Write the tables of the README that come from the cards and from measured.json; with --check, only look whether they are.

python -m benchmarks.tables [--check]
"""

import sys
from pathlib import Path

from groundup.models.card import read_cards
from groundup.recipes.catalog import entries, is_stale, measured

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- {} -->\n", "<!-- end of {} -->\n"


def models() -> str:
    """A row for each card."""
    rows = ["| model | paper's year | sizes | held against |", "|---|---|---|---|"]
    for card in read_cards():
        sizes = ", ".join(f"`{size}`" for size in card.sizes)
        rows.append(f"| {card.title} | {card.year} | {sizes} | {', '.join(card.references)} |")
    return "\n".join(rows) + "\n"


def recipes() -> str:
    """A row for each recipe, with what it was measured to reach."""
    rows = ["| recipe | what | reached (mean of its seeds) | minutes | on |", "|---|---|---|---|---|"]
    for entry in entries():
        found = measured().get(entry.name)
        reached, minutes, where = "not measured yet", "", ""
        if found is not None and is_stale(entry.name):
            reached = "stale: measured with other values than the recipe has now"
        elif found is not None:
            reached = ", ".join(f"{name} {value['mean']:.4g}" for name, value in found["metrics"].items())
            minutes = f"{found['minutes']:g}"
            where = f"{found['hardware']}; seeds {', '.join(map(str, found['seeds']))}; {found['date']}"
        rows.append(f"| `{entry.name}` | {entry.summary} | {reached} | {minutes} | {where} |")
    return "\n".join(rows) + "\n"


def filled(text: str) -> str:
    """The README with every generated table as it should be."""
    for name, table in (("models", models()), ("recipes", recipes())):
        head, rest = text.split(BEGIN.format(name))
        _, tail = rest.split(END.format(name))
        text = f"{head}{BEGIN.format(name)}{table}{END.format(name)}{tail}"
    return text


if __name__ == "__main__":
    before = README.read_text(encoding="utf-8")
    after = filled(before)
    if "--check" in sys.argv:
        if before != after:
            raise SystemExit("the tables of README.md are stale: python -m benchmarks.tables")
    else:
        README.write_text(after, encoding="utf-8")
