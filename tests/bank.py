"""A scripted learner goes through every exercise: the file as shipped, each wrong answer, the right one.

    python -m tests.bank [SLUG ...]

Each exercise has a process of its own. The file as shipped and every wrong answer must fail, each wrong one with its own hint,
and the solution must pass; the record must say how many attempts it took.
"""

import argparse
import inspect
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from groundup.learn.desk import Desk
from groundup.learn.path import Lesson, all_lessons, find_lesson, load_exercise, load_wrong_answers

FEWEST, MOST = 3, 8  # wrong answers of an exercise


def gone_through(folder: Path) -> list[str]:
    """What does not hold of one exercise, in words; an error that is nobody's answer is one of these."""
    try:
        return go_through(folder)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"[:1000]]


def go_through(folder: Path) -> list[str]:
    import torch

    from groundup.learn.answer import grade_file

    torch.set_num_threads(1)
    lesson = Lesson(folder)
    exercise, wrong = load_exercise(lesson), load_wrong_answers(lesson)
    faults = shape_of(exercise, wrong)
    with tempfile.TemporaryDirectory() as place:
        desk = Desk(Path(place))
        file = desk.start(lesson)
        report = grade_file(lesson, file)
        if report.passed or report.error:
            faults.append(f"as shipped it should fail for want of an answer alone: {report}")
        source = (folder / "wrong.py").read_text(encoding="utf-8")
        for name, answer in wrong.items():
            file.write_text(f"{source}\n\n{exercise.name} = {name}\n", encoding="utf-8")
            report = grade_file(lesson, file)
            desk.note(lesson, passed=report.passed, attempt=True)
            if report.passed or report.why != " ".join(inspect.getdoc(answer).split()):
                faults.append(
                    f"{name} should be answered by its own hint, and was by: {report.mistake} {report.error} {report.why}"
                )
        module, _, solved = (exercise.solution or "").partition(":")
        right = f"from {module} import {solved} as {exercise.name}\n" if module else (folder / "solution.py").read_text("utf-8")
        file.write_text(right, encoding="utf-8")
        report = grade_file(lesson, file)
        entry = desk.note(lesson, passed=report.passed, attempt=True)
        if not report.passed:
            faults.append(f"the solution fails: {report}")
        if not entry["passed"] or entry["attempts"] != len(wrong) + 1:
            faults.append(f"the record is wrong: {entry}")
    return faults


def shape_of(exercise, wrong: dict) -> list[str]:
    faults = []
    if not FEWEST <= len(wrong) <= MOST:
        faults.append(f"there are {len(wrong)} wrong answers; {FEWEST} to {MOST} are asked for")
    if len(set(exercise.hints)) != 3 or len(exercise.hints[2]) <= len(exercise.hints[0]):
        faults.append("there are not three hints, the last saying more than the first")
    if len({inspect.getdoc(answer) for answer in wrong.values()}) < len(wrong):
        faults.append("two wrong answers have one hint")
    if len(exercise.claims) < 2 or exercise.sample is None:
        faults.append("there are too few claims, or no random uses (EXERCISE.drawn)")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slugs", nargs="*")
    slugs = parser.parse_args().slugs
    lessons = [find_lesson(slug) for slug in slugs] or [lesson for lesson in all_lessons() if lesson.has_exercise]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        answers = list(pool.map(gone_through, [lesson.folder for lesson in lessons]))
    for lesson, faults in zip(lessons, answers, strict=True):
        for fault in faults:
            print(f"{lesson.slug}: {fault}")
    caught = sum(not faults for faults in answers)
    print(f"{caught} of {len(lessons)} exercises are as they should be")
    sys.exit(caught < len(lessons))


if __name__ == "__main__":
    main()
