"""The Transformer beyond its cases: what is seen and what is not, caches, tied tables, its start, and official weights."""

import math

import pytest
import torch

from groundup.layers.attention import MultiHeadAttention
from groundup.models.language.transformer import WEIGHTS, Transformer, opus_mt, transformer_base, transformer_big
from groundup.parity.compare import PART_BOUND, randomize, relative_error
from groundup.weights.bridge import export_state, import_state
from tests.models.official import assert_same_names_and_shapes

SIZE = dict(max_seq_len=9, embed_dim=12, num_layers=2, num_heads=3, hidden_dim=16, dropout=0.0)


def tiny(**changes):
    return randomize(transformer_base(**{"vocab_size": 11, **SIZE} | changes).double()).eval()


def tokens(*shape, first=1):
    return torch.randint(first, 11, shape)


def close(ours, theirs):
    return relative_error(ours, theirs) <= PART_BOUND


@pytest.mark.parametrize("norm_first", [False, True])
def test_padding_of_the_source_changes_nothing_whatever_stands_beside_it(norm_first):
    model, source, target = tiny(norm_first=norm_first), tokens(2, 4), tokens(2, 5)
    longer = torch.cat([source, torch.zeros(2, 5, dtype=torch.int64)], 1)
    assert close(model(longer, target), model(source, target))
    with torch.no_grad():
        before = model(longer, target)
        model.embedding.weight[0] = 1e3
        after = model(longer, target)
    assert close(after[..., 1:], before[..., 1:])  # the padding's own logit reads its vector, and is never asked for


def test_no_position_of_the_target_sees_a_later_one_and_all_see_the_whole_source():
    model, source, target = tiny(), tokens(2, 6), tokens(2, 7)
    before = model(source, target)
    for place in range(7):
        other = target.clone()
        other[:, place] = other[:, place] % 10 + 1
        after = model(source, other)
        assert torch.equal(after[:, :place], before[:, :place])
        assert not torch.isclose(after[:, place:], before[:, place:]).all(-1).any()
    for place in range(6):
        other = source.clone()
        other[:, place] = other[:, place] % 10 + 1
        assert not torch.isclose(model(other, target), before).all(-1).any()


@pytest.mark.parametrize("pieces", [[9], [4, 1, 4], [1] * 9])
@pytest.mark.parametrize("projected", [False, True])
@torch.no_grad()
def test_with_caches_a_target_in_pieces_gives_the_same_logits(pieces, projected):
    model, source, target = tiny(), tokens(3, 5), tokens(3, 9)
    source[1, 3:] = 0
    memory = model.encode(source)
    memory = model.decoder.project(memory) if projected else memory
    caches = model.new_caches(3)
    found = [model.decode(piece, memory, model.mask(source), caches) for piece in target.split(pieces, 1)]
    assert close(torch.cat(found, 1), model(source, target))


def test_what_is_tied_is_one_table():
    def tables(**changes):
        model = transformer_base(vocab_size=11, **SIZE, **changes)
        return {
            name: len(value) for name, value in model.state_dict().items() if "embedding" in name or name.startswith("output")
        }

    assert tables() == {"embedding.weight": 11}
    assert tables(tie="target", target_vocab_size=7) == {"embedding.weight": 11, "target_embedding.weight": 7}
    assert tables(tie="none") == {"embedding.weight": 11, "target_embedding.weight": 11, "output.weight": 11}
    for changes in ({}, dict(tie="target", target_vocab_size=7), dict(tie="none", target_vocab_size=7)):
        assert tiny(**changes)(tokens(2, 3), tokens(2, 4) % 7).shape == (2, 4, changes.get("target_vocab_size", 11))


def test_alignments_say_where_each_word_looked_and_leave_the_model_as_it_was():
    model, source, target = tiny(), tokens(2, 6), tokens(2, 4)
    source[1, 2:] = 0
    found = model.alignments(source, target)
    assert found.shape == (2, 2, 3, 4, 6)
    assert torch.allclose(found.sum(-1), torch.ones(()).double())
    assert not found[1, ..., 2:].any()
    assert not any(module._forward_pre_hooks for module in model.modules())
    ones = model.decoder.blocks[0].cross_attention
    with torch.no_grad():
        ones.key.weight.zero_()
    assert torch.allclose(model.alignments(source, target)[0, 0], torch.tensor(1 / 6).double())


