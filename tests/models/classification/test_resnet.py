"""ResNet beyond its case: the published sizes, the names of three libraries, the stems, and what its parts are for."""

import pytest
import torch

from groundup.cases.classification.resnet import LAYERS, SIZE, timm, transformers
from groundup.models.backbone import Backbone
from groundup.models.classification import resnet
from groundup.models.classification.resnet import WEIGHTS, BasicBlock, Bottleneck, ResNet, resnet18, resnet50
from groundup.weights.rules import rename
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

SIZES = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
TINY = dict(num_classes=5, width=4)


@pytest.mark.parametrize("size", SIZES)
def test_each_published_size_has_torchvisions_names_and_shapes(size):
    models = pytest.importorskip("torchvision").models
    assert_same_names_and_shapes(getattr(resnet, size), getattr(models, size), WEIGHTS["torchvision"])


@pytest.mark.parametrize("size", SIZES)
def test_each_published_size_has_timms_names_and_shapes(size):
    create_model = pytest.importorskip("timm").create_model
    assert_same_names_and_shapes(getattr(resnet, size), lambda: create_model(size), WEIGHTS["timm"])


@pytest.mark.parametrize(("source", "theirs"), [("timm", timm), ("transformers", transformers)])
def test_with_the_weights_of_other_libraries_it_answers_as_they_do(source, theirs):
    pytest.importorskip(source)
    ours = ResNet(block=Bottleneck, layers=LAYERS, **SIZE)
    images = torch.randn(2, 3, 40, 33, dtype=torch.float64)
    assert_same_answers(ours, theirs(), WEIGHTS[source], images, call=lambda model, x: getattr(model(x), "logits", model(x)))


def test_the_weights_start_as_torchvisions_do():
    models = pytest.importorskip("torchvision").models
    theirs = rename(models.resnet18().state_dict(), WEIGHTS["torchvision"])
    for name, ours in resnet18().state_dict().items():
        mine, reference = ours.double(), theirs[name].double()
        assert mine.std(correction=0).item() == pytest.approx(reference.std(correction=0).item(), rel=0.1), name
        assert mine.mean().item() == pytest.approx(reference.mean().item(), abs=3e-3), name


@pytest.mark.parametrize("stem_stride", [1, 4])
@pytest.mark.parametrize("size", [resnet18, resnet50])
def test_maps_have_the_channels_and_strides_that_are_announced(size, stem_stride):
    model = size(stem_stride=stem_stride, **TINY).eval()
    maps = model.features(torch.randn(2, 3, 64, 96))
    assert isinstance(model, Backbone)
    expected = [(2, c, 64 // s, 96 // s) for c, s in zip(model.feature_channels, model.feature_strides, strict=True)]
    assert [tuple(x.shape) for x in maps] == expected
    assert model.feature_strides == tuple(stem_stride * factor for factor in (1, 2, 4, 8))


def test_any_size_and_one_channel_are_taken():
    model = resnet18(in_channels=1, **TINY).eval()
    for height, width in ((1, 1), (17, 250), (224, 224)):
        assert model(torch.randn(1, 1, height, width)).shape == (1, 5)


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_a_block_whose_change_is_nothing_passes_on_what_it_gets(block):
    part = block(in_channels=4 * block.expansion, channels=4, stride=1).eval()
    last = part.norm2 if block is BasicBlock else part.norm3
    with torch.no_grad():
        last.weight.zero_()
    x = torch.rand(2, 4 * block.expansion, 5, 5)
    assert torch.equal(part(x), x)


def test_gradients_reach_the_first_block_of_a_hundred_undiminished():
    torch.manual_seed(0)
    blocks = torch.nn.Sequential(*(BasicBlock(in_channels=4, channels=4, stride=1) for _ in range(100))).double()
    x = torch.rand(4, 4, 6, 6, dtype=torch.float64)
    blocks(x).square().mean().backward()
    norms = [block.conv1.weight.grad.norm().item() for block in blocks]
    assert norms[0] > 0.05 * max(norms)


def test_another_stem_is_refused():
    with pytest.raises(ValueError, match="stem_stride is 4, for photographs, or 1, for small pictures; it was given 2"):
        resnet18(stem_stride=2)
