"""Answers to `cross_entropy` that are wrong in the ways that people are."""

import torch


def losses_of(input, target, ignore_index, dim=1):
    kept = target != ignore_index
    shifted = input - input.detach().amax(dim, keepdim=True)
    log_total = shifted.exp().sum(dim, keepdim=True).log()
    chosen = (log_total - shifted).gather(1, target.where(kept, 0).unsqueeze(1)).squeeze(1)
    return chosen.where(kept, 0), kept


def overflowing(input, target, ignore_index=-100):
    """Large scores give infinity: exp(1000) is more than any number. Take the largest score of each row off before."""
    kept = target != ignore_index
    chosen = input.gather(1, target.where(kept, 0).unsqueeze(1)).squeeze(1)
    return (input.exp().sum(1).log() - chosen).where(kept, 0).sum() / kept.sum()


def wrong_dimension(input, target, ignore_index=-100):
    """The sum runs over the last dimension. With pixels that is the width: classes stand in dimension 1."""
    losses, kept = losses_of(input, target, ignore_index, dim=-1)
    return losses.sum() / kept.sum()


def over_the_batch(input, target, ignore_index=-100):
    """The sum of exp runs over the batch: it runs over the classes, dimension 1, for each example by itself."""
    losses, kept = losses_of(input, target, ignore_index, dim=0)
    return losses.sum() / kept.sum()


def ignored_counted(input, target, ignore_index=-100):
    """What is ignored adds nothing to the sum and yet is counted in what it is divided by: divide by how many targets are
    kept."""
    losses, kept = losses_of(input, target, ignore_index)
    return losses.sum() / kept.numel()


def summed(input, target, ignore_index=-100):
    """This is the sum of the losses: asked for is their mean."""
    losses, _ = losses_of(input, target, ignore_index)
    return losses.sum()


def nothing_ignored(input, target, ignore_index=-100):
    """ignore_index has no effect, or only that of -100: compare with the argument."""
    losses, kept = losses_of(input, target, -100)
    return losses.sum() / kept.sum()


def probability(input, target, ignore_index=-100):
    """You take minus the probability of the right class; asked for is minus its logarithm, which grows without end as the
    probability falls."""
    losses, kept = losses_of(input, target, ignore_index)
    return -(-losses).exp().where(kept, 0).sum() / kept.sum()


def base_two(input, target, ignore_index=-100):
    """The surprise is counted in bits: log is the natural logarithm here, and everywhere in deep learning."""
    losses, kept = losses_of(input, target, ignore_index)
    return losses.sum() / kept.sum() / torch.tensor(2.0).log()
