"""Boxes told relative to anchors, against torchvision's two coders."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.boxes import draw_boxes
from groundup.ops.box_coding import LARGEST_STRETCH, decode_boxes, decode_distances, encode_boxes, encode_distances


def encoded(boxes: Tensor, anchors: Tensor, weights: tuple = (1.0, 1.0, 1.0, 1.0)) -> Tensor:
    from torchvision.models.detection._utils import BoxCoder

    coder = BoxCoder(weights)
    shape = torch.broadcast_shapes(boxes.shape, anchors.shape)
    return coder.encode_single(*(part.expand(shape).reshape(-1, 4) for part in (boxes, anchors))).view(shape)


def decoded(codes: Tensor, anchors: Tensor, weights: tuple = (1.0, 1.0, 1.0, 1.0), clip: float = LARGEST_STRETCH) -> Tensor:
    from torchvision.models.detection._utils import BoxCoder

    coder = BoxCoder(weights, clip)
    return coder.decode_single(codes.flatten(1), anchors.reshape(len(codes), 4)).view(codes.shape)  # a code for each class


def encoded_distances(boxes: Tensor, anchors: Tensor, normalize_by_size: bool = True) -> Tensor:
    from torchvision.models.detection._utils import BoxLinearCoder

    return BoxLinearCoder(normalize_by_size).encode(anchors, boxes)


def decoded_distances(codes: Tensor, anchors: Tensor, normalize_by_size: bool = True) -> Tensor:
    from torchvision.models.detection._utils import BoxLinearCoder

    return BoxLinearCoder(normalize_by_size).decode(codes, anchors)


def encode_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return draw_boxes(generator, *shape)

    yield call(draw(6), draw(6))
    yield call(draw(6), draw(6), (10.0, 5.0, 2.5, 1.25))
    yield call(draw(0), draw(0))
    yield call(draw(2, 3), draw(3))
    yield call(draw(2, 3).transpose(0, 1), draw(3, 1), weights=(1.0, 2.0, 3.0, 4.0))


def decode_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, 4, generator=generator, dtype=torch.float64)

    yield call(draw(6), draw_boxes(generator, 6))
    yield call(draw(6), draw_boxes(generator, 6), (10.0, 5.0, 2.5, 1.25))
    yield call(draw(6), draw_boxes(generator, 6), clip=0.1)
    yield call(9 * draw(6), draw_boxes(generator, 6))  # some would be stretched further than is allowed
    yield call(draw(5, 3), draw_boxes(generator, 5, 1), weights=(1.0, 2.0, 3.0, 4.0))
    yield call(draw(0), draw_boxes(generator, 0))


def encode_distances_samples(generator: Generator) -> Iterator[Sample]:
    for shapes in (((6,), (6,)), ((0,), (0,)), ((2, 1), (3,))):
        boxes, anchors = (draw_boxes(generator, *shape) for shape in shapes)
        yield call(boxes, anchors)
        yield call(boxes, anchors, normalize_by_size=False)


def decode_distances_samples(generator: Generator) -> Iterator[Sample]:
    for shapes in (((6,), (6,)), ((0,), (0,)), ((2, 1), (3,))):
        codes, anchors = (draw_boxes(generator, *shape) for shape in shapes)
        yield call(codes, anchors)
        yield call(codes, anchors, normalize_by_size=False)


CASES = [
    OpCase(
        name=name,
        reference=f"torchvision.models.detection._utils.{reference}",
        ours=ours,
        theirs=theirs,
        samples=samples,
        requires=("torchvision",),
    )
    for name, reference, ours, theirs, samples in (
        ("encode_boxes", "BoxCoder", encode_boxes, encoded, encode_samples),
        ("decode_boxes", "BoxCoder", decode_boxes, decoded, decode_samples),
        ("encode_distances", "BoxLinearCoder", encode_distances, encoded_distances, encode_distances_samples),
        ("decode_distances", "BoxLinearCoder", decode_distances, decoded_distances, decode_distances_samples),
    )
]
