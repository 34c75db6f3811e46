"""Build the site: every lesson run and shown, models and results from what was measured, the parts by their docstrings.

    python docs/build.py [--language en zh_CN] [--no-run] [--update]

The pages lie in docs/_build/en and docs/_build/zh_CN and are read from there without a network. A warning is an error, and so
is a paragraph of a translated part whose translation is missing or belongs to an older wording. `--no-run` shows lessons
without running them; `--update` brings the catalogues in docs/locale to the present wording, what is to be translated empty.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from groundup.cli.contents import KINDS
from groundup.learn.path import all_lessons
from groundup.models.card import read_cards
from groundup.recipes.catalog import measured

DOCS = Path(__file__).parent
REPOSITORY = DOCS.parent
SOURCE = DOCS / "_build" / "source"
TEMPLATES = DOCS / "_build" / "gettext"
LOCALE = DOCS / "locale"
DOWNLOADS = {  # what the gallery writes on every page
    "Download Jupyter notebook: ": "下载 Jupyter 笔记本：",
    "Download Python source code: ": "下载 Python 源代码：",
    "Download zipped: ": "下载压缩包：",
}
OPENINGS = tuple(f"lessons/{part}/index" for part in sorted({lesson.part for lesson in all_lessons()}))
TRANSLATED = {"zh_CN": ("index", "learn", "setup", *OPENINGS, "lessons/02_autograd", "lessons/04_nn")}  # pages, and whole parts
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
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    lay_out()
    for language in arguments.language:  # the first runs the lessons, the others show what it left
        sphinx("html", language, DOCS / "_build" / language, run=not arguments.no_run)
        shutil.rmtree(DOCS / "_build" / language / "_sources", ignore_errors=True)
        print(f"the site is at {DOCS / '_build' / language / 'index.html'}")
    sphinx("gettext", "en", TEMPLATES, run=not arguments.no_run)
    for language, parts in TRANSLATED.items():
        if language in arguments.language:
            if arguments.update:
                update(language, parts)
            check_translation(language, parts)


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


def sphinx(builder: str, language: str, target: Path, run: bool) -> None:
    environment = os.environ | {
        "GROUNDUP_DOCS_LANGUAGE": language,
        "GROUNDUP_DOCS_RUN": str(int(run)),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(REPOSITORY),
    }
    trees = DOCS / "_build" / "doctrees" / f"{builder}_{language}"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", builder, "-d", str(trees)]
    status = subprocess.run([*command, str(SOURCE), str(target)], env=environment).returncode
    if status:
        raise SystemExit(status)


def catalogues(language: str, parts: tuple[str, ...]) -> dict[Path, Path]:
    """Each template of the translated pages and parts, and the catalogue that belongs to it."""
    templates = {path for part in parts for path in (*(TEMPLATES / part).glob("*.pot"), TEMPLATES / f"{part}.pot")}
    place = LOCALE / language / "LC_MESSAGES"
    return {path: (place / path.relative_to(TEMPLATES)).with_suffix(".po") for path in sorted(templates) if path.is_file()}


def read(path: Path) -> Catalog:
    with open(path, "rb") as file:
        return read_po(file)


def check_translation(language: str, parts: tuple[str, ...]) -> None:
    """Exits where a paragraph has no translation, or the catalogue holds one of a wording that there is no more."""
    faults = []
    for template, catalogue in catalogues(language, parts).items():
        wanted = {message.id for message in read(template) if message.id}
        held = {message.id: message for message in read(catalogue) if message.id} if catalogue.is_file() else {}
        missing = [text for text in wanted if text not in held or not held[text].string or held[text].fuzzy]
        faults += [f"{catalogue}: no translation of {text[:90]!r}" for text in sorted(missing)]
        faults += [f"{catalogue}: {text[:90]!r} is translated, and is nowhere" for text in sorted(held.keys() - wanted)]
    if faults:
        raise SystemExit("\n".join([*faults, f"python docs/build.py --update, then translate ({language})"]))


def update(language: str, parts: tuple[str, ...]) -> None:
    """Bring the catalogues to the present wording: what is new is empty, what is gone is dropped."""
    for template, catalogue in catalogues(language, parts).items():
        old = {message.id: message.string for message in read(catalogue)} if catalogue.is_file() else {}
        new = Catalog(locale=language)
        for message in read(template):
            if message.id:
                new.add(message.id, old.get(message.id) or standard(message.id))
        catalogue.parent.mkdir(parents=True, exist_ok=True)
        with open(catalogue, "wb") as file:
            write_po(file, new, width=0, omit_header=True, no_location=True)


def standard(text: str) -> str:
    """The translation of what the gallery writes on every page, and of what needs none; "" for all else."""
    for start, words in DOWNLOADS.items():
        if text.startswith(f":download:`{start}"):
            return text.replace(start, words)
    if text.startswith(":ref:`Go to the end"):
        return text.replace("Go to the end", "到页面末尾").replace(" to download the full example code.", " 下载完整的示例代码。")
    return text if text.startswith(":doc:") else ""


if __name__ == "__main__":
    main()
