"""Matching beyond its cases: pictures without objects, thresholds, ties, seeds, what is not finite, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.cases.ops import anchors, matching, roi_align
from groundup.ops.ladder import Ladder
from groundup.ops.matching import hard_negatives, linear_assignment, match_boxes, match_default_boxes, sample_balanced
from groundup.parity.by_hand import HandMade
from groundup.parity.compare import values_and_gradients


def test_a_picture_without_objects_is_background():
    for match in (lambda q: match_boxes(q, 0.7, 0.3, True), lambda q: match_default_boxes(q, 0.5)):
        assert match(torch.zeros(0, 3)).tolist() == [-1, -1, -1]
        empty = match(torch.zeros(2, 0))
        assert empty.shape == (0,) and empty.dtype == torch.int64


def test_a_quality_of_just_the_threshold_is_good_enough():
    quality = torch.tensor([[0.7, 0.69, 0.3, 0.29], [0.1, 0.1, 0.1, 0.1]])
    assert match_boxes(quality, 0.7, 0.3).tolist() == [0, -2, -2, -1]
    assert match_boxes(quality, 0.69, 0.69).tolist() == [0, 0, -1, -1]
    assert match_default_boxes(torch.tensor([[0.9, 0.5, 0.49]]), 0.5).tolist() == [0, 0, -1]


def test_an_objects_best_predictions_are_kept_however_low_and_ties_with_them():
    quality = torch.tensor([[0.2, 0.2, 0.1, 0.0], [0.0, 0.1, 0.1, 0.9], [0.1, 0.0, 0.15, 0.05]])
    assert match_boxes(quality, 0.7, 0.3).tolist() == [-1, -1, -1, 1]
    assert match_boxes(quality, 0.7, 0.3, allow_low_quality_matches=True).tolist() == [0, 0, 2, 1]
    # the first prediction is the second object's best, but is itself best matched with the first object
    quality = torch.tensor([[0.2, 0.5], [0.1, 0.0]])
    assert match_boxes(quality, 0.7, 0.3, True).tolist() == [0, 0]


def test_each_object_takes_a_default_box_and_the_later_one_a_box_that_two_want():
    quality = torch.tensor([[0.1, 0.2, 0.9], [0.3, 0.0, 0.8]])
    assert match_default_boxes(quality, 0.5).tolist() == [-1, -1, 1]
    assert match_default_boxes(quality.flip(0), 0.5).tolist() == [-1, -1, 1]
    assert match_default_boxes(torch.tensor([[0.1, 0.2, 0.0], [0.3, 0.0, 0.1]]), 0.5).tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: match_boxes(torch.zeros(3), 0.7, 0.3), r"match_boxes takes floating-point qualities .*torch.float32 \(3,\)"),
        (lambda: match_boxes(torch.zeros(3, 2).long(), 0.7, 0.3), "match_boxes takes floating-point qualities .*torch.int64"),
        (lambda: match_boxes(torch.zeros(3, 2), 0.3, 0.7), "0 <= low <= high; it was given low 0.7, high 0.3"),
        (lambda: match_boxes(torch.zeros(3, 2), 0.3, -0.1), "0 <= low <= high; it was given low -0.1, high 0.3"),
        (lambda: match_default_boxes(torch.zeros(3, 2), -0.5), "low -0.5, high -0.5"),
        (lambda: match_default_boxes(torch.zeros(2), 0.5), "qualities"),
        (
            lambda: match_boxes(torch.tensor([[0.1, 0.2], [0.3, torch.nan]]), 0.7, 0.3),
            "object 1 and prediction 1 is NaN: a box with x2 < x1 or y2 < y1, or two boxes without area",
        ),
        (lambda: match_default_boxes(torch.tensor([[0.1, torch.nan, 0.2]]), 0.5), "object 0 and prediction 1 is NaN"),
        (lambda: sample_balanced(torch.zeros(2, 3), 4, 0.5), r"labels of one picture, .*given \(2, 3\)"),
        (
            lambda: sample_balanced(torch.zeros(3), 0, 0.5),
            "at least 1 prediction and a fraction of 0 to 1; it was given 0 and 0.5",
        ),
        (lambda: sample_balanced(torch.zeros(3), 4, 1.1), "given 4 and 1.1"),
        (lambda: sample_balanced(torch.zeros(3), 4, -0.1), "given 4 and -0.1"),
        (lambda: hard_negatives(torch.zeros(3), torch.zeros(3).bool()), r"losses \(batch, boxes\) and positive.*given \(3,\)"),
        (lambda: hard_negatives(torch.zeros(2, 3), torch.zeros(2, 4).bool()), r"given \(2, 3\) and torch.bool \(2, 4\)"),
        (lambda: hard_negatives(torch.zeros(2, 3), torch.zeros(2, 3)), r"given \(2, 3\) and torch.float32 \(2, 3\)"),
        (lambda: hard_negatives(torch.zeros(2, 3), torch.zeros(2, 3).bool(), -1), "ratio must be at least 0; it was given -1"),
        (lambda: linear_assignment(torch.zeros(3)), r"linear_assignment takes cost \(rows, columns\); it was given \(3,\)"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_qualities_of_zero_are_allowed_as_thresholds():
    assert match_boxes(torch.tensor([[0.0, 0.5]]), 0.0, 0.0).tolist() == [0, 0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-1, 2), max_size=20), st.integers(1, 12), st.floats(0, 1), st.integers(0, 99))
def test_a_sample_is_as_large_as_it_can_be_and_holds_its_fraction(labels, count, fraction, seed):
    labels = torch.tensor(labels, dtype=torch.int64)
    positive, negative = sample_balanced(labels, count, fraction, torch.Generator().manual_seed(seed))
    assert positive.dtype == negative.dtype == torch.bool
    assert (labels[positive] >= 1).all() and (labels[negative] == 0).all()
    assert positive.sum() == min((labels >= 1).sum().item(), int(count * fraction))
    assert negative.sum() == min((labels == 0).sum().item(), count - positive.sum().item())


def test_the_draw_follows_the_generator_given():
    labels = (torch.arange(60) % 2).float()
    draws = [torch.stack(sample_balanced(labels, 20, 0.5, torch.Generator().manual_seed(seed))) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any(1).all()  # positives and negatives alike


def test_the_hardest_background_is_chosen_picture_by_picture():
    losses = torch.tensor([[9.0, 1.0, 5.0, 4.0, 3.0], [1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 1.0, 1.0, 9.0, 1.0]])
    positive = torch.tensor([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]]).bool()
    assert hard_negatives(losses, positive, 2).int().tolist() == [[0, 0, 1, 1, 0], [0] * 5, [1, 1, 0, 0, 0]]
    assert hard_negatives(losses, positive).sum(1).tolist() == [3, 0, 3]
    assert hard_negatives(losses, positive, 1.5).sum(1).tolist() == [2, 0, 2]
    assert hard_negatives(losses, positive, 0).sum() == 0
    many = torch.tensor([[1, 1, 0, 1, 1]]).bool()
    assert hard_negatives(losses[:1], many, 2).int().tolist() == [[0, 0, 1, 0, 0]]  # never a positive, though there is room


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 10**6))
def test_an_assignment_pairs_off_as_many_as_there_can_be(rows, columns, seed):
    cost = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    chosen = linear_assignment(cost)
    assert all(part.dtype == torch.int64 and len(part) == min(rows, columns) for part in chosen)
    assert (chosen[0].diff() > 0).all() and len(chosen[1].unique()) == len(chosen[1])


def test_what_is_not_finite_is_paired_only_where_it_must_be():
    inf, nan = torch.inf, torch.nan
    rows, columns = linear_assignment(torch.tensor([[1.0, nan], [50.0, 2.0]]))
    assert list(zip(rows.tolist(), columns.tolist())) == [(0, 0), (1, 1)]
    rows, columns = linear_assignment(torch.tensor([[0.0, nan], [1000.0, -1000.0], [inf, 1.0]]))
    assert list(zip(rows.tolist(), columns.tolist())) == [(0, 0), (1, 1)]
    _, columns = linear_assignment(torch.tensor([[nan, nan, nan], [0.2, 0.1, 0.3], [0.1, -inf, 0.3]]))
    assert columns.tolist() == [2, 1, 0]
    _, columns = linear_assignment(torch.tensor([[-100.0, 0.0], [nan, 100.0]]))
    assert columns.tolist() == [0, 1]
    _, columns = linear_assignment(torch.tensor([[100.0, nan, -90.0], [100.0, nan, 100.0], [nan, 5.0, nan]]))
    assert columns.tolist() == [2, 0, 1]
    assert len(linear_assignment(torch.full((2, 2), nan))[0]) == 2


def test_a_cost_with_a_graph_is_taken_as_it_is():
    cost = torch.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    assert linear_assignment(cost)[1].tolist() == [1, 0]
    assert linear_assignment(cost.bfloat16())[1].tolist() == [1, 0]


@pytest.mark.parametrize(
    "case", [case for file in (anchors, matching, roi_align) for case in file.CASES], ids=lambda case: case.name
)
def test_what_stands_on_no_ladder_is_arithmetic_too(case):
    """The run of all Ladders under this watch does not see plain functions."""
    if isinstance(case.ours, Ladder) or case.name == "hard_negatives":  # whose losses torch's cross_entropy makes
        return
    for sample in case.samples(torch.Generator().manual_seed(0)):
        with HandMade():
            values_and_gradients(case.ours, sample.args, sample.kwargs)
