"""The fuzz runs on a few sets of every kind, and notices when a reader goes wrong; `make fuzz` runs it at length."""

import os
import warnings
from functools import partial
from pathlib import Path

import pytest

from groundup.data import coco, image_folder, lines, mnist, palette, parallel, reviews
from groundup.errors import UserError
from tests.fuzz import case
from tests.fuzz.case import run_case, undamaged
from tests.fuzz.formats import FORMATS

BY_NAME = {form.name: form for form in FORMATS}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_set_without_damage_is_read_whole_and_damaged_ones_without_a_fault(form):
    assert undamaged(form, 0) == ""
    for number in range(3):  # of 26 kinds
        assert run_case(form, f"test/{number}").wrong == ""


def first_fault(name, numbers=range(60)):
    """What the fuzz says of the first case that it finds wrong; nothing, where all are well."""
    return next((wrong for number in numbers if (wrong := run_case(BY_NAME[name], f"fault/{number}").wrong)), "")


def test_labels_that_shift_when_a_picture_is_passed_over_are_caught(monkeypatch):
    """The folder's pictures are looked over, and one that cannot be read is left out; its label stays."""

    class Shifted(image_folder.PictureFiles):
        def __init__(self, files, label, **options):
            kept = [file for file in files if os.path.exists(file) and os.path.getsize(file)]
            super().__init__(kept, label[: len(kept)], **options)

    monkeypatch.setattr(image_folder, "PictureFiles", Shifted)
    monkeypatch.setattr(image_folder, "looked_over", lambda pictures, counts: None)
    assert "came out as" in first_fault("image_folder", (114, 115, 122))


def test_a_partner_that_is_dropped_on_one_side_is_caught(monkeypatch):
    def paired(source, target):
        sides = [[line for line in lines.read_lines(path) if line.strip()] for path in (source, target)]
        return parallel.pairs(source, zip(*sides, strict=False))

    monkeypatch.setattr(parallel, "paired_files", paired)
    assert "came out as" in first_fault("parallel")


def test_masks_of_changed_bytes_are_caught(monkeypatch):
    monkeypatch.setattr(palette, "check_sums", lambda data: None)
    assert "came out as" in first_fault("camvid", range(55, 95))


def test_archives_whose_checksum_is_not_read_are_caught(monkeypatch):
    monkeypatch.setattr(reviews, "to_the_end", lambda archive, most: archive)
    assert "came out as" in first_fault("reviews", range(50, 60))


def test_a_label_of_the_wrong_byte_is_caught(monkeypatch):
    whole = mnist.read_idx
    monkeypatch.setattr(mnist, "read_idx", lambda path, dimensions: whole(path, dimensions=dimensions).roll(dimensions % 3, 0))
    assert "came out as" in undamaged(BY_NAME["idx"], 0) and "came out as" in first_fault("idx")


def warn():
    warnings.warn("odd", stacklevel=1)


def hang():
    while True:
        pass


def refuse(message):
    raise UserError(message)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: print("hello"), "writes to stdout: 'hello"),
        (lambda: Path("litter.txt").write_text("hello"), "files changed by reading: here/litter.txt"),
        (warn, "warns: UserWarning: odd"),
        (hang, "hangs for more than 0.2 seconds"),
        (lambda: bytearray(2**29), "MiB of memory"),
        (partial(refuse, "no"), "refuses without a file: 'no'"),
        (partial(refuse, "set\nof two lines"), "refuses in more than one line"),
    ],
)
def test_whatever_else_a_reader_must_not_do_is_caught(monkeypatch, fault, said):
    whole = coco.read_captions
    if fault is hang:  # every other one may take as long as a busy machine needs
        monkeypatch.setattr(case, "LIMIT", 0.2)
    monkeypatch.setattr(coco, "read_captions", lambda entry: (fault(), whole(entry))[1])
    assert said in first_fault("coco_captions")
