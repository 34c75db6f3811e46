"""Conv2d: what a stack of layers does to sizes, without running it.

Write `bookkeeping`. A network is a list of layers, each a dict with `kernel`, and where they differ from these, `stride` 1,
`padding` 0, `dilation` 1, and `channels`: a convolution has as many output channels, with a bias for each; a pooling has no
`channels` and no weights. Return for the whole stack, for a square picture:

- `size`: the side of the last map;
- `parameters`: how many numbers are learnt;
- `field`: how many pixels of the picture across a number of the last map depends on (padding aside);
- `step`: how many pixels lie between the fields of two neighbours.
"""


def bookkeeping(layers: list[dict], size: int, channels: int) -> dict[str, int]:
    """Sizes, weights and receptive field of a stack of convolutions and poolings.

    Raises: ValueError where a map becomes smaller than a kernel.
    """
    raise NotImplementedError
