"""Relative positions beyond their cases: how the buckets grow, what a window's index means, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.relative_position import relative_position_bucket, relative_position_index

BOTH_RUNGS = pytest.mark.parametrize("rung", ["loops", "tensors"])


@settings(max_examples=15, deadline=None)
@given(st.booleans(), st.integers(4, 40), st.integers(1, 300))
def test_the_two_rungs_fill_the_same_buckets(bidirectional, num_buckets, beyond):
    exact = num_buckets // (4 if bidirectional else 2)
    distances = torch.cat([torch.arange(-70, 71), torch.tensor([-4000, 4000])])
    loops, tensors = (
        getattr(relative_position_bucket, rung)(distances, bidirectional, num_buckets, exact + beyond)
        for rung in ("loops", "tensors")
    )
    assert torch.equal(loops, tensors) and loops.dtype == tensors.dtype == torch.int64
    assert loops.min() == 0 and loops.max() == (num_buckets // 2 * 2 if bidirectional else num_buckets) - 1


@BOTH_RUNGS
def test_short_distances_have_a_bucket_each_and_long_ones_share_them(rung):
    bucket = getattr(relative_position_bucket, rung)
    assert bucket(-torch.arange(10), False, 8, 20).tolist() == [0, 1, 2, 3, 4, 4, 5, 5, 5, 6]
    assert bucket(torch.tensor([3, 1, 0, -1, -2, -3, -100]), True, 8, 20).tolist() == [6, 5, 0, 1, 2, 2, 3]
    assert bucket(torch.tensor([5, 1, 0]), False).tolist() == [0, 0, 0]  # keys behind the query are not seen


@BOTH_RUNGS
def test_by_default_there_are_32_buckets_for_both_sides_up_to_128(rung):
    bucket = getattr(relative_position_bucket, rung)
    assert bucket(torch.tensor([0, -7, -8, 7, 8, -127, -128, 90, 91, 10_000])).tolist() == [0, 7, 8, 23, 24, 15, 15, 30, 31, 31]


@BOTH_RUNGS
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.int8])
def test_whole_numbers_of_every_type_have_their_bucket(rung, dtype):
    found = getattr(relative_position_bucket, rung)(torch.tensor([-20, 0, 20], dtype=dtype))
    assert found.dtype == torch.int64 and found.tolist() == [10, 0, 26]


@BOTH_RUNGS
@pytest.mark.parametrize(
    ("bidirectional", "num_buckets", "max_distance", "message"),
    [
        (True, 3, 128, "num_buckets is at least 4 .* num_buckets=3"),
        (False, 1, 128, "num_buckets is at least 2 .* num_buckets=1"),
        (True, 32, 8, "larger than the 8 distances .* max_distance=8"),
        (False, 32, 16, "larger than the 16 distances .* max_distance=16"),
    ],
)
def test_too_few_buckets_or_too_short_a_reach_are_named(rung, bidirectional, num_buckets, max_distance, message):
    with pytest.raises(ValueError, match=f"relative_position_bucket: .*{message}"):
        getattr(relative_position_bucket, rung)(torch.arange(3), bidirectional, num_buckets, max_distance)


@BOTH_RUNGS
def test_the_fewest_buckets_do(rung):
    bucket = getattr(relative_position_bucket, rung)
    assert bucket(torch.arange(-3, 4), True, 4, 2).tolist() == [1, 1, 1, 0, 3, 3, 3]
    assert bucket(torch.arange(-3, 1), False, 2, 2).tolist() == [1, 1, 1, 0]


@BOTH_RUNGS
@pytest.mark.parametrize("dtype", [torch.float32, torch.bool])
def test_distances_that_are_no_whole_numbers_are_refused(rung, dtype):
    with pytest.raises(ValueError, match=f"takes whole numbers; it was given {dtype}"):
        getattr(relative_position_bucket, rung)(torch.ones(3, dtype=dtype))


@BOTH_RUNGS
@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4))
def test_two_pairs_of_pixels_share_a_number_only_if_they_are_the_same_step_apart(rung, height, width):
    index = getattr(relative_position_index, rung)((height, width))
    places = [(y, x) for y in range(height) for x in range(width)]
    steps = {}
    for query, (y, x) in enumerate(places):
        for key, (other_y, other_x) in enumerate(places):
            steps.setdefault((y - other_y, x - other_x), set()).add(index[query, key].item())
    assert all(len(found) == 1 for found in steps.values())
    assert sorted(found.pop() for found in steps.values()) == list(range((2 * height - 1) * (2 * width - 1)))


@BOTH_RUNGS
def test_the_index_of_a_window_of_two_by_two(rung):
    index = getattr(relative_position_index, rung)((2, 2))
    assert index.dtype == torch.int64
    assert index.tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]
    assert getattr(relative_position_index, rung)((2, 2), "meta").device.type == "meta"


@BOTH_RUNGS
@pytest.mark.parametrize("window_size", [(0, 3), (3, -1), (3,), (2, 2, 2)])
def test_a_window_without_pixels_is_refused(rung, window_size):
    with pytest.raises(ValueError, match="takes a window"):
        getattr(relative_position_index, rung)(window_size)
