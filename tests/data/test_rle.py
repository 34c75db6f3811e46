"""Masks as run lengths and as polygons, held against COCO's own program, pycocotools."""

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.data.polygons import fill_polygons
from groundup.data.rle import counts_to_mask, counts_to_text, mask_to_counts, text_to_counts
from groundup.errors import UserError


def random_mask(seed, height, width, share):
    return torch.rand(height, width, generator=torch.Generator().manual_seed(seed)) < share


MASKS = st.builds(random_mask, st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 40), st.floats(0, 1))
NUMBER = st.floats(-20, 60) | st.sampled_from([0.0, 0.1, 0.5, 10.0, 29.9, 30.0, 40.0])
POLYGON = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=12)


def test_runs_are_counted_column_by_column_and_begin_outside():
    mask = torch.tensor([[0, 1, 1], [0, 1, 0]], dtype=torch.bool)
    assert mask_to_counts(mask) == [2, 3, 1]
    assert mask_to_counts(~mask) == [0, 2, 3, 1]
    assert mask_to_counts(torch.zeros(2, 3, dtype=torch.bool)) == [6]


def test_strings_are_those_that_coco_writes():
    """Worked by hand: 2, 3 and 1 are one character each; 40 is 8 and then 1; a fourth count of 1 after 3 is written as -2."""
    assert counts_to_text([2, 3, 1]) == "231"
    assert counts_to_text([40]) == chr(48 + 8 + 32) + chr(48 + 1)
    assert counts_to_text([2, 3, 1, 1]) == "231" + chr(48 + 30)


@settings(deadline=None)
@given(MASKS)
def test_a_mask_comes_back_from_its_runs_and_from_their_string(mask):
    counts = mask_to_counts(mask)
    assert torch.equal(counts_to_mask(counts, *mask.shape), mask)
    assert text_to_counts(counts_to_text(counts)) == counts


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), max_size=9))
def test_every_list_of_counts_comes_back_from_its_string(counts):
    assert text_to_counts(counts_to_text(counts)) == counts


@settings(deadline=None)
@given(MASKS)
def test_runs_and_strings_equal_those_of_pycocotools_bit_for_bit(mask):
    coco = pytest.importorskip("pycocotools.mask")
    theirs = coco.encode(np.asfortranarray(mask.numpy().astype(np.uint8)))
    ours = counts_to_text(mask_to_counts(mask))
    assert ours.encode() == theirs["counts"]
    assert torch.equal(counts_to_mask(text_to_counts(theirs["counts"].decode()), *mask.shape), mask)
    uncompressed = {"size": list(mask.shape), "counts": mask_to_counts(mask)}
    assert coco.frPyObjects(uncompressed, *mask.shape)["counts"] == theirs["counts"]


@settings(deadline=None, max_examples=200)
@given(st.lists(POLYGON, min_size=1, max_size=3), st.integers(1, 40), st.integers(1, 40))
def test_polygons_are_filled_as_pycocotools_fills_them_also_those_that_leave_the_picture(polygons, height, width):
    coco = pytest.importorskip("pycocotools.mask")
    flat = [[number for point in polygon for number in point] for polygon in polygons]
    theirs = coco.merge(coco.frPyObjects(flat, height, width))
    ours = fill_polygons([np.array(polygon) for polygon in polygons], height, width)
    assert counts_to_text(mask_to_counts(ours)).encode() == theirs["counts"]


def test_a_square_of_whole_pixels_is_filled_exactly():
    filled = fill_polygons([np.array([[2.0, 1.0], [6.0, 1.0], [6.0, 4.0], [2.0, 4.0]])], 6, 8)
    wanted = torch.zeros(6, 8, dtype=torch.bool)
    wanted[1:4, 2:6] = True
    assert torch.equal(filled, wanted)


def test_a_hundred_polygons_are_filled_as_when_they_were_last_held_against_pycocotools():
    """Golden: the strings that pycocotools 2.0.11 gave for these polygons, hashed."""
    random = np.random.RandomState(0)
    polygons = [random.uniform(-10, 70, (random.randint(3, 9), 2)).round(2) for _ in range(100)]
    text = "\n".join(counts_to_text(mask_to_counts(fill_polygons([polygon], 48, 64))) for polygon in polygons)
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN


GOLDEN = "0c809b5ed6c7dc834eb551717135a173527579eb7e2f7e317412a50000b39a5a"


@pytest.mark.parametrize(
    ("counts", "message"),
    [([3], "runs fill 3 pixels, and the picture has 6 \\(3x2\\)"), ([7, -1], "a mask"), ([], "fill 0"), ([3, 4], "fill 7")],
)
def test_runs_that_do_not_fill_the_picture_are_refused(counts, message):
    with pytest.raises(UserError, match=message):
        counts_to_mask(counts, 2, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2~", "character 1 of the runs, '~'"),
        ("2 3", "character 1"),
        ("2é", "character 1"),
        ("X", "cut off"),
        ("X" * 99, "cannot stand"),
    ],
)
def test_strings_that_are_no_runs_are_refused(text, message):
    with pytest.raises(UserError, match=message):
        text_to_counts(text)
