"""Answers to `cutmix` that are wrong in the ways that people are."""

import math


def span(size, middle, side):
    start = middle - side // 2
    return slice(max(0, start), max(0, min(size, start + side)))


def spans(images, keep, centre, power=0.5):
    sides = [int(size * (1 - keep) ** power) for size in images.shape[2:]]
    return [span(size, middle, side) for size, middle, side in zip(images.shape[2:], centre, sides)]


def mixed_by(images, targets, partner, rows, columns, covered=None):
    mixed = images.clone()
    mixed[:, :, rows, columns] = images[partner][:, :, rows, columns]
    if covered is None:
        covered = mixed[0, 0, rows, columns].numel() / images[0, 0].numel()
    return mixed, (1 - covered) * targets + covered * targets[partner]


def share_as_asked(images, targets, partner, keep, centre):
    """The labels are mixed by `keep` as it was asked for. Near the rim, and by rounding, fewer pixels are covered: count those
    that really are."""
    return mixed_by(images, targets, partner, *spans(images, keep, centre), covered=1 - keep)


def no_root(images, targets, partner, keep, centre):
    """The sides are shortened by 1 - keep itself, so that the square of it is covered: the share of an area wants the root for
    each side."""
    return mixed_by(images, targets, partner, *spans(images, keep, centre, power=1.0))


def shares_exchanged(images, targets, partner, keep, centre):
    """The shares of the labels are exchanged: the partner's label counts as much as its rectangle covers."""
    mixed, targets_mixed = mixed_by(images, targets, partner, *spans(images, keep, centre))
    return mixed, targets + targets[partner] - targets_mixed


def labels_unmixed(images, targets, partner, keep, centre):
    """The labels are as they were: a picture that shows a part of another is told to be the one alone."""
    return mixed_by(images, targets, partner, *spans(images, keep, centre))[0], targets


def corner(images, targets, partner, keep, centre):
    """The rectangle begins at `centre`: that is where its middle is to be, so it begins half a side before."""
    sides = [int(size * math.sqrt(1 - keep)) for size in images.shape[2:]]
    return mixed_by(images, targets, partner, *(slice(middle, middle + side) for middle, side in zip(centre, sides)))


def exchanged_axes(images, targets, partner, keep, centre):
    """Row and column of the centre are exchanged: (row, column), as in the shape."""
    return mixed_by(images, targets, partner, *spans(images, keep, centre[::-1]))


def in_place(images, targets, partner, keep, centre):
    """You write over the pictures that you were given: where partners exchange their parts, the second reads what the first has
    become. Work on a clone."""
    rows, columns = spans(images, keep, centre)
    for number, other in enumerate(partner.tolist()):
        images[number, :, rows, columns] = images[other, :, rows, columns]
    covered = images[0, 0, rows, columns].numel() / images[0, 0].numel()
    return images, (1 - covered) * targets + covered * targets[partner]
