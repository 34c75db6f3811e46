"""The shapes that stand in comments of `forward` are those that a traced forward really has.

A comment such as `# (batch, 6, 14, 14)` at the end of an assignment is checked: the number of dimensions, every number, and
that a word stands for one and the same size wherever it occurs in a call. Words of arithmetic (`height / 2`) are computed.
"""

import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import groundup
from groundup.cases.case import ModuleCase
from groundup.cases.ledger import all_cases
from groundup.parity.compare import leaf

COMMENT = re.compile(r"#\s*\(([^()]*)\)\s*$")
FOLDERS = tuple(str(Path(groundup.__file__).parent / folder) for folder in ("layers", "models"))


class Watch:
    """Follows the forwards of a call line by line, and holds each commented assignment against its comment."""

    def __init__(self):
        self.checked = 0
        self.wrong: list[str] = []
        self.sources: dict[object, dict[int, tuple[str, str]]] = {}

    def comments(self, code) -> dict[int, tuple[str, str]]:
        """Line -> (assigned name, what the comment says), for one function."""
        if code not in self.sources:
            lines, first = inspect.getsourcelines(code)
            tree = ast.parse(textwrap.dedent("".join(lines)))
            found = {}
            for node in ast.walk(tree):
                if not isinstance(node, ast.Assign | ast.Return):
                    continue
                comment = COMMENT.search(lines[node.end_lineno - 1].rstrip())
                if comment:
                    target = node.targets[0] if isinstance(node, ast.Assign) else None
                    name = "return" if target is None else target.id if isinstance(target, ast.Name) else None
                    if name:
                        found[first + node.end_lineno - 1] = (name, comment[1])
            self.sources[code] = found
        return self.sources[code]

    def trace(self, frame, event, argument):
        code = frame.f_code
        if event != "call" or code.co_name != "forward" or not code.co_filename.startswith(FOLDERS):
            return None
        comments, sizes, last = self.comments(code), {}, [None]

        def inside(frame, event, argument):
            if event in ("line", "return") and last[0] in comments:
                name, words = comments[last[0]]
                value = argument if name == "return" else frame.f_locals.get(name)
                if isinstance(value, Tensor) and (name != "return" or event == "return"):
                    self.hold(f"{Path(code.co_filename).name}:{last[0]}", words, tuple(value.shape), sizes)
            last[0] = frame.f_lineno
            return inside

        return inside

    def hold(self, place: str, words: str, shape: tuple[int, ...], sizes: dict[str, int]) -> None:
        self.checked += 1
        parts = [part.strip() for part in words.split(",") if part.strip()]
        if len(parts) != len(shape):
            self.wrong.append(f"{place}: ({words}) has {len(parts)} dimensions, the tensor {shape}")
            return
        for part, size in zip(parts, shape, strict=True):
            if part.isdigit():
                expected = int(part)
            elif re.fullmatch(r"[a-z_ ]+", part):
                expected = sizes.setdefault(part, size)
            else:
                continue  # arithmetic of words is for the reader
            if expected != size:
                self.wrong.append(f"{place}: {part!r} of ({words}) is {expected}, the tensor has {size} in {shape}")


def watch(module: nn.Module, sample) -> Watch:
    seen = Watch()
    args, kwargs = [leaf(value) for value in sample.args], {name: leaf(value) for name, value in sample.kwargs.items()}
    before = sys.gettrace()
    sys.settrace(seen.trace)
    try:
        module(*args, **kwargs)
    finally:
        sys.settrace(before)
    return seen


@pytest.mark.parametrize("name", [name for name, case in all_cases().items() if isinstance(case, ModuleCase)])
def test_shape_comments_are_true(name):
    case = all_cases()[name]
    for sample in case.samples(torch.Generator().manual_seed(0)):
        assert not watch(case.ours().double().eval(), sample).wrong


def test_the_check_sees_lenets_comments_and_would_see_a_wrong_one():
    case = all_cases()["lenet5"]
    sample = next(iter(case.samples(torch.Generator().manual_seed(0))))
    seen = watch(case.ours().double(), sample)
    assert seen.checked >= 4
    seen.hold("here", "batch, 7, 14, 14", (2, 6, 14, 14), {})
    seen.hold("here", "batch, width, width", (2, 6, 14), {})
    seen.hold("here", "batch, width", (2, 6, 14), {})
    assert len(seen.wrong) == 3
