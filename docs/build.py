"""Build the site: every lesson run and shown, models and results from what was measured, the parts by their docstrings.

    python docs/build.py [--language en zh_CN] [--no-run]

The pages lie in docs/_build/en and docs/_build/zh_CN and are read from there without a network. A warning is an error.
`--no-run` shows lessons without running them.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from groundup.cli.contents import KINDS
from groundup.learn.path import all_lessons
from groundup.models.card import read_cards
from groundup.recipes.catalog import measured

DOCS = Path(__file__).parent
REPOSITORY = DOCS.parent
SOURCE = DOCS / "_build" / "source"
PARTS = {  # of the package, each with a page of its own
    "ops": "Ops: pure functions, on several rungs",
    "layers": "Layers",
    "losses": "Losses",
    "optim": "Optimisers and schedules",
    "data": "Data sets and what is done to them",
    "tasks": "Tasks: what a batch means",
    "generation": "Generation: samplers and searches",
    "metrics": "Metrics",
    "autograd": "Two engines of automatic differentiation",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", nargs="+", default=["en", "zh_CN"])
    parser.add_argument("--no-run", action="store_true")
    arguments = parser.parse_args()
    lay_out()
    for language in arguments.language:
        build(language, run=not arguments.no_run)


def lay_out() -> None:
    """Everything that Sphinx reads, in one folder; what did not change keeps its time, so that it is not built anew."""
    SOURCE.mkdir(parents=True, exist_ok=True)
    for file in sorted((DOCS / "site").rglob("*")):
        if file.is_file():
            put(SOURCE / file.relative_to(DOCS / "site"), file.read_bytes())
    for name in ("parity.md", "results.md"):
        put(SOURCE / name, (DOCS / name).read_bytes())
    for file in [*(DOCS / "curves").glob("*.png"), *(DOCS / "pictures").glob("*.png")]:
        put(SOURCE / file.relative_to(DOCS), file.read_bytes())
    if (DOCS / "locale").is_dir():
        for file in (DOCS / "locale").rglob("*.po"):
            put(SOURCE / file.relative_to(DOCS), file.read_bytes())
    for lesson in all_lessons():
        put(SOURCE / "lessons_source" / lesson.part / f"{lesson.folder.name}.py", (lesson.folder / "lesson.py").read_bytes())
        header = lesson.folder.parent / "GALLERY_HEADER.rst"
        put(SOURCE / "lessons_source" / lesson.part / "GALLERY_HEADER.rst", header.read_bytes())
    put(SOURCE / "models.md", model_page().encode())
    for folder, title in PARTS.items():
        put(SOURCE / "api" / f"{folder}.rst", part_page(folder, title).encode())


def put(target: Path, content: bytes) -> None:
    if not target.is_file() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def model_page() -> str:
    """A section for each model: what its paper changed, its sizes, what it was held against, what its recipes reached."""
    import ast

    figures, recipes = measured(), KINDS["recipes"]()
    lines = ["# Models", "", "What each paper changed, in the words of the file that holds the model.", ""]
    for card in sorted(read_cards(), key=lambda card: (card.year, card.title)):
        path = REPOSITORY / (card.module.replace(".", "/") + ".py")
        opening = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        lines += [f"## {card.title} ({card.year})", "", f"*{card.paper}*", "", "```text", opening, "```", ""]
        lines += [f"- `{size}`: {text}" for size, text in card.sizes.items()]
        lines += [f"- held against: {', '.join(card.references)}", f"- file: `{path.relative_to(REPOSITORY)}`"]
        for recipe in recipes:
            name = recipe["name"]
            if name in figures and any(name.startswith(size) for size in card.sizes):
                reached = ", ".join(f"{key} {value['mean']:.4g}" for key, value in list(figures[name]["metrics"].items())[:3])
                lines.append(f"- recipe `{name}` reached {reached}")
        lines.append("")
    return "\n".join(lines)


def part_page(folder: str, title: str) -> str:
    """The public things of a folder of the package, module by module."""
    lines = [title, "=" * len(title), ""]
    for path in sorted((REPOSITORY / "groundup" / folder).rglob("*.py")):
        if path.name != "__init__.py":
            module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
            name = ".".join(path.relative_to(REPOSITORY / "groundup" / folder).with_suffix("").parts)
            lines += [name, "-" * len(name), "", f".. automodule:: {module}", "   :members:", ""]
    return "\n".join(lines)


def build(language: str, run: bool) -> None:
    environment = os.environ | {
        "GROUNDUP_DOCS_LANGUAGE": language,
        "GROUNDUP_DOCS_RUN": str(int(run)),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(REPOSITORY),
    }
    target = DOCS / "_build" / language
    doctrees = DOCS / "_build" / f"doctrees_{language}"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(doctrees)]
    status = subprocess.run([*command, str(SOURCE), str(target)], env=environment).returncode
    if status:
        raise SystemExit(status)
    shutil.rmtree(target / "_sources", ignore_errors=True)
    print(f"the site is at {target / 'index.html'}")


if __name__ == "__main__":
    main()