def test_the_start_is_torchs_and_a_token_fills_the_stream_alike_at_every_width():
    for width in (32, 128):
        model = transformer_base(vocab_size=2000, **SIZE | dict(embed_dim=width, num_heads=4, hidden_dim=64))
        assert (model.embedding.weight[1:] * model.scale).std().item() == pytest.approx(1, rel=0.05)
        assert not model.embedding.weight[0].any()
        block = model.decoder.blocks[1]
        for part in (block.attention, block.cross_attention):
            assert isinstance(part, MultiHeadAttention)
            assert part.query.weight.abs().max().item() == pytest.approx(math.sqrt(6 / (4 * width)), rel=0.05)
            assert part.output.weight.abs().max().item() == pytest.approx(math.sqrt(6 / (2 * width)), rel=0.05)
        assert block.feed_forward.expand.weight.abs().max().item() == pytest.approx(math.sqrt(6 / (width + 64)), rel=0.05)


def test_dropout_acts_behind_the_embeddings_and_in_training_alone():
    model, source, target = tiny(dropout=0.5), tokens(2, 4), tokens(2, 4)
    assert torch.equal(model(source, target), model(source, target))
    for module in model.modules():
        if module is not model.dropout:
            module.train(False)
    model.dropout.train()
    assert not torch.equal(model(source, target), model(source, target))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(tie="some"), "tie is one of all, target, none; got 'some'"),
        (dict(target_vocab_size=7), "one table cannot have 11 tokens for the source and 7"),
        (dict(padding_idx=11), "padding_idx=11 is outside"),
        (dict(num_heads=5), "5 heads do not divide embed_dim=12"),
    ],
)
def test_sizes_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_a_sentence_longer_than_the_positions_is_refused_on_either_side():
    model = tiny()
    for source, target in ((10, 3), (3, 10)):
        with pytest.raises(ValueError, match="has 9 positions; a sentence has 10 tokens"):
            model(tokens(1, source), tokens(1, target))
    for length in (0, 10):
        with pytest.raises(ValueError, match=f"asked for caches of {length} tokens"):
            model.new_caches(1, length)


def their_marian(**changes):
    transformers = pytest.importorskip("transformers")
    stacks = {f"{p}_{n}": v for p in ("encoder", "decoder") for n, v in (("layers", 2), ("attention_heads", 3), ("ffn_dim", 16))}
    sizes = dict(vocab_size=11, d_model=12, max_position_embeddings=9, pad_token_id=10, decoder_start_token_id=10, **stacks)
    options = dict(activation_function="swish", scale_embedding=True)
    return transformers.MarianMTModel(transformers.MarianConfig(**sizes | options | changes))


def published(model):
    """What transformers writes to a file of these weights: the tables of positions it computes anew."""
    return {name: value for name, value in model.state_dict().items() if "embed_positions" not in name}


def test_the_published_size_has_the_names_and_shapes_of_the_official_one():
    sizes = dict(encoder_layers=6, decoder_layers=6, encoder_attention_heads=8, decoder_attention_heads=8)
    sizes |= dict(encoder_ffn_dim=2048, decoder_ffn_dim=2048)
    full = dict(vocab_size=58_101, d_model=512, max_position_embeddings=512, pad_token_id=58_100, decoder_start_token_id=58_100)
    assert_same_names_and_shapes(opus_mt, lambda: their_marian(**full, **sizes), WEIGHTS["transformers"])


def test_official_weights_come_out_as_they_went_in_with_or_without_the_table_of_positions():
    pytest.importorskip("transformers")
    theirs = randomize(their_marian())
    arguments = dict(vocab_size=11, **SIZE)
    ours = import_state("opus_mt", theirs.state_dict(), "transformers", **arguments)
    assert import_state("opus_mt", published(theirs), "transformers", **arguments).keys() == ours.keys()
    opus_mt(**arguments).load_state_dict(ours, strict=True)
    back, wanted = export_state("opus_mt", ours, "transformers", **arguments), published(theirs)
    assert back.keys() == wanted.keys()
    assert all(torch.equal(back[name], wanted[name]) for name in wanted)
    missing = their_marian().load_state_dict(back, strict=False)
    assert all("embed_positions" in name for name in missing.missing_keys) and not missing.unexpected_keys


@torch.no_grad()
def test_in_float32_a_whole_marian_with_its_own_positions_answers_alike():
    theirs = their_marian().eval()
    theirs.final_logits_bias.normal_()
    ours = opus_mt(vocab_size=11, **SIZE).eval()
    ours.load_state_dict(import_state("opus_mt", theirs.state_dict(), "transformers", vocab_size=11, **SIZE))
    source, target = tokens(3, 7) % 10, tokens(3, 5)
    source[1, 4:] = 10
    answers = theirs(input_ids=source, attention_mask=source != 10, decoder_input_ids=target).logits
    assert relative_error(ours(source, target), answers) < 1e-5


def test_the_papers_sizes():
    with torch.device("meta"):
        counts = [sum(p.numel() for p in size().parameters()) for size in (transformer_base, transformer_big, opus_mt)]
    assert counts == [63_082_496, 214_245_376, 73_886_208]
    assert isinstance(tiny(), Transformer)
