"""The answer to `fit`."""

import torch


def fit(model, optimizer, loss_of, train, validation, epochs, patience):
    """Train until the validation loss stops falling; the validation loss of each epoch."""
    losses, best, waited = [], None, 0
    for _ in range(epochs):
        model.train()
        for inputs, labels in train:
            loss = loss_of(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        total, count = 0.0, 0
        with torch.no_grad():
            for inputs, labels in validation:
                total += loss_of(model(inputs), labels).item() * len(labels)
                count += len(labels)
        losses.append(total / count)
        if losses[-1] == min(losses) and losses.count(losses[-1]) == 1:
            best, waited = {name: value.clone() for name, value in model.state_dict().items()}, 0
        else:
            waited += 1
        if waited == patience:
            break
    model.load_state_dict(best)
    model.eval()
    return losses
