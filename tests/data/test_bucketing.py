"""Batches of like lengths: every item once, an order that is known beforehand, little padding."""

from dataclasses import replace
from functools import partial
from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator
from torch.utils.data import Dataset

from groundup.data.bucketing import ByLength, LengthBuckets, padding_share
from groundup.data.parallel import multi30k
from groundup.engine.batches import TrainingBatches
from groundup.engine.recipe import Recipe
from groundup.engine.run import with_data
from groundup.errors import UserError
from groundup.optim.sgd import SGD

lengths = st.lists(st.integers(0, 60), min_size=1, max_size=80)


def epoch_of(lengths, *, seed=0, **options):
    return LengthBuckets(lengths, **options).order(Generator().manual_seed(seed))


@given(lengths, st.integers(1, 9), st.integers(0, 3), st.integers(1, 4))
def test_an_epoch_holds_every_item_once_in_whole_batches_but_one(lengths, batch_size, seed, pool):
    batches = epoch_of(lengths, batch_size=batch_size, seed=seed, pool=pool)
    assert sorted(torch.cat(batches).tolist()) == list(range(len(lengths)))
    assert len(batches) == LengthBuckets(lengths, batch_size=batch_size).per_epoch
    assert sum(len(batch) < batch_size for batch in batches) == (len(lengths) % batch_size > 0)


def test_every_seed_has_another_order_and_the_same_one_again():
    orders = [torch.cat(epoch_of([n % 17 for n in range(300)], batch_size=8, seed=seed)).tolist() for seed in (0, 1, 1)]
    assert orders[0] != orders[1] == orders[2]


def test_batches_of_like_lengths_hold_a_tenth_of_the_padding():
    generator = torch.Generator().manual_seed(0)
    lengths = (torch.randn(5000, generator=generator) * 0.5 + 2.5).exp().round().long() + 1  # about as sentences have them
    random = torch.randperm(5000, generator=generator).split(32)
    bucketed = epoch_of(lengths, batch_size=32)
    assert padding_share(lengths, random) > 0.5
    assert padding_share(lengths, bucketed) < 0.05
    assert padding_share(lengths, [lengths.argsort()]) == padding_share(lengths, [torch.arange(5000)])  # one batch is one batch


def test_the_batches_do_not_come_by_length():
    lengths = torch.arange(4000) % 50
    means = torch.stack([lengths[batch].double().mean() for batch in epoch_of(lengths, batch_size=8)])
    assert abs(torch.corrcoef(torch.stack([means, torch.arange(len(means)).double()]))[0, 1]) < 0.15
    assert abs(means[:50].mean() - means[-50:].mean()) < 8


def test_the_share_of_padding_is_counted_by_hand():
    assert padding_share([1, 3, 2], [torch.tensor([0, 1]), torch.tensor([2])]) == pytest.approx(2 / 8)
    assert padding_share([0], [torch.tensor([0])]) == 0


@pytest.mark.parametrize(("lengths", "options"), [([], {}), ([1], dict(batch_size=0)), ([1], dict(pool=0))])
def test_batches_of_nothing_are_refused(lengths, options):
    with pytest.raises(UserError, match="need items, and a batch size and a pool of 1 or more"):
        LengthBuckets(lengths, **{"batch_size": 1, **options})


class Sentences(Dataset):
    labels = ("a", "b")

    def __len__(self):
        return 50

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError(index)
        return {"source": "word " * (index * 7 % 11 + 1), "target": "x" * (index % 3), "number": torch.tensor(index)}


def taken(position, count, workers=0):
    dataset = ByLength(dataset=Sentences(), texts=("source", "target"), pool=3)
    batches = TrainingBatches(dataset, None, batch_size=8, seed=3, num_workers=workers)
    return list(islice(batches.from_batch(position), count))


def test_training_takes_batches_of_like_lengths_and_goes_on_where_it_was_interrupted():
    whole = taken(0, 14)
    assert sorted(torch.cat([batch["number"] for batch in whole[:7]]).tolist()) == list(range(50))
    spread = [max(map(len, batch["source"])) - min(map(len, batch["source"])) for batch in whole]
    assert sum(spread) / len(spread) < 30  # of 50 in a batch of any
    for position, workers in ((0, 2), (1, 0), (5, 2), (7, 0), (11, 0)):
        again = taken(position, 14 - position, workers)
        assert [batch["number"].tolist() for batch in again] == [batch["number"].tolist() for batch in whole[position:]]


def test_a_data_set_by_length_is_the_data_set_itself_in_all_else():
    dataset = ByLength(dataset=Sentences(), texts=("source",))
    assert dataset.labels == ("a", "b") and len(dataset) == 50 and dataset[3] == Sentences()[3]
    assert not hasattr(dataset, "takes_seeds")
    with pytest.raises(UserError, match="measures one or more of the items' source, target, number; got tarjet"):
        ByLength(dataset=Sentences(), texts=("tarjet",))


def test_a_path_of_the_users_own_reaches_the_data_set_within(tmp_path):
    recipe = Recipe(
        model=Sentences,
        train_data=partial(ByLength, dataset=partial(multi30k, split="train"), texts=("source",)),
        eval_data=partial(multi30k, split="test"),
        task=Sentences,
        optimizer=SGD,
    )
    own = with_data(recipe, tmp_path)
    assert own.train_data.keywords["dataset"].keywords == {"split": "train", "root": str(tmp_path)}
    assert own.train_data.keywords["texts"] == ("source",)
    assert own.eval_data.keywords["root"] == str(tmp_path)
    with pytest.raises(UserError, match="embedded and takes no --data"):
        with_data(replace(recipe, train_data=partial(ByLength, dataset=Sentences), eval_data=Sentences), tmp_path)
