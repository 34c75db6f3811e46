"""Greedy and beam search: against all texts there are, against themselves without caches, alone and in batches."""

import math
from itertools import pairwise, product

import pytest
import torch

from groundup.generation.beam_search import beam_search, greedy_search
from groundup.generation.writer import CachedWriter, translation_writer
from groundup.models.language.gpt2 import GPT2
from groundup.models.language.transformer import transformer_base
from groundup.parity.compare import randomize

END, PADDING = 1, 0
VOCAB = 9


class Chain:
    """Tokens whose probability depends on the one before alone; counts what it is shown."""

    def __init__(self, seed=0, vocab_size=4):
        generator = torch.Generator().manual_seed(seed)
        self.table = 2 * torch.randn(vocab_size, vocab_size, generator=generator).double()
        self.shown, self.orders = [], []

    def show(self, tokens):
        self.shown.append(tuple(tokens.shape))
        return self.table[tokens[:, -1]]

    def reorder(self, rows):
        self.orders.append(rows.tolist())


class Drifting(Chain):
    """A chain whose table is another at each place, so that no two texts are alike probable."""

    def __init__(self, seed, vocab_size, longest):
        generator = torch.Generator().manual_seed(seed)
        self.tables = 2 * torch.randn(longest, vocab_size, vocab_size, generator=generator).double()
        self.place = 0

    def show(self, tokens):
        self.place += tokens.shape[1]
        return self.tables[self.place][tokens[:, -1]]

    def reorder(self, rows):
        pass


class Forgetful:
    """A writer without caches, which computes the whole text for every token."""

    def __init__(self, model, source, num_beams):
        self.model, self.source, self.texts = model, source.repeat_interleave(num_beams, 0), None

    def show(self, tokens):
        self.texts = tokens if self.texts is None else torch.cat([self.texts, tokens], 1)
        return self.model(self.source, self.texts)[:, -1]

    def reorder(self, rows):
        self.texts = self.texts[rows]


def translator(seed=0, longest=24):
    size = dict(max_seq_len=longest, embed_dim=12, num_layers=2, num_heads=2, hidden_dim=16, dropout=0.0)
    return randomize(transformer_base(vocab_size=VOCAB, **size).double(), seed).eval()


def sentences(count=4):
    source = torch.randint(2, VOCAB, (count, 7))
    for row, length in zip(source, (7, 3, 5, 1), strict=False):
        row[length:] = PADDING
    return source


def searched(writer, start, num_beams, **options):
    options = dict(end=END, padding=PADDING, max_length=12) | options
    return (
        greedy_search(writer, start, **options) if num_beams == 0 else beam_search(writer, start, num_beams=num_beams, **options)
    )


def translated(model, source, num_beams, *, longest=12, **options):
    writer = translation_writer(model, source, num_beams=max(1, num_beams), max_length=longest)
    return searched(writer, source.new_full((len(source), 1), 2), num_beams, **options)


def every_text(chain, start, longest, penalty):
    """All texts of a chain with their scores, best first."""
    chances, found = chain.table.log_softmax(-1), []
    for count in range(1, longest):
        for text in product(range(len(chances)), repeat=count):
            whole = (start, *text)
            if END in text[:-1] or (text[-1] != END and count < longest - 1):
                continue
            total = sum(chances[a, b].item() for a, b in pairwise(whole))
            found.append((total / count**penalty, whole))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_with_as_many_beams_as_there_are_texts_the_best_of_all_texts_is_found(seed, penalty):
    texts = every_text(Chain(seed), 2, 5, penalty)
    found = searched(
        Chain(seed), torch.tensor([[2]]), 300, max_length=5, length_penalty=penalty, num_texts=6, early_stopping="never"
    )
    for (score, text), tokens, given in zip(texts, found.tokens[0].tolist(), found.scores[0].tolist(), strict=False):
        assert given == pytest.approx(score)
        assert tuple(tokens[: len(text)]) == text and not any(tokens[len(text) :])


def by_definition(chain, start, *, num_beams, longest, penalty, early_stopping):
    """Beam search on lists, one prompt alone: the best texts with their scores."""
    chances = chain.tables.log_softmax(-1).tolist()
    running, found = [(0.0, (start,))], []
    for length in range(2, longest + 1):
        every = [(s + chance, (*text, v)) for s, text in running for v, chance in enumerate(chances[length - 1][text[-1]])]
        candidates, running = sorted(every, reverse=True)[: 2 * num_beams], []
        for rank, (score, text) in enumerate(candidates):
            if text[-1] != END and length < longest:
                running.append((score, text))
            elif rank < num_beams:
                found.append((score / (length - 1) ** penalty, text))
        found, running = sorted(found, reverse=True)[:num_beams], running[:num_beams]
        reach = longest if early_stopping == "never" and penalty > 0 else length
        if len(found) == num_beams and (
            early_stopping is True or (running and running[0][0] / (reach - 1) ** penalty <= found[-1][0])
        ):
            break
    return found


