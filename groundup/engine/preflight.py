"""What an engineer asks before a long run: does it learn at all, does every weight take part, does it fit?"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Generator, Tensor
from torch.nn import Module

from groundup.engine.batches import TrainingBatches, mixed_seed
from groundup.engine.facts import fit_facts
from groundup.engine.optimizers import build_optimizers, training_mode
from groundup.engine.precision import decide
from groundup.engine.randomness import seed_all
from groundup.engine.recipe import Recipe, bind, build
from groundup.parity.compare import relative_error, tensors_in

STEPS = 150  # of learning one batch by heart
LEARNT = 0.25  # the share of its first loss, above the least possible, that a batch learnt by heart keeps at most


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `good` is None for a plain report."""

    name: str
    good: bool | None
    message: str


class Preflight:
    """A recipe built without a run, its first batch in hand. Nothing is written."""

    def __init__(self, recipe: Recipe):
        self.recipe, settings = recipe, recipe.run
        data = build(recipe.train_data, {})
        seed_all(settings.seed)
        facts = fit_facts(recipe.facts, data)
        seed_all(settings.seed)
        self.model = build(recipe.model, facts)
        self.numerics = decide(settings, self.model)
        self.numerics.apply()
        self.model = self.numerics.place(self.model)
        self.task = build(recipe.task, facts)
        self.prepare, self.augment = bind(recipe.prepare, facts) or dict, bind(recipe.augment, facts)
        self.batches = TrainingBatches(data, bind(recipe.collate, facts), batch_size=settings.batch_size, seed=settings.seed)
        self.raw = self.numerics.place_batch(next(self.batches.from_batch(0)))
        self.batch = self.numerics.cast_batch(self.prepare(self.raw))
        self.total = settings.steps or settings.epochs * (self.batches.per_epoch // settings.accumulate_steps)

    def findings(self) -> Iterator[Finding]:
        """Everything, in the order in which one would look."""
        yield self.shapes()
        yield self.memory()
        yield self.gradients()
        if hasattr(self.task, "inputs"):
            yield self.leaks()
        if hasattr(self.task, "chance_loss"):
            yield self.start()
        yield self.pace()
        if hasattr(self.task, "loss"):
            yield self.by_heart()

    def shapes(self) -> Finding:
        words = [f"{name} {tuple(value.shape)} {value.dtype}" for name, value in self.batch.items() if isinstance(value, Tensor)]
        return Finding("batch", None, "; ".join(words).replace("torch.", ""))

    def memory(self) -> Finding:
        parameters = list(self.model.parameters())
        size = sum(parameter.numel() * parameter.element_size() for parameter in parameters)
        count = sum(parameter.numel() for parameter in parameters)
        return Finding("model", None, f"{count:,} parameters; with gradients and AdamW's two averages {4 * size / 2**20:.1f} MiB")

    def gradients(self) -> Finding:
        """One batch through the step, with backward alone: which parameters does no gradient reach?

        A layer that begins at zero lets none through at first, so where some are idle a step is taken, and looked again.
        """
        idle = self.idle()
        if idle:
            before = {name: value.clone() for name, value in self.model.state_dict().items()}
            self.learn_with(self.optimizing())
            again = self.idle()
            idle = [name for name in idle if name in again]
            self.model.load_state_dict(before)
        if idle:
            return Finding("gradients", False, f"no gradient reaches {', '.join(idle[:6])}{' ...' if len(idle) > 6 else ''}")
        return Finding("gradients", True, "every parameter gets one")

    def idle(self) -> list[str]:
        """The parameters that get no gradient, or one of zeros, from the batch."""
        self.learn_with(lambda loss, child=None: loss.backward(inputs=self.parameters(child)))
        found = [name for name, p in self.model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
        self.model.zero_grad()
        return found

    def leaks(self) -> Finding:
        """Whether the first item's output changes when the others do."""
        inputs = self.task.inputs(self.batch)
        others = [torch.cat([value[:1], value[1:].roll(1, 0).flip(-1)]) for value in inputs]
        self.model.eval()
        with torch.no_grad():
            alone, among = (tensors_in(self.model(*values)) for values in (inputs, others))
        self.model.train()
        worst = max(map(lambda a, b: relative_error(a[:1], b[:1]), alone, among), default=0.0)
        if worst > 1e-4:
            return Finding("independence", False, f"an item's output depends on the others of its batch (by {worst:.1e})")
        return Finding("independence", True, "no item of a batch sees another")

    def start(self) -> Finding:
        """The loss of fresh weights against that of guessing."""
        with torch.no_grad(), self.numerics.autocast():
            loss = self.task.loss(self.model, self.batch)[0].item()
        chance = self.task.chance_loss
        message = f"{loss:.3f}, guessing gives {chance:.3f}"
        if not 0.7 * chance < loss < 1.4 * chance:
            return Finding("first loss", False, f"{message}: look at the start of the weights and at the preparation")
        return Finding("first loss", True, message)

    def pace(self, steps: int = 5) -> Finding:
        """How long the run will take, from a few steps."""
        self.learn_with(self.optimizing())
        start = time.perf_counter()
        for number in range(steps):
            batch = self.raw
            if self.augment is not None:
                batch = self.augment(batch, Generator().manual_seed(mixed_seed(0, number)))
            self.learn_with(self.optimizing(), self.numerics.cast_batch(self.prepare(batch)))
        seconds = (time.perf_counter() - start) / steps * self.recipe.run.accumulate_steps
        minutes = seconds * self.total / 60
        return Finding(
            "time", None, f"{seconds * 1e3:.1f} ms a step, {self.total} steps: about {minutes:.1f} minutes and the evaluations"
        )

    def by_heart(self) -> Finding:
        """The same batch over and over: a network that can learn brings its loss near zero."""
        update, losses = self.optimizing(), []
        for _ in range(STEPS):
            losses.append(self.learn_with(update)["loss"].item())
        message = f"the loss of one batch went from {losses[0]:.3f} to {losses[-1]:.3f} in {STEPS} steps"
        least = getattr(self.task, "least_loss", 0.0)
        good = math.isfinite(losses[-1]) and losses[-1] - least < LEARNT * (losses[0] - least)
        return Finding("by heart", good, message if good else f"{message}: try another rate, or look for labels that do not fit")

    def parameters(self, child: str | None) -> list[Tensor]:
        owner: Module = self.model if child is None else getattr(self.model, child)
        return [parameter for parameter in owner.parameters() if parameter.requires_grad]

    def learn_with(self, update, batch=None) -> dict[str, Tensor]:
        training_mode(self.model)
        with self.numerics.autocast():
            return self.recipe.step(self.task, update)(self.model, self.batch if batch is None else batch)

    def optimizing(self):
        """A plain update, backward and step, at the recipe's rates."""
        optimizers = build_optimizers(self.recipe, self.model)

        def update(loss: Tensor, child: str | None = None) -> None:
            loss.backward(inputs=self.parameters(child))
            optimizers[child].step()
            optimizers[child].zero_grad()
            torch.clear_autocast_cache()

        return update


def check_recipe(recipe: Recipe, code: ModuleType | None = None) -> Iterator[Finding]:
    """The findings about a recipe.

    Raises: UserError where a part of it cannot be built.
    """
    yield from Preflight(recipe).findings()
