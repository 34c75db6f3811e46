"""A learner's file graded in a process of its own: it may hang, print, exit or crash, and nobody but itself is hurt."""

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from pathlib import Path

from groundup.learn.path import Lesson

SECONDS = 20  # that the learner's own code may take
START = 180  # seconds to import torch, on a machine that is busy
PRINTED = 2000  # characters of what it prints


def check_file(lesson: Lesson, file: Path, seconds: float = SECONDS) -> dict:
    """Grade a file apart from this process. Gives the fields of a `Report`, and `passed`.

    A file that takes longer than `seconds` is ended, and the report says in which line it was.
    """
    with tempfile.TemporaryDirectory(prefix="groundup-learn-") as folder:
        target = Path(folder) / "report.json"
        command = [
            sys.executable,
            "-m",
            "groundup.learn.child",
            str(lesson.folder),
            str(file.resolve()),
            str(target),
            str(seconds),
        ]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            status = subprocess.run(command, env=environment, cwd=file.parent, timeout=START + seconds, **silent).returncode
        except subprocess.TimeoutExpired:
            return failed(f"it was still running after {seconds:g} seconds: a loop in it does not end")
        if not target.exists():
            return failed(
                f"the process that ran it ended without an answer, with status {status}: does it exit, or take all memory?"
            )
        return json.loads(target.read_text(encoding="utf-8"))


def failed(error: str) -> dict:
    return {"passed": False, "findings": [], "why": "", "mistake": None, "error": error, "printed": ""}


def main(arguments: list[str]) -> None:
    """What the child does: grade, and write the report whole."""
    folder, file, target, seconds = Path(arguments[0]), Path(arguments[1]), Path(arguments[2]), float(arguments[3])
    from groundup.learn.answer import grade_file  # torch comes with it; its time is not the learner's

    def write(report: dict) -> None:
        temporary = target.with_suffix(".part")
        temporary.write_text(json.dumps(report), encoding="utf-8")
        os.replace(temporary, target)

    learner = threading.get_ident()

    def give_up() -> None:
        frame, line = sys._current_frames().get(learner), None
        while frame is not None and line is None:
            line = frame.f_lineno if Path(frame.f_code.co_filename) == file else None
            frame = frame.f_back
        where = f", in line {line}" if line else ""
        write(
            failed(
                f"it was still running after {seconds:g} seconds{where}: a loop there does not end, or the work is far too much"
            )
        )
        os._exit(0)

    clock = threading.Timer(seconds, give_up)
    clock.daemon = True
    clock.start()
    words = io.StringIO()
    with redirect_stdout(words), redirect_stderr(words):
        report = grade_file(Lesson(folder), file)
    clock.cancel()
    text = words.getvalue()
    shown = text if len(text) <= PRINTED else text[:PRINTED] + " ..."
    write(asdict(report) | {"passed": report.passed, "printed": shown})
    os._exit(0)  # threads that the file may have started are not waited for


if __name__ == "__main__":
    main(sys.argv[1:])
