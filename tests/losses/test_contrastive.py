"""Contrastive losses beyond their cases: their value where it is known, what takes part and what does not, what does not fit."""

import math

import pytest
import torch

from groundup.losses.contrastive import InfoNCELoss, NTXentLoss, TripletLoss, clip_loss
from groundup.losses.metric import BatchHardTripletLoss


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


@pytest.mark.parametrize(
    "loss", [InfoNCELoss(), NTXentLoss(), lambda x, y: clip_loss(x, y, 1.0), lambda x, y: TripletLoss()(x, y, x)]
)
def test_only_the_direction_of_an_embedding_counts(loss):
    x, y = draw(4, 3), draw(4, 3)
    lengths = torch.rand(4, 1).double() + 0.5
    torch.testing.assert_close(loss(x, y), loss(x * lengths, y / lengths))


def test_when_all_look_alike_the_loss_is_the_logarithm_of_the_choices():
    same = torch.ones(4, 3)
    assert InfoNCELoss()(same, same).item() == pytest.approx(math.log(4), rel=1e-5)
    assert InfoNCELoss()(same, same, torch.full((6, 3), 3**-0.5)).item() == pytest.approx(math.log(7), rel=1e-5)
    assert NTXentLoss()(same, same).item() == pytest.approx(math.log(7), rel=1e-5)
    assert clip_loss(same, same, 1.0).item() == pytest.approx(math.log(4), rel=1e-5)


def test_pairs_that_stand_at_right_angles_to_all_others_cost_little_at_a_low_temperature():
    x = torch.eye(4)
    assert InfoNCELoss(temperature=0.05)(x, x).item() < 1e-6
    assert NTXentLoss(temperature=0.05)(x, x).item() < 1e-6
    assert clip_loss(x, x, math.log(20)).item() < 1e-6
    assert InfoNCELoss(temperature=0.05)(x, x.flip(0)).item() > 10


def test_the_queue_takes_no_gradient_and_its_length_counts():
    query, key, queue = draw(2, 3).requires_grad_(), draw(2, 3).requires_grad_(), draw(5, 3).requires_grad_()
    InfoNCELoss()(query, key, queue).backward()
    assert queue.grad is None and query.grad is not None and key.grad is not None


def test_the_scale_of_clip_learns_and_may_be_a_number():
    x, y, scale = draw(3, 2), draw(3, 2), torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    loss = clip_loss(x, y, scale)
    loss.backward()
    assert scale.grad is not None
    torch.testing.assert_close(clip_loss(x, y, 0.5), loss.detach())


def test_clip_reads_both_ways():
    x, y = draw(4, 3), draw(4, 3)
    torch.testing.assert_close(clip_loss(x, y, 2.0), clip_loss(y, x, 2.0))
    assert not torch.isclose(clip_loss(x, y, 2.0), InfoNCELoss(temperature=math.exp(-2.0))(x, y))
    both = (InfoNCELoss(temperature=math.exp(-2.0))(x, y) + InfoNCELoss(temperature=math.exp(-2.0))(y, x)) / 2
    torch.testing.assert_close(clip_loss(x, y, 2.0), both)


def test_the_two_views_of_simclr_are_of_equal_right():
    x, y = draw(4, 3), draw(4, 3)
    torch.testing.assert_close(NTXentLoss()(x, y), NTXentLoss()(y, x))


def test_a_triplet_of_unit_vectors_costs_its_squared_distances():
    x, y, z = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([[-1.0, 0.0]])
    assert TripletLoss()(x, x, y).item() == 0
    assert TripletLoss()(x, y, x).item() == pytest.approx(2.2)
    assert TripletLoss(margin=3.0)(x, y, z).item() == pytest.approx(1.0)  # 2 - 4 + 3


def test_the_hardest_of_a_batch_are_the_farthest_of_the_own_class_and_the_nearest_of_another():
    points, label = torch.tensor([[0.0], [1.0], [4.0], [6.0]]), torch.tensor([0, 0, 1, 1])
    # farthest own less nearest other: 1 - 4, 1 - 3, 2 - 3, 2 - 5
    assert BatchHardTripletLoss(margin=1.5)(points, label).item() == pytest.approx(0.5 / 4)
    assert BatchHardTripletLoss(margin=2.5)(points, label).item() == pytest.approx((0.5 + 1.5) / 4)
    assert BatchHardTripletLoss()(torch.zeros(2, 1), torch.tensor([0, 1])).item() == pytest.approx(0.3)


