"""What stays of a detector's answers beyond the case: each thing once for each class, the limits, and what is refused."""

import pytest
import torch

from groundup.ops.detections import select_detections

BOXES = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]])
SCORES = torch.tensor([[0.9, 0.1], [0.8, 0.6], [0.2, 0.005]])


def test_of_the_boxes_around_one_thing_the_likeliest_stays_for_each_class():
    found = select_detections(SCORES, BOXES)
    torch.testing.assert_close(found.scores, torch.tensor([0.9, 0.6, 0.2]))
    assert found.labels.tolist() == [0, 1, 0]
    assert torch.equal(found.boxes, BOXES[[0, 1, 2]])


def test_the_limits_cut_off_the_least_likely():
    assert len(select_detections(SCORES, BOXES, score_threshold=0.5).scores) == 2
    assert select_detections(SCORES, BOXES, max_detections=1).labels.tolist() == [0]
    assert len(select_detections(SCORES, BOXES, max_candidates=1).scores) == 2  # one of each class
    assert len(select_detections(SCORES, BOXES, iou_threshold=0.95).scores) == 5


def test_a_score_at_the_threshold_is_not_above_it():
    assert len(select_detections(torch.tensor([[0.5]]), BOXES[:1], score_threshold=0.5).scores) == 0


def test_nothing_is_found_among_no_boxes():
    found = select_detections(torch.zeros(0, 3), torch.zeros(0, 4))
    assert found.boxes.shape == (0, 4) and found.scores.shape == found.labels.shape == (0,)


@pytest.mark.parametrize(
    ("scores", "boxes", "options", "words"),
    [
        (SCORES[0], BOXES, {}, r"scores \(boxes, classes\)"),
        (SCORES, BOXES[:2], {}, "as many boxes"),
        (SCORES, BOXES, {"max_detections": 0}, "at least one candidate and one detection; it was given 400, 0"),
        (SCORES, BOXES, {"iou_threshold": 2.0}, "iou_threshold must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused(scores, boxes, options, words):
    with pytest.raises(ValueError, match=words):
        select_detections(scores, boxes, **options)
