"""Vision Transformers beyond their cases: published sizes, three libraries' names, what patches and positions are for."""

import math

import pytest
import torch

from groundup.cases.classification.vit import SIZE, call_transformers, timm, torchvision, transformers
from groundup.models.backbone import Backbone
from groundup.models.classification import vit
from groundup.models.classification.vit import WEIGHTS, VisionTransformer, vit_b_16
from groundup.parity.compare import MODEL_BOUND, PART_BOUND, randomize, relative_error
from groundup.weights.bridge import export_state, import_state
from groundup.weights.rules import rename
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

PUBLISHED = {
    "vit_b_16": (86_567_656, "vit_base_patch16_224", dict(patch_size=16)),
    "vit_b_32": (88_224_232, "vit_base_patch32_224", dict(patch_size=32)),
    "vit_l_16": (
        304_326_632,
        "vit_large_patch16_224",
        dict(patch_size=16, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096),
    ),
}
TINY = {name: value for name, value in SIZE.items() if name != "in_channels"}  # through the size functions


def random_model(**more):
    return randomize(VisionTransformer(**SIZE | more).double()).eval()


def pictures(height=12, width=12, batch=2, channels=3):
    return torch.randn(batch, channels, height, width, dtype=torch.float64)


@pytest.mark.parametrize("size", PUBLISHED)
def test_each_published_size_has_torchvisions_names_and_shapes(size):
    models = pytest.importorskip("torchvision").models
    assert_same_names_and_shapes(getattr(vit, size), getattr(models, size), WEIGHTS["torchvision"])


@pytest.mark.parametrize("size", PUBLISHED)
def test_each_published_size_has_timms_names_and_shapes(size):
    create_model = pytest.importorskip("timm").create_model
    assert_same_names_and_shapes(getattr(vit, size), lambda: create_model(PUBLISHED[size][1]), WEIGHTS["timm"])


@pytest.mark.parametrize("size", PUBLISHED)
def test_each_published_size_has_transformers_names_and_shapes(size):
    library = pytest.importorskip("transformers")
    config = library.ViTConfig(num_labels=1000, **PUBLISHED[size][2])
    assert_same_names_and_shapes(getattr(vit, size), lambda: library.ViTForImageClassification(config), WEIGHTS["transformers"])


@pytest.mark.parametrize("size", PUBLISHED)
def test_each_published_size_has_the_number_of_parameters_that_is_known_of_it(size):
    with torch.device("meta"):
        model = getattr(vit, size)()
    assert sum(parameter.numel() for parameter in model.parameters()) == PUBLISHED[size][0]


@pytest.mark.parametrize("size", PUBLISHED)
def test_each_published_size_has_as_many_heads_as_torchvisions_and_no_dropout(size):
    models = pytest.importorskip("torchvision").models
    with torch.device("meta"):
        ours, theirs = getattr(vit, size)(), getattr(models, size)()
    heads = {block.attention.num_heads for block in ours.encoder.blocks}
    assert heads == {layer.num_heads for layer in theirs.encoder.layers}
    assert ours.dropout.p == ours.encoder.blocks[0].feed_forward.dropout.p == 0


@pytest.mark.parametrize(("source", "theirs"), [("torchvision", torchvision), ("timm", timm), ("transformers", transformers)])
def test_with_the_weights_of_other_libraries_it_answers_as_they_do(source, theirs):
    pytest.importorskip(source)
    answer = call_transformers if source == "transformers" else lambda model, images: model(images)
    assert_same_answers(VisionTransformer(**SIZE), theirs(), WEIGHTS[source], pictures(), call=answer)


def test_the_files_of_transformers_are_read_though_their_names_are_older(tmp_path):
    pytest.importorskip("transformers")
    load_file = pytest.importorskip("safetensors.torch").load_file
    theirs = randomize(transformers()).eval()
    theirs.save_pretrained(tmp_path)
    saved = load_file(tmp_path / "model.safetensors")
    assert "vit.encoder.layer.1.attention.attention.query.weight" in saved
    ours = vit_b_16(**TINY).eval()
    ours.load_state_dict(import_state("vit_b_16", saved, "transformers", **TINY))
    images = torch.randn(2, 3, 12, 12)
    assert torch.allclose(ours(images), theirs(images).logits, atol=1e-5)


