"""GoogLeNet beyond its case: torchvision's names and start, the stems, the pyramid, the branches and the auxiliary heads."""

import pytest
import torch
from torch import nn

from groundup.cases.classification.googlenet import SIZE, torchvision
from groundup.models.backbone import Backbone
from groundup.models.classification.googlenet import WEIGHTS, GoogLeNetOutput, Inception, googlenet
from groundup.parity.compare import randomize
from groundup.weights.rules import rename
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

TINY = dict(num_classes=5, width_mult=1 / 16)
RULES = WEIGHTS["torchvision"]


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


@pytest.mark.parametrize("auxiliary", [True, False])
def test_the_published_size_has_torchvisions_names_and_shapes(auxiliary):
    models = pytest.importorskip("torchvision").models
    assert_same_names_and_shapes(
        lambda: googlenet(auxiliary=auxiliary), lambda: models.googlenet(aux_logits=auxiliary, init_weights=False), RULES
    )


def test_the_published_size_has_the_parameters_that_torchvision_announces():
    weights = pytest.importorskip("torchvision").models.GoogLeNet_Weights.DEFAULT
    with torch.device("meta"):
        assert sum(p.numel() for p in googlenet(auxiliary=False).parameters()) == weights.meta["num_params"]


def test_with_torchvisions_weights_it_answers_as_theirs_and_gives_them_back():
    pytest.importorskip("torchvision")
    assert_same_answers(googlenet(**SIZE), torchvision(), RULES, draw(2, 3, 64, 50))


def test_for_small_pictures_it_is_torchvisions_without_the_reductions_of_the_stem():
    pytest.importorskip("torchvision")
    theirs = torchvision()
    theirs.maxpool1, theirs.maxpool2 = nn.Identity(), nn.Identity()
    theirs.conv1.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    assert_same_answers(googlenet(stem_stride=1, **SIZE), theirs, RULES, draw(2, 3, 11, 14))


def test_the_weights_start_as_torchvisions_do():
    models = pytest.importorskip("torchvision").models
    theirs = rename(models.googlenet(init_weights=True).state_dict(), RULES)
    for name, ours in googlenet().state_dict().items():
        mine, reference = ours.double(), theirs[name].double()
        assert mine.std(correction=0).item() == pytest.approx(reference.std(correction=0).item(), rel=0.1), name
        assert mine.mean().item() == pytest.approx(reference.mean().item(), abs=3e-3), name


@pytest.mark.parametrize(("stem_stride", "strides"), [(8, (2, 4, 8, 16, 32)), (1, (1, 2, 4))])
def test_maps_have_the_channels_and_strides_that_are_announced(stem_stride, strides):
    model = googlenet(stem_stride=stem_stride, **TINY).eval()
    maps = model.features(torch.randn(2, 3, 64, 96))
    assert isinstance(model, Backbone)
    assert model.feature_strides == strides
    assert [tuple(x.shape) for x in maps] == [
        (2, c, 64 // s, 96 // s) for c, s in zip(model.feature_channels, strides, strict=True)
    ]


def test_the_last_map_is_what_the_head_sees():
    model = googlenet(**TINY).eval()
    images = torch.randn(2, 3, 40, 40)
    assert torch.equal(model(images), model.head(model.features(images)[-1].mean((2, 3))))


def test_the_published_maps_are_those_of_table_1():
    with torch.device("meta"):
        model = googlenet()
        maps = model.eval().features(torch.empty(1, 3, 224, 224))
    assert [tuple(x.shape[1:]) for x in maps] == [(64, 112, 112), (192, 56, 56), (480, 28, 28), (832, 14, 14), (1024, 7, 7)]


def test_each_branch_of_a_block_looks_as_far_as_its_kernel():
    block = randomize(Inception(in_channels=6, channels=(2, 3, 4, 2, 3, 5)).double()).eval()
    x = draw(1, 6, 7, 7).abs()
    touched = x.clone()
    touched[0, :, 3, 3] += 100
    with torch.no_grad():
        for module in block.modules():
            if hasattr(module, "norm"):
                module.norm.bias.fill_(100)  # so that no ReLU hides a change
        changed = (block(touched) - block(x))[0].abs() > 1e-9
    pixel, around = torch.zeros(7, 7, dtype=torch.bool), torch.zeros(7, 7, dtype=torch.bool)
    pixel[3, 3], around[2:5, 2:5] = True, True
    assert block.out_channels == len(changed) == 14
    assert all(torch.equal(view, pixel) for view in changed[:2])
    assert all(torch.equal(view, around) for view in changed[2:])


def test_auxiliary_heads_answer_in_training_alone():
    model = googlenet(**TINY)
    images = torch.randn(2, 3, 32, 32)
    output = model.train()(images)
    assert isinstance(output, GoogLeNetOutput)
    assert [part.shape for part in output] == [(2, 5)] * 3
    called = []
    for head in (model.auxiliary1, model.auxiliary2):
        head.register_forward_hook(lambda *_: called.append(1))
    assert model.eval()(images).shape == (2, 5)
    assert not called


def test_an_auxiliary_head_teaches_what_is_below_it_and_nothing_above():
    model = googlenet(**TINY)
    output = model(torch.randn(4, 3, 64, 64))
    below = {"auxiliary1": "inception4a", "auxiliary2": "inception4d"}
    names = list(model.body)
    for head, block in below.items():
        model.zero_grad()
        getattr(output, head).sum().backward(retain_graph=True)
        reached = {name for name, part in model.body.items() if any(p.grad is not None for p in part.parameters())}
        assert reached == {name for name in names[: names.index(block) + 1] if not name.startswith("pool")}


def test_without_the_heads_the_answers_are_the_same_in_either_mode():
    full = randomize(googlenet(**TINY, dropout=0.0))
    bare = googlenet(**TINY, dropout=0.0, auxiliary=False)
    bare.load_state_dict({name: x for name, x in full.state_dict().items() if not name.startswith("auxiliary")})
    images = torch.randn(2, 3, 40, 40)
    assert torch.equal(bare.train()(images), full.train()(images).logits)
    assert torch.equal(bare.eval()(images), full.eval()(images))
    full.auxiliary1 = full.auxiliary2 = None
    assert torch.equal(full.train()(images), bare.train()(images))


def test_what_depends_on_the_classes_is_called_head():
    shapes = [{name: x.shape for name, x in googlenet(**TINY | dict(num_classes=n)).state_dict().items()} for n in (5, 6)]
    changed = {name for name in shapes[0] if shapes[0][name] != shapes[1][name]}
    assert changed == {f"{part}head.{kind}" for part in ("", "auxiliary1.", "auxiliary2.") for kind in ("weight", "bias")}


@pytest.mark.parametrize(("stem_stride", "least"), [(8, 15), (1, 2)])
def test_a_picture_too_small_is_refused_and_the_smallest_taken(stem_stride, least):
    model = googlenet(stem_stride=stem_stride, in_channels=1, **TINY).eval()
    assert model(torch.randn(1, 1, least, least)).shape == (1, 5)
    for height, width in ((least - 1, 50), (50, least - 1)):
        with pytest.raises(ValueError, match=f"at least {least}x{least} pixels; these have {height}x{width}"):
            model(torch.randn(1, 1, height, width))


def test_another_stem_is_refused():
    with pytest.raises(ValueError, match="stem_stride is 8, for photographs, or 1, for small pictures; it was given 4"):
        googlenet(stem_stride=4)
