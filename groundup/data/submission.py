"""The table that a competition asks for, written from predictions."""

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path

from groundup.data.label_table import rows_of
from groundup.data.lines import told
from groundup.errors import UserError


def read_predictions(path: Path) -> dict[str, str]:
    """File -> label, from the predictions.csv that `groundup predict` wrote."""
    rows = rows_of(path)
    _, header = next(rows)
    if not {"file", "label"} <= set(header):
        raise UserError(f"{path} has the columns {', '.join(header)}; the predictions of a classifier have file and label")
    file, label = header.index("file"), header.index("label")
    found: dict[str, str] = {}
    for line, row in rows:
        if len(row) != len(header):
            raise UserError(f"{path}, line {line} has {len(row)} values and the header {len(header)}: predict again")
        if found.setdefault(row[file], row[label]) != row[label]:
            raise UserError(f"{path}, line {line}: {row[file]!r} has another label in an earlier line: predict again")
    return found


def write_submission(answers: Mapping[str, str] | Mapping[str, Mapping[str, float]], *, sample: Path, out: Path) -> None:
    """Write a submission with the header, the rows and the order of the competition's sample.

    `answers` gives for each file its label or, where the sample has a column for each class, the classes' probabilities. A row
    of the sample names a file by its path, its name, or its name without suffix.
    Raises: UserError for a row without an answer, a name that fits several files, a class that the sample does not know.
    """
    known: dict[str, list[str]] = {}
    for file in answers:
        path = Path(file)
        for name in {file, path.name, path.stem, f"{path.parent.name}/{path.name}"}:
            known.setdefault(name, []).append(file)
    rows = rows_of(sample)
    _, header = next(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for line, row in rows:
        files = known.get(row[0], [])
        if len(files) != 1:
            what = f"fits {' and '.join(files)}" if files else "has no prediction"
            raise UserError(
                f"{sample}, line {line}: {told(row[0])} {what}: predict on the competition's own folder of test pictures"
            )
        writer.writerow([row[0], *answer_of(answers[files[0]], header[1:], sample)])
    passing = out.with_name(f".{out.name}.passing")
    passing.write_text(text.getvalue(), encoding="utf-8")
    os.replace(passing, out)


def answer_of(answer: str | Mapping[str, float], columns: list[str], sample: Path) -> list[object]:
    """The values of a row behind its name."""
    if isinstance(answer, str):
        if len(columns) != 1:
            raise UserError(f"{sample} asks for the probability of each of {len(columns)} classes; predictions have one label")
        return [answer]
    if set(columns) != set(answer):
        odd = sorted(set(columns) ^ set(answer))
        raise UserError(f"{sample} and the predictions differ in classes: {', '.join(odd[:5])} is in one of them alone")
    return [answer[column] for column in columns]
