"""What is written while a run trains: metrics.jsonl, TensorBoard, and the bar or the lines that a person watches."""

import json
import math
import sys
import time
import warnings
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor, nn
from tqdm import tqdm

from groundup.engine.checkpoint import write_atomic

BOARD_SECONDS = 0.5  # between two rows of TensorBoard, whose writer is slow; metrics.jsonl gets every row


class NotFinite(Exception):
    """The loss became NaN or infinite at `step`."""

    def __init__(self, step: int, name: str):
        self.step, self.name = step, name
        super().__init__(f"{name} at step {step}")


class Journal:
    """Keeps each step's logs as tensors, unread, until they are due: reading a number makes the device wait."""

    def __init__(self, folder: Path, *, step: int, total: int, accumulate_steps: int, items_per_step: int, quiet: bool = False):
        from torch.utils.tensorboard import SummaryWriter

        self.path = folder / "metrics.jsonl"
        cut(self.path, step)
        self.file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115
        self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1 if step else None)
        self.first, self.total, self.accumulate_steps, self.items_per_step = step, total, accumulate_steps, items_per_step
        self.bar = Bar(step, total, quiet=quiet)
        self.pending: list[dict[str, Tensor]] = []
        self.read: list[dict[str, float]] = []  # of steps whose numbers were read before they were due
        self.last_step, self.last_time, self.last_board = step, time.monotonic(), 0.0

    def note(self, logs: dict[str, Tensor]) -> None:
        self.pending.append(logs)

    def collect(self, step: int) -> list[dict[str, float]]:
        """Read all numbers since the last log.

        Raises: NotFinite for the first step whose numbers are not finite.
        """
        if self.pending:
            names = {name: None for logs in self.pending for name in logs}
            columns = {name: [logs.get(name) for logs in self.pending] for name in names}
            values = {
                name: iter(torch.stack([v for v in column if v is not None]).double().tolist())
                for name, column in columns.items()
            }
            first = step - (len(self.pending) - 1) // self.accumulate_steps
            for position, logs in enumerate(self.pending):
                row = {name: next(values[name]) for name in logs}
                bad = next((name for name, value in row.items() if not math.isfinite(value)), None)
                if bad is not None:
                    self.pending.clear()
                    raise NotFinite(first + position // self.accumulate_steps, bad)
                self.read.append(row)
            self.pending.clear()
        return self.read

    def log(self, step: int, rate: float) -> None:
        """Write the means since the last log."""
        rows = self.collect(step)
        names = {name: None for row in rows for name in row}
        means = {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
        self.read = []
        now = time.monotonic()
        pace = (step - self.last_step) * self.items_per_step / max(now - self.last_time, 1e-9)
        self.last_step, self.last_time = step, now
        self.write({"step": step, **means, "rate": rate, "items_per_second": round(pace, 1)})
        if now - self.last_board >= BOARD_SECONDS or step == self.total:
            self.last_board = now
            for name, value in {**means, "rate": rate, "items_per_second": pace}.items():
                self.board.add_scalar(f"train/{name}", value, step)
        self.bar.show(step, means, pace)

    def evaluation(self, step: int, part: str, values: Mapping[str, float]) -> None:
        """Write what an evaluation found; the time it took is not counted into the pace of training."""
        self.write({"step": step, part: dict(values)})
        for name, value in values.items():
            self.board.add_scalar(f"{part}/{name}", value, step)
        self.bar.scores(step, part, values)
        self.last_step, self.last_time = step, time.monotonic()

    def picture(self, step: int, name: str, picture: Image) -> None:
        self.board.add_image(name, np.asarray(picture.convert("RGB")), step, dataformats="HWC")

    def write(self, row: Mapping) -> None:
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()

    def graph(self, model: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Draw the model's graph in TensorBoard, from a copy, so that neither weights nor random numbers are touched."""
        with warnings.catch_warnings(), torch.random.fork_rng():
            warnings.simplefilter("ignore")
            model = deepcopy(model).eval()
            with torch.no_grad():
                model(*inputs)  # untraced: what a model refuses, it is to say in plain numbers
            try:
                self.board.add_graph(model, inputs)
            except RuntimeError as error:
                self.bar.say(f"TensorBoard gets no graph: this model cannot be traced ({str(error).splitlines()[0]})")

    def state(self, step: int) -> list[dict[str, float]]:
        return list(self.collect(step))

    def load_state(self, state: list[dict[str, float]]) -> None:
        self.read = list(state)

    def close(self) -> None:
        self.bar.close()
        self.board.close()
        self.file.close()


def cut(path: Path, step: int) -> None:
    """Drop the lines of a metrics.jsonl that a killed process wrote after this step, and a line that it did not finish."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (json.JSONDecodeError, KeyError, TypeError):
            break
    write_atomic(path, "".join(kept).encode())


class Bar:
    """A progress bar on a terminal; elsewhere a line every two seconds and for every evaluation."""

    TIME_LEFT_AFTER = 20  # steps; before, any estimate is a guess
    SECONDS_BETWEEN_LINES = 2.0

    def __init__(self, step: int, total: int, *, quiet: bool):
        self.first, self.total, self.quiet = step, total, quiet
        self.start, self.last_line = time.monotonic(), 0.0
        self.values: dict[str, float] = {}
        self.bar = None
        if not quiet and sys.stderr.isatty():
            layout = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {postfix}"
            self.bar = tqdm(total=total, initial=step, bar_format=layout, desc="training", dynamic_ncols=True)

    def show(self, step: int, means: Mapping[str, float], pace: float) -> None:
        self.values |= means
        words = [f"{name} {value:.4g}" for name, value in self.values.items()] + [f"{pace:,.0f} items/s"]
        if step - self.first >= self.TIME_LEFT_AFTER and step < self.total:
            left = (time.monotonic() - self.start) / (step - self.first) * (self.total - step)
            words.append(f"{left // 60:.0f}:{left % 60:02.0f} left")
        if self.bar is not None:
            self.bar.set_postfix_str("  ".join(words), refresh=False)
            self.bar.update(step - self.bar.n)
        elif not self.quiet and (time.monotonic() - self.last_line > self.SECONDS_BETWEEN_LINES or step == self.total):
            self.last_line = time.monotonic()
            print(f"step {step}/{self.total}  {'  '.join(words)}", file=sys.stderr, flush=True)

    def scores(self, step: int, part: str, values: Mapping[str, float]) -> None:
        first = next((name for name in values if name != "loss"), None)
        self.values |= {first: values[first]} if part == "eval" and first else {}
        if self.bar is None:
            self.say(f"step {step}/{self.total}  {part}: " + "  ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def say(self, line: str) -> None:
        if self.bar is not None:
            self.bar.write(line, file=sys.stderr)
        elif not self.quiet:
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
