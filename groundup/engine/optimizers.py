"""The optimisers of a recipe, and the mode in which a model is trained."""

from collections.abc import Mapping

import torch
from torch.nn import Module

from groundup.engine.recipe import Recipe, bind
from groundup.errors import UserError

Optimizers = dict[str | None, torch.optim.Optimizer]


def build_optimizers(recipe: Recipe, model: Module) -> Optimizers:
    """One optimiser for the whole model, or one for each child that the recipe names.

    Every group keeps the rate that the schedule multiplies as `initial_lr`: the optimiser's, times the group's `lr_scale`.
    Raises: UserError for a child that the model does not have, for options that the optimiser refuses.
    """
    parts = recipe.optimizer if isinstance(recipe.optimizer, Mapping) else {None: recipe.optimizer}
    optimizers: Optimizers = {}
    for child, part in parts.items():
        owner = model if child is None else getattr(model, child, None)
        if owner is None:
            raise UserError(f"the model has no child {child!r} for the optimizer of that name")
        groups = bind(recipe.groups, {})(owner) if recipe.groups else [p for p in owner.parameters() if p.requires_grad]
        try:
            optimizers[child] = bind(part, {})(groups)
        except ValueError as error:
            raise UserError(f"optimizer: {error}") from error
        for group in optimizers[child].param_groups:
            group["lr"] = group["initial_lr"] = group["lr"] * group.get("lr_scale", 1.0)
    return optimizers


def training_mode(model: Module) -> None:
    """Everything as in training, but the parts whose weights all stand still: these work as in evaluation.

    So a frozen norm keeps the statistics that it came with, and nothing drops out of a part that cannot learn from it.
    """
    model.train()
    for module in model.modules():
        weights = list(module.parameters())
        if weights and not any(weight.requires_grad for weight in weights):
            module.eval()
