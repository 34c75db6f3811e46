"""RoIAlign as a layer: its settings reach the op."""

import torch

from groundup.layers.roi_align import RoIAlign
from groundup.ops.roi_align import roi_align


def test_the_settings_reach_the_op():
    x, boxes = torch.randn(2, 3, 6, 7), [torch.tensor([[1.0, 2.0, 9.0, 8.0]]), torch.tensor([[0.0, 1.0, 5.0, 9.0]])]
    torch.testing.assert_close(RoIAlign(output_size=2)(x, boxes), roi_align(x, boxes, 2, 1.0, -1, False))
    layer = RoIAlign(output_size=(3, 1), spatial_scale=0.5, sampling_ratio=3, aligned=True)
    torch.testing.assert_close(layer(x, boxes), roi_align(x, boxes, (3, 1), 0.5, 3, True))
    assert not list(layer.parameters())
