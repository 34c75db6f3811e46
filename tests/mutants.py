"""Are the tests any good? Two hundred one-line faults in the parts, of which each should make a test fail.

    python -m tests.mutants              run the committed list, tests/mutants.json
    python -m tests.mutants --draw       draw a new list (seed 0) and write it; verdicts are then to be found anew

A fault is one changed operator, constant, condition, argument or reduction. It is applied in memory, as the file is
imported: the checkout is never touched. First the tests that belong to the file run, then, if none fails, all that are
quick. A survivor counts against the tests unless the list says, under "equivalent", why no input can tell it apart.
"""

import argparse
import ast
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from multiprocessing.pool import ThreadPool
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".json")
FOLDERS = {"ops": 90, "layers": 45, "losses": 30, "optim": 25, "autograd": 10}  # how many faults are drawn in each
LONGEST = (180, 1200)  # seconds for the tests of one file, and for all: a fault that hangs them is noticed too
WHOLE = ("ops", "layers", "losses", "optim", "autograd", "models", "parity", "cases", "generation", "tasks")

SWAPS = {
    **{ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*")},
    **{ast.Mod: ("%", "//"), ast.Pow: ("**", "*"), ast.MatMult: ("@", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&")},
    **{ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!=")},
    **{
        ast.NotEq: ("!=", "=="),
        ast.And: ("and", "or"),
        ast.Or: ("or", "and"),
        ast.Is: ("is", "is not"),
        ast.IsNot: ("is not", "is"),
    },
}
NAMES = {"sum": "mean", "mean": "sum", "amax": "amin", "max": "min", "min": "max", "exp": "expm1", "sqrt": "square"}
NAMES |= {"rsqrt": "sqrt", "square": "abs", "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "tril": "triu"}
NAMES |= {"zip": "enumerate", "flatten": "ravel", "detach": "clone", "all": "any", "any": "all", "floor": "ceil"}


def edits(source: str) -> Iterator[tuple[int, int, int, str]]:
    """Every fault that could be put in: (line, first column, end column, what stands there instead)."""
    tree = ast.parse(source)
    lines = source.splitlines()
    passed_over = {id(inner) for node in ast.walk(tree) for inner in untouched(node)}
    for node in ast.walk(tree):
        if id(node) in passed_over:
            continue
        for place in edits_of(node, lines):
            if place is not None:
                yield place


def untouched(node: ast.AST) -> Iterator[ast.AST]:
    """What a fault would not change the work of: docstrings, annotations, what errors say."""
    if isinstance(node, ast.Raise):
        yield from ast.walk(node)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.FunctionDef):
        for argument in (*node.args.args, *node.args.kwonlyargs):
            yield from ast.walk(argument.annotation) if argument.annotation else ()
        yield from ast.walk(node.returns) if node.returns else ()
    if isinstance(node, ast.AnnAssign):
        yield from ast.walk(node.annotation)
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        yield from ast.walk(node)


def edits_of(node: ast.AST, lines: list[str]) -> Iterator[tuple[int, int, int, str] | None]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SWAPS:
            yield between(left, right, *SWAPS[type(op)], lines)
        case ast.AugAssign(target=left, op=op, value=right) if type(op) in SWAPS:
            yield between(left, right, *SWAPS[type(op)], lines)
        case ast.Compare(left=left, ops=[op, *_], comparators=[right, *_]) if type(op) in SWAPS:
            yield between(left, right, *SWAPS[type(op)], lines)
        case ast.BoolOp(op=op, values=[left, right, *_]):
            yield between(left, right, *SWAPS[type(op)], lines)
        case ast.Constant(value=bool(value)):
            yield whole(node, str(not value))
        case ast.Constant(value=int(value)):
            yield whole(node, str(value + 1))
            yield whole(node, str(value - 1)) if value > 1 else None
        case ast.Constant(value=float(value)):
            yield whole(node, repr(value * 2 if value else 1.0))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand) if node.lineno == operand.end_lineno:
            yield whole(node, lines[operand.lineno - 1][operand.col_offset : operand.end_col_offset])
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if test.lineno == test.end_lineno:
            yield whole(test, f"(not ({lines[test.lineno - 1][test.col_offset : test.end_col_offset]}))")
        case ast.Call(func=ast.Attribute(attr=name) as func) if name in NAMES and func.lineno == func.end_lineno:
            yield func.lineno, func.end_col_offset - len(name), func.end_col_offset, NAMES[name]
        case ast.Call(args=[first, second, *_]) if first.lineno == second.end_lineno:
            line = lines[first.lineno - 1]
            a, b = (line[part.col_offset : part.end_col_offset] for part in (first, second))
            gap = line[first.end_col_offset : second.col_offset]
            yield (first.lineno, first.col_offset, second.end_col_offset, b + gap + a) if a != b else None


def whole(node: ast.expr, text: str) -> tuple[int, int, int, str] | None:
    return (node.lineno, node.col_offset, node.end_col_offset, text) if node.lineno == node.end_lineno else None


def between(left: ast.expr, right: ast.expr, old: str, new: str, lines: list[str]) -> tuple[int, int, int, str] | None:
    """The operator between two operands that stand on one line."""
    if left.end_lineno != right.lineno:
        return None
    start = lines[right.lineno - 1].find(old, left.end_col_offset, right.col_offset)
    return (right.lineno, start, start + len(old), new) if start >= 0 else None


def draw(seed: int) -> list[dict]:
    """As many faults of each folder as `FOLDERS` says, evenly over the files' possible ones."""
    chooser = random.Random(seed)
    faults = []
    for folder, count in FOLDERS.items():
        pool = []
        for path in sorted((CHECKOUT / "groundup" / folder).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            lines = source.splitlines()
            for number, start, end, text in edits(source):
                before = lines[number - 1]
                after = before[:start] + text + before[end:]
                nth = lines[: number - 1].count(before)
                fault = dict(file=path.relative_to(CHECKOUT).as_posix(), before=before, after=after, nth=nth)
                if compiles(replaced(source, fault)):
                    pool.append(fault)
        faults += chooser.sample(pool, count)
    return faults


def compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def replaced(source: str, fault: dict) -> str:
    """The source with the fault in it. Raises: ValueError where its line is no longer there."""
    lines = source.splitlines(keepends=True)
    places = [i for i, line in enumerate(lines) if line.rstrip("\n") == fault["before"]]
    if len(places) <= fault["nth"]:
        raise ValueError(f"{fault['file']} no longer holds: {fault['before'].strip()}")
    lines[places[fault["nth"]]] = fault["after"] + "\n"
    return "".join(lines)


def tests_of(file: str) -> list[str]:
    """The tests that import the file, or what in the package imports it."""
    modules = {dotted(file)}
    modules |= {dotted(path.relative_to(CHECKOUT).as_posix()) for path in importers(modules, "groundup")}
    return [str(path) for path in importers(modules, "tests")]


def dotted(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def importers(modules: set[str], folder: str) -> list[Path]:
    """The files of a folder that import from one of these modules, tests alone of the tests."""
    paths = sorted((CHECKOUT / folder).rglob("test_*.py" if folder == "tests" else "*.py"))
    return [path for path in paths if any(f"from {name} import" in path.read_text(encoding="utf-8") for name in modules)]


def try_tests(fault: dict, pipe) -> None:
    """Send, for the tests of the file and then for all, whether one fails with the fault in place; in a child process."""
    target = str(CHECKOUT / fault["file"])
    source = replaced(Path(target).read_text(encoding="utf-8"), fault)
    plain = SourceFileLoader.get_code

    def get_code(self, name):
        return compile(source, target, "exec") if os.path.realpath(self.path) == target else plain(self, name)

    SourceFileLoader.get_code = get_code
    import pytest

    os.chdir(CHECKOUT)
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    for paths in (tests_of(fault["file"]), [f"tests/{name}" for name in WHOLE]):
        found = bool(paths) and pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *paths]) != 0
        pipe.send(found)
        for name in [name for name in sys.modules if name.startswith(("groundup", "tests"))]:
            del sys.modules[name]


def judge(fault: dict, quick: bool) -> tuple[bool, float]:
    """Whether a test fails with the fault in place (or hangs, or breaks down), and after how many seconds."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=try_tests, args=(fault, sender))
    start = time.monotonic()
    child.start()
    sender.close()
    try:
        found = any(not receiver.poll(limit) or receiver.recv() for limit in LONGEST[: 1 if quick else 2])
    except EOFError:
        found = True
    child.kill()
    child.join()
    return found, time.monotonic() - start


def passes() -> bool:
    """Whether all tests pass without a fault."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", *(f"tests/{name}" for name in WHOLE)]
    return subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draw", action="store_true", help="draw a new list")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="only faults whose file's path contains this")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true", help="run only the tests that import the faulty file")
    parser.add_argument("--numbers", type=int, nargs="*", help="only the faults of these numbers")
    arguments = parser.parse_args()
    if arguments.draw:
        LIST.write_text(json.dumps(draw(arguments.seed), indent=1) + "\n", encoding="utf-8")
        return 0
    faults = list(enumerate(json.loads(LIST.read_text(encoding="utf-8")), 1))
    faults = [(n, f) for n, f in faults if (arguments.only or "") in f["file"] and n in (arguments.numbers or [n])]
    preload()
    if not arguments.quick and not passes():
        print("the tests fail as things stand, without a fault")
        return 2
    survivors, tally, noticed = [], Counter(), Counter()
    with ThreadPool(arguments.workers) as pool:
        for (number, fault), (found, seconds) in pool.imap_unordered(lambda f: (f, judge(f[1], arguments.quick)), faults):
            folder = fault["file"].split("/")[1]
            tally[folder] += 1
            noticed[folder] += found or "equivalent" in fault
            if not found:
                survivors.append(fault)
            verdict = "noticed" if found else "equivalent" if "equivalent" in fault else "SURVIVES"
            print(f"{number:4} {verdict:<10} {seconds:6.1f} s  {fault['file']}: {fault['before'].strip()}", flush=True)
            if not found:
                print(f"{'':26} -> {fault['after'].strip()}", flush=True)
    for folder, count in tally.items():
        print(f"{folder:<9} {noticed[folder]} of {count} noticed")
    total, kept = sum(tally.values()), sum(noticed.values())
    print(f"all       {kept} of {total} noticed or equivalent; survivors, those included: {len(survivors)}")
    return 0 if kept >= 0.95 * total else 1


def preload() -> None:
    """What every child needs and no fault touches, imported once before they fork."""
    os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    sys.dont_write_bytecode = True
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401
    import sklearn.datasets  # noqa: F401
    import torch
    import torchvision  # noqa: F401
    import transformers  # noqa: F401

    torch.set_num_threads(1)


if __name__ == "__main__":
    raise SystemExit(main())
