"""What an answer to `fit` must do."""

import torch
from torch.nn import Module, Sequential

from groundup.layers.activation import Tanh
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d
from groundup.learn.exercise import Exercise
from groundup.losses.regression import MSELoss
from groundup.optim.sgd import SGD

EXERCISE = Exercise(
    title="The whole training loop",
    name="fit",
    hints=(
        "model.train() before the training batches, model.eval() and torch.no_grad() before the others; zero_grad, backward, "
        "step in that order.",
        "The mean per example: sum up loss.item() * len(labels), and divide by the sum of len(labels). Keep the best loss and"
        " a count of epochs since; keep the best weights as clones of model.state_dict().values(), or they move on with the "
        "model.",
        "best = {name: value.clone() for name, value in model.state_dict().items()} whenever the loss is below all before; "
        "otherwise waited += 1, and if waited == patience: break. After the loop model.load_state_dict(best); model.eval().",
    ),
)


class Noted(Module):
    """Notes in which mode, and with or without gradients, it is called."""

    def __init__(self, norm: bool = True):
        super().__init__()
        draw = torch.Generator().manual_seed(1)
        layers = [Linear(in_features=2, out_features=5), Tanh(), Linear(in_features=5, out_features=1)]
        self.net = Sequential(*(layers[:1] + ([BatchNorm1d(num_features=5)] if norm else []) + layers[1:]))
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=draw))
        self.calls = []

    def forward(self, x):
        self.calls.append("train" if self.training else "eval" if not torch.is_grad_enabled() else "eval with gradients")
        return self.net(x)[:, 0]


def batches(*sizes: int, seed: int = 0, noise: float = 0.5):
    draw = torch.Generator().manual_seed(seed)
    found = []
    for size in sizes:
        x = torch.randn(size, 2, generator=draw)
        found.append((x, x[:, 0] * x[:, 1] + noise * torch.randn(size, generator=draw)))
    return found


def run(fit, epochs, patience, rate=0.1, norm=True, seed=0, sizes=((4, 4, 3), (6, 1))):
    model = Noted(norm)
    optimizer = SGD(model.parameters(), lr=rate, momentum=0.5)
    losses = fit(model, optimizer, MSELoss(), batches(*sizes[0], seed=seed), batches(*sizes[1], seed=seed + 50), epochs, patience)
    return {"losses": losses, "calls": list(model.calls), "training": model.training,
            **{name: value.clone() for name, value in model.state_dict().items()}}  # fmt: skip


@EXERCISE.claim("one epoch")
def one(fit):
    return run(fit, 1, 3)


@EXERCISE.claim("four epochs, with patience for all")
def four(fit):
    return run(fit, 4, 10)


@EXERCISE.claim("it stops, and the weights are those of the best epoch")
def stops(fit):
    return [run(fit, 30, patience, rate=0.4, norm=norm) for patience in (1, 3) for norm in (True, False)]


@EXERCISE.claim("a loss that stays the same has not fallen")
def flat(fit):
    return run(fit, 9, 2, rate=0.0, norm=False)


@EXERCISE.drawn
def drawn(fit, seed: int):
    sizes = ([2 + (seed + n) % 4 for n in range(1 + seed % 3)], [1 + seed % 5, 3])
    return run(fit, 2 + seed % 6, 1 + seed % 3, 0.05 * (1 + seed % 9), bool(seed % 2), seed, sizes)