def test_equal_embeddings_in_a_batch_give_no_nan():
    points = torch.zeros(4, 3, requires_grad=True)
    BatchHardTripletLoss()(points, torch.tensor([0, 0, 1, 1])).backward()
    assert torch.equal(points.grad, torch.zeros(4, 3))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
@pytest.mark.parametrize("loss", [InfoNCELoss, NTXentLoss])
def test_a_temperature_is_positive(loss, temperature):
    with pytest.raises(ValueError, match=f"{loss.__name__}: temperature must be positive; it was given {temperature}"):
        loss(temperature=temperature)


@pytest.mark.parametrize("margin", [0.0, -1.0, math.nan])
@pytest.mark.parametrize("loss", [TripletLoss, BatchHardTripletLoss])
def test_a_margin_is_positive(loss, margin):
    with pytest.raises(ValueError, match=f"{loss.__name__}: margin must be positive; it was given {margin}"):
        loss(margin=margin)


TWO = {
    "InfoNCELoss": lambda x, y: InfoNCELoss()(x, y),
    "NTXentLoss": lambda x, y: NTXentLoss()(x, y),
    "clip_loss": lambda x, y: clip_loss(x, y, 1.0),
    "TripletLoss": lambda x, y: TripletLoss()(x, x, y),
}


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.ones(3, 2), torch.ones(4, 2), r"of one shape; it was given .*torch.float32 \(3, 2\).*torch.float32 \(4, 2\)"),
        (torch.ones(3, 2), torch.ones(3, 4), r"of one shape"),
        (torch.ones(3), torch.ones(3), r"floating-point embeddings \(batch, features\) of one shape; .* \(3,\)"),
        (torch.ones(3, 2).long(), torch.ones(3, 2).long(), r"floating-point embeddings .* torch.int64 \(3, 2\)"),
    ],
)
def test_embeddings_that_do_not_match_are_named(name, x, y, message):
    with pytest.raises(ValueError, match=rf"^{name} takes .*{message}"):
        TWO[name](x, y)


@pytest.mark.parametrize("name", ["InfoNCELoss", "NTXentLoss", "clip_loss"])
def test_a_batch_of_one_has_no_negatives(name):
    with pytest.raises(
        ValueError, match=rf"{name} tells an example from the others of its batch and needs at least 2; .*\(1, 3\)"
    ):
        TWO[name](torch.ones(1, 3), torch.ones(1, 3))
    assert TWO[name](torch.ones(2, 3), torch.ones(2, 3)).isfinite()


def test_a_batch_of_none_is_refused_with_a_queue_and_one_of_one_taken():
    with pytest.raises(ValueError, match="needs at least 1"):
        InfoNCELoss()(torch.ones(0, 3), torch.ones(0, 3), torch.ones(4, 3))
    assert InfoNCELoss()(torch.ones(1, 3), torch.ones(1, 3), torch.ones(4, 3)).isfinite()


@pytest.mark.parametrize("queue", [torch.ones(4, 2), torch.ones(3), torch.ones(1, 4, 3)])
def test_a_queue_of_another_width_is_refused(queue):
    with pytest.raises(ValueError, match=r"a queue beside these embeddings is \(length, 3\); it was given"):
        InfoNCELoss()(torch.ones(2, 3), torch.ones(2, 3), queue)


def test_what_batch_hard_cannot_take_is_named():
    with pytest.raises(ValueError, match=r"2 embeddings take 2 labels; label is \(3,\)"):
        BatchHardTripletLoss()(torch.ones(2, 3), torch.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match="the batch is of one class, so that no example has a negative"):
        BatchHardTripletLoss()(torch.ones(2, 3), torch.tensor([1, 1]))
    with pytest.raises(ValueError, match=r"BatchHardTripletLoss tells .* needs at least 2; it was given embeddings"):
        BatchHardTripletLoss()(torch.ones(1, 3), torch.tensor([1]))
