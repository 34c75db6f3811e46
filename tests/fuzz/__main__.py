"""The fuzz: sets with known labels, each damaged in some way, and read; whatever comes out carries its known label.

    python -m tests.fuzz --count 2000                  so many damaged sets, drawn over all formats
    python -m tests.fuzz --only voc                    those formats alone whose name contains this
    python -m tests.fuzz --seed 0 --number 123         one of them again

A reader may answer in two ways: with a UserError of one line that names the file, or with items that carry their known
labels. Another exception, a wrong label, a warning, a hang, memory without measure, a file that was touched: all are faults.
"""

import argparse
import multiprocessing
import os
import time
from collections import Counter

os.environ["OMP_NUM_THREADS"] = "1"

from tests.fuzz.case import Verdict, run_case, undamaged
from tests.fuzz.formats import FORMATS


def verdict_of(seed: int, number: int) -> tuple[int, Verdict]:
    """The case of a number: the formats take turns."""
    return number, run_case(FORMATS[number % len(FORMATS)], f"{seed}/{number}")


def numbered(arguments: tuple[int, int]) -> tuple[int, Verdict]:
    return verdict_of(*arguments)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only formats whose name contains this")
    parser.add_argument("--number", type=int, help="only the case of this number")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the work")
    arguments = parser.parse_args()
    numbers = range(arguments.count) if arguments.number is None else [arguments.number]
    chosen = [(arguments.seed, n) for n in numbers if arguments.only in FORMATS[n % len(FORMATS)].name]
    for form in FORMATS:  # which also lets the libraries make their caches, before anything is watched
        if arguments.only in form.name and (wrong := undamaged(form, arguments.seed)):
            print(f"{form.name} is not read rightly without any damage: {wrong}")
            return 1
    start, tally, faulty = time.monotonic(), {}, []
    for number, verdict in verdicts(chosen, arguments.jobs):
        count = tally.setdefault(verdict.format, Counter())
        count.update(sets=1, refused=verdict.refused, items=verdict.items, faulty=bool(verdict.wrong))
        if verdict.wrong:
            faulty.append(number)
            print(f"{number:5} {verdict.format}: {verdict.damage}\n      {verdict.wrong}", flush=True)
            print(f"      python -m tests.fuzz --seed {arguments.seed} --number {number}", flush=True)
        elif arguments.number is not None:
            print(f"{number:5} {verdict.format}: {verdict.damage}: {verdict.items} items{', refused' * verdict.refused}")
    for name, count in sorted(tally.items()):
        print(f"{name:<16} {count['sets']:4} sets, {count['refused']:4} refused, {count['items']:6} items with their labels")
    good, seconds = len(chosen) - len(faulty), time.monotonic() - start
    print(f"{good} of {len(chosen)} damaged sets were refused by name, or gave what they hold and nothing else; {seconds:.0f} s")
    return 1 if faulty or not chosen else 0


def verdicts(chosen: list[tuple[int, int]], jobs: int):
    if jobs == 1:
        yield from map(numbered, chosen)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap(numbered, chosen, chunksize=8)


if __name__ == "__main__":
    raise SystemExit(main())
