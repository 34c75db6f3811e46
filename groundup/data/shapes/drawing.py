"""From scenes to pixels: grounds for a whole batch at once, then things from the back to the front, then the light."""

import numpy as np

from groundup.data.shapes.bits import Draws
from groundup.data.shapes.outlines import stencil
from groundup.data.shapes.scene import DOMAINS, GROUNDS, UNITS, Scenes

CELLS = 5  # of the clouds, along each side
NOBODY = 255  # in the picture of who owns a pixel: the ground

# How a domain changes a value of red, green and blue: value * gain // 256 + lift, kept within 0..255.
LIGHTS = {
    "dusk": ((258, 230, 202), (8, 0, 0)),
    "night": ((122, 126, 150), (0, 2, 12)),
    "fog": ((128, 128, 128), (104, 106, 110)),
}
NOISE = 56  # the noise of the domain "noise" reaches so far up and down


def draw(scenes: Scenes, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The pictures, and which thing owns each pixel.

    Shapes: -> (batch, 3, size, size) uint8 and (batch, size, size) uint8, where NOBODY is the ground.
    """
    pictures = grounds(scenes, size)
    owners = np.full((len(pictures), size, size), NOBODY, np.uint8)
    quarters = scenes.radius * 4 * size // UNITS
    middles_x, middles_y = ((middle * size + UNITS // 2) // UNITS for middle in (scenes.x, scenes.y))
    columns = (scenes.shape, scenes.colour, scenes.filling, quarters, middles_x, middles_y)
    for item, thing in np.argwhere(scenes.present).tolist():
        shape, colour, filling, radius, x, y = (int(column[item, thing]) for column in columns)
        half, paint, keep, solid = stencil(shape, colour, filling, radius)
        x, y = min(max(x, half), size - half), min(max(y, half), size - half)
        window = slice(y - half, y + half), slice(x - half, x + half)
        under = pictures[item][:, window[0], window[1]]
        under[...] = (under * keep + paint) >> 4
        owners[item][window][solid] = thing
    return lit(scenes, pictures), owners


def grounds(scenes: Scenes, size: int) -> np.ndarray:
    """Soft clouds and fine grain over a muted tone, and a pattern on most: (batch, 3, size, size) uint8."""
    draws = scenes.draws
    tone = 84 + draws.below(60, "tone", 1) + draws.below(37, "tint", 3)  # below 180: with what comes on top, below 256
    level = (clouds(draws.below(256, "clouds", (CELLS + 1) ** 2), size) >> 3).astype(np.uint8)
    level += draws.noise("grain", size, size) >> 5
    level += patterns(scenes, size) * np.uint8(22)
    pictures = tone.astype(np.uint8)[:, :, None, None] + level[:, None]
    if scenes.clutter:
        scatter(scenes, pictures)
    return pictures


def clouds(corners: np.ndarray, size: int) -> np.ndarray:
    """Random values at the corners of a coarse grid, and between them what lies between: (batch, size, size) uint16."""
    grid = corners.reshape(-1, CELLS + 1, CELLS + 1).astype(np.uint16)
    place = (2 * np.arange(size) + 1) * CELLS * 128 // size  # of each pixel's middle, in 1/256 of a cell
    cell, part = place // 256, (place % 256).astype(np.uint16)
    rest = np.uint16(256) - part
    rows = (grid[:, cell] * rest[:, None] + grid[:, cell + 1] * part[:, None]) >> 8  # (batch, size, corners)
    return (rows.take(cell, 2) * rest + rows.take(cell + 1, 2) * part) >> 8  # (batch, size, size)


def patterns(scenes: Scenes, size: int) -> np.ndarray:
    """Squares, lines or the joints of a wall, or nothing: (batch, size, size) uint8 of 0 and 1.

    Each is put together from what is known of a pixel's row and what is known of its column.
    """
    draws, ground = scenes.draws, scenes.ground[:, None]
    period = 80 + draws.below(80, "period", 1)
    phase = draws.below(UNITS, "phase", 3)
    place = (2 * np.arange(size) + 1) * (UNITS // 2) // size  # of each pixel's middle, in units
    row, down = np.divmod(place + phase[:, :1], period)
    column = (place + phase[:, 1:2]) // period
    checked, lined, brick = (ground == GROUNDS.index(name) for name in ("checked", "lined", "brick"))
    upright = phase[:, 2:] % 2 == 1  # whether lines stand or lie
    by_row = np.where(checked | (lined & ~upright), row & 1, 0).astype(np.uint8)
    by_column = np.where(checked | (lined & upright), column & 1, 0).astype(np.uint8)
    pattern = by_row[:, :, None] ^ by_column[:, None, :]
    walls = np.flatnonzero(brick[:, 0])
    if len(walls):
        joint = period // 6
        joints = [(place + phase[:, 1:2] + shift) % (2 * period) < joint for shift in (0, period)]
        odd = row[walls, :, None] & 1 == 1
        upright_joints = np.where(odd, joints[1][walls, None], joints[0][walls, None])
        pattern[walls] = (down < joint)[walls, :, None] | upright_joints
    return pattern


def scatter(scenes: Scenes, pictures: np.ndarray) -> None:
    """Lay small grey specks on the grounds."""
    size = pictures.shape[-1]
    side = max(1, size // 32)
    items = np.arange(len(pictures))[:, None]
    bounds = np.array([size - side + 1, size - side + 1, 200]).repeat(scenes.clutter)
    x, y, grey = np.split(scenes.draws.below(bounds, "clutter", len(bounds)), 3, axis=1)
    for offset in range(side * side):
        pictures[items, :, y + offset // side, x + offset % side] = (30 + grey)[:, :, None].astype(np.uint8)


def lit(scenes: Scenes, pictures: np.ndarray) -> np.ndarray:
    """The pictures in the light of their domains."""
    size = pictures.shape[-1]
    for name, (gains, lifts) in LIGHTS.items():
        items = np.flatnonzero(scenes.domain == DOMAINS.index(name))
        for channel, (gain, lift) in enumerate(zip(gains, lifts)):
            table = np.minimum(np.arange(256) * gain // 256 + lift, 255).astype(np.uint8)
            pictures[items, channel] = table[pictures[items, channel]]
    items = np.flatnonzero(scenes.domain == DOMAINS.index("noise"))
    if len(items):
        noise = Draws(scenes.draws.keys[items]).noise("noise", 3 * size, size).reshape(-1, 3, size, size)
        change = noise.astype(np.int16) * (2 * NOISE + 1) // 256 - NOISE
        pictures[items] = np.clip(pictures[items] + change, 0, 255).astype(np.uint8)
    return pictures
