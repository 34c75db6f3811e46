"""DETR's set loss beyond its case: by hand, pictures without objects, predictions gone wrong, what does not fit."""

import pytest
import torch

from groundup.losses.set_prediction import SetLosses, SetPredictionLoss, matching_cost
from groundup.ops.ladder import rung
from groundup.parity.by_hand import HandMade


def draw(batch, queries, classes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, queries, classes + 1, generator=generator, dtype=torch.float64)
    return logits, 0.1 + 0.8 * torch.rand(batch, queries, 4, generator=generator, dtype=torch.float64)


def perfect():
    """Two pictures of which each object has one prediction that is right, but not in the objects' order."""
    boxes = torch.tensor([[[0.2, 0.2, 0.1, 0.1], [0.7, 0.7, 0.3, 0.2], [0.5, 0.5, 0.9, 0.9]]]).repeat(2, 1, 1)
    logits = torch.full((2, 3, 4), -30.0)
    logits[0, 0, 2] = logits[0, 1, 0] = logits[0, 2, 3] = logits[1, :2, 3] = logits[1, 2, 1] = 30.0
    labels = [torch.tensor([0, 2]), torch.tensor([1])]
    return logits, boxes, labels, [boxes[0, [1, 0]], boxes[1, [2]]]


def test_what_is_right_costs_nothing_in_whatever_order():
    loss = SetPredictionLoss(num_classes=3)
    losses = loss(*perfect())
    torch.testing.assert_close(torch.stack(losses), torch.zeros(3), atol=1e-5, rtol=0)
    pairs = [(a.tolist(), b.tolist()) for a, b in loss.match(*perfect())]
    assert pairs == [([0, 1], [1, 0]), ([2], [0])]


def test_the_cost_and_the_losses_by_hand():
    logits, boxes = torch.tensor([[0.0, 1.0, 2.0]]).log(), torch.tensor([[0.25, 0.25, 0.5, 0.5]])
    label, target = torch.tensor([1]), torch.tensor([[0.5, 0.25, 0.5, 0.5]])
    giou = 1 / 3  # corners 0 to 0.5 and 0.25 to 0.75: they share a third, and fill the box around both
    assert matching_cost(logits, boxes, label, target).item() == pytest.approx(5 * 0.25 - 1 / 3 - 2 * giou)
    assert matching_cost(logits, boxes, label, target, 2, 3, 4).item() == pytest.approx(3 * 0.25 - 2 / 3 - 4 * giou)
    losses = SetPredictionLoss(num_classes=2)(logits.unsqueeze(0), boxes.unsqueeze(0), [label], [target])
    assert [part.item() for part in losses] == pytest.approx([-torch.tensor(1 / 3).log().item(), 0.25, 1 - giou])


def test_the_costs_and_the_weight_of_no_object_are_detrs_unless_others_are_given():
    loss = SetPredictionLoss(num_classes=2)
    assert (loss.costs, loss.eos_coef) == ((1.0, 5.0, 2.0), 0.1)


def test_the_costs_decide_the_pairs():
    logits = torch.tensor([[[9.0, 0.0], [0.0, 9.0]]])  # the first prediction has the class, the second the box
    boxes = torch.tensor([[[0.8, 0.8, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2]]])
    target = [torch.tensor([0])], [torch.tensor([[0.2, 0.2, 0.2, 0.2]])]

    def chosen(**costs):
        return SetPredictionLoss(num_classes=1, **costs).match(logits, boxes, *target)[0][0].item()

    assert chosen() == 1
    assert chosen(bbox_cost=0.0, giou_cost=0.0) == 0
    assert chosen(class_cost=50.0) == 0
    assert chosen(class_cost=3.0, bbox_cost=0.0) == 1 and chosen(class_cost=3.0, giou_cost=0.0) == 1


def test_no_object_counts_as_much_as_is_asked():
    logits, boxes = draw(1, 4, 2)
    target = [torch.tensor([1])], [boxes[0, :1]]
    log = logits.log_softmax(-1)[0]
    for eos_coef in (0.1, 0.5):
        loss = SetPredictionLoss(num_classes=2, **({} if eos_coef == 0.1 else {"eos_coef": eos_coef}))
        query = loss.match(logits, boxes, *target)[0][0].item()
        rest = [n for n in range(4) if n != query]
        expected = -(log[query, 1] + eos_coef * log[rest, 2].sum()) / (1 + 3 * eos_coef)
        torch.testing.assert_close(loss(logits, boxes, *target).classes, expected)


def test_a_batch_without_objects_is_all_background():
    logits, boxes = draw(2, 3, 2)
    boxes.requires_grad_()
    nothing = [torch.zeros(0, dtype=torch.int64)] * 2, [torch.zeros(0, 4, dtype=torch.float64)] * 2
    losses = SetPredictionLoss(num_classes=2)(logits, boxes, *nothing)
    torch.testing.assert_close(losses.classes, -logits.log_softmax(-1)[..., 2].mean())
    assert losses.boxes.item() == losses.giou.item() == 0
    losses.total().backward()
    assert not boxes.grad.any()


