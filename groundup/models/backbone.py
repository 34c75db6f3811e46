"""What a classifier of pictures offers to what is built on it: a detector, a segmenter, a style, an explanation."""

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Backbone(Protocol):
    """A classifier whose maps can be had.

    `features(images)` gives the last map of each size, from the largest to the smallest: map i has `feature_channels[i]`
    channels, and one of its pixels stands for `feature_strides[i]` pixels of the picture in each direction, rounded as the
    network rounds. The last layer, which alone depends on the classes, is `head`.
    Shapes: (batch, channels, height, width) -> a tuple of (batch, feature_channels[i], about height / stride, width / stride).
    """

    feature_channels: tuple[int, ...]
    feature_strides: tuple[int, ...]

    def features(self, images: Tensor) -> tuple[Tensor, ...]: ...
