"""report.html: whole, harmless, the same for the same run."""

import json
import re
import shutil
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from groundup.data.images import digits
from groundup.engine.checkpoint import pointed
from groundup.engine.line_chart import MOST, line_chart, thinned, ticks
from groundup.engine.report import write_report
from groundup.engine.report_page import ROOM, resumed
from groundup.engine.run import Run
from groundup.engine.trainer import Trainer
from groundup.errors import UserError
from groundup.recipes.classification.lenet import lenet5_digits

HOSTILE = "<script>alert(1)</script>&\"'"
VOID = {"meta", "img", "br", "circle", "line", "polyline"}


class Page(HTMLParser):
    """Reads a page; every element that is opened must be closed, in order, and no attribute may stand twice."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def plan():
    settings = dict(epochs=None, steps=6, batch_size=16, eval_every=2, log_every=2, keep=3, num_threads=1)
    return replace(
        lenet5_digits(),
        validation_data=partial(digits, split="train"),
        best="max accuracy",
        run=replace(lenet5_digits().run, **settings),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("report") / "runs" / "digits")
    run.begin(plan())
    Trainer(plan(), run, quiet=True).fit()
    return run.folder


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the run to be changed."""
    return shutil.copytree(trained, tmp_path / "runs" / "digits")


def page_of(folder):
    write_report(folder)
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_training_ends_with_a_whole_page(trained):
    text = (trained / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>\n<html lang=")
    assert page.tags.count("h1") == page.tags.count("title") == 1
    assert page.tags.count("img") == 2 and page.tags.count("svg") == 2
    for title in ("Figures", "Curves", "Pictures", "Data", "Recipe", "Computed with", "Go on from here"):
        assert title in page.words
    assert all(value for name, value in page.attributes if name in ("alt", "aria-label"))


def test_the_figures_are_those_of_the_last_and_of_the_best_checkpoint(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    (run / "checkpoints" / "best").write_text("step-000002\n")
    page = page_of(run)
    text = page.text
    at = {row["step"]: row["eval"]["accuracy"] for row in rows if "eval" in row}
    assert at[2] != at[6]
    assert "last, step 6 best, step 2 accuracy on the validation data" in text
    assert f"accuracy on the evaluation data {at[6]:.4g} {at[2]:.4g}" in text
    assert "61,706" in page.words and text.index("61,706") < text.index("Figures")


def test_the_recipe_is_told_in_words_and_in_full(trained):
    page = Page((trained / "report.html").read_text(encoding="utf-8"))
    assert "AdamW, lr 0.004 , weight_decay 0.05 Adam whose weight decay acts on the weights themselves" in page.text
    assert "6 steps, batches of 16, seed 0, num threads 1, keep 3, eval every 2, log every 2" in page.text
    assert json.loads(next(words for words in page.words if words.startswith("{"))) == json.loads(
        (trained / "recipe.json").read_text()
    )


def test_names_of_the_users_own_stay_text(run):
    shutil.copy(run / "pictures" / "samples.png", run / "pictures" / "<script>alert(2)<&.png")
    (run / "facts" / "labels.json").write_text(json.dumps({"plain": [HOSTILE, *"123456789"]}))
    for file, key in (("recipe.json", "eval_data"), ("environment.json", "processor")):
        document = json.loads((run / file).read_text())
        document[key] = {"call": "groundup.data.images:digits", "with": {"split": HOSTILE}} if key == "eval_data" else HOSTILE
        (run / file).write_text(json.dumps(document))
    with open(run / "metrics.jsonl", "a") as file:
        file.write(json.dumps({"step": 6, "eval": {HOSTILE: 1.0}, HOSTILE: 2.0}) + "\n")
    hostile = run.rename(run.parent / "<script>x")
    page = page_of(hostile)
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(HOSTILE) >= 5
    assert "groundup eval 'runs/<script>x'" in page.text


def test_the_page_asks_for_nothing(trained):
    text = (trained / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.tags)
    assert all(value.startswith("data:image/") for name, value in page.attributes if name == "src")
    assert not [name for name, _ in page.attributes if name in ("href", "srcset", "action", "background", "xlink:href")]
    assert not re.search(r"url\(|@import|https?:", re.sub(r"<pre>.*?</pre>", "", text, flags=re.S))
    policy = next(value for name, value in page.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'")


def test_the_same_run_gives_the_same_bytes_wherever_it_stands(run, tmp_path, monkeypatch):
    write_report(run)
    first = (run / "report.html").read_bytes()
    write_report(run)
    assert (run / "report.html").read_bytes() == first
    other = shutil.copytree(run, tmp_path / "elsewhere" / "runs" / "digits")
    monkeypatch.chdir(other)
    write_report(other)
    assert (other / "report.html").read_bytes() == first


def test_a_resumed_run_gets_its_page_anew(trained, run):
    kept = (run / "report.html").read_bytes()
    (run / "report.html").write_text("old")
    (run / "checkpoints" / "last").write_text("step-000002\n")
    Trainer(plan(), Run(run), quiet=True).fit()
    assert pointed(run / "checkpoints", "last") == 6
    page = Page((run / "report.html").read_text(encoding="utf-8"))
    assert "last, step 6" in page.text and len(kept) > 1000


def test_large_pictures_are_made_small_and_those_without_room_are_named(run):
    noise = np.random.default_rng(0).integers(0, 256, (1000, 800, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    for name in "abc":
        picture.save(run / "pictures" / f"{name}.png", compress_level=1)
    page = page_of(run)
    assert (run / "report.html").stat().st_size < 2_000_000
    assert "Too large for this page: pictures/" in page.text
    kinds = [value[:16] for name, value in page.attributes if name == "src"]
    assert "data:image/jpeg;" in kinds and "data:image/png;b" in kinds
    assert ROOM * 4 / 3 < 1_900_000  # what the pictures take as base64


def test_a_recipe_of_the_users_own_file_is_told_and_never_run(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("open('ran', 'w')\n")
    document = json.loads((run / "recipe.json").read_text())
    document["prepare"] = {"call": "mine.py:prepare"}
    (run / "recipe.json").write_text(json.dumps(document))
    text = page_of(run).text
    assert "groundup eval runs/digits --code mine.py" in text
    assert not (tmp_path / "ran").exists()


def test_a_run_without_figures_or_checkpoints_still_has_a_page(run):
    shutil.rmtree(run / "checkpoints")
    shutil.rmtree(run / "facts")
    (run / "environment.json").unlink()
    (run / "metrics.jsonl").unlink()
    assert "Nothing was scored yet." in page_of(run).text


def test_a_damaged_row_is_named(run):
    with open(run / "metrics.jsonl", "a") as file:
        file.write("[1, 2]\n")
    with pytest.raises(UserError, match=r"metrics.jsonl is damaged: line \d+ is no step with its numbers"):
        write_report(run)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("groundup train lenet5_digits --lr 0.01", "groundup train lenet5_digits --lr 0.01 --out runs/a --resume"),
        ("groundup train 'my file.py:f' --out /x --resume", "groundup train 'my file.py:f' --out runs/a --resume"),
        ("groundup train f --out=/x --epochs 2", "groundup train f --epochs 2 --out runs/a --resume"),
        ("groundup -q tests", ""),
        ("groundup train 'x", ""),
        (None, ""),
    ],
)
def test_the_command_that_continues_a_run_is_the_one_that_began_it(command, expected):
    assert resumed(command, "runs/a") == expected


def test_ticks_are_round_and_reach_around_the_values():
    assert ticks(0.13, 2.2, 4) == [0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert ticks(0, 4680, 4) == [0, 2000, 4000, 6000]
    for low, high in ((1e-9, 2e-9), (-3, 5), (7, 7), (0, 0), (0.991, 0.9993), (-2, -2), (1e300, 1.7e300)):
        found = ticks(low, high, 4)
        assert found[0] <= low + 1e-12 * abs(low) and found[-1] >= high * (1 - 1e-12) and 2 <= len(found) <= 7


def test_a_chart_leaves_out_what_is_no_number_and_thins_what_is_long():
    assert line_chart({"eval": [(1, float("nan"))]}, "loss", {"eval": 0}) == ""
    chart = line_chart({"a": [(1, 1.0), (2, float("inf")), (3, 2.0)], "b": [(2, 1.5)]}, "loss", {"a": 0, "b": 1})
    assert chart.count("<polyline") == chart.count("<circle") == 1 and "inf" not in chart and "nan" not in chart
    points = [(step, float(step)) for step in range(10_000)]
    assert len(thinned(points)) <= MOST + 1 and thinned(points)[-1] == points[-1] and thinned(points[:3]) == points[:3]
