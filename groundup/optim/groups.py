"""Which weights an optimiser treats alike, and which it leaves as they are.

A group may hold, beside an optimiser's own options, `lr_scale`, by which the group's rate differs from the optimiser's, and
`frozen_until`, the part of the training (0 to 1) before which its weights stand still: the engine sees to both.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from torch.nn import Module, Parameter

from groundup.errors import UserError


def decay_matrices_only(model: Module) -> list[dict[str, object]]:
    """The optimiser's weight decay for matrices and kernels; none for biases, gains and other vectors.

    Decay keeps what multiplies activations from growing without need. A bias or a gain has nothing to gain from being small.
    Raises: ValueError for a model without trainable weights.
    """
    return transfer_groups(model)


def transfer_groups(
    model: Module,
    *,
    freeze: Sequence[str] = (),
    scales: Mapping[str, float] | None = None,
    thaw: Mapping[str, float] | None = None,
) -> list[dict[str, object]]:
    """Groups for a network that has learnt something already: some of it stays, some follows slowly, the head learns fast.

    Patterns are of weights' names, with `*` for anything: "stage1.*", "*norm*.bias". What `freeze` names never changes. What
    `scales` names learns at so many times the optimiser's rate. What `thaw` names stands still for that part of the training,
    as in {"stage4.*": 0.1, "stage3.*": 0.3} (gradual unfreezing, Howard & Ruder 2018, https://arxiv.org/abs/1801.06146,
    section 3.3). Of several patterns that fit, the first counts. Weight decay is for matrices and kernels alone.
    Units and ranges: scales above 0; thaw from 0 to 1.
    Raises: UserError for a pattern that names no weight, for a scale or a part outside its range; ValueError where nothing is
    left to train.
    """
    scales, thaw = dict(scales or {}), dict(thaw or {})
    names = [name for name, _ in model.named_parameters()]
    for pattern in (*freeze, *scales, *thaw):
        if not any(fnmatchcase(name, pattern) for name in names):
            parts = ", ".join(f"{part}.*" for part, _ in model.named_children())
            raise UserError(f"no weight of this {type(model).__name__} is called {pattern!r}; its parts are {parts}")
    wrong = [f"{pattern}: {scale}" for pattern, scale in scales.items() if not scale > 0]
    wrong += [f"{pattern}: {part}" for pattern, part in thaw.items() if not 0 <= part <= 1]
    if wrong:
        raise UserError(f"scales are above 0 and parts of the training from 0 to 1; got {', '.join(wrong)}")
    groups: dict[tuple, list[Parameter]] = {}
    for name, parameter in model.named_parameters():
        if any(fnmatchcase(name, pattern) for pattern in freeze):
            parameter.requires_grad_(False)
        if parameter.requires_grad:
            key = (first(name, scales, 1.0), first(name, thaw, 0.0), parameter.dim() > 1)
            groups.setdefault(key, []).append(parameter)
    if not groups:
        raise ValueError(f"this {type(model).__name__} has no weights to train")
    return [group(parameters, *key) for key, parameters in sorted(groups.items(), key=lambda item: (item[0][:2], not item[0][2]))]


def first(name: str, patterns: Mapping[str, float], default: float) -> float:
    """The value of the first pattern that a name fits."""
    return next((value for pattern, value in patterns.items() if fnmatchcase(name, pattern)), default)


def group(parameters: list[Parameter], scale: float, frozen_until: float, matrices: bool) -> dict[str, object]:
    """A group with those options alone that differ from the optimiser's."""
    made: dict[str, object] = {"params": parameters}
    if not matrices:
        made["weight_decay"] = 0.0
    if scale != 1:
        made["lr_scale"] = scale
    if frozen_until:
        made["frozen_until"] = frozen_until
    return made
