"""The kill test: runs killed with SIGKILL at random instants end in the very weights of the run that was never killed.

    python -m tests.kills --count 40

Most runs are forked from a parent that has imported everything and computed nothing, so that the kill falls into the
training; a few are whole processes, so that it may fall into the imports. After every kill the run is resumed, killed once
more with some probability, and at last left to its end. Compared are the hash of all weights, the metrics, and the names of
all files. `--disk-full` lets every single write fail once instead, half-way through its data.
"""

import argparse
import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image

os.environ["OMP_NUM_THREADS"] = "1"

HERE = Path(__file__).parent
RECIPES = HERE / "kill_recipes.py"
NAMES = ("lenet", "dcgan", "gpt", "folder", "lenet_bfloat16", "dcgan_bfloat16", "gpt_bfloat16")
PHASES = ("import", "start", "step", "evaluate", "save", "finish")
COLD = 6  # of 40 runs are whole processes


def write_texts(folder: Path) -> None:
    """A few small files of words for the GPT to learn."""
    folder.mkdir()
    words = ("tide", "moon", "of", "the", "and", "a", "to", "is", "water", "that", "it", "rises", "for", "on", "as", "one")
    source = random.Random(0)
    for number in range(40):
        text = ". ".join(" ".join(source.choices(words, k=9)) for _ in range(8))
        (folder / f"{number:02d}.txt").write_text(text)


def write_pictures(folder: Path) -> None:
    """A few small JPEGs of noise in two classes for the LeNet to learn."""
    source = random.Random(0)
    for number in range(60):
        path = folder / ("dark", "light")[number % 2] / f"{number:02d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = bytes(source.randrange(128) + 127 * (number % 2) for _ in range(6 * 6 * 3))
        Image.frombytes("RGB", (6, 6), noise).resize((48, 40)).save(path)


class Phase:
    """One byte shared with the child: in what it is just now."""

    def __init__(self):
        self.byte = mmap.mmap(-1, 1)

    def set(self, name: str) -> None:
        self.byte[0] = PHASES.index(name)

    def get(self) -> str:
        return PHASES[self.byte[0]]


def watch(phase: Phase) -> None:
    """Let the trainer tell its phase."""
    from groundup.engine.trainer import Trainer

    def told(method, during, after):
        def wrapped(self, *args):
            phase.set(during)
            try:
                return method(self, *args)
            finally:
                phase.set(after)

        return wrapped

    Trainer.save = told(Trainer.save, "save", "step")
    Trainer.evaluate = told(Trainer.evaluate, "evaluate", "step")
    Trainer.fit = told(Trainer.fit, "step", "finish")
    Trainer.finish = told(Trainer.finish, "finish", "finish")


def train(name: str, folder: Path) -> int:
    """What `groundup train kill_recipes.py:NAME --out FOLDER --resume` does, without the command line."""
    from groundup.cli.train import run_training
    from groundup.errors import UserError
    from groundup.recipes.catalog import load_recipe

    recipe, code = load_recipe(f"{RECIPES}:{name}")
    try:
        return run_training(recipe, folder, code, name, True)
    except UserError as error:
        print(error)
        return 2


