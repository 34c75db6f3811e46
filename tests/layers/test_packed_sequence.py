"""Packing beyond its cases: any lengths there and back, fields as torch's, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils import rnn

from groundup.layers.packed_sequence import PackedSequence, pack_padded_sequence, pad_packed_sequence

LENGTHS = st.lists(st.integers(1, 4), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(LENGTHS, st.integers(0, 2), st.booleans(), st.booleans())
def test_packing_equals_torchs_field_by_field(lengths, beyond, batch_first, enforce_sorted):
    lengths = sorted(lengths, reverse=True) if enforce_sorted else lengths
    steps = max(lengths) + beyond
    x = torch.randn(*((len(lengths), steps) if batch_first else (steps, len(lengths))), 2)
    theirs = rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted)
    for given_lengths in (lengths, torch.tensor(lengths)):
        ours = pack_padded_sequence(x, given_lengths, batch_first, enforce_sorted)
        assert ours._fields == theirs._fields
        for a, b in zip(ours, theirs):
            assert (a is None and b is None) or (a.dtype == b.dtype and torch.equal(a, b))


@settings(max_examples=25, deadline=None)
@given(LENGTHS, st.integers(0, 2), st.booleans())
def test_what_is_packed_is_padded_back(lengths, beyond, batch_first):
    steps, value = max(lengths), 7.0
    x = torch.randn(steps, len(lengths), 2)
    for sequence, length in enumerate(lengths):
        x[length:, sequence] = value
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    back, found = pad_packed_sequence(packed, batch_first, value, steps + beyond)
    back = back.transpose(0, 1) if batch_first else back
    assert torch.equal(back[:steps], x) and (back[steps:] == value).all() and len(back) == steps + beyond
    assert found.tolist() == lengths


@pytest.mark.parametrize("options", [dict(), dict(batch_first=True), dict(padding_value=2.0), dict(total_length=6)])
def test_padding_equals_torchs(options):
    x = torch.randn(4, 3, 2)
    theirs = rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False), **options)
    ours = pad_packed_sequence(pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False), **options)
    for a, b in zip(ours, theirs):
        assert torch.equal(a, b) and a.dtype == b.dtype


def test_a_batch_that_came_sorted_needs_no_indices():
    packed = PackedSequence(torch.randn(3, 2), torch.tensor([2, 1]))
    padded, lengths = pad_packed_sequence(packed)
    assert padded.shape == (2, 2, 2) and lengths.tolist() == [2, 1]
    assert torch.equal(padded[1, 1], torch.zeros(2))


def test_words_as_numbers_are_packed_as_well():
    packed = pack_padded_sequence(torch.tensor([[1, 4, 6], [2, 5, 0], [3, 0, 0]]), [3, 2, 1])
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert pad_packed_sequence(packed)[0].dtype == torch.int64


@pytest.mark.parametrize("enforce_sorted", [True, False])
@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([4, 0], r"every length lies between 1 and the 4 steps of the input; it was given \[4, 0\]"),
        ([5, 2], r"every length lies between 1 and the 4 steps of the input; it was given \[5, 2\]"),
        ([4, -1], "every length lies between 1 and"),
        ([4], r"lengths are 2 whole numbers, one a sequence, of at least one sequence; it was given \[4\]"),
        ([4, 2, 1], "lengths are 2 whole numbers"),
        ([[4], [2]], "lengths are 2 whole numbers"),
        ([4.0, 2.0], "lengths are 2 whole numbers"),
    ],
)
def test_lengths_that_do_not_fit_are_named(lengths, message, enforce_sorted):
    with pytest.raises(ValueError, match=message):
        pack_padded_sequence(torch.zeros(4, 2, 3), lengths, enforce_sorted=enforce_sorted)


def test_a_batch_out_of_order_is_refused_unless_it_may_be_sorted():
    with pytest.raises(ValueError, match=r"the lengths \[2, 3\] do not fall .* enforce_sorted=False"):
        pack_padded_sequence(torch.zeros(4, 2, 3), [2, 3])
    assert pack_padded_sequence(torch.zeros(4, 2, 3), [3, 3]).sorted_indices is None


def test_what_is_no_batch_of_sequences_is_refused():
    with pytest.raises(ValueError, match=r"takes input \(time, batch, ...\); it was given \(4,\)"):
        pack_padded_sequence(torch.zeros(4), [4])
    with pytest.raises(ValueError, match="of at least one sequence"):
        pack_padded_sequence(torch.zeros(4, 0, 3), torch.zeros(0, dtype=torch.int64))


def test_a_total_length_below_the_longest_sequence_is_refused():
    packed = pack_padded_sequence(torch.zeros(4, 2, 3), [4, 1])
    with pytest.raises(ValueError, match="total_length=3 is less than the longest sequence's length, 4"):
        pad_packed_sequence(packed, total_length=3)
