"""The libraries' own models with the weights that were read: what an import is held against.

A peer answers (pictures, prepared) with logits: from the pictures themselves where the library has transforms for tensors, else
from the pictures that we prepared.
"""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from groundup.parity.compare import relative_error
from groundup.weights.rules import State

Answers = Callable[[Tensor, Tensor], Tensor]


def torchvision_peer(name: str, entry, state: State, num_classes: int) -> Answers:
    """torchvision's model as its builder makes it for an entry of its table, with its transforms; or for a file, without."""
    from torchvision.models import get_model
    from torchvision.models._api import WeightsEnum

    if entry is None:
        model = get_model(name, weights=None, num_classes=num_classes)
        model.load_state_dict(state)
        return lambda pictures, prepared: model.eval()(prepared)
    with patch.object(WeightsEnum, "get_state_dict", lambda *_, **__: dict(state)):  # which would open a pickle in this process
        model = get_model(name, weights=entry)
    transforms = entry.transforms()
    return lambda pictures, prepared: model.eval()(transforms(pictures))


def timm_peer(name: str, state: State, num_classes: int) -> Answers:
    from timm import create_model

    model = create_model(name, pretrained=False, num_classes=num_classes)
    model.load_state_dict(state)
    return lambda pictures, prepared: model.eval()(prepared)


def transformers_peer(folder: Path, state: State) -> Answers:
    """The class that a folder's config.json names; code in the folder is not run."""
    from transformers import AutoConfig, AutoModelForImageClassification

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    model = AutoModelForImageClassification.from_config(config, trust_remote_code=False)
    model.load_state_dict(state)
    return lambda pictures, prepared: model.eval()(prepared).logits


def disagreement(ours: Tensor, peer: Answers, pictures: Tensor, prepared: Tensor) -> float:
    """The largest relative difference of our answers and the peer's."""
    with torch.no_grad():
        return relative_error(ours, peer(pictures, prepared))
