"""Models by name. The cards are the catalogue: a model file in a family's folder is listed, there is no second place."""

import importlib
from types import ModuleType

from torch.nn import Module

from groundup.errors import unknown
from groundup.models.card import Card, read_cards


def card_of(name: str) -> Card:
    """The card of the model that has a size of this name.

    Raises: UserError with the nearest names.
    """
    sizes = {size: card for card in read_cards() for size in card.sizes}
    if name not in sizes:
        raise unknown("model", name, sizes)
    return sizes[name]


def module_of(name: str) -> ModuleType:
    """The imported file of a model."""
    return importlib.import_module(card_of(name).module)


def create(name: str, **arguments: object) -> Module:
    """Build a model of a size by its name: `create("lenet5", num_classes=10)`."""
    return getattr(module_of(name), name)(**arguments)
