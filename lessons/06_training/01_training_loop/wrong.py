"""Answers to `fit` that are wrong in the ways that people are."""

import torch


def loop(
    model, optimizer, loss_of, train, validation, epochs, patience,
    mode=True, books=False, by_example=True, copy=True, restore=True, equal=False, total_wait=False, clear=True, last=True,
):  # fmt: skip
    losses, best, waited = [], None, 0
    for _ in range(epochs):
        model.train(True)
        for inputs, labels in train:
            loss = loss_of(model(inputs), labels)
            if clear:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.train(not mode)
        found, weights = [], []
        with torch.set_grad_enabled(books):
            for inputs, labels in validation:
                found.append(loss_of(model(inputs), labels).item())
                weights.append(len(labels) if by_example else 1)
        losses.append(sum(a * b for a, b in zip(found, weights)) / sum(weights))
        before = losses[:-1]
        if not before or (losses[-1] <= min(before) if equal else losses[-1] < min(before)):
            best = {name: value.clone() if copy else value for name, value in model.state_dict().items()}
            waited = waited if total_wait else 0
        else:
            waited += 1
        if waited == patience:
            break
    if restore:
        model.load_state_dict(best)
    model.train(not last)
    return losses


def scored_in_training_mode(*arguments):
    """The validation batches are computed in training mode: batch norms then norm by the batch, and follow it. Call
    model.eval() before."""
    return loop(*arguments, mode=False)


def books_kept(*arguments):
    """Gradients are recorded during validation, which costs memory for nothing: wrap it in torch.no_grad()."""
    return loop(*arguments, books=True)


def mean_of_means(*arguments):
    """The validation loss is the mean of the batches' means, so that an example of a small batch weighs more: weigh each by its
    size."""
    return loop(*arguments, by_example=False)


def not_cloned(*arguments):
    """The model ends with the weights of its last epoch. Load the best ones at the end, and keep them as clones:
    state_dict() holds the model's own tensors, which move on."""
    return loop(*arguments, copy=False)


def equal_is_better(*arguments):
    """A loss that stays the same counts as fallen: it must be below the best, or a model that learns nothing is never stopped."""
    return loop(*arguments, equal=True)


def waits_in_all(*arguments):
    """All epochs without a fall are counted together: patience means so many in a row, so begin to count anew after each fall."""
    return loop(*arguments, total_wait=True)


def never_cleared(*arguments):
    """The gradients are never cleared, and add up from step to step: zero_grad() before backward()."""
    return loop(*arguments, clear=False)
