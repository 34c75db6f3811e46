"""The design, held by tests: who may import whom, what stands where, what must not be there."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import groundup
from groundup.cases.ledger import all_cases
from groundup.cli.contents import KINDS
from groundup.models.card import read_cards
from groundup.models.catalog import module_of

PACKAGE = Path(groundup.__file__).parent
ORDER = [
    *("autograd", "ops", "parity", "layers", "losses", "optim", "models", "weights", "data", "metrics", "generation", "peft"),
    *("tasks", "engine", "recipes", "cases", "explain", "deploy", "learn", "studio", "cli"),
]
WRITTEN = PACKAGE / "cli" / "project"  # what `groundup new project` writes: plain PyTorch, no part of the package
FILES = sorted(path for path in PACKAGE.rglob("*.py") if WRITTEN not in path.parents)


def shown(path):
    return str(path.relative_to(PACKAGE))


def imports(path):
    """Every dotted name that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_a_folder_imports_only_from_folders_below_it(path):
    parts = path.relative_to(PACKAGE).parts
    if len(parts) == 1:
        return
    for name in imports(path):
        if name.startswith("groundup.") and name.split(".")[1] in ORDER:
            target = name.split(".")[1]
            if name.startswith("groundup.weights.rules."):
                continue
            assert ORDER.index(target) <= ORDER.index(parts[0]), f"{shown(path)} imports {name}, which stands above it"


def test_the_rules_of_weights_stand_below_all_since_models_are_written_with_them():
    assert not [name for name in imports(PACKAGE / "weights" / "rules.py") if name.startswith("groundup")]


def test_every_folder_has_its_place():
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} <= set(ORDER)


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "__init__.py"], ids=shown)
def test_an_init_holds_a_docstring_and_nothing_else(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert isinstance(body[0], ast.Expr)
    assert body[1:] == [] or (path.parent == PACKAGE and len(body) == 2 and body[1].targets[0].id == "__version__")


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_every_file_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("size", [size for card in read_cards() for size in card.sizes])
def test_every_size_of_every_card_can_be_called(size):
    assert callable(getattr(module_of(size), size))


@pytest.mark.parametrize("card", read_cards(), ids=lambda card: card.title)
def test_every_model_has_a_case_and_weights(card):
    assert any(size in all_cases() for size in card.sizes), f"no case proves a size of {card.title}"
    assert isinstance(module_of(next(iter(card.sizes))).WEIGHTS, dict)
    assert card.family == card.module.split(".")[2]


PARTS = [row for kind in ("ops", "layers", "losses", "optimizers", "schedules") for row in KINDS[kind]()]


@pytest.mark.parametrize("row", PARTS, ids=lambda row: row["name"])
def test_every_part_that_list_names_is_proven_by_a_case_of_its_name(row):
    if not row["name"].endswith("_step"):  # an update of an optimiser, which the optimiser's case proves
        assert row["name"] in all_cases()
    assert row["summary"], "its docstring says nothing"


def test_no_two_parts_share_a_name():
    names = [row["name"] for row in PARTS]
    assert len(names) == len(set(names))


SHORT = ("autograd", "ops", "parity", "layers", "losses", "optim")


@pytest.mark.parametrize("path", [path for folder in SHORT for path in sorted((PACKAGE / folder).rglob("*.py"))], ids=shown)
def test_a_file_of_parts_is_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("path", [path for folder in ("engine", "cli") for path in (PACKAGE / folder).rglob("*.py")], ids=shown)
def test_engine_and_command_line_know_no_model_and_no_task_by_name(path):
    known = re.compile(r"groundup\.(models\.(?!card|catalog)|recipes\.(?!catalog)|tasks\.(?!task|step|evaluation|drawing))")
    allowed = {("cli", "new.py")}  # which writes files that name them
    if path.relative_to(PACKAGE).parts not in allowed:
        assert not [name for name in imports(path) if known.match(name + ".")]


UNSAFE = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_nothing_unsafe_is_called(path):
    pickles_allowed = shown(path) in ("weights/foreign.py", "data/cifar.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in UNSAFE, f"line {node.lineno} calls {called}"
        assert called not in ("os.system", "os.popen"), f"line {node.lineno} calls {called}"
        assert not called.endswith(".extractall"), f"line {node.lineno} extracts unfiltered"
        assert not any(keyword.arg == "shell" for keyword in node.keywords), f"line {node.lineno} runs a shell"
        if not pickles_allowed:
            assert called not in ("torch.load", "torch.save") and "pickle" not in called, f"line {node.lineno} calls {called}"
    if not pickles_allowed:
        assert not any(
            name.split(".")[0] in ("pickle", "cPickle", "dill", "joblib", "shelve", "marshal") for name in imports(path)
        )


def test_no_pickle_is_written_by_a_run(tmp_path):
    """No file of a run begins as a pickle or a zip of pickles does."""
    from dataclasses import replace

    from groundup.engine.run import Run
    from groundup.engine.trainer import Trainer
    from groundup.recipes.classification.lenet import lenet5_digits

    plan = replace(lenet5_digits(), run=replace(lenet5_digits().run, epochs=None, steps=2, ema_decay=0.9))
    run = Run(tmp_path)
    run.begin(plan)
    Trainer(plan, run, quiet=True).fit()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert path.read_bytes()[:2] not in (b"\x80\x02", b"\x80\x04", b"\x80\x05", b"PK"), path
            assert path.suffix in (".json", ".jsonl", ".safetensors", ".png", ".html", "") or "tfevents" in path.name, path


def test_modules_import_without_a_network_or_a_display():
    for path in FILES:
        if path.stem != "__init__":
            importlib.import_module(".".join(("groundup", *path.relative_to(PACKAGE).with_suffix("").parts)))
