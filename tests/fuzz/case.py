"""One case of the fuzz: a valid set is written, damaged and read, and what comes out is held against what is known of it."""

import contextlib
import gc
import io
import os
import random
import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from groundup.errors import UserError

LIMIT = 10.0  # seconds that a set of a few items may take to be read
MOST_MEMORY = 400  # MiB that a case may add to what the process needed before
LONGEST = 2000  # characters of a message

Known = dict[Hashable, set]  # what an item is recognised by -> what the set may say of it


@dataclass
class Case:
    """A set of a few items in a folder, and what is known of it.

    `contents` are the files that are an item's content, such as pictures, and the item's key; `texts` are the files that say
    what the items are; `packed` are those that carry a checksum, so that no changed byte of them may come out at all.
    `loose` are the keys of items whose own content was damaged: they may come out unrecognisable, but with their label.
    `naive` reads the texts in the simplest way that can be; a damage that `restates` what the set says has it called.
    """

    folder: Path
    chance: random.Random
    known: Known = field(default_factory=dict)
    contents: dict[Path, Hashable] = field(default_factory=dict)
    texts: list[Path] = field(default_factory=list)
    packed: list[Path] = field(default_factory=list)
    loose: set = field(default_factory=set)
    naive: Callable[["Case"], Known] | None = None
    restated: bool = False
    choice: str = ""  # which of a format's layouts this set is in
    notes: dict = field(default_factory=dict)
    refusals: list[UserError] = field(default_factory=list)

    def each(self, dataset) -> Iterator[dict]:
        """The items of a data set, without those that are refused."""
        for index in range(len(dataset)):
            try:
                yield dataset[index]
            except UserError as error:
                self.refusals.append(error)

    def pick(self, paths) -> Path | None:
        """One of the files that are there still."""
        there = sorted(path for path in paths if path.is_file() and not path.is_symlink())
        return self.chance.choice(there) if there else None


Damage = Callable[[Case], str | None]  # says what it did, or None where it does not apply


class Format(NamedTuple):
    """A kind of set: how it is written, how it is read (as pairs of an item's key and what is said of it), and its damages."""

    name: str
    write: Callable[[Case], None]
    read: Callable[[Case], Iterator[tuple[Hashable, object]]]
    damages: tuple[Damage, ...]


class Verdict(NamedTuple):
    """What came of a case. `wrong` is empty where all is well."""

    format: str
    damage: str
    items: int
    refused: bool
    wrong: str


class Hang(BaseException):
    """The time for a case is over. Not an Exception, so that no reader takes it for damage."""


