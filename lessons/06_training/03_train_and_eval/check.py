"""What an answer to `asking` must do."""

import torch
from torch.nn import Module, Sequential

from groundup.layers.dropout import Dropout
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d
from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Two modes: train and eval",
    name="asking",
    hints=(
        "@contextmanager makes a block of a function with one yield: what stands before it happens at the beginning, what "
        "stands behind at the end.",
        "Note module.training for every module of model.modules() before you call model.eval(). Setting module.training is "
        "not the same as calling module.train(), which walks over everything below.",
        "try: with torch.no_grad(): yield model; finally: for module, training in modes.items(): module.training = training. "
        "Without finally an error in the block leaves everything as it stands.",
    ),
)


def network() -> Module:
    torch.manual_seed(0)
    parts = Sequential(Linear(in_features=3, out_features=4), BatchNorm1d(num_features=4), Dropout(p=0.5))
    return Sequential(parts, Sequential(Dropout(p=0.5), Linear(in_features=4, out_features=2)))


def modes(model: Module) -> list[bool]:
    return [module.training for module in model.modules()]


def rows() -> torch.Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


@EXERCISE.claim("inside, the model answers as in use")
def inside(asking):
    model = network()
    with asking(model):
        return {"answers": model(rows()), "modes": modes(model), "recorded": model(rows()).requires_grad}


@EXERCISE.claim("afterwards it is in training mode again, and gradients are recorded")
def afterwards(asking):
    model = network()
    with asking(model):
        model(rows())
    return {"modes": modes(model), "recorded": model(rows()).requires_grad, "seen": model[0][1].num_batches_tracked.clone()}


@EXERCISE.claim("a part that was in evaluation mode stays in it")
def frozen(asking):
    model = network()
    model[0].eval()
    model[1][0].eval()
    before = modes(model)
    with asking(model):
        model(rows())
    return {"before": before, "after": modes(model)}


@EXERCISE.claim("a model in evaluation mode with one part in training")
def odd(asking):
    model = network().eval()
    model[1][0].training = True
    with asking(model):
        found = modes(model)
    return {"inside": found, "after": modes(model)}


@EXERCISE.claim("an error in the block leaves no trace, and is not swallowed")
def error(asking):
    model, told = network(), "nothing"
    try:
        with asking(model):
            raise KeyError("in the block")
    except KeyError:
        told = "KeyError"
    return {"told": told, "modes": modes(model), "gradients": torch.is_grad_enabled()}


@EXERCISE.claim("blocks inside of each other, and where gradients were off before")
def nested(asking):
    model, found = network(), []
    with asking(model):
        with asking(model):
            found.append((modes(model), torch.is_grad_enabled()))
        found.append((modes(model), torch.is_grad_enabled()))
    found.append((modes(model), torch.is_grad_enabled()))
    with torch.no_grad():
        with asking(model):
            pass
        found.append((modes(model), torch.is_grad_enabled()))
    return found


@EXERCISE.drawn
def drawn(asking, seed: int):
    model = network()
    for number, module in enumerate(model.modules()):
        module.training = bool(seed >> number & 1)
    with torch.set_grad_enabled(bool(seed % 3)):
        with asking(model) as given:
            found = [modes(model), model(rows()), given is model or given is None]
        return found, modes(model), torch.is_grad_enabled()
