"""Answers to `info_nce` that are wrong in the ways that people are."""

import torch


def check(query, temperature, queue):
    if temperature <= 0 or (queue is None and len(query) < 2):
        raise ValueError("cannot be")


def unit(rows):
    return rows / rows.norm(dim=1, keepdim=True)


def found(query, key, temperature, queue, detach=True, batch_too=False, own_in=True):
    own = (query * key).sum(1)
    if queue is None:
        scores = query @ key.T
    else:
        others = query @ (queue.detach() if detach else queue).T
        first = query @ key.T if batch_too else own[:, None]
        scores = torch.cat([first, others], 1) if own_in else others
    return ((scores / temperature).logsumexp(1) - own / temperature).mean()


def lengths_kept(query, key, temperature, queue=None):
    """Vectors are compared as they are, so that long ones win: bring queries and keys to length 1."""
    check(query, temperature, queue)
    return found(query, key, temperature, queue)


def queue_normed(query, key, temperature, queue=None):
    """The queue's rows are brought to length 1: they are used as they are."""
    check(query, temperature, queue)
    return found(unit(query), unit(key), temperature, queue if queue is None else unit(queue))


def queue_learns(query, key, temperature, queue=None):
    """A gradient reaches the queue, whose rows were computed long ago by other weights: detach it."""
    check(query, temperature, queue)
    return found(unit(query), unit(key), temperature, queue, detach=False)


def batch_beside_queue(query, key, temperature, queue=None):
    """With a queue the other keys of the batch are wrong answers too: only the query's own key and the queue are compared."""
    check(query, temperature, queue)
    return found(unit(query), unit(key), temperature, queue, batch_too=True)


def own_left_out(query, key, temperature, queue=None):
    """The right answer is missing among those that it is told from: the sum runs over its own key and the queue."""
    check(query, temperature, queue)
    return found(unit(query), unit(key), temperature, queue, own_in=False)


def multiplied(query, key, temperature, queue=None):
    """Similarities are multiplied by the temperature: they are divided by it, so that a low one makes the softmax sharp."""
    check(query, temperature, queue)
    return found(unit(query), unit(key), 1 / temperature, queue)


def over_queries(query, key, temperature, queue=None):
    """Without a queue the sum runs over the queries: each query is to find its key, so it runs over the keys, along the row."""
    check(query, temperature, queue)
    query, key = unit(query), unit(key)
    return found(key, query, temperature, None) if queue is None else found(query, key, temperature, queue)


def unguarded(query, key, temperature, queue=None):
    """A temperature of 0, or a batch of one without a queue, is not refused: raise a ValueError."""
    return found(unit(query), unit(key), max(temperature, 1e-9), queue)