def test_boxes_are_divided_by_the_objects_of_the_whole_batch():
    logits, boxes = draw(2, 3, 2)
    labels, targets = [torch.tensor([0]), torch.tensor([1, 1, 0])], [boxes[0, :1] + 0.05, boxes[1] + 0.05]
    loss = SetPredictionLoss(num_classes=2, class_cost=0.0)
    torch.testing.assert_close(loss(logits, boxes, labels, targets).boxes.item(), 4 * 0.05)


def test_the_total_weighs_the_parts_as_the_paper_does():
    losses = SetLosses(torch.tensor(1.0), torch.tensor(10.0), torch.tensor(100.0))
    assert losses.total().item() == 251
    assert losses.total(0.5, 0.1).item() == pytest.approx(16)


def test_a_prediction_that_is_not_a_number_is_paired_last():
    logits, boxes = draw(1, 3, 2)
    boxes[0, 0] = torch.nan
    target = [torch.tensor([0, 1])], [torch.full((2, 4), 0.3, dtype=torch.float64)]
    assert SetPredictionLoss(num_classes=2).match(logits, boxes, *target)[0][0].tolist() == [1, 2]


def test_the_gradient_reaches_the_paired_predictions_alone():
    logits, boxes = draw(1, 4, 2)
    boxes.requires_grad_()
    logits.requires_grad_()
    loss = SetPredictionLoss(num_classes=2)
    target = [torch.tensor([1])], [torch.full((1, 4), 0.4, dtype=torch.float64)]
    loss(logits, boxes, *target).total().backward()
    query = loss.match(logits, boxes, *target)[0][0]
    assert boxes.grad[0].any(1).nonzero().flatten().tolist() == query.tolist()
    assert logits.grad.any(-1).all()


def test_labels_of_any_whole_number_type():
    logits, boxes = draw(1, 4, 2)
    target = [torch.full((1, 4), 0.4, dtype=torch.float64)]
    loss = SetPredictionLoss(num_classes=2)
    for dtype in (torch.int32, torch.uint8):
        losses = loss(logits, boxes, [torch.tensor([1], dtype=dtype)], target)
        torch.testing.assert_close(losses, loss(logits, boxes, [torch.tensor([1])], target))


def test_no_kernel_does_the_work():
    logits, boxes = draw(2, 3, 2)
    boxes.requires_grad_()
    with rung("tensors"), HandMade():
        SetPredictionLoss(num_classes=2)(
            logits, boxes, [torch.tensor([1])] * 2, [torch.rand(1, 4).double()] * 2
        ).total().backward()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda x, b, c, t: (x[0], b, c, t),
            r"logits \(batch, queries, classes \+ 1\) and boxes .*given \(3, 3\) and \(2, 3, 4\)",
        ),
        (lambda x, b, c, t: (x, b[:, :2], c, t), r"given \(2, 3, 3\) and \(2, 2, 4\)"),
        (lambda x, b, c, t: (x, b[..., :3], c, t), r"given \(2, 3, 3\) and \(2, 3, 3\)"),
        (lambda x, b, c, t: (x, b, c[:1], t), "2 pictures take as many targets; it was given 1 labels and 2 boxes"),
        (lambda x, b, c, t: (x, b, c, t * 2), "2 pictures take as many targets; it was given 2 labels and 4 boxes"),
        (lambda x, b, c, t: (x, b, [c[0], c[1][:0]], t), r"picture 1: labels .*given torch.int64 \(0,\) and \(1, 4\)"),
        (lambda x, b, c, t: (x, b, [c[0][0], c[1]], t), r"picture 0: labels .*given torch.int64 \(\) and \(1, 4\)"),
        (
            lambda x, b, c, t: (x, b, [c[0].float(), c[1]], t),
            r"picture 0: labels .*of whole numbers .*given torch.float32 \(1,\)",
        ),
        (lambda x, b, c, t: (x, b, c, [t[0][:, :3], t[1]]), r"picture 0: .*given torch.int64 \(1,\) and \(1, 3\)"),
        (lambda x, b, c, t: (x, b, [c[0] + 1, c[1]], t), "picture 0: label 2 is none of the 2 classes"),
        (lambda x, b, c, t: (x, b, [c[0], c[1] - 2], t), "picture 1: label -1 is none of the 2 classes"),
        (lambda x, b, c, t: (x[..., :2], b, [c[0] - 1, c[1] - 1], t), "2 classes and none take 3 logits; it was given 2"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    args = (*draw(2, 3, 2), [torch.tensor([1])] * 2, [torch.full((1, 4), 0.5, dtype=torch.float64)] * 2)
    with pytest.raises(ValueError, match=message):
        SetPredictionLoss(num_classes=2)(*change(*args))