@pytest.mark.parametrize("early_stopping", [False, True, "never"])
@pytest.mark.parametrize("penalty", [-0.5, 0.0, 1.0, 2.0])
def test_every_prompt_of_a_batch_gets_the_texts_of_beam_searchs_definition(penalty, early_stopping):
    for seed in range(12):
        chain, num_beams = Drifting(seed, vocab_size=9, longest=10), 2 + seed % 3
        limits, prompts = torch.tensor([7, 4, 9]), torch.tensor([[2], [3], [4]])
        options = dict(num_beams=num_beams, early_stopping=early_stopping)
        found = searched(chain, prompts, max_length=limits, length_penalty=penalty, num_texts=num_beams, **options)
        for row, (limit, prompt) in enumerate(zip(limits.tolist(), prompts[:, 0].tolist(), strict=True)):
            texts = by_definition(chain, prompt, longest=limit, penalty=penalty, **options)
            for place, (score, text) in enumerate(texts):
                tokens = found.tokens[row, place].tolist()
                assert tuple(tokens[: len(text)]) == text and not any(tokens[len(text) :])
                assert found.scores[row, place].item() == pytest.approx(score)


def test_greedy_takes_the_likeliest_token_each_time_and_beams_find_a_likelier_text():
    chain = Chain()
    chain.table = torch.tensor([[0.0] * 4, [0.0] * 4, [-9, -9, 1.0, 1.5], [0.0, 0.1, 0.2, 0.3]]).double()
    chain.table[2, 1] = 1.2
    greedy, beams = (
        searched(chain, torch.tensor([[2]]), n, max_length=4, **o) for n, o in ((0, {}), (3, {"length_penalty": 0.0}))
    )
    assert greedy.tokens[0, 0].tolist() == [2, 3, 3, 3]
    assert beams.tokens[0, 0].tolist() == [2, 1]
    assert beams.scores[0, 0] > greedy.scores[0, 0]
    chances = chain.table.log_softmax(-1)
    assert greedy.scores[0, 0].item() == pytest.approx((chances[2, 3] + 2 * chances[3, 3]).item())


@pytest.mark.parametrize("num_beams", [0, 1, 2, 5])
@pytest.mark.parametrize("early_stopping", [False, True, "never"])
def test_caches_change_no_token(num_beams, early_stopping):
    for seed in range(3):
        model, source = translator(seed), sentences()
        options = {} if num_beams == 0 else dict(early_stopping=early_stopping, num_texts=num_beams, length_penalty=0.7)
        cached = translated(model, source, num_beams, **options)
        forgetful = Forgetful(model, source, max(1, num_beams))
        whole = searched(forgetful, source.new_full((4, 1), 2), num_beams, **options)
        assert torch.equal(cached.tokens, whole.tokens)
        assert torch.allclose(cached.scores, whole.scores)


@pytest.mark.parametrize("num_beams", [0, 3])
@pytest.mark.parametrize("early_stopping", [False, True, "never"])
def test_a_sentence_is_translated_alike_alone_in_a_batch_and_behind_more_padding(num_beams, early_stopping):
    options = {} if num_beams == 0 else dict(early_stopping=early_stopping, num_texts=3)
    limits = torch.tensor([12, 5, 8, 3])
    for seed in range(2):
        model, source = translator(seed), sentences()
        together = translated(model, source, num_beams, max_length=limits, **options)
        for row, sentence in enumerate(source):
            alone = sentence[sentence != PADDING][None]
            found = translated(model, alone, num_beams, max_length=limits[row].item(), **options)
            padded = torch.cat([alone, alone.new_zeros(1, 9)], 1)
            more = translated(model, padded, num_beams, max_length=limits[row].item(), **options)
            length = found.tokens.shape[-1]
            assert length <= limits[row]
            assert torch.equal(together.tokens[row, :, :length], found.tokens[0])
            assert not together.tokens[row, :, length:].any()
            assert torch.allclose(together.scores[row], found.scores[0])
            assert torch.equal(more.tokens, found.tokens)


def test_a_text_ends_with_the_end_or_at_its_limit_and_padding_follows():
    found = translated(translator(), sentences(), 4, num_texts=4).tokens
    for text in found.flatten(0, 1).tolist():
        last = text.index(END) if END in text else len(text) - 1
        assert not any(text[last + 1 :])
    assert found.shape[-1] <= 12


