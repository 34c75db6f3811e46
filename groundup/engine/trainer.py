"""The training loop. It owns the state of training and can save and take up all of it between any two steps."""

import time
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Generator
from torch.nn import Module

from groundup.data.class_names import numbered_as
from groundup.engine.batches import TrainingBatches, in_order, mixed_seed
from groundup.engine.checkpoint import (
    forget_after,
    load_checkpoint,
    point_to,
    pointed,
    prune,
    save_checkpoint,
    sweep,
    write_atomic,
)
from groundup.engine.evaluator import evaluate
from groundup.engine.journal import Journal, NotFinite
from groundup.engine.optimizers import build_optimizers, training_mode
from groundup.engine.randomness import load_random_state, random_state, seed_all
from groundup.engine.recipe import Recipe, bind, build
from groundup.engine.report import picture_bytes, write_report
from groundup.engine.run import Run, load_weights
from groundup.engine.signals import Interrupted, Signals
from groundup.engine.update import Update
from groundup.errors import UserError
from groundup.optim.ema import EMA
from groundup.tasks.evaluation import Evaluation

PICTURES = 8


class Trainer:
    """A recipe in training in a run's folder; begun, or taken up where its last checkpoint left it.

    `start` changes the weights of the new model before anything is made of them: it puts in those from elsewhere.
    """

    def __init__(
        self,
        recipe: Recipe,
        run: Run,
        *,
        code: ModuleType | None = None,
        quiet: bool = False,
        start: Callable[[Module], None] | None = None,
    ):
        settings = recipe.run
        self.recipe, self.run, self.settings = recipe, run, settings
        sweep(run.folder)
        train_data = build(recipe.train_data, {})
        seed_all(settings.seed)
        facts = run.facts(recipe, code, train_data=train_data)
        seed_all(settings.seed)
        self.model = build(recipe.model, facts)
        self.start = start
        if start is not None:
            start(self.model)
        self.numerics = run.numerics(recipe, self.model)
        self.numerics.apply()
        self.model = self.numerics.place(self.model)
        self.task = build(recipe.task, facts)
        self.collate, self.prepare = bind(recipe.collate, facts), bind(recipe.prepare, facts) or dict
        self.augment, self.schedule = bind(recipe.augment, facts), bind(recipe.schedule, {})
        self.evaluators = [build(part, facts) for part in recipe.evaluators]
        self.eval_data, self.validation_data = numbered_as(build(recipe.eval_data, facts), facts.get("labels")), None
        if recipe.validation_data is not None:
            self.validation_data = numbered_as(build(recipe.validation_data, facts), facts.get("labels"))

        self.ema = EMA(self.model, settings.ema_decay) if settings.ema_decay is not None else None
        self.update = Update(
            self.model,
            build_optimizers(recipe, self.model),
            device=self.numerics.device,
            accumulate_steps=settings.accumulate_steps,
            clip_norm=settings.clip_norm,
            scale=self.numerics.precision == "float16",
            ema=self.ema,
        )
        self.learn = recipe.step(self.task, self.update)
        self.batches = TrainingBatches(
            train_data,
            self.collate,
            batch_size=settings.batch_size,
            seed=settings.seed,
            num_workers=settings.num_workers,
        )
        steps_per_epoch = self.batches.per_epoch // settings.accumulate_steps
        if steps_per_epoch < 1:
            raise UserError(
                f"{settings.accumulate_steps} batches of {settings.batch_size} make a step, and the training set holds "
                f"{self.batches.per_epoch}: lower accumulate_steps or batch_size"
            )
        self.total = settings.steps or settings.epochs * steps_per_epoch
        self.eval_every = settings.eval_every or (steps_per_epoch if settings.epochs else self.total)
        self.step, self.best, self.seconds = 0, None, 0.0
        self.notes = run.record(self.numerics)
        pending = self.resume()
        self.journal = Journal(
            run.folder,
            step=self.step,
            total=self.total,
            accumulate_steps=settings.accumulate_steps,
            items_per_step=settings.batch_size * settings.accumulate_steps,
            quiet=quiet,
        )
        self.journal.load_state(pending)
        if not self.step and hasattr(self.task, "example_batch"):
            self.journal.graph(self.model, self.task.inputs(self.prepared(self.task.example_batch(2))))
        self.acts: list[Callable[[], None]] = [
            self.every(settings.log_every, self.log),
            self.every(self.eval_every, self.evaluate),
            self.save_when_due,
        ]

    def fit(self) -> None:
        """Train to the end.

        Raises: Interrupted after a signal, when all is saved; UserError where the loss is no longer finite, or the disk is full.
        """
        batches = self.batches.from_batch(self.step * self.settings.accumulate_steps)
        self.started = self.last_save = time.monotonic()
        training_mode(self.model)
        with Signals() as signals:
            try:
                if self.start is not None:  # a run that is killed early does not need their file again
                    self.save()
                while self.step < self.total and not signals.caught:
                    self.set_rates()
                    for part in range(self.settings.accumulate_steps):
                        batch = self.augmented(next(batches), self.step * self.settings.accumulate_steps + part)
                        with self.numerics.autocast():
                            self.journal.note(self.learn(self.model, batch))
                    self.step += 1
                    for act in self.acts:
                        act()
                if self.step < self.total:
                    self.save()
                    raise Interrupted(signals.caught)
                self.finish()
            except NotFinite as error:
                raise UserError(self.advice(error)) from None
            except OSError as error:
                raise UserError(
                    f"{error.strerror or error} while writing {self.run.folder} at step {self.step}; {self.kept()}"
                ) from error
            finally:
                self.journal.close()

    def set_rates(self) -> None:
        """What each group learns at in this step; a group that begins to learn is then in training."""
        if self.update.set_rates(self.schedule(self.step, self.total), self.step / self.total):
            training_mode(self.model)

    def augmented(self, batch: dict, number: int) -> dict:
        """A training batch as the task takes it; its random changes are a function of the seed and of the batch's number."""
        batch = self.numerics.place_batch(batch)
        if self.augment is not None:
            batch = self.augment(batch, Generator().manual_seed(mixed_seed(self.settings.seed, "augment", number)))
        return self.numerics.cast_batch(self.prepare(batch))

    def prepared(self, batch: dict) -> dict:
        """An evaluation batch as the task takes it."""
        return self.numerics.cast_batch(self.prepare(self.numerics.place_batch(batch)))

    def every(self, steps: int, act: Callable[[], None]) -> Callable[[], None]:
        """The act, when its step has come or the last."""

        def when_due() -> None:
            if self.step % steps == 0 or self.step == self.total:
                act()

        return when_due

    def log(self) -> None:
        group = next(iter(self.update.optimizers.values())).param_groups[0]
        self.journal.log(self.step, group["lr"])

    def evaluate(self) -> None:
        """Score the averaged weights where there are any, else the weights; on the validation part, `best` is chosen."""
        model = self.model if self.ema is None else self.ema.averaged()
        for part, dataset in (("validation", self.validation_data), ("eval", self.eval_data)):
            if dataset is None:
                continue
            with self.numerics.autocast():
                found = evaluate(
                    self.evaluators,
                    model,
                    self.task,
                    lambda other=None, d=dataset: self.eval_batches(d if other is None else other),
                    seed=self.settings.seed,
                )
            self.journal.evaluation(self.step, part, found.values)
            if part == "validation":
                self.choose_best(found)
        self.write_pictures(found)

    def eval_batches(self, dataset: torch.utils.data.Dataset):
        return map(self.prepared, in_order(dataset, self.collate, self.settings.batch_size))

    def choose_best(self, found: Evaluation) -> None:
        direction, name = self.recipe.best.split()
        value = found.values[name]
        if self.best is None or (value < self.best["value"] if direction == "min" else value > self.best["value"]):
            self.best = {"step": self.step, "metric": name, "value": value}
            self.save()
            point_to(self.run.checkpoints, "best", self.step)

    def write_pictures(self, found: Evaluation) -> None:
        """Draw what the last evaluation data gave: about PICTURES times in a run, and at its end."""
        between = max(1, self.total // self.eval_every // PICTURES) * self.eval_every
        if self.step % between and self.step != self.total:
            return
        pictures = self.run.folder / "pictures"
        (pictures / "frames" if found.frames else pictures).mkdir(parents=True, exist_ok=True)
        for name, draw in found.pictures.items():
            picture = draw()
            write_atomic(pictures / f"{name}.png", picture_bytes(picture))
            self.journal.picture(self.step, name, picture)
        for name, draw in found.frames.items():
            write_atomic(pictures / "frames" / f"{name}-{self.step:06d}.png", picture_bytes(draw()))

    def save_when_due(self) -> None:
        due = self.settings.save_steps is not None and self.step % self.settings.save_steps == 0
        if due or self.step == self.total or time.monotonic() - self.last_save >= self.settings.save_seconds:
            self.save()

    def save(self) -> None:
        """Write a checkpoint of everything. A model whose loss or weights are not finite is never saved.

        Raises: NotFinite, OSError.
        """
        pending = self.journal.state(self.step)
        if not all(torch.isfinite(norm) for norm in torch._foreach_norm(list(self.model.parameters()), float("inf"))):
            raise NotFinite(self.step, "a weight")
        optimizer_tensors, optimizer_plain = self.update.state()
        random_tensors, random_plain = random_state()
        tensors = {"model": self.model.state_dict(), "optimizer": optimizer_tensors, "random": random_tensors}
        if self.ema is not None:
            tensors["ema"] = self.ema.averaged().state_dict()
        tensors["step"] = self.learn.state_dict()
        state = {
            "step": self.step,
            "total": self.total,
            "best": self.best,
            "seconds": self.seconds + time.monotonic() - self.started,
            "optimizer": optimizer_plain,
            "ema": None if self.ema is None else self.ema.plain_state(),
            "random": random_plain,
            "pending": pending,
        }
        save_checkpoint(self.run.checkpoints, self.step, tensors, state)
        prune(self.run.checkpoints, self.settings.keep)
        self.last_save = time.monotonic()

    def resume(self) -> list[dict[str, float]]:
        """Take up the last checkpoint, where there is one; gives the logs that were not written yet."""
        last = pointed(self.run.checkpoints, "last")
        forget_after(self.run.checkpoints, last or 0)
        if last is None:
            return []
        tensors, state = load_checkpoint(self.run.checkpoints, last)
        load_weights(self.model, tensors["model"], self.run.checkpoints)
        self.update.load_state(tensors["optimizer"], state["optimizer"])
        if self.ema is not None:
            self.ema.load_state(tensors["ema"], state["ema"])
        self.learn.load_state_dict(tensors["step"])
        self.step, self.best, self.seconds = state["step"], state["best"], state["seconds"]
        prune(self.run.checkpoints, self.settings.keep)  # where the kill came between saving and pruning
        load_random_state(tensors["random"], state["random"])
        return state["pending"]

    def finish(self) -> None:
        """What follows the last step; done again where a kill came before its end."""
        write_report(self.run.folder)

    def advice(self, error: NotFinite) -> str:
        lower = "a lower --lr, --set run.clip_norm=1.0, or --set run.precision=float32"
        return f"{error.name} became NaN or infinite at step {error.step}; training stopped. {self.kept()}. Try {lower}"

    def kept(self) -> str:
        last = pointed(self.run.checkpoints, "last")
        return "no checkpoint was saved before" if last is None else f"the checkpoint of step {last} is whole"
