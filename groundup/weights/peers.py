"""The libraries' own models with the weights that were read: what an import is held against.

A peer answers (pictures, prepared) with logits, a detector also with the codes of its boxes: from the pictures themselves where
the library prepares them as we do, else from the pictures that we prepared.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from groundup.parity.compare import relative_error
from groundup.weights.rules import State

Answers = Callable[[Tensor, Tensor], Sequence[Tensor]]


def torchvision_peer(name: str, entry, state: State, num_classes: int) -> Answers:
    """torchvision's model as its builder makes it for an entry of its table, with its transforms; or for a file, without."""
    from torchvision.models import get_model
    from torchvision.models._api import WeightsEnum
    from torchvision.models.detection.ssd import SSD
    from torchvision.models.segmentation import FCN

    if entry is None:
        kind = {"weights": None, "num_classes": num_classes}
        if name.startswith("fcn"):
            kind |= {"weights_backbone": None, "aux_loss": any(key.startswith("aux_classifier") for key in state)}
        if name.startswith("ssd"):
            kind |= {"weights_backbone": None, "num_classes": num_classes + 1}  # the background is a class of theirs
        model = get_model(name, **kind)
        model.load_state_dict(state)
    else:
        # which would open a pickle in this process
        with patch.object(WeightsEnum, "get_state_dict", lambda *_, **__: dict(state)):
            model = get_model(name, weights=entry)
    model.eval()
    if isinstance(model, FCN):
        return lambda pictures, prepared: (model(prepared)["out"],)
    if isinstance(model, SSD):
        return lambda pictures, prepared: said_by_heads(model, prepared)
    if entry is None:
        return lambda pictures, prepared: (model(prepared),)
    transforms = entry.transforms()
    return lambda pictures, prepared: (model(transforms(pictures)),)


def said_by_heads(model, prepared: Tensor) -> tuple[Tensor, Tensor]:
    """What torchvision's SSD says of prepared pictures, before boxes are chosen."""
    said = model.head(list(model.backbone(prepared).values()))
    return said["cls_logits"], said["bbox_regression"]


def timm_peer(name: str, state: State, num_classes: int) -> Answers:
    from timm import create_model

    model = create_model(name, pretrained=False, num_classes=num_classes)
    model.load_state_dict(state)
    return lambda pictures, prepared: (model.eval()(prepared),)


def transformers_peer(folder: Path, state: State) -> Answers:
    """The class that a folder's config.json names; code in the folder is not run."""
    from transformers import AutoConfig, AutoModelForImageClassification

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    model = AutoModelForImageClassification.from_config(config, trust_remote_code=False)
    model.load_state_dict(state)
    return lambda pictures, prepared: (model.eval()(prepared).logits,)


def disagreement(ours: Tensor | Sequence[Tensor], peer: Answers, pictures: Tensor, prepared: Tensor) -> float:
    """The largest relative difference of our answers and the peer's."""
    with torch.no_grad():
        theirs = peer(pictures, prepared)
    ours = (ours,) if isinstance(ours, Tensor) else ours[: len(theirs)]
    return max(relative_error(one, other) for one, other in zip(ours, theirs, strict=True))
