"""Looks at the codes of a model that says pictures again: what they keep, where they lie, and what lies between them.

Of a task it asks `predict` with a `code` and a `reconstruction`, `decode(model, code)`, and `picture` with `columns`; one that
can also `sample` has a prior, a known place where codes lie.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Generator, Tensor
from torch.nn import Module

from groundup.metrics.latent_pictures import Window, draw_map, draw_rows, grid_codes
from groundup.metrics.principal_components import PrincipalComponents
from groundup.metrics.reconstruction import brightness_error
from groundup.tasks.evaluation import Batches, Evaluation
from groundup.tasks.task import Task

SHOWN, ROW = 16, 10  # pictures said again, and those in each frame of the film
WALKS, STRIDES = 8, 12  # ways between two pictures, and the pictures on each
FIELDS = 16  # decoded pictures on each side of a map
DIMENSIONS = 10  # numbers of a code that are walked along, the busiest
REACH = 2.5  # deviations of the prior that a picture of it covers, to each side
ACTIVE = 0.01  # the variance from which a number of the code says something


class BesidePCA:
    """`pca_squared_error`: how badly principal component analysis of as many numbers says the evaluation data again.

    The unit is that of the task's `squared_error`, which a bent code should bring below it. What the analysis makes darker than
    black or brighter than white is cut off, which only helps it.
    """

    def __init__(self, *, principal_components: PrincipalComponents):
        self.principal_components = principal_components

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        errors, first = [], None
        for batch in batches():
            prediction, image = task.predict(model, batch), batch["image"].float()
            flat = self.principal_components.reconstruct(image, prediction["code"].shape[1]).clamp(-1, 1)
            errors.append(brightness_error(flat, image))
            first = first or (image, prediction["reconstruction"], flat)
        rows = dict(zip(("shown", "this model", "PCA"), (part[:SHOWN] for part in first), strict=True))
        film = {"image": torch.cat([part[:ROW] for part in first[:2]])}
        return Evaluation(
            {"pca_squared_error": torch.cat(errors).mean().item()},
            {"reconstructions": partial(draw_rows, rows)},
            {"reconstructions": partial(task.picture, {}, film, columns=len(first[0][:ROW]))},
        )


class LatentSpace:
    """`loss` on the evaluation data, with its parts; where there is a prior, `active_dims`, how many numbers of a code speak.

    A number is active when its mean varies from picture to picture by more than 0.01 of the prior's variance: pressed towards the
    prior, a model leaves numbers unused. Pictures: walks between the codes of two pictures; a map of codes of two numbers, or of
    longer ones what each number changes; pictures made of the prior.

    Paper: the measure is of Burda, Grosse, Salakhutdinov 2016, https://arxiv.org/abs/1509.00519, section 4.2.
    """

    def __init__(self, *, labels: Sequence[str] = ()):
        self.labels = list(labels)

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        code, label, values = self.walk_through(model, task, batches, generator)
        decode = partial(task.decode, model)
        has_prior = hasattr(task, "sample")
        pictures = {"walk": partial(task.picture, {}, {"image": decode(walks(code, label))}, columns=STRIDES)}
        if code.shape[1] == 2:
            window = window_of(code, has_prior)
            decoded = decode(grid_codes(window, FIELDS).to(code))
            pictures["map"] = partial(draw_map, code, label if self.labels else None, self.labels, decoded, window)
        else:
            rows = {name: decode(line) for name, line in lines(code, has_prior).items()}
            pictures["dimensions"] = partial(draw_rows, rows)
        frames = {}
        if has_prior:
            values["active_dims"] = float((code.var(0) > ACTIVE).sum())
            made = task.sample(model, 100, generator)["image"]
            pictures["prior"] = partial(task.picture, {}, {"image": made}, columns=20)
            frames["prior"] = partial(task.picture, {}, {"image": made[:ROW]}, columns=ROW)
        return Evaluation(values, pictures, frames)

    def walk_through(
        self, model: Module, task: Task, batches: Batches, generator: Generator
    ) -> tuple[Tensor, Tensor | None, dict[str, float]]:
        """All codes, all labels where there are labels, and the means of the loss and of what is logged beside it."""
        codes, labels, sums, count = [], [], {}, 0
        with torch.random.fork_rng():
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))  # the loss draws its noise from there
            for batch in batches():
                loss, logs = task.loss(model, batch)
                size = len(batch["image"])
                sums = {name: sums.get(name, 0.0) + value.item() * size for name, value in {"loss": loss, **logs}.items()}
                count += size
                codes.append(task.predict(model, batch)["code"])
                labels += [batch["label"]] if "label" in batch else []
        return torch.cat(codes), torch.cat(labels) if labels else None, {name: value / count for name, value in sums.items()}


def walks(code: Tensor, label: Tensor | None) -> Tensor:
    """Straight ways between the codes of two pictures, of two classes where classes are known. Shapes: (rows * STRIDES, dim)."""
    places = list(range(len(code)))
    if label is not None:
        places = [(label == number).nonzero()[0].item() for number in label.unique()]
    pairs = list(pairwise(places))[:WALKS] or [(0, 0)]
    share = torch.linspace(0, 1, STRIDES).to(code)[:, None]
    return torch.cat([torch.lerp(code[start], code[end], share) for start, end in pairs])


def window_of(code: Tensor, has_prior: bool) -> Window:
    """What of the plane a map shows: the prior's middle, or else where the codes lie, but for a few far out."""
    if has_prior:
        return (-REACH, REACH, -REACH, REACH)
    low, high = (code.float().cpu().quantile(part, dim=0) for part in (0.01, 0.99))
    margin = 0.1 * (high - low) + 1e-3
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return (left, right, bottom, top)


def lines(code: Tensor, has_prior: bool) -> dict[str, Tensor]:
    """From the first picture's code along one number after the other, the busiest first. Shapes: each (STRIDES, dim)."""
    centre, spread = code.mean(0), code.std(0, correction=0)
    found = {}
    for number in spread.argsort(descending=True)[:DIMENSIONS].tolist():
        middle, reach = (0.0, REACH) if has_prior else (centre[number].item(), REACH * spread[number].item())
        line = code[:1].repeat(STRIDES, 1)
        line[:, number] = torch.linspace(middle - reach, middle + reach, STRIDES).to(code)
        found[f"number {number + 1} (deviation {spread[number]:.2f})"] = line
    return found
