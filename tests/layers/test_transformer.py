"""Transformer blocks and stacks beyond their cases: dropout, starts, caches, what a position may see."""

from functools import partial

import pytest
import torch
from torch import nn

from groundup.cases.layers.transformer import DECODER_NORMS, ENCODER_NORMS, block_weights
from groundup.layers.activation import GELU, ReLU
from groundup.layers.normalization import LayerNorm
from groundup.layers.transformer import TransformerDecoder, TransformerDecoderBlock, TransformerEncoder, TransformerEncoderBlock
from groundup.ops.ladder import rung
from groundup.parity.compare import PART_BOUND, randomize, relative_error
from groundup.weights.rules import rename

SIZE = dict(embed_dim=8, num_heads=2, hidden_dim=10)
BLOCKS = {
    "encoder": (TransformerEncoderBlock, nn.TransformerEncoderLayer, ENCODER_NORMS),
    "decoder": (TransformerDecoderBlock, nn.TransformerDecoderLayer, DECODER_NORMS),
}
BOTH = pytest.mark.parametrize("kind", BLOCKS)


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


def pair(kind, **options):
    """Ours and torch's with the same random weights."""
    ours, theirs, norms = BLOCKS[kind]
    names = {"eps": "layer_norm_eps", "dropout": "dropout", "norm_first": "norm_first", "bias": "bias"}
    theirs = theirs(8, 2, 10, batch_first=True, **{names[name]: value for name, value in options.items()})
    theirs, ours = randomize(theirs.double()), ours(**SIZE, **options).double()
    ours.load_state_dict(rename(theirs.state_dict(), block_weights("", "", norms)))
    return ours, theirs


def stack(kind, layers=3, **options):
    block, whole = (
        (TransformerEncoderBlock, TransformerEncoder) if kind == "encoder" else (TransformerDecoderBlock, TransformerDecoder)
    )
    norm = LayerNorm(normalized_shape=8) if options.get("norm_first") else None
    return randomize(whole(block=partial(block, **SIZE, **options), num_layers=layers, norm=norm).double()).eval()


def inputs(kind, batch=2, length=5):
    return (draw(batch, length, 8),) if kind == "encoder" else (draw(batch, length, 8), draw(batch, 6, 8))


@BOTH
@pytest.mark.parametrize(
    "options", [{}, {"norm_first": True}, {"bias": False}, {"norm_first": True, "bias": False}, {"eps": 0.5}]
)
def test_every_option_is_torchs(kind, options):
    ours, theirs = (module.eval() for module in pair(kind, **options))
    args = inputs(kind)
    assert relative_error(ours(*args), theirs(*args)) <= PART_BOUND


@BOTH
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_dropout_strikes_where_torchs_does_after_the_same_seed(kind, norm_first, name):
    ours, theirs = pair(kind, dropout=0.4, norm_first=norm_first)
    args = inputs(kind, batch=1)  # of several texts torch lays the memory out in another order, and draws in it
    with rung(name):
        torch.manual_seed(3)
        output = ours(*args)
    torch.manual_seed(3)
    assert relative_error(output, theirs(*args)) <= PART_BOUND


@BOTH
def test_dropout_acts_in_each_of_its_places_and_in_training_alone(kind):
    block, args = BLOCKS[kind][0](**SIZE, dropout=0.0).double(), inputs(kind)
    places = [module for module in block.modules() if hasattr(module, "p")]
    attentions = [module for module in block.modules() if hasattr(module, "dropout") and hasattr(module, "num_heads")]
    assert len(places) == {"encoder": 3, "decoder": 4}[kind] and len(attentions) == {"encoder": 1, "decoder": 2}[kind]
    assert torch.equal(block(*args), block(*args))
    for module, name in [*((place, "p") for place in places), *((attention, "dropout") for attention in attentions)]:
        setattr(module, name, 0.5)
        assert not torch.equal(block(*args), block(*args))
        setattr(module, name, 0.0)
    dropping = BLOCKS[kind][0](**SIZE, dropout=0.5).double()
    assert {module.p for module in dropping.modules() if hasattr(module, "p")} == {0.5}
    assert not torch.equal(dropping(*args), dropping(*args))
    dropping.eval()
    assert torch.equal(dropping(*args), dropping(*args))


