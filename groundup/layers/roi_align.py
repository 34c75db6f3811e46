"""RoIAlign as a layer, with its settings."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import Module

from groundup.ops.roi_align import roi_align
from groundup.ops.windows import Pair


class RoIAlign(Module):
    """The features under each box, resampled to `output_size`; the op `roi_align` says what each setting does.

    Shapes: x (batch, channels, height, width); boxes (regions, 5), each a picture's number and x1, y1, x2, y2, or a list of
    (regions, 4), one for each picture -> (regions, channels, *output_size).
    Equals: torchvision.ops.RoIAlign.
    """

    def __init__(self, *, output_size: Pair, spatial_scale: float = 1.0, sampling_ratio: int = -1, aligned: bool = False):
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale
        self.sampling_ratio, self.aligned = sampling_ratio, aligned

    def forward(self, x: Tensor, boxes: Tensor | Sequence[Tensor]) -> Tensor:
        return roi_align(x, boxes, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)
