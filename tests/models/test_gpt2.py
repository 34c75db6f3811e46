"""GPT-2 beyond its case: what it may see, how it starts, its published sizes, and official weights in and out."""

import math

import pytest
import torch

from groundup.models.language.gpt2 import GPT2, WEIGHTS, gpt2, gpt2_large, gpt2_medium, gpt2_xl
from groundup.parity.compare import PART_BOUND, randomize, relative_error
from groundup.weights.bridge import export_state, import_state
from groundup.weights.rules import rename

TINY = dict(vocab_size=11, max_seq_len=8, embed_dim=12, num_layers=2, num_heads=3, dropout=0.0)
SIZES = {
    gpt2: (124_439_808, dict(n_embd=768, n_layer=12, n_head=12)),
    gpt2_medium: (354_823_168, dict(n_embd=1024, n_layer=24, n_head=16)),
    gpt2_large: (774_030_080, dict(n_embd=1280, n_layer=36, n_head=20)),
    gpt2_xl: (1_557_611_200, dict(n_embd=1600, n_layer=48, n_head=25)),
}


def tokens(*shape):
    return torch.randint(0, TINY["vocab_size"], shape)


def their_model(**size):
    """Transformers' GPT-2; its language model, unless `base` asks for the model without the output layer."""
    transformers = pytest.importorskip("transformers")
    kind = transformers.GPT2Model if size.pop("base", False) else transformers.GPT2LMHeadModel
    return kind(transformers.GPT2Config(**size, bos_token_id=0, eos_token_id=0))


def their_tiny(**more):
    return their_model(vocab_size=11, n_positions=8, n_embd=12, n_layer=2, n_head=3, **more)


def test_a_later_character_never_changes_an_earlier_prediction():
    model, text = GPT2(**TINY).eval(), tokens(3, 8)
    before = model(text)
    for place in range(8):
        other = text.clone()
        other[:, place] = (other[:, place] + 1) % 11
        after = model(other)
        assert torch.equal(after[:, :place], before[:, :place])
        assert not torch.isclose(after[:, place:], before[:, place:]).all(-1).any()  # and every later one it does change


def test_each_position_and_each_token_answers_with_logits_of_the_whole_vocabulary():
    assert GPT2(**TINY)(tokens(5, 7)).shape == (5, 7, 11)


def test_the_output_layer_is_the_embedding():
    model, text = GPT2(**TINY), torch.tensor([[1, 2, 3]])
    assert [name for name, value in model.state_dict().items() if 11 in value.shape] == ["token_embedding.weight"]
    before = model(text)
    with torch.no_grad():
        model.token_embedding.weight[7] *= 3  # a token that is not in the text: it can only be an answer
    assert torch.allclose(model(text)[..., 7], 3 * before[..., 7])
    assert torch.equal(model(text)[..., :7], before[..., :7])


def test_the_same_token_is_told_apart_by_its_position():
    model = GPT2(**TINY).eval()
    logits = model(torch.full((1, 8), 4))[0]
    assert (torch.pdist(logits) > 1e-4).all()


@pytest.mark.parametrize("num_layers", [1, 8])
def test_what_is_added_to_the_stream_starts_smaller_the_more_blocks_there_are(num_layers):
    model = GPT2(vocab_size=300, max_seq_len=200, embed_dim=64, num_layers=num_layers, num_heads=2)
    for name, value in model.named_parameters():
        if value.dim() == 1:
            assert (value == float("norm" in name and name.endswith("weight"))).all(), name
            continue
        residual = name.endswith(("attention.output.weight", "feed_forward.contract.weight"))
        deviation = 0.02 / math.sqrt(2 * num_layers) if residual else 0.02
        assert value.std().item() == pytest.approx(deviation, rel=0.06), name
        assert abs(value.mean().item()) < 0.1 * deviation, name


def test_dropout_acts_in_training_alone():
    model, text = GPT2(**TINY | {"dropout": 0.5}), tokens(2, 8)
    assert not torch.equal(model(text), model(text))
    model.eval()
    assert torch.equal(model(text), model(text))


