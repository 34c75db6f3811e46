"""`groundup learn`: the path of exercises, the learner's own files, and whether they are right."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundup.errors import UserError

if TYPE_CHECKING:
    from groundup.learn.desk import Desk
    from groundup.learn.path import Lesson

Slug = Annotated[str, typer.Argument(metavar="EXERCISE", help="Its name, as `groundup learn list` shows it.")]
Dir = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Your folder of answers.")]
LEARNING = Path("learning")
SHORT = 60  # lines of a solution that are shown

learn = typer.Typer(help="Learn by writing each part yourself, and know at once whether it is right.", add_completion=False)


@learn.callback(invoke_without_command=True)
def path(context: typer.Context, folder: Dir = LEARNING) -> None:
    if context.invoked_subcommand is None:
        list_path(folder)


@learn.command("list")
def list_path(folder: Dir = LEARNING) -> None:
    """Show the path: what is passed, what is begun, what comes next."""
    from groundup.learn.desk import Desk
    from groundup.learn.path import all_lessons

    desk, lessons = Desk(folder), all_lessons()
    progress, part = desk.progress(), None
    width = max(len(lesson.slug) for lesson in lessons)
    for lesson in lessons:
        if lesson.part != part:
            part = lesson.part
            print(part.replace("_", " "))
        print(f"  {mark(desk, lesson, progress)} {lesson.slug:<{width}}  {lesson.title}")
    exercises = [lesson for lesson in lessons if lesson.has_exercise]
    passed = sum(bool(progress.get(lesson.slug, {}).get("passed")) for lesson in exercises)
    print(f"{passed} of {len(exercises)} exercises are passed.{advice(desk, exercises, progress)}")


def mark(desk: "Desk", lesson: "Lesson", progress: dict) -> str:
    if not lesson.has_exercise:
        return "   "
    if progress.get(lesson.slug, {}).get("passed"):
        return "[x]"
    return "[.]" if desk.file(lesson).exists() else "[ ]"


def advice(desk: "Desk", exercises: list["Lesson"], progress: dict) -> str:
    """What to type next."""
    for lesson in exercises:
        if not progress.get(lesson.slug, {}).get("passed"):
            if desk.file(lesson).exists():
                return f" You are at {desk.file(lesson)}: groundup learn watch"
            return f" Next: groundup learn start {lesson.slug}"
    return " That is all of them."


@learn.command("start")
def start(exercise: Slug, folder: Dir = LEARNING) -> None:
    """Copy an exercise to your folder: a file with a hole that you fill."""
    from groundup.learn.desk import Desk
    from groundup.learn.path import find_lesson

    lesson = find_lesson(exercise)
    file = Desk(folder).start(lesson)
    print(f"{file} is yours to fill. Its lesson is {lesson.folder / 'lesson.py'}.")
    print(f"check it: groundup learn check {exercise}, or groundup learn watch while you write")


@learn.command("check")
def check(
    exercise: Slug,
    folder: Dir = LEARNING,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="An answer that stands elsewhere.")] = None,
) -> None:
    """Say whether an answer is right; where not, which shape, value or gradient is wrong, where and why.

    The exit status is 0 where it is right, 1 where not.
    """
    from groundup.learn.desk import Desk
    from groundup.learn.path import find_lesson

    lesson, desk = find_lesson(exercise), Desk(folder)
    answer = file or desk.file(lesson)
    if not answer.is_file():
        mend = "say which with --file" if file else f"was it renamed or deleted? `groundup learn start {exercise}` copies it anew"
        raise UserError(f"there is no file {answer}: {mend}")
    if not judged(desk, lesson, answer):
        raise typer.Exit(1)


def judged(desk: "Desk", lesson: "Lesson", file: Path) -> bool:
    """Check a file, print the report and note the attempt; after the first pass, show the solution."""
    from groundup.learn.child import check_file
    from groundup.learn.words import worded

    report = check_file(lesson, file)
    print(worded(lesson.slug, report), flush=True)
    first = report["passed"] and desk.entry(lesson)["passed"] is None
    entry = desk.note(lesson, passed=report["passed"], attempt=True)
    if first:
        show_solution(lesson)
    elif not report["passed"] and entry["attempts"] > 1:
        print(f"  a hint: groundup learn hint {lesson.slug}", flush=True)
    return report["passed"]


def show_solution(lesson: "Lesson") -> None:
    """Print how groundup itself does it."""
    from groundup.learn.path import load_exercise, load_solution

    solution = load_solution(lesson, load_exercise(lesson))
    lines, number = inspect.getsourcelines(solution)
    print(f"\ngroundup's own, {inspect.getsourcefile(solution)}, line {number}:\n")
    print("".join(f"    {line}" for line in lines[:SHORT]), end="" if len(lines) <= SHORT else "    ...\n", flush=True)


@learn.command("watch")
def watch(folder: Dir = LEARNING) -> None:
    """Check each file of your folder as soon as you save it, and copy the next exercise when one is passed."""
    from groundup.learn.desk import Desk
    from groundup.learn.path import all_lessons
    from groundup.learn.watch import changes

    desk = Desk(folder)
    exercises = [lesson for lesson in all_lessons() if lesson.has_exercise]
    if not any(desk.file(lesson).exists() for lesson in exercises):
        begin(desk, exercises)
    print(f"watching {folder}: save a file and read here. Control-C ends it.", flush=True)
    try:
        for lesson, there in changes(desk, exercises):
            if not there:
                print(f"{desk.file(lesson)} is gone: groundup learn start {lesson.slug} copies it anew", flush=True)
                continue
            try:
                if untouched(desk, lesson):  # just copied
                    continue
                if judged(desk, lesson, desk.file(lesson)):
                    begin(desk, exercises)
            except (UserError, OSError) as error:  # a full disk, a damaged record, a file that went away: said, and watched on
                print(error, flush=True)
    except KeyboardInterrupt:
        print("\nyour answers and how far you are stay: groundup learn", flush=True)


def untouched(desk: "Desk", lesson: "Lesson") -> bool:
    """Whether a file is still as it was copied."""
    return desk.file(lesson).read_bytes() == (lesson.folder / "exercise.py").read_bytes()


def begin(desk: "Desk", exercises: list["Lesson"]) -> None:
    """Copy the first exercise that is neither passed nor begun."""
    progress = desk.progress()
    for lesson in exercises:
        if not desk.file(lesson).exists() and not progress.get(lesson.slug, {}).get("passed"):
            print(f"next: {desk.start(lesson)}", flush=True)
            return


@learn.command("hint")
def hint(exercise: Slug, folder: Dir = LEARNING) -> None:
    """Give the next of three hints, each saying more than the one before."""
    from groundup.learn.desk import Desk
    from groundup.learn.path import find_lesson, load_exercise

    lesson, desk = find_lesson(exercise), Desk(folder)
    hints, read = load_exercise(lesson).hints, desk.entry(lesson)["hints"]
    for number, text in enumerate(hints[: read + 1], start=1):
        print(f"{number}. {text}")
    if read < len(hints):
        desk.note(lesson, hint=True)
    else:
        print(f"these are all; the lesson says the rest: {lesson.folder / 'lesson.py'}")


@learn.command("reset")
def reset(exercise: Slug, folder: Dir = LEARNING) -> None:
    """Begin an exercise anew; what you wrote is kept beside it."""
    from groundup.learn.desk import Desk
    from groundup.learn.path import find_lesson

    file, old = Desk(folder).reset(find_lesson(exercise))
    print(f"{file} is as it was at first" + (f"; what you wrote is in {old}" if old else ""))
