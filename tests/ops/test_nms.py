"""Non-maximum suppression beyond its cases: chunks, ties, the last bit at the threshold, classes, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops import nms as file
from groundup.ops.nms import batched_nms, fixed_point, limit, nms

torchvision = pytest.importorskip("torchvision")

RUNGS = ("loops", "tensors", "fused")


def crowd(count, seed=0, dtype=torch.float64, spread=10.0):
    generator = torch.Generator().manual_seed(seed)
    corner, size = torch.rand(2, count, 2, generator=generator, dtype=torch.float64)
    boxes = torch.cat((corner * spread, corner * spread + size * 5 + 1), 1).to(dtype)
    return boxes, torch.randint(0, count // 2 + 1, (count,), generator=generator).to(dtype)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 30),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_every_rung_keeps_what_torchvision_keeps_in_its_order(count, seed, threshold, dtype):
    boxes, scores = crowd(count, seed, dtype)
    expected = torchvision.ops.nms(boxes, scores, threshold)
    for rung in RUNGS:
        kept = getattr(nms, rung)(boxes, scores, threshold)
        assert kept.dtype == torch.int64 and torch.equal(kept, expected)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 30), st.integers(0, 10**6), st.integers(1, 5), st.sampled_from([0.0, 0.3, 0.6]))
def test_classes_do_not_suppress_each_other(count, seed, classes, threshold):
    boxes, scores = crowd(count, seed)
    boxes -= 20  # below 0 as well, where torchvision's shifted classes would meet
    idxs = torch.randint(0, classes, (count,), generator=torch.Generator().manual_seed(seed)) * 10**9
    stays = torch.zeros(count, dtype=torch.bool)
    for idx in idxs.unique():
        own = torch.where(idxs == idx)[0]
        stays[own[torchvision.ops.nms(boxes[own], scores[own], threshold)]] = True
    order = scores.sort(descending=True, stable=True).indices
    for rung in RUNGS:
        assert torch.equal(getattr(batched_nms, rung)(boxes, scores, idxs, threshold), order[stays[order]])


@pytest.mark.parametrize("threshold", [0.3, 0.6])
@pytest.mark.parametrize(("chunk", "tile"), [(1, 1), (3, 2), (7, 100), (100, 7)])
def test_chunks_and_tiles_change_nothing(monkeypatch, chunk, tile, threshold):
    monkeypatch.setattr(file, "CHUNK", chunk)
    monkeypatch.setattr(file, "TILE", tile)
    boxes, scores = crowd(40)
    assert torch.equal(nms.fused(boxes, scores, threshold), torchvision.ops.nms(boxes, scores, threshold))
    idxs = torch.arange(40) % 3
    expected = batched_nms.tensors(boxes, scores, idxs, threshold)
    for one_table in (39, 40):  # class by class, and all at once
        monkeypatch.setattr(file, "ONE_TABLE", one_table)
        assert torch.equal(batched_nms.fused(boxes, scores, idxs, threshold), expected)


def test_many_boxes_are_settled_in_small_tables(monkeypatch):
    """The widest table of overlaps that `fused` makes is a chunk by a tile: its memory does not grow with the boxes."""
    sizes, plain = [], file.overlap
    monkeypatch.setattr(file, "overlap", lambda a, b, *rest: sizes.append((a.shape[1], b.shape[1])) or plain(a, b, *rest))
    boxes, scores = crowd(3000, spread=300.0)
    nms.fused(boxes, scores, 0.5)
    assert max(a for a, _ in sizes) == 256 and max(b for _, b in sizes) == 512
    sizes.clear()
    batched_nms.fused(boxes, scores, torch.arange(3000) % 30, 0.5)
    assert max(a for a, _ in sizes) == 100  # class by class
    sizes.clear()
    batched_nms.fused(boxes[:1000], scores[:1000], torch.arange(1000) % 30, 0.5)
    assert len(sizes) < 30  # all classes at once


@pytest.mark.parametrize("rung", RUNGS)
def test_of_equal_scores_the_first_box_wins(rung):
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.1, 0.0, 2.1, 2.0], [9.0, 9.0, 10.0, 10.0], [9.0, 9.0, 10.0, 10.1]])
    assert getattr(nms, rung)(boxes, torch.ones(4), 0.5).tolist() == [0, 2]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("tenths", range(1, 10))
def test_an_overlap_of_the_threshold_to_the_last_bit_is_judged_as_by_torchvision(rung, tenths):
    """In float32 the overlap 0.1 is a little more than the threshold 0.1, and 0.7 a little less than 0.7."""
    boxes = torch.tensor([[0, 0, 10, 1], [0, 0, tenths, 1]], dtype=torch.float32)
    for dtype in (torch.float32, torch.float64):
        args = boxes.to(dtype), torch.tensor([1.0, 0.5], dtype=dtype), tenths / 10
        assert torch.equal(getattr(nms, rung)(*args), torchvision.ops.nms(*args))


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.3, 0.5, 0.7, 1.0])
def test_the_limit_is_the_largest_number_of_its_type_not_above(threshold):
    assert limit(threshold, torch.float64) == threshold
    below = torch.tensor(limit(threshold, torch.float32))
    assert below.item() <= threshold < torch.nextafter(below, torch.tensor(2.0)).item()


@pytest.mark.parametrize("rung", RUNGS)
def test_boxes_without_area_or_inverted_do_as_torchvisions(rung):
    boxes = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 1], [4, 4, 0, 0], [0, 0, 4, 4], [0, 4, 4, 0], [0, 0, 4, 3]]).double()
    for scores in (torch.arange(6.0).double(), -torch.arange(6.0).double()):
        for threshold in (0.0, 0.4):
            expected = torchvision.ops.nms(boxes, scores, threshold)
            assert torch.equal(getattr(nms, rung)(boxes, scores, threshold), expected)


@pytest.mark.parametrize("rung", RUNGS)
def test_half_precision_is_judged_in_single(rung):
    boxes, scores = crowd(12, dtype=torch.bfloat16)
    kept = getattr(nms, rung)(boxes, scores, 0.4)
    assert torch.equal(kept, torchvision.ops.nms(boxes.float(), scores.float(), 0.4))


@pytest.mark.parametrize("rung", RUNGS)
def test_the_choice_takes_no_gradient_and_layout_does_not_matter(rung):
    boxes, scores = crowd(12)
    strided = boxes.T.contiguous().T.requires_grad_()
    assert torch.equal(getattr(nms, rung)(strided, scores, 0.4), nms.tensors(boxes, scores, 0.4))


def test_a_chain_is_undone_link_by_link():
    """Each box suppresses the next: the first, third, fifth ... stay."""
    chain = torch.eye(7).roll(1, 1).triu(1).bool()
    assert fixed_point(chain).tolist() == [True, False] * 3 + [True]
    assert fixed_point(torch.zeros(0, 0, dtype=torch.bool)).tolist() == []


def test_compiling_gives_the_same_boxes():
    boxes, scores = crowd(30)
    compiled = torch.compile(nms.fused, backend="eager")
    assert torch.equal(compiled(boxes, scores, 0.4), nms.fused(boxes, scores, 0.4))


@pytest.mark.parametrize("op", [nms, batched_nms])
@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("boxes", "scores", "threshold", "message"),
    [
        (torch.zeros(3, 5), torch.zeros(3), 0.5, r"takes boxes of shape \(..., 4\)"),
        (torch.zeros(2, 3, 4), torch.zeros(2), 0.5, r"takes floating-point boxes \(boxes, 4\).*\(2, 3, 4\)"),
        (torch.zeros(3, 4).long(), torch.zeros(3), 0.5, r"takes floating-point boxes .*torch.int64 \(3, 4\)"),
        (torch.zeros(3, 4), torch.zeros(2), 0.5, r"3 boxes take 3 scores; scores has shape \(2,\)"),
        (torch.zeros(3, 4), torch.zeros(3, 1), 0.5, r"3 boxes take 3 scores; scores has shape \(3, 1\)"),
        (torch.zeros(3, 4), torch.zeros(3), -0.1, "iou_threshold must lie between 0 and 1; it was given -0.1"),
        (torch.zeros(3, 4), torch.zeros(3), 1.1, "iou_threshold must lie between 0 and 1; it was given 1.1"),
        (torch.zeros(3, 4), torch.zeros(3), float("nan"), "iou_threshold must lie between 0 and 1; it was given nan"),
    ],
)
def test_what_does_not_fit_is_named(op, rung, boxes, scores, threshold, message):
    idxs = () if op is nms else (torch.zeros(len(boxes)),)
    with pytest.raises(ValueError, match=f"{op.__name__}:? {message}"):
        getattr(op, rung)(boxes, scores, *idxs, threshold)


@pytest.mark.parametrize("rung", RUNGS)
def test_classes_of_another_length_are_named(rung):
    with pytest.raises(ValueError, match=r"batched_nms: 3 boxes take 3 idxs; idxs has shape \(4,\)"):
        getattr(batched_nms, rung)(torch.zeros(3, 4), torch.zeros(3), torch.zeros(4), 0.5)
