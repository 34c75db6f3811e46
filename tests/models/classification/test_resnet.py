"""ResNet beyond its case: the published sizes, the names of three libraries, the stems, and what its parts are for."""

import pytest
import torch

from groundup.cases.classification.resnet import LAYERS, SIZE, timm, transformers
from groundup.models.backbone import Backbone
from groundup.models.classification import resnet
from groundup.models.classification.resnet import WEIGHTS, BasicBlock, Bottleneck, ResNet, resnet18, resnet50
from groundup.parity.compare import randomize
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


@pytest.mark.parametrize(("size", "dilated_stages"), [(resnet18, 1), (resnet18, 2), (resnet50, 2), (resnet50, 3)])
def test_with_dilation_for_strides_the_same_weights_say_the_same_at_every_second_pixel(size, dilated_stages):
    strided = randomize(size(**TINY).double()).eval()
    dilated = size(dilated_stages=dilated_stages, **TINY).double().eval()
    dilated.load_state_dict(strided.state_dict())
    images = torch.randn(1, 3, 70, 99, dtype=torch.float64)
    with torch.no_grad():
        for coarse, fine, one, other in zip(
            strided.features(images), dilated.features(images), strided.feature_strides, dilated.feature_strides, strict=True
        ):
            torch.testing.assert_close(fine[:, :, :: one // other, :: one // other], coarse, atol=1e-12, rtol=1e-9)
    assert dilated.feature_strides[-1] == 32 // 2**dilated_stages


@pytest.mark.parametrize("block", ["BasicBlock", "Bottleneck"])
def test_dilated_it_answers_as_timms_does(block):
    timm = pytest.importorskip("timm").models.resnet
    theirs = timm.ResNet(getattr(timm, block), LAYERS, num_classes=7, output_stride=8)
    ours = ResNet(block=getattr(resnet, block), layers=LAYERS, dilated_stages=2, **SIZE)
    assert_same_answers(ours, theirs, WEIGHTS["timm"], torch.randn(1, 3, 40, 33, dtype=torch.float64))


def test_more_dilated_stages_than_have_a_stride_are_refused():
    with pytest.raises(ValueError, match="dilated_stages is 0 to 3; it was given 4"):
        resnet18(dilated_stages=4)
