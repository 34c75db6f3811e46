"""The answer to `bookkeeping`."""


def bookkeeping(layers: list[dict], size: int, channels: int) -> dict[str, int]:
    """Sizes, weights and receptive field of a stack of convolutions and poolings."""
    parameters, field, step = 0, 1, 1
    for layer in layers:
        kernel, stride, padding = layer["kernel"], layer.get("stride", 1), layer.get("padding", 0)
        reach = layer.get("dilation", 1) * (kernel - 1)  # from the first pixel that a kernel sees to the last
        room = size + 2 * padding - reach - 1
        if room < 0:
            raise ValueError(f"a kernel that reaches over {reach + 1} pixels does not fit into {size}, padded by {padding}")
        size = room // stride + 1
        if "channels" in layer:
            parameters += layer["channels"] * (channels * kernel**2 + 1)
            channels = layer["channels"]
        field, step = field + reach * step, step * stride
    return {"size": size, "parameters": parameters, "field": field, "step": step}
