"""The list of faults can still be put in; whether each is noticed is for `make mutants`, which takes half an hour."""

import json
from collections import Counter

import pytest

from tests.mutants import CHECKOUT, LIST, compiles, edits, replaced

FAULTS = json.loads(LIST.read_text(encoding="utf-8"))


def test_there_are_two_hundred_faults_and_twenty_at_least_in_every_folder_of_parts():
    count = Counter(fault["file"].split("/")[1] for fault in FAULTS)
    assert len(FAULTS) == 200 and min(count[folder] for folder in ("ops", "layers", "losses", "optim")) >= 20


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['file']}: {fault['after'].strip()[:40]}")
def test_the_line_of_each_fault_is_still_there(fault):
    source = (CHECKOUT / fault["file"]).read_text(encoding="utf-8")
    assert fault["before"] != fault["after"] and compiles(replaced(source, fault))


def test_every_kind_of_fault_is_drawn_and_words_for_people_are_left_alone():
    source = '"""A + b."""\ndef f(x, y, axis=0):\n    if not x < y:\n        raise ValueError(f"{x + y}")\n'
    source += "    return (x + y).sum(axis)\n"
    found = {source.splitlines()[line - 1][:start] + text for line, start, _, text in edits(source)}
    assert {"    if not x <=", "    if x < y", "    return (x -", "    return (x + y).mean", "def f(x, y, axis=1"} <= found
    assert not [line for line, *_ in edits(source) if line in (1, 4)]
