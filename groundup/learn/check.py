"""Check an answer from a notebook or a shell: `from groundup.learn.check import check; check("conv2d", my_conv2d)`."""

from dataclasses import asdict

from groundup.learn.grade import grade
from groundup.learn.path import find_lesson, load_exercise
from groundup.learn.words import worded


def check(slug: str, answer: object) -> bool:
    """Grade a function or class of one's own, print what holds and what does not, and return whether all does.

    It runs in this process, so an answer that does not end is ended by hand.
    Raises: UserError for a slug that no exercise has.
    """
    lesson = find_lesson(slug)
    report = grade(lesson, load_exercise(lesson), answer)
    print(worded(slug, asdict(report) | {"passed": report.passed}))
    return report.passed
