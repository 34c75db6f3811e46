"""The learner's folder: the files that are worked on, and how far the learner has come."""

import json
import os
from datetime import date
from pathlib import Path

from groundup.errors import UserError
from groundup.learn.path import Lesson


class Desk:
    """A folder of answers, `NN_part/NN_slug.py` as the lessons stand, with a progress.json that is never half written.

    Progress is kept for each slug: `passed`, the day or None, `attempts`, and how many `hints` were read.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.record = folder / "progress.json"

    def file(self, lesson: Lesson) -> Path:
        """Where the answer to a lesson's exercise stands, or is to stand."""
        return self.folder / lesson.part / f"{lesson.folder.name}.py"

    def start(self, lesson: Lesson) -> Path:
        """Copy the file with holes to the learner's folder.

        Raises: UserError where there is one already, or the folder cannot be written.
        """
        file = self.file(lesson)
        if file.exists():
            raise UserError(f"{file} is there already: go on with it, or begin anew by `groundup learn reset {lesson.slug}`")
        self.write(file, (lesson.folder / "exercise.py").read_text(encoding="utf-8"))
        self.note(lesson)
        return file

    def reset(self, lesson: Lesson) -> tuple[Path, Path | None]:
        """Begin anew; what was written is kept beside it. Gives the file, and the one in which the old text is."""
        file, old = self.file(lesson), None
        if file.exists():
            number = 1
            while (old := file.with_suffix(f".old{number}.txt")).exists():
                number += 1
            os.replace(file, old)
        return self.start(lesson), old

    def progress(self) -> dict[str, dict]:
        """What progress.json holds.

        Raises: UserError where it cannot be read.
        """
        try:
            found = json.loads(self.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self.record} cannot be read ({error}): mend it, or delete it to begin the count anew; the answers stay"
            ) from error
        if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
            raise UserError(f"{self.record} is not what groundup wrote: delete it to begin the count anew; the answers stay")
        return found

    def entry(self, lesson: Lesson) -> dict:
        return {"passed": None, "attempts": 0, "hints": 0} | self.progress().get(lesson.slug, {})

    def note(self, lesson: Lesson, *, passed: bool = False, attempt: bool = False, hint: bool = False) -> dict:
        """Count an attempt or a hint; the day on which an exercise was first passed stays."""
        entry = self.entry(lesson)
        entry["attempts"] += attempt
        entry["hints"] += hint
        if passed and entry["passed"] is None:
            entry["passed"] = date.today().isoformat()
        self.write(self.record, json.dumps(self.progress() | {lesson.slug: entry}, indent=1) + "\n")
        return entry

    def write(self, file: Path, text: str) -> None:
        """Write a file whole or not at all."""
        temporary = file.with_name(f".writing-{file.name}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, file)
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}") from error
        finally:
            temporary.unlink(missing_ok=True)
