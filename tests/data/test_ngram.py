"""The n-gram model that the small GPT has to beat: it must be a model of probability, and a fair one."""

import importlib.util
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "ngram.py"
spec = importlib.util.spec_from_file_location("ngram", PATH)
ngram = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ngram)


def text(size, vocab_size=7, seed=0):
    """Tokens of which each tends to follow from the two before it."""
    random = np.random.default_rng(seed)
    found = [0, 1]
    for draw in random.random(size):
        found.append((found[-1] * 2 + found[-2]) % (vocab_size - 1) if draw < 0.8 else int(draw * 1e6) % (vocab_size - 1))
    return np.array(found)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_probabilities_after_any_context_sum_to_1(order):
    model = ngram.NGram(text(500), vocab_size=7, order=order)  # token 6 never occurs
    for length in range(5):
        for context in list(product(range(7), repeat=length))[:: 7 ** max(0, length - 2)]:
            share = model.distribution(np.array(context, dtype=np.int64))
            assert share.sum() == pytest.approx(1, abs=1e-12)
            assert (share > 0).all()


def test_the_score_is_of_the_very_distribution():
    model, tokens = ngram.NGram(text(500), vocab_size=7, order=4), text(30, seed=1)
    expected = [model.distribution(tokens[:place])[tokens[place]] for place in range(1, len(tokens))]
    assert model.probabilities(tokens) == pytest.approx(expected)
    assert model.bits(tokens) == pytest.approx(-np.log2(expected).mean())


def by_definition(tokens, vocab_size, order):
    """Equations 20 and 24 to 26 of the paper with dictionaries, a gram at a time."""
    counts = {order: Counter(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))}
    for length in range(order - 1, 0, -1):
        counts[length] = Counter(gram[1:] for gram in counts[length + 1])

    def probability(token, context):
        if len(context) >= order:
            return probability(token, context[len(context) - order + 1 :])
        here, lower = counts[len(context) + 1], probability(token, context[1:]) if context else 1 / vocab_size
        discounts = ngram.modified_discounts(np.array(list(here.values())))
        known = {gram[-1]: count for gram, count in here.items() if gram[:-1] == context}
        if not known:
            return lower
        freed = sum(discounts[min(count, 3)] for count in known.values())
        kept = known[token] - discounts[min(known[token], 3)] if token in known else 0
        return (kept + freed * lower) / sum(known.values())

    return probability


@pytest.mark.parametrize("order", [2, 4])
def test_the_tables_give_what_the_definition_gives(order):
    tokens = text(400).tolist()
    model, probability = ngram.NGram(np.array(tokens), vocab_size=7, order=order), by_definition(tokens, 7, order)
    for context in [(), (0,), (6,), (2, 3), (1, 2, 4), (0, 1, 2, 4), (6, 1, 2), (5, 0, 1, 2, 4)]:
        expected = [probability(token, context) for token in range(7)]
        assert model.distribution(np.array(context, dtype=np.int64)) == pytest.approx(expected, rel=1e-12)


def test_two_orders_worked_by_hand():
    """Behind 0 stand 1 twice and 2 once, behind 1 stands 0 twice; each of the three follows one other. A half is taken off."""
    model = ngram.NGram(np.array([0, 1, 0, 1, 0, 2]), vocab_size=4, order=2)
    seen, never = 0.5 / 3 + 0.5 / 4, 0.5 / 4
    assert model.distribution(np.array([], dtype=np.int64)) == pytest.approx([seen, seen, seen, never])
    behind = np.array([seen, seen, seen, never]) / 3
    assert model.distribution(np.array([0])) == pytest.approx(behind + np.array([0, 1.5 / 3, 0.5 / 3, 0]))
    assert model.distribution(np.array([2])) == pytest.approx([seen, seen, seen, never])


def test_discounts_are_those_of_the_paper_where_they_leave_something_to_share_out():
    assert ngram.modified_discounts(np.array([1, 1, 2, 3, 3, 4, 4, 4])).tolist() == [0, 0.5, 0.5, 0.5]  # 3 - 4 y 3/2 < 0
    assert ngram.modified_discounts(np.array([5, 6])).tolist() == [0, 0.5, 0.5, 0.5]
    counts = np.repeat([1, 2, 3, 4, 9], [40, 12, 5, 2, 3])
    y = 40 / (40 + 2 * 12)
    expected = [0, 1 - 2 * y * 12 / 40, 2 - 3 * y * 5 / 12, 3 - 4 * y * 2 / 5]
    assert ngram.modified_discounts(counts) == pytest.approx(expected)


def test_a_longer_context_helps_where_there_is_something_in_it():
    bits = [ngram.NGram(text(5000), vocab_size=7, order=order).bits(text(1000, seed=1)) for order in (1, 2, 3)]
    assert bits[2] < 1.6 < 2.5 < min(bits[:2])  # the rule needs the two tokens before, and holds four times in five


def test_an_order_whose_grams_do_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit into 64 bits"):
        ngram.NGram(text(10), vocab_size=200, order=9)


def test_it_runs_on_a_text_of_ones_own(tmp_path, monkeypatch, capsys):
    path = tmp_path / "own.txt"
    path.write_text("It was the best of times, it was the worst of times. " * 40)
    monkeypatch.setattr(sys, "argv", ["ngram.py", "--text", str(path)])
    ngram.main()
    assert float(capsys.readouterr().out.split()[-4]) < 0.2
