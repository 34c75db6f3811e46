"""RoIAlign beyond its cases: random boxes, layouts, number types, what lies outside, levels, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops import roi_align as file
from groundup.ops.roi_align import merge, pyramid_level, readings, roi_align
from groundup.parity.compare import PART_BOUND, Constant, compare_functions

torchvision = pytest.importorskip("torchvision")

RUNGS = ("loops", "tensors", "fused")


def boxes_of(count, batch, size, seed=0):
    """Boxes (count, 5), some of them hanging over the edge of a picture of this size, some smaller than a pixel."""
    generator = torch.Generator().manual_seed(seed)
    corner, side = torch.rand(2, count, 2, generator=generator, dtype=torch.float64) * size
    number = torch.randint(batch, (count, 1), generator=generator).double()
    return torch.cat((number, corner - 1.5, corner - 1.5 + side), 1)


def picture(*shape):
    return torch.randn(shape, dtype=torch.float64)


@settings(max_examples=20, deadline=None)
@given(
    st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 6), st.integers(1, 6)),
    st.integers(0, 3),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from([0.4, 1.0, 1.7]),
    st.integers(-1, 3),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_every_rung_equals_torchvisions(shape, count, output_size, spatial_scale, sampling_ratio, aligned, seed):
    boxes = Constant(boxes_of(count, shape[0], 8, seed))
    args = (picture(*shape), boxes, output_size, spatial_scale, sampling_ratio, aligned)
    for rung in RUNGS:
        assert compare_functions(getattr(roi_align, rung), torchvision.ops.roi_align, args).within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_the_defaults_are_torchvisions(rung):
    args = picture(1, 2, 6, 5), boxes_of(3, 1, 6), 2
    torch.testing.assert_close(getattr(roi_align, rung)(*args), torchvision.ops.roi_align(*args))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_list_of_boxes_is_numbered_in_its_order(rung):
    x, boxes = picture(3, 2, 6, 5), boxes_of(3, 1, 6)[:, 1:]
    listed = getattr(roi_align, rung)(x, [boxes[:1], boxes[:0], boxes[1:]], 2, 1.0, 2)
    numbered = torch.cat((torch.tensor([[0.0], [2.0], [2.0]]), boxes), 1)
    torch.testing.assert_close(listed, getattr(roi_align, rung)(x, numbered, 2, 1.0, 2))
    assert getattr(roi_align, rung)(x, [], 2).shape == (0, 2, 2, 2)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("sampling_ratio", [-1, 2])
def test_an_aligned_box_around_each_pixel_gives_the_picture_back(rung, sampling_ratio):
    x = picture(1, 2, 4, 5)
    whole = torch.tensor([[0.0, 0.0, 0.0, 5.0, 4.0]], dtype=torch.float64)
    if sampling_ratio == -1:
        torch.testing.assert_close(getattr(roi_align, rung)(x, whole, (4, 5), aligned=True), x)
    ramp = torch.arange(20.0, dtype=torch.float64).view(1, 1, 4, 5)
    inside = torch.tensor([[0.0, 1.0, 1.0, 4.0, 3.0]], dtype=torch.float64)  # a mean of a plane is its middle
    output = getattr(roi_align, rung)(ramp, inside, (2, 3), 1.0, sampling_ratio, True)
    torch.testing.assert_close(output, ramp[:, :, 1:3, 1:4])


@pytest.mark.parametrize("rung", RUNGS)
def test_one_pixel_beyond_the_edge_counts_as_the_edge_and_further_out_as_nothing(rung):
    x = torch.full((1, 1, 2, 2), 3.0, dtype=torch.float64)
    for far, expected in ((0.999, 3.0), (1.0, 3.0), (1.001, 0.0)):
        left = torch.tensor([[0, -far - 0.5, 0.0, -far + 0.5, 1.0]], dtype=torch.float64)  # its one point is `far` to the left
        right = torch.tensor([[0, 1 + far - 0.5, 0.0, 1 + far + 0.5, 1.0]], dtype=torch.float64)
        for box in (left, right, left[:, [0, 2, 1, 4, 3]], right[:, [0, 2, 1, 4, 3]]):
            assert getattr(roi_align, rung)(x, box, 1, 1.0, 1).item() == expected


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_inverted_boxes_do_as_torchvisions(rung, aligned):
    boxes = torch.tensor([[0, 4.0, 1.0, 1.0, 5.0], [0, 1.0, 5.0, 4.0, 2.0], [0, 3.0, 3.0, 3.0, 3.0]], dtype=torch.float64)
    args = picture(1, 2, 6, 5), boxes, 2, 1.0, 2, aligned
    torch.testing.assert_close(getattr(roi_align, rung)(*args), torchvision.ops.roi_align(*args))
    if aligned:  # without a given number of points there is none to read
        assert not getattr(roi_align, rung)(picture(1, 2, 6, 5), boxes, 2, aligned=True).any()


@pytest.mark.parametrize("rung", RUNGS)
def test_layouts_of_the_picture_do_not_matter(rung):
    x, boxes = picture(2, 3, 5, 6), boxes_of(3, 2, 6)
    expected = torchvision.ops.roi_align(x, boxes, 2)
    one = torchvision.ops.roi_align(x[:1], boxes * torch.tensor([0, 1, 1, 1, 1]), 2)
    for layout in (
        x.to(memory_format=torch.channels_last),
        x.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0),
        x.repeat_interleave(2, 3)[..., ::2],
    ):
        torch.testing.assert_close(getattr(roi_align, rung)(layout, boxes, 2), expected)
        torch.testing.assert_close(getattr(roi_align, rung)(layout[:1], boxes * torch.tensor([0, 1, 1, 1, 1]), 2), one)


def test_fused_reads_a_table_whose_rows_lie_together(monkeypatch):
    """A single picture, channels first, could be had as a table of scattered rows without a copy: many times slower."""
    tables, plain = [], file.F.embedding_bag
    monkeypatch.setattr(
        file.F, "embedding_bag", lambda index, table, *a, **k: tables.append(table) or plain(index, table, *a, **k)
    )
    roi_align.fused(picture(1, 3, 5, 6), boxes_of(2, 1, 6), 2)
    assert tables[0].shape == (30, 3) and tables[0].is_contiguous()


@pytest.mark.parametrize("rung", ["tensors", "fused"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_coarse_number_types_keep_their_type_and_place_their_points_in_single_precision(rung, dtype):
    x, boxes = picture(2, 3, 9, 9), boxes_of(4, 2, 9).float()
    output = getattr(roi_align, rung)(x.to(dtype), boxes, 2, 1.0, 2, True)
    assert output.dtype == dtype
    torch.testing.assert_close(output.double(), roi_align.tensors(x, boxes, 2, 1.0, 2, True), atol=0.05, rtol=0.05)
    boxes = torch.tensor([[0, 1000.3, 1000.3, 1003.1, 1003.1]])  # bfloat16 knows only every eighth number there
    wide = (torch.arange(1200) == 1001).float().expand(1, 1, 4, 1200)
    output = getattr(roi_align, rung)(wide.to(dtype), boxes * torch.tensor([1, 1, 0, 1, 0.001]), 1, 1.0, 1, True)
    assert output.item() == pytest.approx(0.8, abs=0.01)  # its one point lies at 1001.2


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_boxes_take_no_gradient(rung):
    x, boxes = picture(1, 2, 5, 5).requires_grad_(), boxes_of(2, 1, 5).requires_grad_()
    getattr(roi_align, rung)(x, boxes, 2).sum().backward()
    assert boxes.grad is None and x.grad.abs().sum() > 0


def test_tensors_differentiates_twice():
    boxes = boxes_of(2, 1, 4)
    args = (picture(1, 1, 3, 3).requires_grad_(),)
    assert torch.autograd.gradgradcheck(lambda x: roi_align.tensors(x, boxes, 2).square(), args)


def test_merged_readings_name_each_pixel_once():
    low, high = torch.tensor([0.3, -4.0, 2.0]).double(), torch.tensor([7.9, -2.5, 9.0]).double()
    index, weight = readings(low, high, 2, 6, 1.0, -1, True)
    once, merged = merge(index, weight, 6)
    assert index.shape[2] == 2 * 4 and merged.shape[2] == 5
    assert (once.diff(dim=2) >= 0).all() and once.min() >= 0 and once.max() <= 5
    dense = [torch.zeros(3, 2, 6).double().scatter_add(2, i, w) for i, w in ((index, weight), (once, merged))]
    torch.testing.assert_close(*dense)


@pytest.mark.parametrize("sampling_ratio", [-1, 2])
def test_compiling_gives_the_same(sampling_ratio):
    x, boxes = picture(2, 3, 5, 6), boxes_of(3, 2, 6)
    compiled = torch.compile(lambda x, boxes: roi_align(x, boxes, 2, 1.0, sampling_ratio), backend="eager")
    torch.testing.assert_close(compiled(x, boxes), roi_align(x, boxes, 2, 1.0, sampling_ratio))


def test_a_given_number_of_points_can_be_exported():
    class Net(torch.nn.Module):
        def forward(self, x, boxes):
            return roi_align(x, boxes, 2, 1.0, 1, True)

    args = picture(2, 3, 5, 6), boxes_of(3, 2, 6)
    torch.testing.assert_close(torch.export.export(Net(), args).module()(*args), Net()(*args))


def test_levels_follow_the_papers_equation():
    sides = torch.tensor([10.0, 111.9, 112.0, 223.0, 224.0, 447.0, 448.0, 5000.0])
    boxes = torch.stack((torch.zeros(8), torch.zeros(8), sides, sides), 1)
    assert pyramid_level(boxes, 2, 5).tolist() == [2, 2, 3, 3, 4, 4, 5, 5]
    assert pyramid_level(boxes, 0, 9).tolist() == [0, 2, 3, 3, 4, 4, 5, 8]
    assert pyramid_level(boxes[:1] * 0, 2, 5).tolist() == [2]
    assert pyramid_level(boxes.view(2, 4, 4), 2, 5).shape == (2, 4)
    assert pyramid_level(boxes[4], 2, 5, canonical_level=3).item() == 3
    assert pyramid_level(boxes[4], 0, 5, canonical_size=448.0).item() == 3
    assert pyramid_level(boxes[3], 0, 5, eps=0.01).item() == 4
    with pytest.raises(ValueError, match=r"takes boxes of shape \(..., 4\)"):
        pyramid_level(torch.zeros(3, 5), 2, 5)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("input", "boxes", "output_size", "message"),
    [
        (torch.zeros(3, 4, 4), torch.zeros(1, 5), 2, r"takes floating-point input .*\(3, 4, 4\)"),
        (torch.zeros(1, 1, 4, 4).long(), torch.zeros(1, 5), 2, "takes floating-point input .*torch.int64"),
        (torch.zeros(1, 1, 4, 0), torch.zeros(0, 5), 2, r".*at least one pixel.*\(1, 1, 4, 0\)"),
        (torch.zeros(1, 1, 4, 4), torch.zeros(1, 4), 2, r"takes boxes \(regions, 5\).*given \(1, 4\)"),
        (torch.zeros(1, 1, 4, 4), torch.zeros(5), 2, r"takes boxes \(regions, 5\).*given \(5,\)"),
        (torch.zeros(1, 1, 4, 4), [torch.zeros(1, 5)], 2, r"takes boxes\[0\] of shape \(..., 4\).*given \(1, 5\)"),
        (torch.zeros(1, 1, 4, 4), torch.zeros(1, 5), 0, "output_size must be at least 1; it was given 0"),
        (torch.zeros(1, 1, 4, 4), torch.zeros(1, 5), (2, 0), r"output_size must be at least 1; it was given \(2, 0\)"),
        (torch.zeros(2, 1, 4, 4), torch.tensor([[2.0, 0, 0, 1, 1]]), 2, "picture 2 is outside a batch of 2"),
        (torch.zeros(2, 1, 4, 4), torch.tensor([[0.0, 0, 0, 1, 1], [-1.0, 0, 0, 1, 1]]), 2, "picture -1 is outside"),
        (torch.zeros(1, 1, 4, 4), [torch.zeros(1, 4)] * 2, 2, "picture 1 is outside a batch of 1"),
        (torch.zeros(1, 1, 4, 4), torch.tensor([[0, 0, 0, torch.inf, 1]]), 2, r"a box is not finite: \[0.0, 0.0, inf, 1.0\]"),
        (torch.zeros(1, 1, 4, 4), torch.tensor([[0, 0, torch.nan, 2, 1]]), 2, r"a box is not finite: \[0.0, nan, 2.0, 1.0\]"),
    ],
)
def test_what_does_not_fit_is_named(rung, input, boxes, output_size, message):
    with pytest.raises(ValueError, match=f"roi_align:? {message}"):
        getattr(roi_align, rung)(input, boxes, output_size)