@BOTH
def test_what_is_not_said_is_as_in_torch(kind):
    ours, theirs, norms = BLOCKS[kind]
    ours, theirs = ours(embed_dim=8, num_heads=2), theirs(8, 2)
    expected = rename(theirs.state_dict(), block_weights("", "", norms))
    assert {name: value.shape for name, value in ours.state_dict().items()} == {n: v.shape for n, v in expected.items()}
    assert {module.p for module in ours.modules() if hasattr(module, "p")} == {0.1} and ours.attention.dropout == 0.1
    assert {module.eps for module in ours.modules() if isinstance(module, LayerNorm)} == {1e-5}
    assert not ours.norm_first and isinstance(ours.feed_forward.activation, ReLU)
    for name, value in ours.state_dict().items():  # the start has the same reach
        assert value.abs().max().item() == pytest.approx(expected[name].abs().max().item(), rel=0.1, abs=0.05), name


@BOTH
def test_an_activation_is_a_type_or_a_module(kind):
    tanh, block = GELU(approximate="tanh"), BLOCKS[kind][0]
    assert isinstance(block(**SIZE, activation=GELU).feed_forward.activation, GELU)
    assert block(**SIZE, activation=tanh).feed_forward.activation is tanh


@BOTH
def test_every_block_of_a_stack_has_a_start_of_its_own(kind):
    block = partial(BLOCKS[kind][0], **SIZE)
    whole = (TransformerEncoder if kind == "encoder" else TransformerDecoder)(block=block, num_layers=3)
    first = [block.feed_forward.expand.weight for block in whole.blocks]
    assert len(first) == 3 and whole.norm is None
    assert not torch.equal(first[0], first[1]) and not torch.equal(first[1], first[2])


@BOTH
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_with_caches_a_stack_gives_the_same_numbers(kind, norm_first, name):
    model, args = stack(kind, norm_first=norm_first), inputs(kind, length=7)
    with torch.no_grad(), rung(name):
        caches = model.new_caches(2, 9)
        others = () if kind == "encoder" else (model.project(args[1]),)
        pieces = [model(piece, *others, is_causal=True, caches=caches) for piece in args[0].split([4, 1, 2], 1)]
        assert relative_error(torch.cat(pieces, 1), model(*args, is_causal=True)) <= PART_BOUND
    assert len(caches) == 3 and {cache.max_seq_len for cache in caches} == {9}


@BOTH
def test_texts_padded_on_the_left_go_on_as_if_they_stood_alone(kind):
    model, args = stack(kind), inputs(kind, length=6)
    mask = torch.ones(2, 1, 1, 8, dtype=torch.bool)
    mask[1, ..., :2] = False
    with torch.no_grad():
        caches = model.new_caches(2, 8)
        pieces = [model(piece, *args[1:], mask=mask, is_causal=True, caches=caches) for piece in args[0].split([4, 1, 1], 1)]
        alone = model(args[0][1:, 2:], *(other[1:] for other in args[1:]), is_causal=True)
    assert relative_error(torch.cat(pieces, 1)[1:, 2:], alone) <= PART_BOUND


def test_a_memory_is_projected_once_for_every_block():
    model, (x, memory) = stack("decoder"), inputs("decoder")
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])[:, None, None]
    known = model.project(memory)
    calls = []
    for block in model.blocks:
        block.cross_attention.key.register_forward_hook(lambda *_: calls.append(1))
    assert relative_error(model(x, known, memory_mask=mask), model(x, memory, memory_mask=mask)) <= PART_BOUND
    assert len(calls) == 3
    other = memory.clone()
    other[1, 4:] = 9.0
    torch.testing.assert_close(model(x, other, memory_mask=mask), model(x, memory, memory_mask=mask))


@BOTH
def test_another_number_of_caches_than_blocks_is_refused(kind):
    model, args = stack(kind), inputs(kind)
    with torch.no_grad():
        with pytest.raises(ValueError, match="each of 3 blocks has its own cache, or memory; 2 were given"):
            model(*args, caches=model.new_caches(2, 9)[:2])
        if kind == "decoder":
            with pytest.raises(ValueError, match="each of 3 blocks has its own cache, or memory; 1 were given"):
                model(args[0], model.project(args[1])[:1])


@pytest.mark.parametrize("options", [{}, {"norm_first": True}])
def test_what_comes_later_never_reaches_an_earlier_position(options):
    for kind in BLOCKS:
        model, args = stack(kind, **options), inputs(kind)
        other = args[0].clone()
        other[:, 3:] = draw(2, 2, 8)
        before, after = (model(x, *args[1:], is_causal=True) for x in (args[0], other))
        torch.testing.assert_close(before[:, :3], after[:, :3])
        assert not torch.isclose(before[:, 3:], after[:, 3:]).all(-1).any()


def test_a_width_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"query takes \(..., length, 8\); it was given \(2, 5, 7\)"):
        stack("encoder")(draw(2, 5, 7))
    with pytest.raises(ValueError, match=r"key takes \(..., length, 8\); it was given \(2, 5, 7\)"):
        stack("decoder")(draw(2, 5, 8), draw(2, 5, 7))
