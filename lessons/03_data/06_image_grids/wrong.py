"""Answers to `grid` that are wrong in the ways that people are."""

import math


def check(images, columns, padding):
    if not len(images) or columns < 1 or padding < 0:
        raise ValueError("such a grid cannot be")


def laid(images, columns, padding, fill, rows=None, start=None, place=lambda n, columns, rows: (n // columns, n % columns)):
    count, channels, height, width = images.shape
    rows = math.ceil(count / columns) if rows is None else rows
    start = padding if start is None else start
    rim = padding if start else 0
    size = rows * (height + padding) + rim, columns * (width + padding) + rim
    whole = images.new_full((channels, *size), fill)
    for number, image in enumerate(images[: rows * columns]):
        row, column = place(number, columns, rows)
        top, left = start + row * (height + padding), start + column * (width + padding)
        whole[:, top : top + height, left : left + width] = image
    return whole


def column_by_column(images, columns=8, padding=2, fill=0.0):
    """The pictures stand column by column; they are to stand row by row, number n in row n // columns."""
    check(images, columns, padding)
    return laid(images, min(columns, len(images)), padding, fill, place=lambda n, columns, rows: (n % rows, n // rows))


def last_row_lost(images, columns=8, padding=2, fill=0.0):
    """A last row that is short is left out: the number of rows is rounded up, math.ceil(count / columns)."""
    check(images, columns, padding)
    columns = min(columns, len(images))
    return laid(images, columns, padding, fill, rows=len(images) // columns)


def always_wide(images, columns=8, padding=2, fill=0.0):
    """Fewer pictures than columns leave empty places at the right: the grid is then only as wide as there are pictures."""
    check(images, columns, padding)
    return laid(images, columns, padding, fill)


def no_rim(images, columns=8, padding=2, fill=0.0):
    """There is padding between the pictures and at the end, and none at the top and at the left: it lies around all."""
    check(images, columns, padding)
    return laid(images, min(columns, len(images)), padding, fill, start=0)


def black(images, columns=8, padding=2, fill=0.0):
    """The room between is 0 whatever `fill` says: make the grid with new_full, and not with zeros."""
    check(images, columns, padding)
    return laid(images, min(columns, len(images)), padding, 0)


def unguarded(images, columns=8, padding=2, fill=0.0):
    """An empty batch, no columns or a negative padding are not refused: raise a ValueError before you compute with them."""
    if not len(images) or columns < 1:
        return images.new_zeros(images.shape[1], 0, 0)
    return laid(images, min(columns, len(images)), max(padding, 0), fill)