def test_the_score_is_the_log_probability_over_a_power_of_the_length():
    model, source = translator(), sentences()
    for penalty in (0.0, 1.0, 2.0):
        found = translated(model, source, 3, length_penalty=penalty)
        for row, (tokens, score) in enumerate(zip(found.tokens[:, 0], found.scores[:, 0], strict=True)):
            text = tokens[: tokens.tolist().index(END) + 1] if END in tokens else tokens
            chances = model(source[row : row + 1], text[None, :-1]).log_softmax(-1)[0]
            total = chances.gather(1, text[1:, None]).sum().item()
            assert score.item() == pytest.approx(total / (len(text) - 1) ** penalty, rel=1e-5)


def test_a_higher_length_penalty_writes_no_shorter_texts():
    model, source = translator(3), sentences()
    lengths = [
        (translated(model, source, 6, length_penalty=penalty, early_stopping="never").tokens[:, 0] != PADDING).sum().item()
        for penalty in (-1.0, 0.0, 1.0, 3.0)
    ]
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1]


def test_a_banned_token_is_never_written_and_a_forced_end_always_comes():
    model, source = translator(1), sentences()
    for num_beams in (0, 3):
        free = translated(model, source, num_beams).tokens
        banned = sorted(set(free[..., 1:].flatten().tolist()) - {END, PADDING})[:2]
        found = translated(model, source, num_beams, banned=banned, force_end=True).tokens
        assert not torch.isin(found[..., 1:], torch.tensor(banned)).any()
        assert all(END in text for text in found.flatten(0, 1).tolist())


def test_where_there_are_fewer_texts_than_asked_for_the_rest_is_empty():
    found = searched(Chain(), torch.tensor([[2]]), 3, max_length=2, force_end=True, num_texts=3)
    assert found.tokens[0].tolist() == [[2, END], [2, PADDING], [2, PADDING]]
    assert found.scores[0].tolist() == [0.0, -math.inf, -math.inf]


def test_each_token_is_shown_once_and_beams_stay_within_their_sentence():
    chain = Chain(5)
    searched(chain, torch.tensor([[2, 3], [3, 2]]), 3, max_length=6, early_stopping="never", length_penalty=3.0)
    assert chain.shown[0] == (6, 2)
    assert set(chain.shown[1:]) == {(6, 1)}
    assert len(chain.shown) <= 4
    assert all(row // 3 == place // 3 for order in chain.orders for place, row in enumerate(order))


def test_a_search_ends_when_nothing_better_can_come():
    sure = Chain()
    sure.table = torch.full((4, 4), -9.0).double()
    sure.table[:, END] = 9.0
    found = searched(sure, torch.tensor([[2], [3]]), 2, max_length=500, early_stopping=True)
    assert found.tokens[:, 0].tolist() == [[2, END], [3, END]]
    assert len(sure.shown) <= 3
    searched(sure, torch.tensor([[2]]), 0, max_length=500)
    assert len(sure.shown) <= 4


def test_any_model_with_caches_can_be_searched():
    model = randomize(GPT2(vocab_size=VOCAB, max_seq_len=12, embed_dim=8, num_layers=2, num_heads=2).double()).eval()
    start = torch.randint(2, VOCAB, (3, 4))
    for num_beams in (0, 3):
        rows = 3 * max(1, num_beams)
        found = searched(CachedWriter(model, model.new_caches(rows)), start, num_beams)
        whole = Forgetful(lambda _, text: model(text), start, max(1, num_beams))
        assert torch.equal(found.tokens, searched(whole, start, num_beams).tokens)
        assert torch.equal(found.tokens[:, 0, :4], start)


def test_a_text_without_an_end_is_as_long_as_it_may_be():
    found = searched(Chain(2), torch.tensor([[2]]), 2, max_length=7, end=None)
    assert found.tokens.shape == (1, 1, 7)


def test_the_source_is_read_once_and_projected_once(monkeypatch):
    model, source, read = translator(), sentences(), []
    monkeypatch.setattr(model.encoder, "forward", lambda *args, f=model.encoder.forward: read.append(args[0].shape) or f(*args))
    translated(model, source, 3)
    assert read == [(4, 7, 12)]


@pytest.mark.parametrize("search", [0, 2])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(max_length=0), "max_length=0"),
        (dict(force_end=True, end=None), "can force no end where there is none"),
    ],
)
def test_what_makes_no_sense_is_refused(search, options, message):
    with pytest.raises(ValueError, match=message):
        searched(Chain(), torch.tensor([[2]]), search, **options)


@pytest.mark.parametrize(
    "options", [dict(early_stopping="maybe"), dict(length_penalty=math.nan), dict(num_texts=3), dict(num_texts=0)]
)
def test_settings_of_beams_outside_their_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        searched(Chain(), torch.tensor([[2]]), 2, **options)
    with pytest.raises(ValueError, match="num_beams=-1"):
        searched(Chain(), torch.tensor([[2]]), -1)
    with pytest.raises(ValueError, match="prompts of 0 tokens"):
        searched(Chain(), torch.zeros(1, 0, dtype=torch.int64), 2)
