"""Whatever stands in a learner's file, the answer is a line that helps."""

import io
import re
import time

import pytest

from groundup.learn.answer import grade_file
from groundup.learn.child import check_file

BROKEN = {
    "def double(x)\n    return x\n": r"it does not parse: expected ':', line 1: def double\(x\)",
    "import notthere\n": "line 1 imports 'notthere', which is not installed",
    "def treble(x):\n    return x\n": "the file must define `double`; it defines 'treble'",
    "": "the file must define `double`; it defines nothing",
    "x = 1 / 0\n": "it fails as it is read, line 1: ZeroDivisionError",
    "exit()\n": "it ends the program",
    "input()\n": "EOFError: it waits for input, which nobody gives here",
    "double = 3\n": "must be a function; it is 3",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items())
def test_a_file_that_gives_no_answer_is_told_why(lesson, written, monkeypatch, text, message):
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody answers
    report = grade_file(lesson, written(text))
    assert not report.passed and re.search(message, report.error), report.error


def test_a_file_that_is_no_text_or_not_there_is_told_so(lesson, tmp_path):
    (tmp_path / "odd.py").write_bytes(b"\xff\xfe\x00d")
    assert "no text in UTF-8" in grade_file(lesson, tmp_path / "odd.py").error
    assert "renamed or deleted" in grade_file(lesson, tmp_path / "none.py").error


def test_an_error_in_a_claim_names_the_line_of_the_file_and_a_forgotten_import(lesson, written):
    report = grade_file(lesson, written("def double(x):\n    y = 2\n    return math.fsum(x) * y\n"))
    assert report.findings[0].message == "NameError, line 3: `math` is not known: write `import math` at the top of the file"


def test_what_is_not_written_yet_is_called_so(lesson):
    report = grade_file(lesson, lesson.folder / "exercise.py")
    assert {finding.message for finding in report.findings} == {"not written yet, line 5"}


SOLVED = "def double(x):\n    if isinstance(x, str):\n        raise TypeError\n    print('here', flush=True)\n    return 2 * x\n"


def test_a_file_is_graded_in_a_process_of_its_own_and_what_it_prints_is_kept(lesson, written):
    report = check_file(lesson, written(SOLVED))
    assert report["passed"] and report["printed"].splitlines() == ["here"] * 3


def test_a_file_that_hangs_is_ended_and_its_line_named(lesson, written):
    start = time.monotonic()
    report = check_file(lesson, written("def double(x):\n    while True:\n        x = x + 1\n"), seconds=1)
    assert "still running after 1 seconds, in line" in report["error"] and time.monotonic() - start < 100


def test_a_file_that_kills_its_own_process_is_told_so(lesson, written):
    report = check_file(lesson, written("import os\n\n\ndef double(x):\n    os._exit(7)\n"))
    assert "without an answer, with status 7" in report["error"]


def test_what_is_wrong_in_the_same_way_is_said_once():
    from groundup.learn.words import worded

    findings = [{"title": title, "held": False, "message": message} for title, message in (("a", "x"), ("b", "x"), ("c", "y"))]
    report = {"passed": False, "findings": findings, "why": "", "mistake": None, "error": "", "printed": ""}
    told = [line.strip() for line in worded("double", report).splitlines()]
    assert told == ["double: 0 of 3 hold", "wrong  a", "x", "wrong  b", "the same", "wrong  c", "y"]
