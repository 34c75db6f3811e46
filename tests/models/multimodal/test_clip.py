"""CLIP beyond its cases: the published sizes and starts, weights in and out, what each tower may see, and what is refused."""

import math

import pytest
import torch

from groundup.cases.multimodal import clip as cases
from groundup.cases.multimodal.clip import LAST, RESNET, TEXT, VIT, call_open_clip, call_transformers, texts
from groundup.models.multimodal import clip, clip_resnet
from groundup.models.multimodal.clip import clip_vit_b_32
from groundup.models.multimodal.clip_resnet import clip_rn50
from groundup.parity.compare import MODEL_BOUND, randomize, relative_error
from groundup.weights.rules import rename
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

VIT_SIZES = {
    "clip_vit_b_32": ("ViT-B-32-quickgelu", 151_277_313),
    "clip_vit_b_16": ("ViT-B-16-quickgelu", 149_620_737),
    "clip_vit_l_14": ("ViT-L-14-quickgelu", 427_616_513),
}
RESNET_SIZES = {
    "clip_rn50": ("RN50-quickgelu", 102_007_137),
    "clip_rn101": ("RN101-quickgelu", 119_688_033),
    "clip_rn50x4": ("RN50x4-quickgelu", 178_300_601),
    "clip_rn50x16": ("RN50x16-quickgelu", 290_979_217),
    "clip_rn50x64": ("RN50x64-quickgelu", 623_258_305),
}


def open_clip_model(name):
    """open_clip's model of a published configuration, without its weights."""
    open_clip = pytest.importorskip("open_clip")
    config = open_clip.get_model_config(name)
    return open_clip.model.CLIP(**config)


def shapes_of(model):
    return [(name, value.shape) for name, value in model.state_dict().items()]


@pytest.mark.parametrize("size", [*VIT_SIZES, *RESNET_SIZES])
def test_each_published_size_has_open_clips_names_and_shapes(size):
    module = clip if size in VIT_SIZES else clip_resnet
    theirs, parameters = {**VIT_SIZES, **RESNET_SIZES}[size]
    assert_same_names_and_shapes(getattr(module, size), lambda: open_clip_model(theirs), module.WEIGHTS["open_clip"])
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in getattr(module, size)().parameters()) == parameters


@pytest.mark.parametrize(
    ("size", "vision", "text"),
    [
        ("clip_vit_b_32", dict(patch_size=32), {}),
        ("clip_vit_b_16", dict(patch_size=16), {}),
        (
            "clip_vit_l_14",
            dict(patch_size=14, hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16),
            dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12),
        ),
    ],
)
def test_each_published_size_has_transformers_names_and_shapes(size, vision, text):
    transformers = pytest.importorskip("transformers")
    config = transformers.CLIPConfig(vision_config=vision, text_config=text, projection_dim=768 if text else 512)
    assert_same_names_and_shapes(getattr(clip, size), lambda: transformers.CLIPModel(config), clip.WEIGHTS["transformers"])


def test_the_weights_of_other_libraries_go_in_and_come_out_the_same_bytes():
    pytest.importorskip("open_clip")
    generator = torch.Generator().manual_seed(0)
    images, tokens = torch.randn(2, 3, 12, 12, dtype=torch.float64), texts(generator, 3, 12)
    square = torch.randn(2, 3, 64, 64, dtype=torch.float64)

    def image_embeds(model, *inputs):
        return call_open_clip(model, *inputs)[0]

    class Images(torch.nn.Module):  # assert_same_answers compares one tensor
        def __init__(self, model):
            super().__init__()
            self.load_state_dict, self.model = model.load_state_dict, model

        def forward(self, *inputs):
            return self.model(*inputs).image_embeds

    for ours, theirs, rules, inputs in (
        (clip_vit_b_32(**VIT, **TEXT), cases.open_clip_vit(), clip.WEIGHTS["open_clip"], (images, tokens)),
        (clip_rn50(**RESNET, **TEXT), cases.open_clip_resnet(), clip_resnet.WEIGHTS["open_clip"], (square, tokens)),
    ):
        assert_same_answers(Images(ours), theirs, rules, *inputs, call=image_embeds)
    pytest.importorskip("transformers")
    ours, theirs = Images(clip_vit_b_32(**VIT, **TEXT)), cases.transformers()
    call = lambda model, *inputs: call_transformers(model, *inputs)[0]  # noqa: E731
    assert_same_answers(ours, theirs, clip.WEIGHTS["transformers"], images, tokens, call=call)


