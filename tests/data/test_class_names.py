"""Sets whose classes have other numbers than the model's."""

import pytest
import torch

from groundup.data.annotated import VOID
from groundup.data.class_names import Renumbered, numbered_as
from groundup.errors import UserError


class Pets:
    labels = ("cat", "dog", "hen")

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return {"image": torch.zeros(3, 2, 2), "labels": torch.tensor([0, 2, 1, 1]), "label": torch.tensor(2),
                "mask": torch.tensor([[0, 1], [2, VOID]]), "size": torch.tensor([2, 1])}  # fmt: skip


def test_classes_are_found_by_their_names_and_what_is_no_class_stays():
    found = numbered_as(Pets(), ["ground", "hen", "dog", "horse", "cat"])
    item = found[1]
    assert len(found) == 2 and found.labels == ["ground", "hen", "dog", "horse", "cat"]
    assert item["labels"].tolist() == [4, 1, 2, 2] and item["label"].item() == 1 and item["size"].tolist() == [2, 1]
    assert item["mask"].tolist() == [[4, 2], [1, VOID]]


def test_a_set_of_the_same_classes_or_without_names_is_handed_on():
    pets = Pets()
    assert numbered_as(pets, ["cat", "dog", "hen"]) is pets and numbered_as(pets, None) is pets
    assert numbered_as([1, 2], ["cat"]) == [1, 2]


def test_a_class_that_the_model_does_not_know_is_refused():
    with pytest.raises(UserError, match="classes that the model does not know: hen; it tells apart cat, dog"):
        Renumbered(dataset=Pets(), labels=["cat", "dog"])
