"""Batches of like lengths: every item once, an order that is known beforehand, little padding."""

from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from groundup.data.bucketing import LengthBuckets, padding_share
from groundup.errors import UserError

lengths = st.lists(st.integers(0, 60), min_size=1, max_size=80)


@given(lengths, st.integers(1, 9), st.integers(0, 3), st.integers(1, 4), st.integers(0, 5))
def test_an_epoch_holds_every_item_once_in_whole_batches_but_one(lengths, batch_size, seed, pool, epoch):
    buckets = LengthBuckets(lengths, batch_size=batch_size, seed=seed, pool=pool)
    batches = buckets.order(epoch)
    assert sorted(torch.cat(batches).tolist()) == list(range(len(lengths)))
    assert len(batches) == buckets.per_epoch
    assert sum(len(batch) < batch_size for batch in batches) == (len(lengths) % batch_size > 0)


@given(lengths, st.integers(1, 9), st.integers(0, 200))
def test_a_run_goes_on_where_it_was_interrupted(lengths, batch_size, position):
    def first(position, count):
        buckets = LengthBuckets(lengths, batch_size=batch_size, seed=3, pool=2)
        return [batch.tolist() for batch in islice(buckets.from_batch(position), count)]

    assert first(position, 7) == first(0, position + 7)[position:]


def test_every_epoch_and_every_seed_has_another_order_and_the_same_one_again():
    make = lambda seed: LengthBuckets([n % 17 for n in range(300)], batch_size=8, seed=seed)  # noqa: E731
    orders = {(seed, epoch): tuple(torch.cat(make(seed).order(epoch)).tolist()) for seed in (0, 1) for epoch in (0, 1)}
    assert len(set(orders.values())) == 4
    assert orders[1, 1] == tuple(torch.cat(make(1).order(1)).tolist())
    assert orders[0, 0][:8] == (209, 90, 73, 243, 22, 175, 192, 294)  # the same on every machine


def test_batches_of_like_lengths_hold_a_tenth_of_the_padding():
    generator = torch.Generator().manual_seed(0)
    lengths = (torch.randn(5000, generator=generator) * 0.5 + 2.5).exp().round().long() + 1  # about as sentences have them
    random = torch.randperm(5000, generator=generator).split(32)
    bucketed = LengthBuckets(lengths, batch_size=32, seed=0).order(0)
    assert padding_share(lengths, random) > 0.5
    assert padding_share(lengths, bucketed) < 0.05
    assert padding_share(lengths, [lengths.argsort()]) == padding_share(lengths, [torch.arange(5000)])  # one batch is one batch


def test_the_batches_do_not_come_by_length():
    lengths = torch.arange(4000) % 50
    means = torch.stack([lengths[batch].double().mean() for batch in LengthBuckets(lengths, batch_size=8, seed=0).order(0)])
    assert abs(torch.corrcoef(torch.stack([means, torch.arange(len(means)).double()]))[0, 1]) < 0.15
    assert abs(means[:50].mean() - means[-50:].mean()) < 8


def test_the_share_of_padding_is_counted_by_hand():
    assert padding_share([1, 3, 2], [torch.tensor([0, 1]), torch.tensor([2])]) == pytest.approx(2 / 8)
    assert padding_share([0], [torch.tensor([0])]) == 0


@pytest.mark.parametrize(("lengths", "options"), [([], {}), ([1], dict(batch_size=0)), ([1], dict(pool=0))])
def test_batches_of_nothing_are_refused(lengths, options):
    with pytest.raises(UserError, match="need items, and a batch size and a pool of 1 or more"):
        LengthBuckets(lengths, **{"batch_size": 1, "seed": 0, **options})
