"""`groundup learn`, as a learner types it."""

import pytest


@pytest.fixture
def desk(tmp_path):
    return tmp_path / "learning"


def test_from_the_list_to_the_first_passed_exercise(groundup, desk):
    listed = groundup("learn", "--dir", str(desk))
    assert "[ ] conv2d" in listed.out and "Next: groundup learn start" in listed.out
    started = groundup("learn", "start", "conv2d", "--dir", str(desk))
    file = desk / "04_nn" / "04_conv2d.py"
    assert str(file) in started.out and "raise NotImplementedError" in file.read_text()
    assert "[.] conv2d" in groundup("learn", "list", "--dir", str(desk)).out

    wrong = groundup("learn", "check", "conv2d", "--dir", str(desk))
    assert wrong.status == 1 and "conv2d: 0 of 7 hold" in wrong.out and "not written yet" in wrong.out

    file.write_text("from groundup.ops.convolution import conv2d_tensors as conv2d\n")
    right = groundup("learn", "check", "conv2d", "--dir", str(desk))
    assert right.status == 0 and "conv2d: passed" in right.out and "def conv2d_tensors(" in right.out
    assert "[x] conv2d" in groundup("learn", "list", "--dir", str(desk)).out


def test_hints_come_one_by_one(groundup, desk):
    counts = [len([line for line in groundup("learn", "hint", "conv2d", "--dir", str(desk)).out.splitlines() if line[1:2] == "."])
              for _ in range(4)]  # fmt: skip
    assert counts == [1, 2, 3, 3]
    assert "these are all" in groundup("learn", "hint", "conv2d", "--dir", str(desk)).out


def test_mistakes_are_one_line_each(groundup, desk):
    unknown = groundup("learn", "start", "conv9d", "--dir", str(desk))
    assert unknown.status == 2 and "did you mean conv2d" in unknown.err and len(unknown.err.splitlines()) == 1
    gone = groundup("learn", "check", "conv2d", "--dir", str(desk))
    assert gone.status == 2 and "was it renamed or deleted? `groundup learn start conv2d` copies it anew" in gone.err
    groundup("learn", "start", "conv2d", "--dir", str(desk))
    assert "is there already" in groundup("learn", "start", "conv2d", "--dir", str(desk)).err
    assert "what you wrote is in" in groundup("learn", "reset", "conv2d", "--dir", str(desk)).out


def test_lessons_are_listed_and_explained(groundup):
    assert "04_nn/04_conv2d" in groundup("list", "lessons").out
    told = groundup("info", "04_nn/04_conv2d").out
    assert "one small window for the whole picture" in told and "groundup learn start conv2d" in told


def test_a_package_without_its_repository_says_where_the_lessons_are(groundup, monkeypatch, tmp_path):
    from groundup.learn import exercise

    monkeypatch.setattr(exercise, "__file__", str(tmp_path / "site-packages" / "groundup" / "learn" / "exercise.py"))
    answer = groundup("learn", "list")
    assert answer.status == 2 and "the lessons come with the repository" in answer.err and len(answer.err.splitlines()) == 1
    assert groundup("list", "lessons", "--json").out.strip() == "[]"


def test_the_watcher_goes_on_whatever_happens_to_a_file(groundup, desk, monkeypatch):
    from groundup.learn import watch

    file = desk / "02_autograd" / "02_broadcasting.py"
    groundup("learn", "start", "broadcasting", "--dir", str(desk))

    def saves(_, exercises):
        lesson = next(lesson for lesson in exercises if lesson.slug == "broadcasting")
        yield lesson, True  # copied a moment ago, and not yet written into
        file.write_text("def distances(a, b:\n")
        yield lesson, True
        file.unlink()
        yield lesson, False
        yield lesson, True  # and gone again before it is read
        file.write_text("import torch\n\n\ndef distances(a, b):\n    return torch.cdist(a, b) * 2\n")
        (desk / "progress.json").write_text("{")
        yield lesson, True
        (desk / "progress.json").unlink()
        file.write_text((lesson.folder / "solution.py").read_text())
        yield lesson, True
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "changes", saves)
    seen = groundup("learn", "watch", "--dir", str(desk))
    assert seen.status == 0 and "not written yet" not in seen.out
    told = ["does not parse", "is gone: groundup learn start broadcasting", "No such file", "times 2", "delete it to begin",
            "broadcasting: passed", "next: ", "your answers and how far you are stay"]  # fmt: skip
    places = [seen.out.find(text) for text in told]
    assert -1 not in places and places == sorted(places), list(zip(told, places))
