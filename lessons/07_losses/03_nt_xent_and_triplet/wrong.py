"""Answers to `batch_hard` that are wrong in the ways that people are."""

import torch


def distances(features, squared=False, safe=True):
    squares = (features[:, None] - features).square().sum(-1)
    if squared:
        return squares
    if not safe:
        return squares.sqrt()
    apart = squares > 0
    return torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0)


def mined(features, labels, margin, distance=None, itself=False, easy=False, keep_single=False, mean_of_wrong=False):
    distance = distances(features) if distance is None else distance
    same = labels[:, None] == labels
    alike = same if itself else same & ~torch.eye(len(labels), dtype=torch.bool)
    kept = alike.any(1) & (~same).any(1)
    if not kept.any():
        return features.sum() * 0
    fill = torch.inf if easy else -torch.inf
    picked = distance.masked_fill(~alike, fill)
    furthest = (picked.amin(1) if easy else picked.amax(1))[kept]
    others = distance.masked_fill(same, -torch.inf if easy else torch.inf)
    nearest = (others.amax(1) if easy else others.amin(1))[kept]
    losses = (margin + furthest - nearest).clamp(min=0)
    if mean_of_wrong:
        return losses.sum() / (losses > 0).sum().clamp(min=1)
    return losses.sum() / len(labels) if keep_single else losses.mean()


def easiest(features, labels, margin=0.3):
    """The easiest triplet of each anchor is taken: the nearest alike and the furthest unlike. Those teach nothing; take the
    hardest."""
    return mined(features, labels, margin, easy=True)


def itself_alike(features, labels, margin=0.3):
    """An anchor counts as another picture of its own class: one that is alone in its class then is at distance 0 from its
    partner."""
    return mined(features, labels, margin, itself=True)


def squared(features, labels, margin=0.3):
    """The distances are squared: the margin is on Euclidean distances, with the root."""
    return mined(features, labels, margin, distance=distances(features, squared=True))


def root_of_zero(features, labels, margin=0.3):
    """Two pictures in the same place make all gradients NaN: the slope of the root at 0 is infinite, and infinity times 0
    is no number."""
    return mined(features, labels, margin, distance=distances(features, safe=False))


def counted_all(features, labels, margin=0.3):
    """Anchors that were left out are counted in the mean all the same: divide by how many are kept."""
    return mined(features, labels, margin, keep_single=True)


def mean_of_the_wrong(features, labels, margin=0.3):
    """The mean is taken over the triplets that are too close alone: those that are far enough apart count as zeros."""
    return mined(features, labels, margin, mean_of_wrong=True)


def no_way_back(features, labels, margin=0.3):
    """A batch without any triplet gives a 0 that cannot be walked back from, and the training step fails: return a zero
    that depends on the features, such as features.sum() * 0."""
    same = labels[:, None] == labels
    alike = same & ~torch.eye(len(labels), dtype=torch.bool)
    if not (alike.any(1) & (~same).any(1)).any():
        return torch.tensor(0.0)
    return mined(features, labels, margin)
