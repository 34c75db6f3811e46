"""Tables: CSV of one's own, house prices, the wind tunnel, and the table that a competition asks for."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from groundup.data.airfoil import COLUMNS, airfoil
from groundup.data.house_prices import house_prices
from groundup.data.submission import read_predictions, write_submission
from groundup.data.table_encoding import encoded_rows, table_facts
from groundup.data.tabular import MISSING, table
from groundup.errors import UserError
from tests.fuzz.case import Case, Format, Known
from tests.fuzz.damage import ANY_FILE
from tests.fuzz.text_damage import TEXT, cells_changed

COUNT = 30
STREETS = ("Oak, north", 'the "Elm"', "Fir", "", "NA", "Ash\nand more")


def write_table(case: Case) -> None:
    case.choice = case.chance.choice(("table", "house_prices"))
    name, target = ("train.csv", "SalePrice") if case.choice == "house_prices" else ("own.csv", "price")
    case.notes["target"] = target
    path = case.folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["Id", "street", "rooms", "area", target])
        for n in range(COUNT):
            writer.writerow([f"h{n}", STREETS[n % len(STREETS)], n % 7 or "NA", f"{50 + n / 4:.2f}", 1000 + n])
    case.texts, case.naive = [path], naive_table
    case.known = naive_table(case)


def read_table(case: Case) -> Iterator[tuple]:
    for split in ("train", "validation"):
        if case.choice == "house_prices":
            dataset = house_prices(split=split, root=case.folder)
        else:
            dataset = table(split=split, root=case.texts[0], target="price", id_column="Id")
        items = list(case.each(dataset))
        for item in items:
            yield item["id"], (item["target"], tuple(sorted(item["cells"].items(), key=str)))
        facts = table_facts(dataset, categories=("street",) if "street" in dataset.columns else ())
        features = encoded_rows(items, encoding=facts["encoding"])["features"]
        if not features.isfinite().all():
            raise AssertionError("features that are no numbers")


def naive_table(case: Case) -> Known:
    """The table as the standard library reads it."""
    text = case.texts[0].read_bytes().decode("utf-8-sig")
    header, *rows = csv.reader(text.splitlines(keepends=True) if "\x0b" in text else lines_of(text), strict=True)
    names = [name.strip() for name in header]
    known: Known = {}
    for row in rows:
        if len(row) == len(names):
            cells = {name: None if cell.strip() in MISSING else cell.strip() for name, cell in zip(names, row)}
            target, key = cells.pop(case.notes["target"]), cells.pop("Id")
            known[key] = {(float(target), tuple(sorted(cells.items(), key=str)))} if is_number(target) else set()
    return known


def lines_of(text: str) -> list[str]:
    """As a file opened with newline="" gives them."""
    return [line for part in text.split("\n") for line in [part + "\n"]][: None if not text.endswith("\n") else -1]


def is_number(text: str | None) -> bool:
    try:
        return text is not None and math.isfinite(float(text))
    except ValueError:
        return False


def write_airfoil(case: Case) -> None:
    path = case.folder / "airfoil_self_noise.dat"
    rows = ((100 * n, n / 2, 0.3, 71.3, 0.002 + n / 1000, 120 + n / 10) for n in range(1, COUNT))
    path.write_text("".join("\t".join(f"{value:g}" for value in row) + "\n" for row in rows))
    case.texts, case.naive = [path], naive_airfoil
    case.known = naive_airfoil(case)


def read_airfoil(case: Case) -> Iterator[tuple]:
    for split in ("train", "validation"):
        for item in case.each(airfoil(split=split, root=case.folder)):
            yield tuple(item["cells"].values()), item["target"]


def naive_airfoil(case: Case) -> Known:
    known: Known = {}
    text = case.texts[0].read_bytes().decode("utf-8-sig")
    for row in csv.reader(lines_of(text), delimiter="\t", strict=True):
        cells = [None if cell.strip() in MISSING else cell.strip() for cell in row]
        if len(cells) == len(COLUMNS) and is_number(cells[-1]):
            known.setdefault(tuple(cells[:-1]), set()).add(float(cells[-1]))
    return known


def write_competition(case: Case) -> None:
    """Predictions, and the sample that says in which order they are wanted."""
    predictions, sample = case.folder / "predictions.csv", case.folder / "sample_submission.csv"
    predictions.write_text("file,label,score\n" + "".join(f"test/n{n:02d}.png,class {n % 4},0.5\n" for n in range(COUNT)))
    order = case.chance.sample(range(COUNT), COUNT)
    sample.write_text("id,label\n" + "".join(f"n{n:02d},class 0\n" for n in order))
    case.texts, case.naive = [predictions, sample], naive_competition
    case.known = naive_competition(case)


def read_competition(case: Case) -> Iterator[tuple]:
    """What is written comes out of the folder for temporary files, and goes again."""
    out = Path("submission.csv")
    try:
        write_submission(read_predictions(case.texts[0]), sample=case.texts[1], out=out)
        with out.open(newline="", encoding="utf-8") as file:
            _, *rows = csv.reader(file)
    finally:
        out.unlink(missing_ok=True)
    if len(rows) != len(list(csv.reader(lines_of(case.texts[1].read_bytes().decode("utf-8-sig"))))) - 1:
        raise UserError(f"{case.texts[1]}: rows that are blank")
    yield from map(tuple, rows)


def naive_competition(case: Case) -> Known:
    header, *rows = csv.reader(lines_of(case.texts[0].read_bytes().decode("utf-8-sig")), strict=True)
    known: Known = {}
    for row in rows:
        cells = dict(zip(header, row))
        if "file" in cells and "label" in cells:
            path = Path(cells["file"])
            for name in {cells["file"], path.name, path.stem}:
                known.setdefault(name, set()).add(cells["label"])
    wanted = [row[0] for row in csv.reader(lines_of(case.texts[1].read_bytes().decode("utf-8-sig")), strict=True) if row]
    return {name: known[name] if len(known[name]) == 1 else set() for name in wanted if name in known}


COMMA = cells_changed(",") * 3
FORMATS = (
    Format("tables", write_table, read_table, (*ANY_FILE, *TEXT, *COMMA)),
    Format("airfoil", write_airfoil, read_airfoil, (*ANY_FILE, *TEXT, *cells_changed("\t") * 3)),
    Format("submission", write_competition, read_competition, (*ANY_FILE, *TEXT, *COMMA)),
)