def test_every_part_has_the_models_dropout():
    model = GPT2(**TINY | {"dropout": 0.25})
    places = {name: module.p for name, module in model.named_modules() if hasattr(module, "p")}
    assert {p for name, p in places.items() if not name.endswith("hidden_dropout")} == {0.25}
    assert {p for name, p in places.items() if name.endswith("hidden_dropout")} == {0.0}  # GPT-2 has none there
    assert {block.attention.dropout for block in model.blocks} == {0.25}


@pytest.mark.parametrize("part", ["dropout", "blocks.0.dropout", "blocks.1.feed_forward.dropout"])
def test_dropout_stands_behind_the_embedding_and_each_sublayer(part):
    model, text = GPT2(**TINY), tokens(2, 8)
    model.get_submodule(part).p = 0.5
    assert not torch.equal(model(text), model(text))


def test_a_sequence_longer_than_its_positions_is_refused():
    with pytest.raises(ValueError, match="GPT-2 has 8 positions; this sequence has 9 tokens"):
        GPT2(**TINY)(tokens(1, 9))


@pytest.mark.parametrize("pieces", [[8], [3, 1, 4], [1] * 8])
def test_with_caches_a_text_in_pieces_gives_the_same_logits(pieces):
    model, text = randomize(GPT2(**TINY).double()).eval(), tokens(3, 8)
    with torch.no_grad():
        caches = model.new_caches(3)
        found = torch.cat([model(piece, caches) for piece in text.split(pieces, 1)], 1)
        assert relative_error(found, model(text)) <= PART_BOUND
    assert [cache.keys.shape for cache in caches] == [(3, 3, 8, 4)] * 2


@torch.no_grad()
def test_caches_are_refused_where_they_do_not_fit():
    model = GPT2(**TINY).eval()
    assert [cache.max_seq_len for cache in model.new_caches(1, 5)] == [5, 5]
    for length in (0, 9):
        with pytest.raises(ValueError, match=f"GPT-2 has 8 positions; it was asked for caches of {length} tokens"):
            model.new_caches(1, length)
    caches = model.new_caches(1)
    model(tokens(1, 6), caches)
    with pytest.raises(ValueError, match="room for 8 tokens: it holds 6, and 3 more do not fit"):
        model(tokens(1, 3), caches)
    with pytest.raises(ValueError, match="each of 2 blocks has its own cache, or memory; 1 were given"):
        model(tokens(1, 1), model.new_caches(1)[:1])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.__name__)
def test_each_published_size_has_the_names_and_shapes_of_the_official_one(size):
    parameters, theirs = SIZES[size]
    with torch.device("meta"):
        ours, official = size().state_dict(), their_model(**theirs).state_dict()
    renamed = rename(official, WEIGHTS["transformers"])
    assert {name: value.shape for name, value in ours.items()} == {name: value.shape for name, value in renamed.items()}
    assert sum(value.numel() for value in ours.values()) == parameters


@pytest.mark.parametrize("source", WEIGHTS)
def test_official_weights_come_out_as_they_went_in(source):
    official = their_tiny(base=source == "transformers_base").state_dict()
    ours = import_state("gpt2", official, source, **TINY)
    gpt2(**TINY).load_state_dict(ours, strict=True)
    back = export_state("gpt2", ours, source, **TINY)
    assert back.keys() == official.keys()
    assert all(torch.equal(back[name], official[name]) for name in official)


def test_the_masks_of_old_files_are_left_out():
    official = their_tiny(base=True).state_dict()
    old = official | {f"h.{layer}.attn.bias": torch.ones(1, 1, 8, 8).tril() for layer in (0, 1)}
    old |= {f"h.{layer}.attn.masked_bias": torch.tensor(-1e4) for layer in (0, 1)}
    ours, expected = (import_state("gpt2", state, "transformers_base", **TINY) for state in (old, official))
    assert ours.keys() == expected.keys()