def test_the_files_of_torchvision_are_read_though_their_names_are_older():
    pytest.importorskip("torchvision")
    today = randomize(torchvision()).state_dict()
    file = {name.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2."): t for name, t in today.items()}
    assert file.keys() != today.keys()
    torchvision().load_state_dict(file)  # as their own model does
    ours = import_state("vit_b_16", file, "torchvision", **TINY)
    back = export_state("vit_b_16", ours, "torchvision", **TINY)
    assert back.keys() == today.keys()
    assert all(torch.equal(back[name], today[name]) for name in today)


def test_weights_of_another_grid_are_refused_by_their_shape():
    pytest.importorskip("torchvision")
    with pytest.raises(ValueError, match=r"embedding.positions \(asked \(1, 26, 24\), came \(1, 10, 24\)\)"):
        import_state("vit_b_16", torchvision().state_dict(), "torchvision", **TINY | dict(image_size=20))


def test_the_weights_start_as_torchvisions_do():
    library = pytest.importorskip("torchvision").models
    size = dict(image_size=32, patch_size=8, num_layers=1, num_heads=4)
    theirs = library.VisionTransformer(**size, hidden_dim=128, mlp_dim=256).state_dict()
    reference = rename(theirs, WEIGHTS["torchvision"])
    model = vit_b_16(**size, embed_dim=128, mlp_dim=256)
    for name, ours in model.state_dict().items():
        rel = 0.05 if ours.numel() > 2000 else 0.35
        deviation = reference[name].std(correction=0).item()
        assert ours.std(correction=0).item() == pytest.approx(deviation, rel=rel), name
        assert ours.mean().item() == pytest.approx(reference[name].mean().item(), abs=deviation / 3), name
        if deviation:  # the shape of the distribution: a uniform one ends at sqrt(3) deviations
            ends = ours.abs().max() / ours.std(), reference[name].abs().max() / reference[name].std()
            assert (ends[0] < 1.9) == (ends[1] < 1.9), name
    assert not model(torch.randn(2, 3, 32, 32)).any()  # the head is 0


@pytest.mark.parametrize("seed", [1, 2])
def test_dropout_strikes_where_torchvisions_does(seed):
    pytest.importorskip("torchvision")
    theirs = randomize(torchvision(dropout=0.3).double())
    ours = VisionTransformer(**SIZE | dict(dropout=0.3)).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["torchvision"]))
    images = pictures(batch=1)  # random numbers are drawn in the order of memory, which is another for more than one picture
    answers = []
    for model in (ours, theirs):
        torch.manual_seed(seed)
        answers.append(model(images))
    assert relative_error(*answers) <= MODEL_BOUND
    assert relative_error(ours(images), answers[0]) > 1e-3  # it does strike
    assert torch.equal(ours.eval()(images), ours(images))


def test_a_patch_becomes_a_vector_by_one_matrix():
    model, images = random_model(), pictures(8, 12)
    cut = images.unfold(2, 4, 4).unfold(3, 4, 4)  # (batch, channels, rows, columns, 4, 4)
    flat = cut.permute(0, 2, 3, 1, 4, 5).reshape(2, 6, -1)
    projection = model.embedding.projection
    expected = flat @ projection.weight.flatten(1).T + projection.bias + model.embedding.positions_for(2, 3)[:, 1:]
    assert relative_error(model.embedding(images)[:, 1:], expected) <= PART_BOUND


def test_the_class_token_enters_before_the_patches_at_the_first_position():
    model = random_model()
    embedding = model.embedding
    first = embedding(pictures(12, 20))[:, 0]
    assert torch.equal(first, (embedding.class_token + embedding.positions[:, :1])[0].expand(2, -1))


