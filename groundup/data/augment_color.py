"""Changes of brightness and colour: each operation on a whole batch, with a strength of its own for each picture.

All take pictures (batch, channels, height, width) of uint8 with one channel or three, and a strength (batch) where they have
one; they give pictures of the same shape and type. Each equals torchvision.transforms.v2.functional's function of its name.
"""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from groundup.errors import UserError

GREY = (0.2989, 0.587, 0.114)  # how bright red, green and blue look


def color_jitter(
    batch: Mapping[str, object],
    generator: Generator,
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    saturation: float = 0.0,
    hue: float = 0.0,
) -> dict[str, object]:
    """Change brightness, contrast, saturation and hue of each picture by chance, in an order drawn anew for each batch.

    The first three are multiplied by a factor between 1 - setting (at least 0) and 1 + setting; the hue is turned by up to
    `hue` of the circle of colours in either direction. What is 0 stays as it is. Grey pictures have no colour to change.
    Shapes: image (batch, 1 or 3, height, width) uint8, unchanged.
    Raises: UserError for a negative setting, and for a hue above half of the circle.
    """
    settings = (brightness, contrast, saturation, hue)
    if min(settings) < 0 or hue > 0.5:
        raise UserError(f"color_jitter takes settings of at least 0, and hue of at most 0.5; got {settings}")
    image = batch["image"]
    draws = torch.rand(4, len(image), generator=generator, dtype=torch.float64)
    changes = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)
    for which in torch.randperm(4, generator=generator).tolist():
        setting = settings[which]
        if setting:
            low, high = (-hue, hue) if which == 3 else (max(0.0, 1 - setting), 1 + setting)
            image = changes[which](image, (low + (high - low) * draws[which]).to(image.device))
    return {**batch, "image": image}


def adjust_brightness(image: Tensor, factor: Tensor) -> Tensor:
    """Multiply each picture; 0 is black, 1 leaves it alone."""
    return to_bytes(image * factor.float()[:, None, None, None])


def adjust_contrast(image: Tensor, factor: Tensor) -> Tensor:
    """Move each picture away from its mean grey, or towards it; 0 is that grey, 1 leaves it alone."""
    return blended(image, grey(image).double().mean(dim=(1, 2, 3), keepdim=True).float(), factor)


def adjust_saturation(image: Tensor, factor: Tensor) -> Tensor:
    """Move each picture away from its own shades of grey, or towards them; 0 is without colour, 1 leaves it alone."""
    return image if image.shape[1] == 1 else blended(image, grey(image), factor)


def adjust_sharpness(image: Tensor, factor: Tensor) -> Tensor:
    """Move each picture away from a smoothed one, or towards it; 0 is smooth, 1 leaves it alone, as the outermost pixels are.

    A smoothed pixel is the mean of itself, five times, and its eight neighbours.
    """
    if min(image.shape[2:]) <= 2:
        return image
    numbers = image.int()
    columns = numbers[..., :-2, :] + numbers[..., 1:-1, :] + numbers[..., 2:, :]
    total = columns[..., :-2] + columns[..., 1:-1] + columns[..., 2:] + 4 * numbers[..., 1:-1, 1:-1]
    smooth, middle = (total / 13).round(), image[..., 1:-1, 1:-1].float()
    output = image.clone()
    rest = (1 - factor).float()[:, None, None, None]
    output[..., 1:-1, 1:-1] = to_bytes(times_plus(rest, smooth - middle, middle))
    return output


