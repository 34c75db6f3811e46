"""Stopping between two steps, not within one."""

import signal
import threading
from types import FrameType


class Interrupted(Exception):
    """Training was stopped by a signal, after its state was saved."""

    def __init__(self, signum: int):
        self.signum = signum
        super().__init__(signal.Signals(signum).name)


class Signals:
    """While the block runs, the first SIGINT or SIGTERM is noted in `caught`, so that the step in hand can end; a second acts."""

    def __init__(self):
        self.caught: int | None = None
        self.before: dict[int, object] = {}

    def __enter__(self) -> "Signals":
        if threading.current_thread() is threading.main_thread():
            for signum in (signal.SIGINT, signal.SIGTERM):
                self.before[signum] = signal.signal(signum, self.note)
        return self

    def note(self, signum: int, frame: FrameType | None) -> None:
        self.caught = signum
        self.restore()

    def restore(self) -> None:
        for signum, handler in self.before.items():
            signal.signal(signum, handler)

    def __exit__(self, *exception: object) -> None:
        self.restore()