def shuffled(images, order):
    """The same patches of 4x4 pixels in another order."""
    rows, columns = images.shape[2] // 4, images.shape[3] // 4
    patches = images.unflatten(2, (rows, 4)).unflatten(4, (columns, 4)).transpose(3, 4).flatten(2, 3)[:, :, order]
    return patches.unflatten(2, (rows, columns)).transpose(3, 4).flatten(4, 5).flatten(2, 3)


def test_positions_alone_tell_where_a_patch_stands():
    model, images = random_model(), pictures()
    assert torch.equal(shuffled(images, torch.arange(9)), images)
    other = shuffled(images, torch.tensor([8, 1, 2, 3, 7, 5, 6, 4, 0]))
    assert relative_error(model(other), model(images)) > 1e-3
    with torch.no_grad():
        model.embedding.positions.zero_()
    assert relative_error(model(other), model(images)) <= MODEL_BOUND


def test_every_token_sees_every_patch_from_the_first_block_on():
    model, images = random_model(num_layers=1), pictures(batch=1).requires_grad_()
    for token in model.tokens(images)[0]:
        (grad,) = torch.autograd.grad(token.norm(), images, retain_graph=True)
        seen = grad.unfold(2, 4, 4).unfold(3, 4, 4).abs().amax((0, 1, 4, 5))
        assert (seen > 1e-8).all()


def test_the_logits_are_read_off_the_class_token_alone():
    model, images = random_model(), pictures()
    assert relative_error(model(images), model.head(model.tokens(images)[:, 0])) == 0
    model.tokens = lambda images: torch.cat([torch.ones(2, 1, 24), torch.full((2, 9, 24), torch.nan)], 1).double()
    assert model(images).isfinite().all()


def test_pictures_of_the_size_asked_take_the_table_as_it_is():
    embedding = random_model().embedding
    assert embedding.positions_for(3, 3) is embedding.positions


@pytest.mark.parametrize(("rows", "columns"), [(1, 9), (9, 1), (3, 4), (2, 2), (7, 5), (1, 1)])
def test_positions_of_other_grids_are_those_of_transformers(rows, columns):
    pytest.importorskip("transformers")
    theirs = randomize(transformers().double()).eval()
    ours = VisionTransformer(**SIZE).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["transformers"]))
    tokens = torch.empty(1, 1 + rows * columns, 24)
    expected = theirs.vit.embeddings.interpolate_pos_encoding(tokens, rows * 4, columns * 4)
    found = ours.embedding.positions_for(rows, columns)
    assert relative_error(found, expected) <= PART_BOUND
    assert torch.equal(found[:, 0], ours.embedding.positions[:, 0])  # the class token stands nowhere


def test_a_resampled_table_keeps_rows_and_columns_apart():
    embedding = random_model().embedding
    with torch.no_grad():
        embedding.positions[0, 1:] = torch.arange(3.0).repeat_interleave(3)[:, None]  # the number of the row
    table = embedding.positions_for(6, 3)[0, 1:, 0].unflatten(0, (6, 3))
    assert torch.allclose(table, table[:, :1].expand(6, 3))
    assert (table[1:, 0] > table[:-1, 0]).all()


@pytest.mark.parametrize("size", PUBLISHED)
def test_its_one_map_has_the_channels_and_the_stride_that_are_announced(size):
    model = getattr(vit, size)(**TINY | dict(patch_size=4)).eval()
    (features,) = model.features(torch.randn(2, 3, 12, 20))
    assert isinstance(model, Backbone)
    assert (model.feature_channels, model.feature_strides) == ((24,), (4,))
    assert features.shape == (2, 24, 3, 5)


def test_the_map_holds_the_tokens_row_by_row():
    model, images = random_model(), pictures(12, 20)
    (features,), tokens = model.features(images), model.tokens(images)
    for row in range(3):
        for column in range(5):
            assert torch.equal(features[:, :, row, column], tokens[:, 1 + row * 5 + column])


