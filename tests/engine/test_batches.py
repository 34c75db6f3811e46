"""The order of training is a function of the seed and of one number."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.data.images import InMemory
from groundup.engine.batches import TrainingBatches, in_order
from groundup.engine.facts import fit_facts, load_facts, save_facts
from groundup.errors import UserError


class Listed(torch.utils.data.Dataset):
    """The same rows without a whole batch at once, so that items are collated."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"x": torch.tensor(index), "name": str(index)}


def rows(count):
    return InMemory({"x": torch.arange(count)})


def taken(batches, first, count):
    stream = batches.from_batch(first)
    return [next(stream)["x"].tolist() for _ in range(count)]


@settings(max_examples=15, deadline=None)
@given(count=st.integers(4, 30), size=st.integers(1, 4), first=st.integers(0, 40))
def test_from_any_position_the_same_batches_follow(count, size, first):
    batches = TrainingBatches(rows(count), None, batch_size=size, seed=3)
    assert taken(batches, first, 9) == taken(batches, 0, first + 9)[first:]


def test_an_epoch_takes_each_item_at_most_once_and_the_next_has_another_order():
    batches = TrainingBatches(rows(10), None, batch_size=3, seed=0)
    first, second = taken(batches, 0, 3), taken(batches, 3, 3)
    assert len({item for batch in first for item in batch}) == 9
    assert first != second


@pytest.mark.parametrize("workers", [0, 1])
def test_items_that_are_collated_come_in_the_same_order_as_columns_with_or_without_workers(workers):
    listed = TrainingBatches(Listed(10), None, batch_size=3, seed=0, num_workers=workers)
    assert taken(listed, 2, 4) == taken(TrainingBatches(rows(10), None, batch_size=3, seed=0), 2, 4)
    assert next(listed.from_batch(0))["name"] == [str(i) for i in taken(listed, 0, 1)[0]]


def test_evaluation_sees_every_item_once():
    assert [item for batch in in_order(rows(7), None, 3) for item in batch["x"].tolist()] == list(range(7))


def test_facts_are_fitted_in_order_and_an_unfinished_save_counts_as_none(tmp_path):
    def first(dataset):
        return {"count": len(dataset)}

    def second(dataset, *, count):
        return {"double": 2 * count}

    facts = fit_facts((first, second), rows(5))
    assert facts == {"count": 5, "double": 10}
    save_facts(facts, tmp_path)
    assert load_facts(tmp_path) == facts
    (tmp_path / "count.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        load_facts(tmp_path)
    (tmp_path / "facts.json").unlink()
    assert load_facts(tmp_path) is None
