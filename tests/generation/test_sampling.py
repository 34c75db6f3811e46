"""Sampling from a language model: the window, the generator, temperature and top-k."""

import pytest
import torch
from torch import Generator, nn

from groundup.generation.sampling import draw, sample_tokens
from groundup.models.language.gpt2 import GPT2
from groundup.parity.compare import randomize


class Successor(nn.Module):
    """Is nearly sure that each token is followed by the next number, and remembers how much it was shown."""

    def __init__(self, vocab_size=10, sureness=30.0):
        super().__init__()
        self.vocab_size, self.sureness, self.seen = vocab_size, sureness, []

    def forward(self, tokens):
        self.seen.append(tokens.shape[1])
        return self.sureness * nn.functional.one_hot((tokens + 1) % self.vocab_size, self.vocab_size).float()


class Forgetful(nn.Module):
    """A model without its caches, which computes the whole window for every token."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        return self.model(tokens)


def seeded(seed=0):
    return Generator().manual_seed(seed)


def tiny():
    return GPT2(vocab_size=20, max_seq_len=6, embed_dim=8, num_layers=1, num_heads=2).eval()


def test_each_token_is_drawn_from_what_the_model_expects_after_the_last():
    tokens = sample_tokens(Successor(), torch.tensor([[3], [7]]), 5, generator=seeded(), max_seq_len=4)
    assert tokens.tolist() == [[3, 4, 5, 6, 7, 8], [7, 8, 9, 0, 1, 2]]


def test_the_window_slides_when_the_text_is_longer():
    model = Successor()
    sample_tokens(model, torch.zeros(1, 2, dtype=torch.int64), 5, generator=seeded(), max_seq_len=4)
    assert model.seen == [2, 3, 4, 4, 4]
    assert sample_tokens(tiny(), torch.zeros(2, 9, dtype=torch.int64), 3, generator=seeded(), max_seq_len=6).shape == (2, 12)


@pytest.mark.parametrize("length", [1, 4, 6, 9])
@pytest.mark.parametrize("options", [{}, {"temperature": 0}, {"top_k": 4, "temperature": 2.0}])
def test_the_cache_changes_no_token_before_the_window_is_full_nor_after(length, options):
    model, start = randomize(tiny().double()), torch.randint(0, 20, (3, length))
    for seed in range(3):
        found, expected = (
            sample_tokens(each, start, 12, generator=seeded(seed), max_seq_len=6, **options) for each in (model, Forgetful(model))
        )
        assert torch.equal(found, expected)


def test_the_model_sees_each_token_once_as_long_as_the_window_is_not_full():
    model, seen = tiny(), []
    model.token_embedding.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[1]))
    sample_tokens(model, torch.zeros(2, 3, dtype=torch.int64), 6, generator=seeded(), max_seq_len=6)
    assert seen == [3, 1, 1, 1, 6, 6]
    seen.clear()
    sample_tokens(model, torch.zeros(2, 3, dtype=torch.int64), 3, generator=seeded(), max_seq_len=5)
    assert seen == [3, 1, 1]
    seen.clear()
    sample_tokens(model, torch.zeros(2, 7, dtype=torch.int64), 2, generator=seeded(), max_seq_len=6)
    assert seen == [6, 6]


@pytest.mark.parametrize("model", [Successor(), tiny()], ids=["plain", "cached"])
def test_the_smallest_count_and_the_smallest_window_are_allowed(model):
    start = torch.tensor([[3, 4]])
    assert torch.equal(sample_tokens(model, start, 0, generator=seeded(), max_seq_len=6), start)
    assert sample_tokens(model, start, 2, generator=seeded(), max_seq_len=1, temperature=0).shape == (1, 4)


def test_the_caches_are_no_longer_than_the_text_nor_than_the_window():
    model, made = tiny(), []
    make = model.new_caches
    model.new_caches = lambda *args: made.append(args) or make(*args)
    for length, count in ((2, 1), (2, 3), (2, 9)):
        sample_tokens(model, torch.zeros(4, length, dtype=torch.int64), count, generator=seeded(), max_seq_len=6)
    assert made == [(4, 3), (4, 5), (4, 6)]


def test_the_same_generator_writes_the_same_text():
    model, start = tiny(), torch.zeros(3, 1, dtype=torch.int64)
    first, again, other = (sample_tokens(model, start, 30, generator=seeded(s), max_seq_len=6) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


def test_global_random_numbers_are_neither_used_nor_changed():
    model, before = tiny(), torch.get_rng_state()
    sample_tokens(model, torch.zeros(1, 1, dtype=torch.int64), 5, generator=seeded(), max_seq_len=6)
    assert torch.equal(torch.get_rng_state(), before)


def test_tokens_come_as_often_as_the_model_says():
    share = torch.tensor([0.5, 0.3, 0.15, 0.05])
    drawn = draw(share.log().expand(40_000, -1), seeded(), 1.0, None).flatten()
    assert torch.allclose(drawn.bincount() / 40_000, share, atol=0.01)


def test_a_temperature_raises_each_share_to_a_power():
    share = torch.tensor([0.5, 0.3, 0.15, 0.05])
    drawn = draw(share.log().expand(40_000, -1), seeded(), 0.5, None).flatten()
    assert torch.allclose(drawn.bincount() / 40_000, share**2 / (share**2).sum(), atol=0.01)


def test_at_temperature_0_the_likeliest_token_is_taken():
    logits = torch.randn(50, 9)
    assert torch.equal(draw(logits, seeded(), 0, None).flatten(), logits.argmax(-1))


def test_with_top_k_no_other_token_is_ever_drawn():
    logits = torch.tensor([0.0, 0.1, 0.2, 0.3, -0.1]).expand(2_000, -1)
    assert draw(logits, seeded(), 1.0, 3).unique().tolist() == [1, 2, 3]
    assert draw(logits, seeded(), 1.0, 99).unique().tolist() == [0, 1, 2, 3, 4]
    assert draw(logits, seeded(), 1.0, 1).unique().tolist() == [3]


@pytest.mark.parametrize(
    ("options", "length", "message"),
    [
        ({}, 0, "at least one token"),
        (dict(temperature=-1.0), 1, "temperature=-1.0"),
        (dict(temperature=float("nan")), 1, "temperature=nan"),
        (dict(top_k=0), 1, "top_k=0"),
        (dict(count=-1), 1, "count=-1"),
        (dict(max_seq_len=0), 1, "max_seq_len=0"),
    ],
)
def test_what_makes_no_sense_is_refused(options, length, message):
    options = dict(count=1, max_seq_len=4, generator=seeded()) | options
    with pytest.raises(ValueError, match=message):
        sample_tokens(Successor(), torch.zeros(1, length, dtype=torch.int64), options.pop("count"), **options)
