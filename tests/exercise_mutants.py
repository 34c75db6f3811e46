"""Are the exercises' checks any good? One-line faults of the solutions, of which each should be failed.

    python -m tests.exercise_mutants [--count 300] [--seed 0] [SLUG ...]

A fault is one changed operator, constant, condition, argument or reduction (as in tests/mutants.py), put into the source of a
solution. It counts if the faulty solution differs on any of 200 random uses, which the checks themselves do not make. Each is
graded in a process of its own; one that never ends counts as failed. Survivors are printed, each to be argued or caught.
"""

import argparse
import importlib.util
import inspect
import multiprocessing
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.mutants import edits

USES = 200
FIRST = 1000  # the seed of the first use
SECONDS = 120


def faults_of(lesson) -> list[tuple[Path, int, str, str]]:
    """Every fault of a lesson's solution: its file, the line's number, the line as it is, and as it would be."""
    from groundup.learn.path import load_exercise, load_solution

    exercise = load_exercise(lesson)
    solution = load_solution(lesson, exercise)
    file = Path(inspect.getsourcefile(inspect.unwrap(solution)))
    source = file.read_text(encoding="utf-8")
    whole = exercise.solution is None
    lines, first = inspect.getsourcelines(solution)
    span = range(1, len(source.splitlines()) + 1) if whole else range(first, first + len(lines))
    found = []
    for number, start, end, text in edits(source):
        if number in span:
            before = source.splitlines()[number - 1]
            found.append((file, number, before, before[:start] + text + before[end:]))
    return sorted(set(found))


def judge(folder: Path, fault: tuple[Path, int, str, str], answer) -> None:
    """Into `answer`: same (no use tells it apart), failed, or survived; an error of the judge itself as one."""
    try:
        answer.put(judged(folder, fault))
    except Exception as error:
        answer.put(RuntimeError(f"{folder.name}, {fault[1:]}: {type(error).__name__}: {error}"))


def judged(folder: Path, fault: tuple[Path, int, str, str]) -> str:
    import torch

    from groundup.learn.exercise import Claim
    from groundup.learn.grade import alike, grade, guarded, outcome
    from groundup.learn.path import Lesson, load_exercise, load_solution

    torch.set_num_threads(1)
    lesson = Lesson(folder)
    exercise = load_exercise(lesson)
    solution = load_solution(lesson, exercise)
    file, number, _, after = fault
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[number - 1] = after
    with tempfile.TemporaryDirectory() as place:
        changed = Path(place) / "mutant.py"
        changed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        spec = importlib.util.spec_from_file_location("mutant", changed)
        module = importlib.util.module_from_spec(spec)
        sys.modules["mutant"] = module
        try:
            spec.loader.exec_module(module)
        except Exception:
            return "failed"  # it cannot even be read
        mutant = getattr(module, solution.__name__)
        uses = [Claim("", lambda thing, seed=seed: exercise.sample(thing, seed)) for seed in range(FIRST, FIRST + USES)]
        right, wrong = guarded(solution), guarded(mutant)
        if all(alike(outcome(use, wrong, n, None), outcome(use, right, n, None)) for n, use in enumerate(uses)):
            return "same"
        return "survived" if grade(lesson, exercise, mutant).passed else "failed"


def verdict(folder: Path, fault: tuple[Path, int, str, str]) -> str:
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    process = context.Process(target=judge, args=(folder, fault, answer), daemon=True)
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        return "failed"
    found = "failed" if answer.empty() else answer.get()  # without a word: it ended the process
    if isinstance(found, Exception):
        raise found
    return found


def main() -> None:
    import torch  # once, for all that are forked

    from groundup.learn.path import all_lessons, find_lesson

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slugs", nargs="*")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    lessons = [find_lesson(slug) for slug in options.slugs] or [lesson for lesson in all_lessons() if lesson.has_exercise]
    chooser, each = random.Random(options.seed), -(-options.count // len(lessons))
    counts = Counter()
    for lesson in lessons:
        faults = faults_of(lesson)
        for fault in chooser.sample(faults, min(each, len(faults))):
            found = verdict(lesson.folder, fault)
            counts[found] += 1
            if found == "survived":
                print(f"{lesson.slug}: line {fault[1]} survives: {fault[2].strip()}  ->  {fault[3].strip()}", flush=True)
    counted = counts["failed"] + counts["survived"]
    share = counts["failed"] / max(1, counted)
    print(f"{counted} faults differ ({counts['same']} do not), {counts['failed']} are failed: {share:.1%}")
    sys.exit(share < 0.9)


if __name__ == "__main__":
    main()
