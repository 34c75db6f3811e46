"""Answers to `batch_numbers` that are wrong in the ways that people are."""

import torch


def order_of(count, seed):
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def epochs(count, batch_size, drop_last):
    per_epoch = count // batch_size if drop_last else -(-count // batch_size)
    if not per_epoch:
        raise ValueError("no batch")
    return per_epoch


def cut(order, place, batch_size):
    return order[place * batch_size : (place + 1) * batch_size]


def same_order(step, count, batch_size, seed, drop_last=True):
    """Every epoch has the same order: its number must enter the seed, seed + epoch."""
    _, place = divmod(step, epochs(count, batch_size, drop_last))
    return cut(order_of(count, seed), place, batch_size)


def new_order_each_step(step, count, batch_size, seed, drop_last=True):
    """Every batch is cut from an order of its own: in one epoch some items come twice and others never. The order changes with
    the epoch, not with the step."""
    _, place = divmod(step, epochs(count, batch_size, drop_last))
    return cut(order_of(count, seed + step), place, batch_size)


def rest_always_kept(step, count, batch_size, seed, drop_last=True):
    """With drop_last the short batch is still there, and moves all later epochs: an epoch then has count // batch_size
    batches."""
    if not count // batch_size and drop_last:
        raise ValueError("no batch")
    epoch, place = divmod(step, epochs(count, batch_size, False))
    return cut(order_of(count, seed + epoch), place, batch_size)


def rest_always_left_out(step, count, batch_size, seed, drop_last=True):
    """Without drop_last the items that fill no whole batch are still left out: round the number of batches up."""
    if not drop_last and count and not count // batch_size:
        return cut(order_of(count, seed), 0, batch_size)
    epoch, place = divmod(step, epochs(count, batch_size, True))
    return cut(order_of(count, seed + epoch), place, batch_size)


def global_generator(step, count, batch_size, seed, drop_last=True):
    """You seed the generator that all the program draws from: dropout and augmentation then repeat themselves in every batch.
    Make a torch.Generator of your own."""
    epoch, place = divmod(step, epochs(count, batch_size, drop_last))
    torch.manual_seed(seed + epoch)
    return cut(torch.randperm(count), place, batch_size)


def never_refused(step, count, batch_size, seed, drop_last=True):
    """Where an epoch has no batch, an empty one is given: training would go on for ever with nothing. Raise a ValueError."""
    per_epoch = max(1, count // batch_size if drop_last else -(-count // batch_size))
    epoch, place = divmod(step, per_epoch)
    order = order_of(count, seed + epoch)
    return cut(order, place, batch_size) if count >= batch_size or not drop_last else order[:0]
