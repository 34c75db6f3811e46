"""Check an answer again each time that its file is saved."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from groundup.learn.desk import Desk
from groundup.learn.path import Lesson

PAUSE = 0.4  # seconds between two looks at the files


def stamp(file: Path) -> tuple[int, int] | None:
    """What changes when a file is saved; None where it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def changes(desk: Desk, lessons: list[Lesson], sleep: Callable[[float], None] = time.sleep) -> Iterator[tuple[Lesson, bool]]:
    """Each lesson whose file was saved, and whether it is still there, without end."""
    seen = {lesson.slug: stamp(desk.file(lesson)) for lesson in lessons}
    while True:
        for lesson in lessons:
            now = stamp(desk.file(lesson))
            if now != seen[lesson.slug]:
                seen[lesson.slug] = now
                yield lesson, now is not None
        sleep(PAUSE)
