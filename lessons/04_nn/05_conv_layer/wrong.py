"""Answers to `bookkeeping` that are wrong in the ways that people are."""


def walked(
    layers, size, channels, bias=1, deep=True, stride_first=False, keep_channels=False, dilated=True, ceil=False, refuse=True
):
    parameters, field, step = 0, 1, 1
    for layer in layers:
        kernel, stride, padding = layer["kernel"], layer.get("stride", 1), layer.get("padding", 0)
        reach = (layer.get("dilation", 1) if dilated else 1) * (kernel - 1)
        room = size + 2 * padding - reach - 1
        if room < 0 and refuse:
            raise ValueError("too small")
        size = (-(-room // stride) if ceil else room // stride) + 1
        if "channels" in layer:
            parameters += layer["channels"] * ((channels if deep else 1) * kernel**2 + bias)
            channels = channels if keep_channels else layer["channels"]
        step = step * stride if stride_first else step
        field = field + reach * step
        step = step if stride_first else step * stride
    return {"size": size, "parameters": parameters, "field": field, "step": step}


def no_bias(layers, size, channels):
    """The biases are not counted: one for each output channel."""
    return walked(layers, size, channels, bias=0)


def flat_kernels(layers, size, channels):
    """A kernel is as deep as what it reads: each has channels * kernel**2 weights, not kernel**2."""
    return walked(layers, size, channels, deep=False)


def channels_of_the_picture(layers, size, channels):
    """Every layer is counted as if it read the picture: behind a convolution there are as many channels as it has kernels."""
    return walked(layers, size, channels, keep_channels=True)


def own_stride_too_early(layers, size, channels):
    """A layer's own stride widens its own field: the stride says how far its outputs lie apart, which counts for the layers
    after it."""
    return walked(layers, size, channels, stride_first=True)


def no_dilation(layers, size, channels):
    """Dilation is left out: a kernel of 3 with a dilation of 2 reaches over 5 pixels."""
    return walked(layers, size, channels, dilated=False)


def rounded_up(layers, size, channels):
    """Sizes are rounded up: steps that do not fit are not taken, so round down."""
    return walked(layers, size, channels, ceil=True)


def never_refused(layers, size, channels):
    """A map smaller than the kernel is not refused, and sizes become zero or negative: raise a ValueError there."""
    return walked(layers, size, channels, refuse=False)
