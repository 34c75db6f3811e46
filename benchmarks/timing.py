"""Ratios that mean something on a noisy machine: one thread, process CPU time, interleaved in one process."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured figure, and the bound that it is held to where there is one."""

    name: str
    value: float
    unit: str
    bound: float | None = None

    def __str__(self) -> str:
        verdict = "" if self.bound is None else f"  (at most {self.bound:g}: {'holds' if self.value <= self.bound else 'FAILS'})"
        return f"{self.name:<66} {self.value:8.3f} {self.unit}{verdict}"


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def interleaved(*works: Callable[[], object], rounds: int = 7) -> list[list[float]]:
    """CPU seconds of each work in each of the rounds, taken in turn: A B A B ...; one round before does not count."""
    for work in works:
        work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for slot, work in zip(times, works, strict=True):
            slot.append(cpu_seconds(work))
    return times


def median_of_pairs(combine: Callable[[float, float], float], first: list[float], second: list[float]) -> float:
    """The median over rounds of a figure made of one time of each."""
    return statistics.median(map(combine, first, second))