def forked(name: str, folder: Path, phase: Phase, prepare=lambda: None) -> int:
    """Start the training in a child of this process; gives its number."""
    pid = os.fork()
    if pid:
        return pid
    status = 3
    try:
        log = os.open(folder.parent / f"{folder.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        phase.set("start")
        watch(phase)
        prepare()
        status = train(name, folder)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
    finally:
        os._exit(status)


def cold(name: str, folder: Path) -> int:
    """The same in a process of its own, from its very first import."""
    command = [sys.executable, "-m", "groundup.cli.main", "train", f"{RECIPES}:{name}", "--out", str(folder), "--resume"]
    with open(folder.parent / f"{folder.name}.log", "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log).pid


def wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_after(pid: int, seconds: float, begun=lambda: True) -> bool:
    """Kill the process so long after it has begun; whether it was still at work."""
    end = None
    while end is None or time.monotonic() < end:
        if end is None and begun():
            end = time.monotonic() + seconds
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done:
            return False
        time.sleep(0.0005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def outcome(folder: Path) -> dict:
    """All that must be the same: weights, averaged weights, optimiser, metrics but for the pace, and the names of files."""
    from groundup.engine.checkpoint import load_checkpoint, pointed, weights_hash

    step = pointed(folder / "checkpoints", "last")
    tensors, _ = load_checkpoint(folder / "checkpoints", step)
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for row in metrics:
        row.pop("items_per_second", None)
    files = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "tensorboard" not in path.parts and path.name != ".lock"
    }
    return {
        "step": step,
        "hashes": {name: weights_hash(group) for name, group in tensors.items()},
        "metrics": metrics,
        "files": files,
    }


def differences(ours: dict, theirs: dict) -> list[str]:
    found = [f"{key}: {ours[key]} instead of {theirs[key]}"[:600] for key in ours if key != "files" and ours[key] != theirs[key]]
    return found + [f"file {name} on one side only" for name in sorted(ours["files"] ^ theirs["files"])]


def in_training(phase: Phase) -> bool:
    return phase.get() not in ("import", "start")


def uninterrupted(names: tuple[str, ...], place: Path) -> tuple[dict[str, dict], dict[str, float]]:
    """What each recipe gives when nothing happens to it, and how long its loop takes."""
    outcomes, seconds = {}, {}
    for name in names:
        pid = forked(name, place / f"whole-{name}", phase := Phase())
        while not in_training(phase) and not (place / f"whole-{name}" / "pictures").exists():
            time.sleep(0.0005)
        start = time.monotonic()
        status = wait(pid)
        seconds[name] = time.monotonic() - start
        assert status == 0, (place / f"whole-{name}.log").read_text()
        outcomes[name] = outcome(place / f"whole-{name}")
    return outcomes, seconds


def kill_runs(count: int, seed: int, place: Path) -> bool:
    """Kill and resume so many runs; prints the histogram of where the kills fell."""
    chance = random.Random(seed)
    expected, seconds = uninterrupted(NAMES, place)
    where, before_save, failed = Counter(), 0, []
    for number in range(count):
        name = NAMES[number % len(NAMES)]
        folder = place / f"run-{number}-{name}"
        is_cold = number * COLD // 40 != (number + 1) * COLD // 40
        kills = 0
        while not kills or (kills < 3 and chance.random() < 0.4):
            phase = Phase()
            if is_cold:
                killed = kill_after(cold(name, folder), chance.uniform(0.02, 4.0))
            elif chance.random() < 0.15:
                killed = kill_after(forked(name, folder, phase), chance.uniform(0.02, 0.5))
            else:
                pid = forked(name, folder, phase)
                killed = kill_after(pid, chance.uniform(0, seconds[name]), lambda phase=phase: in_training(phase))
            if not killed and not kills:  # it came to its end before the instant: begin anew
                shutil.rmtree(folder)
                continue
            if not killed:
                break
            kills += 1
            where[phase.get()] += 1
            before_save += not (folder / "checkpoints" / "last").exists()
        status = wait(forked(name, folder, Phase()))
        wrong = (
            differences(outcome(folder), expected[name]) if status == 0 else [(place / f"{folder.name}.log").read_text()[-800:]]
        )
        if wrong:
            failed.append(f"run {number} ({name}): {'; '.join(wrong)}")
        else:
            shutil.rmtree(folder)
    print(f"{count} runs, {where.total()} kills: " + ", ".join(f"{phase} {where[phase]}" for phase in PHASES))
    print(f"{before_save} of the kills came before the first checkpoint")
    print(*failed, sep="\n")
    print(f"{count - len(failed)} of {count} ended in the weights, metrics and files of the run that was never killed")
    return not failed


class FullDisk:
    """Lets the write with a given number fail half-way, as a full disk does."""

    def __init__(self, failing: int):
        self.count, self.failing = 0, failing

    def install(self) -> None:
        from groundup.engine import checkpoint
        from groundup.engine.journal import Journal

        def write_file(path, data, whole=checkpoint.write_file):
            if self.is_full():
                with open(path, "wb") as file:
                    file.write(data[: len(data) // 2])
                raise OSError(28, "No space left on device")
            whole(path, data)

        def write(journal, row, whole=Journal.write):
            if self.is_full():
                journal.file.write(json.dumps(row)[:7])
                journal.file.flush()
                raise OSError(28, "No space left on device")
            whole(journal, row)

        checkpoint.write_file, Journal.write = write_file, write

    def is_full(self) -> bool:
        self.count += 1
        return self.count - 1 == self.failing


def fill_disks(names: tuple[str, ...], place: Path, every: int = 1) -> bool:
    """Let each write of each run fail once (or every so many); all continue to the same end."""
    expected, _ = uninterrupted(names, place)
    failed, tried = [], 0
    for name in names:
        number = 0
        while True:
            folder = place / f"full-{name}-{number}"
            status = wait(forked(name, folder, Phase(), FullDisk(number).install))
            if status == 0:  # there are fewer writes than this
                break
            log = (place / f"{folder.name}.log").read_text()
            status = wait(forked(name, folder, Phase()))
            wrong = [] if "No space left" in log and "Traceback" not in log else [f"answered with {log[-400:]}"]
            wrong += differences(outcome(folder), expected[name]) if status == 0 else [f"resume exits {status}"]
            if wrong:
                failed.append(f"write {number} of {name}: {'; '.join(wrong)}")
            shutil.rmtree(folder)
            number, tried = number + every, tried + 1
    print(*failed, sep="\n")
    print(
        f"{tried - len(failed)} of {tried} full disks: the last checkpoint stayed whole, and the run ended as if nothing had been"
    )
    return not failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--disk-full", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="with --disk-full: try only every so many writes")
    arguments = parser.parse_args()
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["KILL_TEXTS"] = str(place / "texts")
        write_texts(place / "texts")
        os.environ["KILL_PICTURES"] = str(place / "pictures")
        write_pictures(place / "pictures")
        import groundup.cli.train
        import groundup.engine.trainer
        import groundup.recipes.catalog

        for name in NAMES:  # every module of the recipes, imported once
            groundup.recipes.catalog.load_recipe(f"{RECIPES}:{name}")
        good = fill_disks(NAMES[:3], place, arguments.every) if arguments.disk_full else kill_runs(arguments.count, seed, place)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
