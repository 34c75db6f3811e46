"""A learner's files and record: nothing is written over, nothing lost."""

import pytest

from groundup.errors import UserError
from groundup.learn.desk import Desk
from groundup.learn.watch import changes


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "learning")


def test_an_exercise_is_copied_once_and_never_over_an_answer(desk, lesson):
    file = desk.start(lesson)
    assert file == desk.folder / "01_first" / "02_double.py" and "NotImplementedError" in file.read_text()
    file.write_text("mine")
    with pytest.raises(UserError, match="is there already: go on with it, or begin anew"):
        desk.start(lesson)
    assert file.read_text() == "mine"


def test_to_begin_anew_keeps_what_was_written(desk, lesson):
    file = desk.start(lesson)
    for text in ("first", "second"):
        file.write_text(text)
        again, old = desk.reset(lesson)
        assert again == file and old.read_text() == text and "NotImplementedError" in file.read_text()
    assert desk.start.__self__.reset(lesson)[1].name == "02_double.old3.txt"


def test_the_record_counts_attempts_and_hints_and_keeps_the_first_day(desk, lesson):
    desk.note(lesson, attempt=True)
    desk.note(lesson, hint=True)
    entry = desk.note(lesson, attempt=True, passed=True)
    assert entry["attempts"] == 2 and entry["hints"] == 1 and entry["passed"]
    desk.record.write_text(desk.record.read_text().replace(entry["passed"], "2001-02-03"))
    assert desk.note(lesson, attempt=True, passed=True)["passed"] == "2001-02-03"
    assert Desk(desk.folder).progress()["double"]["attempts"] == 3


@pytest.mark.parametrize("text", ["{", "[]", '{"double": 3}'])
def test_a_damaged_record_is_refused_and_not_written_over(desk, lesson, text):
    desk.start(lesson)
    desk.record.write_text(text)
    with pytest.raises(UserError, match="delete it to begin the count anew; the answers stay"):
        desk.note(lesson, attempt=True)
    assert desk.record.read_text() == text


def test_the_watcher_names_what_was_saved_what_went_and_what_came_back(desk, lesson):
    file = desk.start(lesson)
    deeds = iter([lambda: file.write_text("longer than it was"), file.unlink, lambda: file.write_text("again"), lambda: None])
    watched = changes(desk, [lesson], sleep=lambda _: next(deeds)())
    assert [next(watched) for _ in range(3)] == [(lesson, True), (lesson, False), (lesson, True)]
