"""How the site is made of its source, which docs/build.py lays out; see there."""

import os
import socket
from pathlib import Path

from latex2mathml.converter import convert

HERE = Path(__file__).parent
PARTS = sorted(path.name for path in (HERE / "lessons_source").iterdir() if path.is_dir())

project = "groundup"
author = "the authors of groundup"
copyright = "the authors of groundup, MIT license"
language = os.environ.get("GROUNDUP_DOCS_LANGUAGE", "en")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_gallery.gen_gallery"]
myst_enable_extensions = ["dollarmath"]
exclude_patterns = ["lessons_source", "**/GALLERY_HEADER.rst"]
locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_additional_targets = []
suppress_warnings = ["config.cache", "myst.header"]
html_theme = "furo"
html_title = "groundup"
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True


def offline(gallery_conf: dict, name: str) -> None:
    """Before each lesson: whoever opens a connection is refused."""

    def refuse(self, address):
        if self.family != socket.AF_UNIX:
            raise OSError(f"a lesson may not use the network, and {name} asked for {address}")
        return connect(self, address)

    connect = getattr(socket.socket.connect, "allowed", socket.socket.connect)
    refuse.allowed = connect
    socket.socket.connect = refuse


def seeded(gallery_conf: dict, name: str) -> None:
    """Before each lesson: the seed, the type and the threads that a fresh process would have."""
    import torch

    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(1)


sphinx_gallery_conf = {
    "examples_dirs": [f"lessons_source/{part}" for part in PARTS],
    "gallery_dirs": [f"lessons/{part}" for part in PARTS],
    "filename_pattern": r"\.py",
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("matplotlib", offline, seeded),
    "parallel": int(os.environ.get("GROUNDUP_DOCS_JOBS", "2")),
    "write_computation_times": False,
    "show_memory": False,
    "show_signature": False,
    "plot_gallery": os.environ.get("GROUNDUP_DOCS_RUN", "1") == "1",
    "min_reported_time": 1e9,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
}


def inline_formula(translator, node) -> None:
    translator.body.append(convert(node.astext()))
    raise_skip()


def formula(translator, node) -> None:
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise_skip()


def raise_skip() -> None:
    from docutils import nodes

    raise nodes.SkipNode


def as_it_stands(app, what, name, obj, options, lines: list[str]) -> None:
    """A docstring is shown as it was written: shapes and formulas in it are text, not markup."""
    if lines:
        lines[:] = [".. code-block:: text", "", *(f"    {line}" for line in lines), ""]


def setup(app) -> None:
    app.add_html_math_renderer("mathml", inline_renderers=(inline_formula, None), block_renderers=(formula, None))
    app.connect("autodoc-process-docstring", as_it_stands)