def test_the_tokens_leave_normed():
    model = random_model()
    with torch.no_grad():
        model.encoder.norm.weight.fill_(1)
        model.encoder.norm.bias.zero_()
    tokens = model.tokens(pictures())
    assert torch.allclose(tokens.mean(-1), torch.zeros(()).double(), atol=1e-12)
    assert torch.allclose(tokens.square().mean(-1), torch.ones(()).double(), atol=1e-4)


def test_the_weights_of_every_blocks_attention_can_be_had_for_pictures():
    """What an attention rollout needs: a hook on what each attention reads, and `weights` of it."""
    pytest.importorskip("transformers")
    theirs = randomize(transformers(attention="eager").double()).eval()
    ours = VisionTransformer(**SIZE).double().eval()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["transformers"]))
    images, found, float32_softmax = pictures(), [], 1e-6
    for block in ours.encoder.blocks:
        block.attention.register_forward_pre_hook(lambda attention, inputs: found.append(attention.weights(*inputs)))
    ours(images)
    expected = theirs(images, output_attentions=True).attentions
    assert len(found) == len(expected) == 2
    for weights, reference in zip(found, expected, strict=True):
        assert weights.shape == (2, 3, 10, 10)
        assert relative_error(weights, reference) <= float32_softmax


@pytest.mark.parametrize(
    ("shape", "near"),
    [
        ((2, 3, 13, 12), "12x12"),
        ((2, 3, 12, 19), "12x20"),
        ((2, 3, 1, 8), "4x8"),
        ((2, 3, 0, 12), "4x12"),
        ((3, 12, 12), "12x12"),
    ],
)
def test_pictures_that_do_not_divide_into_patches_are_refused(shape, near):
    model = VisionTransformer(**SIZE)
    with pytest.raises(ValueError, match=f"multiples of patch_size=4, such as {near}; it was given") as caught:
        model(torch.randn(shape))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("image_size", [0, 3, 10, 225])
def test_an_image_size_that_does_not_divide_into_patches_is_refused(image_size):
    with pytest.raises(ValueError, match=f"image_size must be a multiple of patch_size=4; it was given {image_size}"):
        VisionTransformer(**SIZE | dict(image_size=image_size))


def test_heads_that_do_not_divide_the_vectors_are_refused():
    with pytest.raises(ValueError, match="5 heads do not divide embed_dim=24"):
        VisionTransformer(**SIZE | dict(num_heads=5))


@pytest.mark.parametrize("size", PUBLISHED)
def test_every_number_of_a_size_can_be_another(size):
    model = getattr(vit, size)(
        num_classes=5,
        in_channels=1,
        image_size=32,
        patch_size=8,
        embed_dim=16,
        num_layers=3,
        num_heads=4,
        mlp_dim=20,
        dropout=0.2,
    )
    assert model(torch.randn(2, 1, 32, 32)).shape == (2, 5)
    assert model.embedding.positions.shape == (1, 17, 16)
    assert [block.attention.num_heads for block in model.encoder.blocks] == [4, 4, 4]
    assert {block.feed_forward.expand.weight.shape for block in model.encoder.blocks} == {(20, 16)}
    assert model.dropout.p == model.encoder.blocks[2].feed_forward.hidden_dropout.p == 0.2


def test_an_empty_batch_has_no_logits():
    assert VisionTransformer(**SIZE).eval()(torch.randn(0, 3, 12, 12)).shape == (0, 7)


def test_a_tiny_one_learns_where_a_spot_is():
    """Nothing but the place of one bright patch tells the classes apart."""
    model = vit_b_16(num_classes=9, image_size=12, patch_size=4, embed_dim=48, num_layers=1, num_heads=2, mlp_dim=96)
    spots = torch.eye(9).unflatten(1, (1, 3, 3)).repeat_interleave(4, 2).repeat_interleave(4, 3)
    images, labels, losses = spots.expand(-1, 3, -1, -1), torch.arange(9), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[0] == pytest.approx(math.log(9))
    assert losses[-1] < 0.1
