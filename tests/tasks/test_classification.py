"""Classification's settings: what a class counts, and predictions from both sides of the mirror."""

import pytest
import torch

from groundup.data.images import InMemory, label_counts
from groundup.errors import UserError
from groundup.models.classification.googlenet import googlenet
from groundup.tasks.classification import Classification

LABELS, SHAPE = ["a", "b", "c"], (1, 2, 2)


class Columns(torch.nn.Module):
    """Logits that see left and right: what a mirror changes."""

    def forward(self, images):
        return torch.cat([images[:, 0].sum(1), images[:, 0, :1, 0]], dim=1)


def batch():
    image = torch.tensor([[[[1.0, 2], [3, 4]]], [[[0, 5], [2, 0]]]])
    return {"image": image, "label": torch.tensor([0, 2])}


def test_a_class_counts_as_much_as_its_weight_says():
    model = Columns()
    logits, target = model(batch()["image"]), batch()["label"]
    task = Classification(labels=LABELS, image_shape=SHAPE, class_weights=(1.0, 2.0, 5.0))
    expected = torch.nn.functional.cross_entropy(logits, target, weight=torch.tensor([1.0, 2.0, 5.0]))
    assert task.loss(model, batch())[0] == pytest.approx(expected.item())
    assert task.loss(model, batch())[0] != Classification(labels=LABELS, image_shape=SHAPE).loss(model, batch())[0]


def test_balanced_weights_make_classes_count_alike_whatever_their_numbers():
    facts = label_counts(InMemory({"label": torch.tensor([0, 0, 0, 1, 2, 2])}, labels=LABELS))
    assert facts == {"label_counts": [3, 1, 2]}
    task = Classification(labels=LABELS, image_shape=SHAPE, class_weights="balanced", **facts)
    shares = task.criterion.weight * torch.tensor([3.0, 1, 2])
    assert torch.allclose(shares, torch.full((3,), 2.0))


def test_counts_are_those_of_items_where_there_is_no_column():
    class Items(torch.utils.data.Dataset):
        labels = LABELS

        def __len__(self):
            return 3

        def __getitem__(self, index):
            return {"label": torch.tensor(index % 2)}

    assert label_counts(Items()) == {"label_counts": [2, 1, 0]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"class_weights": "balanced"}, "needs the fact label_counts"),
        ({"class_weights": "heavy"}, "\"balanced\" or 3 numbers above 0, one a class; got 'heavy'"),
        ({"class_weights": (1.0, 2.0)}, "3 numbers above 0"),
        ({"class_weights": (1.0, 2.0, 0.0)}, "3 numbers above 0"),
        ({"class_weights": "balanced", "label_counts": (3, 0, 2)}, "the class 'b' has no picture to train on"),
    ],
)
def test_weights_that_do_not_fit_are_refused(options, words):
    with pytest.raises(UserError, match=words):
        Classification(labels=LABELS, image_shape=SHAPE, **options)


def test_a_prediction_from_both_sides_is_alike_for_a_picture_and_its_mirror_image():
    model, plain = Columns(), batch()
    mirrored = {**plain, "image": plain["image"].flip(-1)}
    task = Classification(labels=LABELS, image_shape=SHAPE, mirror=True)
    assert torch.equal(task.predict(model, plain)["logits"], task.predict(model, mirrored)["logits"])
    assert torch.equal(task.predict(model, plain)["logits"], (model(plain["image"]) + model(plain["image"].flip(-1))) / 2)
    one_sided = Classification(labels=LABELS, image_shape=SHAPE)
    assert not torch.equal(one_sided.predict(model, plain)["logits"], one_sided.predict(model, mirrored)["logits"])


def test_a_prediction_of_moved_pictures_counts_them_as_much_as_the_picture_in_its_place():
    image = torch.arange(32.0).view(1, 2, 4, 4).square()
    padded = torch.nn.functional.pad(image, (1, 1, 1, 1), mode="reflect")
    seen = torch.nn.Flatten()  # a model whose logits are the pixels
    expected = image / 2 + padded[:, :, :4, :4] / 4 + padded[:, :, 2:, 2:] / 4
    task = Classification(labels=LABELS, image_shape=(2, 4, 4), shift=1)
    assert torch.equal(task.predict(seen, {"image": image})["logits"], expected.flatten(1))
    both = Classification(labels=LABELS, image_shape=(2, 4, 4), shift=1, mirror=True)
    mirrored = (image.flip(-1) / 2 + padded.flip(-1)[:, :, :4, 2:] / 4 + padded.flip(-1)[:, :, 2:, :4] / 4).flatten(1)
    assert torch.equal(both.predict(seen, {"image": image})["logits"], (expected.flatten(1) + mirrored) / 2)


def test_a_shift_out_of_the_picture_is_refused():
    with pytest.raises(UserError, match="from 0 to the picture's side less 1; got 2"):
        Classification(labels=LABELS, image_shape=SHAPE, shift=2)


def test_a_model_with_several_heads_is_refused_by_name():
    model = googlenet(num_classes=3, in_channels=1, stem_stride=1, width_mult=0.1)
    batch = {"image": torch.zeros(2, 1, 32, 32), "label": torch.tensor([0, 2])}
    with pytest.raises(UserError, match="answers with GoogLeNetOutput, not with logits alone: take AuxiliaryClassification"):
        Classification(labels=LABELS, image_shape=(1, 32, 32)).loss(model, batch)
