"""Three tenths of each auxiliary loss in training, none in evaluation, and else nothing that Classification does not do."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from groundup.data.images import digits, picture_facts
from groundup.engine.preflight import Preflight
from groundup.engine.recipe import Recipe, RunSettings, build
from groundup.errors import UserError
from groundup.models.classification.googlenet import googlenet
from groundup.optim.sgd import SGD
from groundup.tasks.auxiliary_classification import AuxiliaryClassification
from groundup.tasks.classification import Classification, smoothed_ideal

FACTS = dict(labels=("cat", "dog", "hen"), image_shape=(1, 4, 4))
BATCH = {"image": torch.rand(5, 1, 4, 4), "label": torch.tensor([0, 1, 2, 1, 0])}


class ThreeHeads(nn.Module):
    """Logits in evaluation; in training also those of as many other heads as it is told."""

    def __init__(self, others=2):
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(16, 3) for _ in range(1 + others))

    def forward(self, images):
        outputs = tuple(head(images.flatten(1)) for head in self.heads)
        return outputs if self.training else outputs[0]


@pytest.fixture
def model():
    torch.manual_seed(0)
    return ThreeHeads()


@pytest.fixture(params=[0.0, 0.2], ids=["plain", "smoothed"])
def label_smoothing(request):
    return request.param


def test_in_training_each_auxiliary_loss_counts_three_tenths(model, label_smoothing):
    task = AuxiliaryClassification(**FACTS, label_smoothing=label_smoothing)
    main, *others = (F.cross_entropy(x, BATCH["label"], label_smoothing=label_smoothing) for x in model(BATCH["image"]))
    loss, logs = task.loss(model, BATCH)
    assert loss.item() == pytest.approx((main + 0.3 * others[0] + 0.3 * others[1]).item())
    assert logs["main_loss"].item() == pytest.approx(main.item())
    assert not logs["main_loss"].requires_grad


def test_every_head_learns(model):
    AuxiliaryClassification(**FACTS).loss(model, BATCH)[0].backward()
    assert all(parameter.grad.any() for parameter in model.parameters())


def test_in_evaluation_all_is_as_in_classification(model):
    ours, plain = AuxiliaryClassification(**FACTS, mirror=True), Classification(**FACTS, mirror=True)
    model.eval()
    assert torch.equal(ours.loss(model, BATCH)[0], plain.loss(model, BATCH)[0])
    said, expected = ours.predict(model, BATCH), plain.predict(model, BATCH)
    assert said.keys() == expected.keys()
    assert all(torch.equal(said[name], expected[name]) for name in ("logits", "label", "confidence"))
    assert ours.metrics().keys() == plain.metrics().keys()


def test_guessing_and_the_ideal_have_the_losses_that_are_announced(label_smoothing):
    task = AuxiliaryClassification(**FACTS, label_smoothing=label_smoothing)
    for logits, announced in ((torch.zeros(1, 3), task.chance_loss), (smoothed_ideal(3, label_smoothing)[0], task.least_loss)):
        model = ThreeHeads()
        model.forward = lambda images, logits=logits: (logits, logits, logits)
        loss, _ = task.loss(model, {"image": BATCH["image"][:1], "label": torch.tensor([0])})
        assert loss.item() == pytest.approx(announced)


@pytest.mark.parametrize("others", [0, 1])
def test_a_model_without_the_heads_is_refused_in_training(others):
    with pytest.raises(UserError, match=f"has 2 auxiliary heads in training; this one answered with {others}: build it with"):
        AuxiliaryClassification(**FACTS).loss(ThreeHeads(others), BATCH)


def test_it_takes_the_facts_and_the_settings_of_classification():
    task = build(partial(AuxiliaryClassification, label_smoothing=0.1), FACTS)
    assert task.labels == ["cat", "dog", "hen"]
    with pytest.raises(UserError, match="no argument of AuxiliaryClassification is called 'smoothing'"):
        build(partial(AuxiliaryClassification, smoothing=0.1), FACTS)


def test_googlenet_begins_at_guessing_and_a_gradient_reaches_every_weight():
    recipe = Recipe(
        model=partial(googlenet, in_channels=1, stem_stride=1, width_mult=1 / 8),
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts,),
        prepare=as_floats,
        task=AuxiliaryClassification,
        optimizer=partial(SGD, lr=0.01),
        run=RunSettings(steps=1, batch_size=16),
    )
    look = Preflight(recipe)
    assert look.start().good, look.start()
    assert look.gradients().good, look.gradients()


def as_floats(batch):
    return {**batch, "image": batch["image"] / 8 - 1}