def adjust_hue(image: Tensor, turn: Tensor) -> Tensor:
    """Turn each picture's colours around their circle, 1 being a whole turn.

    Equals: torchvision's to within one of 255 levels.
    """
    if image.shape[1] == 1:
        return image
    color = image.float() / 255
    red, green, blue = color.unbind(1)
    value, low = color.amax(dim=1), color.amin(dim=1)
    spread = value - low
    divisor = torch.where(spread > 0, spread, 1)
    sixth = torch.where(  # of the circle, from red over green and blue
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    sixth = sixth + 6 * turn.float()[:, None, None]
    channels = []
    for start in (5, 3, 1):  # where on the circle red, green and blue begin to fade
        place = (start + sixth).remainder(6)
        channels.append(value - spread * torch.minimum(place, 4 - place).clamp(0, 1))
    return (torch.stack(channels, dim=1) * 255.999).to(torch.uint8)  # a level for each of 256 equal parts of 0..1


def posterize(image: Tensor, bits: Tensor) -> Tensor:
    """Keep so many of the eight bits of each pixel, the highest; 8 leaves it alone."""
    return image & (256 - 2 ** (8 - bits.long())).to(torch.uint8)[:, None, None, None]


def solarize(image: Tensor, threshold: Tensor) -> Tensor:
    """Invert the pixels that are as bright as the threshold or brighter."""
    return torch.where(image >= threshold.float()[:, None, None, None], ~image, image)


def invert(image: Tensor) -> Tensor:
    """Black becomes white, and white black."""
    return ~image


def autocontrast(image: Tensor) -> Tensor:
    """Spread each channel of each picture so that its darkest pixel is black and its brightest is 255."""
    numbers = image.float()
    low, high = numbers.amin(dim=(2, 3), keepdim=True), numbers.amax(dim=(2, 3), keepdim=True)
    flat = low == high
    step = torch.where(flat, 1, (high - low) * (1 / 255))
    return to_bytes((numbers - low.masked_fill(flat, 0)) / step)


def equalize(image: Tensor) -> Tensor:
    """Map the levels of each channel so that every range of them covers about as many pixels.

    A level becomes the number of darker pixels, counted in steps of 1/255 of all that are not of the brightest level; with
    too few of those for a step, the channel stays as it is.
    """
    flat = image.flatten(2).long()  # (batch, channels, pixels)
    counts = torch.zeros(*flat.shape[:2], 256, dtype=torch.int64, device=image.device)
    counts.scatter_add_(2, flat, torch.ones_like(flat))
    brightest = counts.gather(2, flat.amax(dim=2, keepdim=True))
    step = (flat.shape[2] - brightest) // 255
    darker = counts.cumsum(dim=2) - counts
    levels = ((darker + step // 2) // step.clamp_min(1)).clamp_max(255)
    levels = torch.where(step > 0, levels, torch.arange(256, device=image.device))
    return levels.gather(2, flat).to(torch.uint8).view_as(image)


def grey(image: Tensor) -> Tensor:
    """How bright each pixel looks, in whole levels.

    Shapes: (batch, 1 or 3, height, width) uint8 -> (batch, 1, height, width) float32.
    """
    if image.shape[1] == 1:
        return image.float()
    if image.shape[1] != 3:
        raise UserError(f"colours are those of pictures with one channel or three; these have {image.shape[1]}")
    red, green, blue = image.float().split(1, dim=1)
    return times_plus(GREY[2], blue, times_plus(GREY[1], green, red * GREY[0])).floor()


def blended(image: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    """The picture times its factor and another times the rest, which may be negative."""
    factor = factor[:, None, None, None]
    return to_bytes(times_plus((1 - factor).float(), other, image * factor.float()))


def times_plus(factor: Tensor | float, number: Tensor, rest: Tensor) -> Tensor:
    """factor x number + rest, rounded once, as a processor's fused multiply-add does and so torchvision's functions do.

    A rounding more or less decides at times on which side of a whole level a pixel falls.
    Shapes: float32 -> float32.
    """
    factor = torch.as_tensor(factor, dtype=torch.float32, device=number.device)
    return (factor.double() * number.double() + rest.double()).float()


def to_bytes(numbers: Tensor) -> Tensor:
    """Levels as uint8; a fraction is dropped, and what is outside 0..255 is brought to the end."""
    return numbers.clamp(0, 255).to(torch.uint8)