def run_case(form: Format, seed: object) -> Verdict:
    """Write, damage and read one set, in a temporary folder of its own."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        surroundings = Path(os.path.realpath(place))
        for name in ("set", "outside", "here", "temporary"):
            (surroundings / name).mkdir()
        (surroundings / "outside" / "secret.txt").write_text("not a byte of this is for anybody\n")
        chance = random.Random(f"{form.name}/{seed}")
        case = Case(surroundings / "set", chance)
        form.write(case)
        done = damaged(case, form.damages)
        if case.restated and case.naive is not None:
            with contextlib.suppress(Exception):  # what it cannot read has to be refused, or to be as it was
                case.known = case.naive(case)
        return judged(form, case, surroundings, done)


def damaged(case: Case, damages: tuple[Damage, ...]) -> str:
    """Do one damage to a set, now and then two; what they were."""
    done: list[str] = []
    while len(done) < 1 + (case.chance.random() < 0.15):
        damage = case.chance.choice(damages)
        try:
            said = damage(case)
        except (OSError, SyntaxError):  # it looks into a file that another damage has befallen
            said = None
        if said is not None:
            done.append(f"{damage.__name__} ({said})" if said else damage.__name__)
    return ", then ".join(done)


def judged(form: Format, case: Case, surroundings: Path, done: str) -> Verdict:
    """Read the set as it is now, and say what is wrong about what comes out."""
    before, memory = snapshot(surroundings), peak(anew=True)
    out, err = io.StringIO(), io.StringIO()
    seen: list[tuple[Hashable, object]] = []
    wrong = []
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        warnings.simplefilter("always")
        try:
            with time_limit(LIMIT), working_in(surroundings), libraries_silent():
                for pair in form.read(case):
                    seen.append(pair)
        except UserError as error:
            case.refusals.append(error)
        except Hang:
            wrong.append(f"hangs for more than {LIMIT:g} seconds")
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error} ({origin(error)})")
        gc.collect(1)  # a file that was left open is warned of
    wrong += [f"warns: {found.category.__name__}: {found.message}" for found in warned]
    wrong += [f"writes to stdout: {out.getvalue()[:80]!r}"] if out.getvalue() else []
    wrong += [f"tells more than a line a repair: {err.getvalue()[:200]!r}"] if len(err.getvalue()) > LONGEST else []
    wrong += [fault for error in case.refusals for fault in faults_of(str(error), surroundings / "set")]
    wrong += [fault for key, stated in seen for fault in faults_of_item(case, key, stated)]
    if (after := snapshot(surroundings)) != before:
        changed = sorted(str(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        wrong.append(f"files changed by reading: {', '.join(changed)}")
    if peak() - memory > MOST_MEMORY:
        wrong.append(f"takes {peak() - memory:.0f} MiB of memory")
    return Verdict(form.name, done, len(seen), bool(case.refusals), "; ".join(dict.fromkeys(wrong)))


def faults_of(message: str, folder: Path) -> Iterator[str]:
    """What a refusal lacks: it is one line, and names a file or the folder of the set."""
    if len(message.splitlines()) != 1 or "Traceback" in message:
        yield f"refuses in more than one line: {message[:300]!r}"
    if len(message) > LONGEST:
        yield f"refuses at a length of {len(message)}: {message[:200]!r}"
    if not any(name in message for name in (str(folder), *(path.name for path in folder.rglob("*")))):
        yield f"refuses without a file: {message[:300]!r}"


def faults_of_item(case: Case, key: Hashable, stated: object) -> Iterator[str]:
    """What is wrong with an item: another label than its own, or nothing that the set ever held."""
    if key in case.known:
        if stated not in case.known[key]:
            allowed = " or ".join(sorted(shown(value) for value in case.known[key]))
            yield f"item {shown(key)} came out as {shown(stated)}, not {allowed}"
    elif not any(stated in case.known.get(loose, ()) for loose in case.loose):
        yield f"{shown(key)} came out as {shown(stated)}, which the set never held"


def shown(value: object) -> str:
    return text if len(text := repr(value)) <= 160 else f"{text[:150]}... (hash {hash(value) & 0xFFFF:04x})"


def origin(error: BaseException) -> str:
    """The last line of groundup's in a traceback."""
    found, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        found = f"{name.rpartition('/groundup/')[2]}, line {trace.tb_lineno}" if "/groundup/" in name else found
        trace = trace.tb_next
    return found


def snapshot(place: Path) -> dict[Path, object]:
    """Everything that lies in a folder, with its bytes and when it was changed."""
    found: dict[Path, object] = {}
    for path in place.rglob("*"):
        status = path.lstat()
        plain = path.is_file() and not path.is_symlink()
        found[path.relative_to(place)] = (status.st_mode, status.st_size, plain and (status.st_mtime_ns, path.read_bytes()))
    return found


def peak(anew: bool = False) -> float:
    """The most memory that the process had, in MiB: ever, or on Linux since this was last begun `anew`."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if anew:
        with contextlib.suppress(OSError):  # some containers do not let it be reset
            Path("/proc/self/clear_refs").write_text("5")
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 2**10 for line in status if line.startswith("VmHWM"))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    def over(number, frame):
        raise Hang

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def working_in(surroundings: Path) -> Iterator[None]:
    """With the working folder and the folder for temporary files in the surroundings, where what is written is noticed."""
    before, kept = os.getcwd(), tempfile.tempdir
    os.chdir(surroundings / "here")
    tempfile.tempdir = str(surroundings / "temporary")
    try:
        yield
    finally:
        os.chdir(before)
        tempfile.tempdir = kept


@contextlib.contextmanager
def libraries_silent() -> Iterator[None]:
    """Without what libraries in C, such as the one for JPEGs, write about damage past Python."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def undamaged(form: Format, seed: object) -> str:
    """What is wrong with a set without any damage: it has to be read whole. Empty where all is well."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        case = Case(Path(os.path.realpath(place)) / "set", random.Random(f"{form.name}/{seed}"))
        case.folder.mkdir()
        form.write(case)
        with contextlib.redirect_stderr(io.StringIO()):
            seen = list(form.read(case))
        faults = [fault for key, stated in seen for fault in faults_of_item(case, key, stated)]
        faults += [f"refused: {error}" for error in case.refusals]
        faults += [
            f"item {shown(key)} does not come out" for key in case.known.keys() - {key for key, _ in seen} if case.known[key]
        ]
        if case.naive is not None and case.naive(case) != case.known:
            faults.append(f"read naively it says {case.naive(case)}, not {case.known}")
        return "; ".join(faults)
