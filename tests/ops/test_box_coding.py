"""Box coding beyond its cases: there and back, by hand, what a wild network may say, what does not fit."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.box_coding import decode_boxes, decode_distances, encode_boxes, encode_distances


def draw(*shape):
    corner, side = torch.rand(2, *shape, 2, dtype=torch.float64) * 10
    return torch.cat((corner, corner + side + 0.1), -1)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=2), st.booleans(), st.sampled_from([(1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)]))
def test_decoding_undoes_encoding(shape, normalize, weights):
    boxes, anchors = draw(*shape), draw(*shape)
    torch.testing.assert_close(decode_boxes(encode_boxes(boxes, anchors, weights), anchors, weights, clip=99.0), boxes)
    torch.testing.assert_close(decode_distances(encode_distances(boxes, anchors, normalize), anchors, normalize), boxes)


def test_codes_by_hand():
    anchor, box = torch.tensor([0.0, 0.0, 4.0, 2.0]), torch.tensor([3.0, 1.0, 5.0, 9.0])
    codes = torch.tensor([0.5, 2.0, math.log(0.5), math.log(4.0)])
    torch.testing.assert_close(encode_boxes(box, anchor), codes)
    torch.testing.assert_close(encode_boxes(box, anchor, (1.0, 2.0, 3.0, 4.0)), codes * torch.tensor([1.0, 2.0, 3.0, 4.0]))
    torch.testing.assert_close(encode_distances(box, anchor, False), torch.tensor([-1.0, 0.0, 3.0, 8.0]))
    torch.testing.assert_close(encode_distances(box, anchor), torch.tensor([-0.25, 0.0, 0.75, 4.0]))


def test_a_wild_stretch_is_held_to_62_and_a_half_sides():
    anchor = torch.tensor([0.0, 0.0, 2.0, 2.0])
    for wild in (5.0, 1e4):
        box = decode_boxes(torch.tensor([0.0, 0.0, wild, 0.0]), anchor)
        torch.testing.assert_close(box, torch.tensor([-61.5, 0.0, 63.5, 2.0]))
    assert decode_boxes(torch.tensor([0.0, 0.0, -1e4, 0.0]), anchor).tolist() == [1, 0, 1, 2]


def test_decoded_boxes_are_of_the_codes_type():
    for decode in (decode_boxes, decode_distances):
        assert decode(torch.zeros(2, 4), draw(2)).dtype == torch.float32
        assert decode(torch.zeros(2, 4).double(), draw(2).float()).dtype == torch.float64
        assert decode(torch.zeros(2, 4), torch.tensor([[0, 0, 3, 3]])).dtype == torch.float32


def test_whole_numbers_are_coded_too():
    boxes, anchors = torch.tensor([[0, 0, 3, 3]]), torch.tensor([[1, 1, 4, 2]])
    for encode in (encode_boxes, encode_distances):
        torch.testing.assert_close(encode(boxes, anchors), encode(boxes.float(), anchors.float()))


@pytest.mark.parametrize("function", [encode_boxes, decode_boxes, encode_distances, decode_distances])
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((2, 5), (2, 4), r"takes (boxes|codes) of shape \(..., 4\).*given \(2, 5\)"),
        ((2, 4), (2, 3), r"takes anchors of shape \(..., 4\).*given \(2, 3\)"),
        ((2, 4), (3, 4), r"shapes that broadcast; it was given (boxes|codes) \(2, 4\) and anchors \(3, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(function, first, second, message):
    with pytest.raises(ValueError, match=f"{function.__name__} .*{message}"):
        function(torch.ones(first), torch.ones(second))


@pytest.mark.parametrize("flat", [[2.0, 1.0, 1.0, 5.0], [1.0, 5.0, 2.0, 1.0], [1.0, 1.0, 1.0, 5.0], [1.0, 1.0, 5.0, 1.0]])
def test_boxes_that_would_give_nan_are_named(flat):
    good, bad = torch.tensor([[0.0, 0.0, 2.0, 2.0]] * 2), torch.tensor([[0.0, 0.0, 2.0, 2.0], flat])
    message = r"must have x1 < x2 and y1 < y2; one is \[" + ", ".join(map(str, flat))
    with pytest.raises(ValueError, match=f"encode_boxes: each of boxes {message}"):
        encode_boxes(bad, good)
    with pytest.raises(ValueError, match=f"encode_boxes: each of anchors {message}"):
        encode_boxes(good, bad)
    with pytest.raises(ValueError, match=f"encode_distances: each of anchors {message}"):
        encode_distances(good, bad)
    assert encode_distances(good, bad, False).isfinite().all() and encode_distances(bad, good).isfinite().all()


def test_coding_can_be_exported():
    class Net(torch.nn.Module):
        def forward(self, boxes, anchors):
            return decode_boxes(encode_boxes(boxes, anchors), anchors), encode_distances(boxes, anchors)

    args = draw(3), draw(3)
    for ours, plain in zip(torch.export.export(Net(), args).module()(*args), Net()(*args), strict=True):
        torch.testing.assert_close(ours, plain)