def test_the_positions_that_older_files_hold_are_left_out():
    pytest.importorskip("transformers")
    theirs = cases.transformers().state_dict()
    old = theirs | {f"{part}.embeddings.position_ids": torch.arange(12)[None] for part in ("text_model", "vision_model")}
    assert rename(old, clip.WEIGHTS["transformers"]).keys() == clip_vit_b_32(**VIT, **TEXT).state_dict().keys()


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_the_weights_start_as_open_clips_do(kind):
    pytest.importorskip("open_clip")
    if kind == "vit":
        ours, theirs, module = clip_vit_b_32(**VIT, **TEXT), cases.open_clip_vit(), clip
    else:
        ours, theirs, module = clip_rn50(**RESNET, **TEXT), cases.open_clip_resnet(), clip_resnet
    reference = rename(theirs.state_dict(), module.WEIGHTS["open_clip"])
    for name, value in ours.state_dict().items():
        mine, expected = value.double(), reference[name].double()
        if expected.numel() < 60 and expected.std(correction=0) > 0:
            continue  # too few numbers to tell a deviation by
        spread, wanted = mine.std(correction=0).item(), expected.std(correction=0).item()
        assert spread == pytest.approx(wanted, rel=0.35, abs=1e-9), name
        if wanted == 0:
            assert torch.allclose(mine, expected), name
    assert ours.logit_scale.item() == pytest.approx(math.log(1 / 0.07))


def test_the_activation_is_the_quick_one_where_it_is_asked_for_in_both_towers():
    quick, exact = (randomize(clip_vit_b_32(**VIT, **TEXT, quick_gelu=quick).double()) for quick in (True, False))
    images, tokens = torch.randn(2, 3, 12, 12, dtype=torch.float64), texts(torch.Generator().manual_seed(0), 3, 9)
    one, other = quick(images, tokens), exact(images, tokens)
    assert relative_error(one.image_embeds, other.image_embeds) > 1e-4
    assert relative_error(one.text_embeds, other.text_embeds) > 1e-4


def test_what_stands_behind_the_end_of_a_text_is_never_seen():
    model = randomize(clip_vit_b_32(**VIT, **TEXT).double()).eval()
    tokens = torch.tensor([[97, 5, 6, LAST]])
    expected = model.embed_texts(tokens)
    for behind in ([0, 0], [7, 8, 9], [LAST, LAST]):
        longer = torch.cat([tokens, torch.tensor([behind])], 1)
        assert relative_error(model.embed_texts(longer), expected) <= MODEL_BOUND
    before = torch.tensor([[97, 6, 5, LAST]])
    assert relative_error(model.embed_texts(before), expected) > 1e-3


def test_vectors_have_length_one_and_pictures_and_texts_need_not_be_as_many():
    model = clip_vit_b_32(**VIT, **TEXT)
    found = model(torch.randn(2, 3, 12, 12), torch.randint(0, LAST, (5, 7)))
    assert found.image_embeds.shape == (2, 16) and found.text_embeds.shape == (5, 16)
    for vectors in found[:2]:
        assert torch.allclose(vectors.norm(dim=1), torch.ones(len(vectors)), atol=1e-5)


def test_a_vision_transformer_takes_pictures_of_other_sizes_and_tells_them_apart():
    model = randomize(clip_vit_b_32(**VIT, **TEXT).double())
    assert model.embed_images(torch.randn(2, 3, 20, 8, dtype=torch.float64)).shape == (2, 16)
    with pytest.raises(ValueError, match="multiples of patch_size=4"):
        model.embed_images(torch.randn(2, 3, 13, 12, dtype=torch.float64))


def test_a_resnet_can_tell_what_stands_where():
    """A mean over the pixels could not: the same patches lie elsewhere."""
    model = randomize(clip_rn50(**RESNET, **TEXT).double()).eval()
    pool = model.visual.attention_pool
    one = torch.randn(1, pool.positions.shape[1], 2, 2, dtype=torch.float64)
    assert relative_error(pool(one.flip(-1)), pool(one)) > 1e-3
    with torch.no_grad():
        pool.positions.zero_()
    assert relative_error(pool(one.flip(-1)), pool(one)) <= MODEL_BOUND


def test_no_convolution_behind_the_stem_skips_pixels():
    model = clip_rn50(**RESNET, **TEXT)
    strides = {name: layer.stride for name, layer in model.visual.named_modules() if "conv" in name.split(".")[-1]}
    assert {name for name, stride in strides.items() if stride != 1} == {"conv1"}
    assert [name for name, layer in model.visual.named_modules() if name.endswith(".pool")] == [
        f"stage{stage}.0.pool" for stage in (2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("build", "call", "words"),
    [
        (lambda: clip_rn50(**RESNET | {"image_size": 50}, **TEXT), None, "multiple of 32 and an even width; .* image_size=50"),
        (lambda: clip_rn50(**RESNET | {"width": 5}, **TEXT), None, "even width; it was given image_size=64 and width=5"),
        (lambda: clip_rn50(**RESNET, **TEXT), (3, 96, 96), "built for pictures of 64x64 pixels"),
        (lambda: clip_vit_b_32(**VIT | {"image_size": 13}, **TEXT), None, "image_size must be a multiple of patch_size=4"),
        (lambda: clip_vit_b_32(**VIT | {"vision_heads": 7}, **TEXT), None, "7 heads do not divide"),
    ],
)
def test_sizes_that_cannot_be_are_refused(build, call, words):
    with pytest.raises(ValueError, match=words):
        model = build()
        model.embed_images(torch.randn(1, *call))


def test_a_text_of_more_tokens_than_there_are_positions_is_refused():
    with pytest.raises(ValueError, match=r"at most 12 tokens; it was given \(1, 13\)"):
        clip_vit_b_32(**VIT, **TEXT).embed_texts(torch.zeros(1, 13, dtype=torch.int64))
