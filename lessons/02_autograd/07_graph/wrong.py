"""Answers to `agreement` that are wrong in the ways that people are."""


def cosine(p, z):
    return (p * z).sum(1) / (p.norm(dim=1) * z.norm(dim=1))


def loss_of(p1, p2, z1, z2):
    return -(cosine(p1, z2.detach()).mean() + cosine(p2, z1.detach()).mean()) / 2


def nothing_detached(p1, p2, z1, z2):
    """Gradients reach z1 and z2 as well: the targets move towards the predictions, and all agree on saying nothing. Detach z."""
    loss = -(cosine(p1, z2).mean() + cosine(p2, z1).mean()) / 2
    return loss, loss.item()


def prediction_detached(p1, p2, z1, z2):
    """The gradient reaches the targets and not the predictions: the wrong side is detached."""
    loss = -(cosine(p1.detach(), z2).mean() + cosine(p2.detach(), z1).mean()) / 2
    return loss, loss.item()


def own_target(p1, p2, z1, z2):
    """Each prediction is compared with what it was made from: p1 is to predict z2, what the other saw, and p2 is to predict
    z1."""
    loss = -(cosine(p1, z1.detach()).mean() + cosine(p2, z2.detach()).mean()) / 2
    return loss, loss.item()


def sign_forgotten(p1, p2, z1, z2):
    """The sign is missing: a loss is lowered, and the cosine is to grow. D is minus the cosine."""
    loss = (cosine(p1, z2.detach()).mean() + cosine(p2, z1.detach()).mean()) / 2
    return loss, loss.item()


def not_normalized(p1, p2, z1, z2):
    """These are products, not cosines: divide by the lengths of both rows, or the loss falls by making them longer."""
    loss = -((p1 * z2.detach()).sum(1).mean() + (p2 * z1.detach()).sum(1).mean()) / 2
    return loss, loss.item()


def logged_with_graph(p1, p2, z1, z2):
    """What you hand to the log is a tensor that still knows its graph: kept in a list for a thousand steps, it keeps a thousand
    graphs. loss.item() is a number and knows nothing."""
    loss = loss_of(p1, p2, z1, z2)
    return loss, loss


def detached_loss(p1, p2, z1, z2):
    """The loss itself is detached: it cannot be walked back from, and nothing learns. Only z leaves the graph."""
    loss = loss_of(p1, p2, z1, z2)
    return loss.detach(), loss.item()
