"""FCN on dilated ResNets beyond its case: the published sizes, their names and start, the auxiliary head."""

import pytest
import torch

from groundup.cases.segmentation.fcn_resnet import named, ours, torchvision
from groundup.models.segmentation import fcn_resnet
from groundup.models.segmentation.fcn_resnet import WEIGHTS, FCNOutput, fcn_resnet50
from groundup.weights.layout import fitting
from groundup.weights.rules import rename
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

RULES = WEIGHTS["torchvision"]


@pytest.mark.parametrize("size", ["fcn_resnet50", "fcn_resnet101"])
def test_each_published_size_has_torchvisions_names_and_shapes(size):
    models = pytest.importorskip("torchvision").models.segmentation
    assert_same_names_and_shapes(
        getattr(fcn_resnet, size), lambda: getattr(models, size)(weights_backbone=None, aux_loss=True), RULES
    )
    with torch.device("meta"):
        parameters = sum(p.numel() for p in getattr(fcn_resnet, size)().parameters())
    assert parameters == {"fcn_resnet50": 35_322_218, "fcn_resnet101": 54_314_346}[size]  # as torchvision publishes


def test_with_torchvisions_weights_it_answers_as_torchvisions_does():
    pytest.importorskip("torchvision")
    assert_same_answers(ours(), torchvision(), RULES, torch.randn(1, 3, 30, 45, dtype=torch.float64), call=named)


def test_the_weights_start_as_torchvisions_do():
    build = pytest.importorskip("torchvision").models.segmentation.fcn_resnet50
    theirs = rename(build(weights_backbone=None, aux_loss=True).state_dict(), RULES)
    for name, own in fcn_resnet50().state_dict().items():
        mine, reference = own.double(), theirs[name].double()
        assert mine.std(correction=0).item() == pytest.approx(reference.std(correction=0).item(), rel=0.1, abs=2e-3), name
        assert mine.mean().item() == pytest.approx(reference.mean().item(), abs=1e-2), name


def test_the_auxiliary_head_answers_in_training_alone_and_can_be_left_out():
    model, images = fcn_resnet50(num_classes=3, width=4), torch.randn(2, 3, 33, 40)
    trained = model(images)
    assert isinstance(trained, FCNOutput) and {x.shape for x in trained} == {(2, 3, 33, 40)}
    assert model.eval()(images).shape == (2, 3, 33, 40)
    without = fcn_resnet50(num_classes=3, width=4, auxiliary=False)
    assert without(images).shape == (2, 3, 33, 40)
    assert not [name for name in without.state_dict() if name.startswith("auxiliary")]


def test_published_weights_for_other_classes_are_taken_up_but_for_what_scores_the_classes():
    learnt = fcn_resnet50(num_classes=21, width=4).state_dict()
    found = fitting(learnt, {"groundup": ()}, fcn_resnet50(num_classes=2, width=4).state_dict(), keep_head=False)
    assert not found.faults
    assert {line.partition(":")[0] for line in found.anew} == {
        f"{head}.head.{kind}" for head in ("classifier", "auxiliary") for kind in ("weight", "bias")
    }
