"""Anchors beyond their cases: their sizes by hand, their order, number types, what does not fit."""

import pytest
import torch

from groundup.ops.anchors import cell_anchors, default_boxes, default_scales, grid_anchors, grid_centers
from groundup.ops.boxes import box_convert


def test_anchors_of_a_place_stand_ratio_by_ratio_with_corners_on_whole_pixels():
    anchors = cell_anchors((8, 16), (4.0, 0.25))  # height over width
    assert anchors.tolist() == [[-2, -8, 2, 8], [-4, -16, 4, 16], [-8, -2, 8, 2], [-16, -4, 16, 4]]
    assert cell_anchors((5,), (1.0,)).tolist() == [[-2, -2, 2, 2]]  # halves go to the even number
    assert anchors.dtype == torch.float32 and cell_anchors((5,), (1.0,), torch.float64).dtype == torch.float64


def test_anchors_lie_row_by_row_a_stride_apart():
    cells = torch.tensor([[-1.0, -1.0, 1.0, 1.0], [-2.0, -2.0, 2.0, 2.0]])
    anchors = grid_anchors(cells, (2, 3), (10, 100))
    assert anchors.shape == (12, 4)
    centers = box_convert(anchors, "xyxy", "cxcywh")
    assert centers[::2, :2].tolist() == [[0, 0], [100, 0], [200, 0], [0, 10], [100, 10], [200, 10]]
    assert centers[:2, 2].tolist() == [2, 4]
    assert grid_anchors(cells, (0, 3), (10, 10)).shape == (0, 4)
    assert grid_anchors(cells.double(), (1, 1), (1, 1)).dtype == torch.float64


def test_scales_are_evenly_spaced_and_end_in_the_whole_picture():
    assert default_scales(4, 0.2, 0.8) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert default_scales(2) == pytest.approx([0.15, 0.9, 1.0])
    assert default_scales(1) == [0.15, 0.9]
    with pytest.raises(ValueError, match="default_scales takes at least one level; it was given 0"):
        default_scales(0)


def test_default_boxes_by_hand():
    boxes = box_convert(default_boxes([(1, 2)], (40, 80), [[4.0]], scales=(0.4, 0.9)), "xyxy", "cxcywh")
    assert boxes[:4, :2].tolist() == [[20, 20]] * 4 and boxes[4:, :2].tolist() == [[60, 20]] * 4
    torch.testing.assert_close(boxes[:4, 2:], torch.tensor([[32.0, 16], [48, 24], [64, 8], [16, 32]]))
    stepped = box_convert(default_boxes([(1, 2)], (40, 80), [[]], (0.4, 0.9), steps=(30,)), "xyxy", "cxcywh")
    assert stepped[::2, :2].tolist() == [[15, 15], [45, 15]]


def test_clipping_holds_the_sides_and_not_the_corners():
    for clip, width in ((True, 20.0), (False, 40.0)):
        boxes = default_boxes([(2, 1)], (10, 20), [[]], (2.0, 0.5), clip=clip)
        torch.testing.assert_close(boxes[0, 2] - boxes[0, 0], torch.tensor(width))
        assert boxes[0, 1] < 0
    assert boxes.dtype == torch.float32
    torch.testing.assert_close(
        default_boxes([(2, 1)], (10, 20), [[]], (2.0, 0.5)), default_boxes([(2, 1)], (10, 20), [[]], (2, 0.5), None, True)
    )


def test_grid_centers_are_columns_then_rows():
    column, row = grid_centers((2, 3), torch.float64, None)
    assert column.tolist() == [0, 1, 2, 0, 1, 2] and row.tolist() == [0, 0, 0, 1, 1, 1]
    assert column.dtype == torch.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cell_anchors((), (1.0,)), r"cell_anchors: sizes takes at least one number, each above 0; it was given \(\)"),
        (lambda: cell_anchors((8, 0), (1.0,)), r"cell_anchors: sizes .*given \(8, 0\)"),
        (lambda: cell_anchors((8,), (-1.0,)), r"cell_anchors: aspect_ratios .*given \(-1.0,\)"),
        (lambda: grid_anchors(torch.zeros(4), (1, 1), (1, 1)), r"grid_anchors takes .*\(anchors, 4\); it was given \(4,\)"),
        (lambda: grid_anchors(torch.zeros(4, 3), (1, 1), (1, 1)), r"grid_anchors takes .*given \(4, 3\)"),
        (lambda: grid_anchors(torch.zeros(1, 4), (1, 1), (1, 0)), r"grid_anchors: stride .*given \(1, 0\)"),
        (
            lambda: default_boxes([(1, 1)], (8, 8), [[], []]),
            "1 levels take 1 lists of aspect ratios, 2 scales and 1 steps.*given 2 lists",
        ),
        (lambda: default_boxes([(1, 1)], (8, 8), [[]], [0.5]), "given 1 lists, 1 scales and no steps"),
        (lambda: default_boxes([(1, 1)], (8, 8), [[]], None, [4, 4]), "given 1 lists, 2 scales and 2 steps"),
        (lambda: default_boxes([(1, 1)], (8, 8), [[]], None, [0]), r"default_boxes: steps .*given \(0,\)"),
        (lambda: default_boxes([(1, 1)], (8, 8), [[]], [0.5, -1.0]), r"default_boxes: scales .*given \(0.5, -1.0\)"),
        (lambda: default_boxes([(1, 1)], (8, 8), [[2, 0]]), r"default_boxes: aspect_ratios .*given \(0,\)"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
