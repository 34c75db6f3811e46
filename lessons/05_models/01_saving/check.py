"""What an answer to `load_fitting` must do."""

import torch
from torch.nn import Sequential

from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d
from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Saving and loading, both ways",
    name="load_fitting",
    hints=(
        "model.state_dict() holds the model's own tensors, not copies: what is written into them is in the model. Names are "
        "keys, so sets say what is missing and what is unexpected.",
        "Look first, write afterwards: find all that fits by name and shape; refuse if there is none, or if one of those "
        "holds a NaN or an infinity (isfinite()); only then copy.",
        "own = model.state_dict(); with torch.no_grad(): own[name].copy_(state[name]) keeps type, place and requires_grad. "
        "Return sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys()), sorted(names in both of different "
        "shape).",
    ),
)


def network(classes: int = 3, seed: int = 0) -> Sequential:
    model = Sequential(
        Linear(in_features=2, out_features=4), BatchNorm1d(num_features=4), Linear(in_features=4, out_features=classes)
    )
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(torch.randn(value.shape, generator=draw) * 5)
    return model


def state_of(*arguments, **changes) -> dict:
    state = {name: value.clone() for name, value in network(*arguments).state_dict().items()}
    return {name: value for name, value in (state | changes).items() if value is not None}


def result(load_fitting, model, state):
    before = [parameter.data_ptr() for parameter in model.parameters()]
    missing, unexpected, mismatched = load_fitting(model, state)
    return {
        "missing": missing,
        "unexpected": unexpected,
        "mismatched": mismatched,
        "in place": before == [parameter.data_ptr() for parameter in model.parameters()],
        "learns": [parameter.requires_grad for parameter in model.parameters()],
        **{name: value.clone() for name, value in model.state_dict().items()},
    }


@EXERCISE.claim("everything fits")
def all_fits(load_fitting):
    return result(load_fitting, network(seed=1), state_of())


@EXERCISE.claim("a head for another number of classes")
def head(load_fitting):
    return result(load_fitting, network(5, 1), state_of(3))


@EXERCISE.claim("names that are missing, and names too many")
def names(load_fitting):
    return result(
        load_fitting,
        network(3, 1),
        state_of(3, **{"0.bias": None, "1.running_var": None, "9.extra": torch.ones(2), "aux": torch.ones(1)}),
    )


@EXERCISE.claim("half precision into single, and a frozen layer")
def types(load_fitting):
    model = network(3, 1).float()
    model[0].requires_grad_(False)
    return result(load_fitting, model, {name: value.half() for name, value in state_of().items()})


@EXERCISE.claim("the wrong file is refused, and the model is as it was")
def wrong_file(load_fitting):
    model = network(3, 1)
    state = {f"model.{name}": value for name, value in state_of().items()}
    told = raised(lambda: load_fitting(model, state), ValueError)
    return {"raised": told, **{name: value.clone() for name, value in model.state_dict().items()}}


@EXERCISE.claim("numbers that are not finite are refused, and the model is as it was")
def not_finite(load_fitting):
    found = []
    for bad in (float("nan"), float("inf")):
        model, state = network(3, 1), state_of()
        state["2.bias"][0] = bad
        found.append(
            {"raised": raised(lambda m=model, s=state: load_fitting(m, s), ValueError), "weights": list(model.parameters())}
        )
    return found


@EXERCISE.drawn
def drawn(load_fitting, seed: int):
    changes = {"1.weight": None} if seed % 2 else {"more": torch.ones(1)}
    return result(load_fitting, network(2 + seed % 3, 1), state_of(3, seed, **changes))
