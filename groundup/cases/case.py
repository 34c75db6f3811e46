"""A Case says how one thing of ours is held against an independent reference.

`CASES`, a list at the foot of each file of this folder, is read by the tests, by `groundup verify` and by the ledger alike.
References are imported inside functions, so that a case can be listed without them.

Levels: A, a live independent implementation (also a network that the case composes from `torch.nn` alone: `composed`);
B, golden numbers with their provenance, or equations worked by hand; C, self-consistency only.
"""

import importlib.util
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from groundup.ops.ladder import Ladder, rung
from groundup.parity.compare import (
    MODEL_BOUND,
    PART_BOUND,
    Errors,
    compare_functions,
    compare_modules,
    leaf,
    randomize,
    relative_error,
    tensors_in,
    values_and_gradients,
)
from groundup.weights.rules import Rule, rename

LOOPS_LIMIT = 2_000  # the `loops` rung is tried on inputs of up to this many numbers in all


@dataclass(frozen=True)
class Sample:
    """The arguments of one call."""

    args: tuple
    kwargs: dict

    def size(self) -> int:
        return sum(tensor.numel() for tensor in tensors_in([leaf(value) for value in (*self.args, *self.kwargs.values())]))


def call(*args, **kwargs) -> Sample:
    """Write a sample as one would write the call; every floating-point tensor takes a gradient but those in a `Constant`."""
    return Sample(args, kwargs)


@dataclass(frozen=True)
class Cost:
    """Process time, and all the memory that was allocated on the way."""

    milliseconds: float
    megabytes: float


@dataclass(frozen=True)
class Result:
    """What a case found; a row of the ledger and of `groundup verify --json`."""

    name: str
    kind: str
    level: str
    forward_error: float | None
    gradient_error: float | None
    bound: float
    passed: bool
    reference: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing of ours, one of theirs."""

    name: str
    reference: str
    level: str = "A"
    bound: float = PART_BOUND
    kind: str = ""
    requires: tuple[str, ...] = ()  # packages beyond the core that the reference needs

    def measure(self) -> Errors:
        """The worst errors over all samples and rungs."""
        raise NotImplementedError

    def missing(self) -> list[str]:
        """The packages that the reference needs and that are not installed."""
        return [name for name in self.requires if importlib.util.find_spec(name) is None]

    def run(self) -> Result:
        errors = self.measure()
        passed = errors.within(self.bound)
        return Result(self.name, self.kind, self.level, errors.forward, errors.gradient, self.bound, passed, self.reference)


@dataclass(frozen=True, kw_only=True)
class OpCase(Case):
    """Each rung of an op (or one plain function, such as a loss) against a function, on samples drawn from a generator."""

    ours: Callable
    theirs: Callable
    samples: Callable[[Generator], Iterable[Sample]]
    kind: str = "op"

    def rungs(self) -> tuple[str, ...]:
        """The rungs that the op has of its own; a plain function runs with the whole program on each rung but `loops`."""
        return self.ours.rungs if isinstance(self.ours, Ladder) else ("tensors", "manual", "fused")

    def measure(self) -> Errors:
        errors = Errors(None, None)
        for name in self.rungs():
            errors |= self.measure_rung(name)
        return errors

    def measure_rung(self, name: str) -> Errors:
        """The errors of one rung alone."""
        errors = Errors(None, None)
        for sample in self.samples(Generator().manual_seed(0)):
            if name == "loops" and sample.size() > LOOPS_LIMIT:
                continue
            with rung(name):
                errors |= compare_functions(self.ours, self.theirs, sample.args, sample.kwargs)
        return errors

    def cost(self, name: str) -> Cost:
        """What the forward and backward of the first sample costs on a rung."""
        sample = next(iter(self.samples(Generator().manual_seed(0))))

        def work() -> None:
            values_and_gradients(self.ours, sample.args, sample.kwargs)

        with rung(name):
            work()
            start = time.process_time()
            work()
            seconds = time.process_time() - start
            with Allocated() as allocated:
                work()
        return Cost(seconds * 1e3, allocated.bytes / 1e6)


class Allocated(TorchDispatchMode):
    """Counts the bytes of all new tensors that are made within the block."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        taken = {tensor.untyped_storage().data_ptr() for tensor in tensors_in((args, kwargs or {}))}
        for tensor in tensors_in(result):
            if tensor.untyped_storage().data_ptr() not in taken:
                self.bytes += tensor.untyped_storage().nbytes()
        return result


@dataclass(frozen=True, kw_only=True)
class ModuleCase(Case):
    """A layer or model against a module with the same weights, in training and in evaluation mode, on every rung but `loops`.

    `ours` and `theirs` build the two; `weights` are rules that turn their state into ours; `samples` draws float64 inputs.
    """

    ours: Callable[[], nn.Module]
    theirs: Callable[[], nn.Module]
    samples: Callable[[Generator], Iterable[Sample]]
    weights: Sequence[Rule] = ()
    call_theirs: Callable | None = None
    modes: tuple[str, ...] = ("train", "eval")
    kind: str = "layer"

    def to_ours(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return rename(state, self.weights)

    def measure(self) -> Errors:
        errors = Errors(None, None)
        for name in ("tensors", "manual", "fused"):
            for mode in self.modes:
                theirs = randomize(self.theirs().double(), seed=1).train(mode == "train")
                ours = self.ours().double().train(mode == "train")
                ours.load_state_dict(self.to_ours(theirs.state_dict()))
                for sample in self.samples(Generator().manual_seed(0)):
                    with rung(name):
                        errors |= compare_modules(
                            ours, theirs, sample.args, sample.kwargs, to_ours=self.to_ours, call_theirs=self.call_theirs
                        )
        return errors


@dataclass(frozen=True, kw_only=True)
class OptimizerCase(Case):
    """An optimiser against another for 50 steps on the same gradients, on the `tensors` and the `fused` rung.

    `options` are the keyword arguments of both, one run for each; weights and every state tensor are compared.
    """

    ours: Callable
    theirs: Callable
    options: Sequence[dict]
    steps: int = 50
    kind: str = "optimizer"

    def measure(self) -> Errors:
        errors = Errors(None, None)
        for name in ("tensors", "fused"):
            for options in self.options:
                errors |= Errors(self.measure_run(name, options), None)
        return errors

    def measure_run(self, name: str, options: dict) -> float:
        generator = Generator().manual_seed(0)
        shapes = [(3, 4), (5,), (2, 3, 2, 2), ()]
        starts = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
        ours = [start.clone().requires_grad_() for start in starts]
        theirs = [start.clone().requires_grad_() for start in starts]
        our_optimizer, their_optimizer = self.ours(ours, **options), self.theirs(theirs, **options)
        worst = 0.0
        for step in range(self.steps):
            for a, b in zip(ours, theirs, strict=True):
                a.grad = torch.randn(a.shape, generator=generator, dtype=torch.float64)
                b.grad = a.grad.clone()
            if step == self.steps // 2:  # a schedule changes the rate between steps
                for group in (*our_optimizer.param_groups, *their_optimizer.param_groups):
                    group["lr"] *= 0.3
            with rung(name):
                our_optimizer.step()
            their_optimizer.step()
            for a, b in zip(ours, theirs, strict=True):
                worst = max(worst, relative_error(a, b))
                for key, value in their_optimizer.state[b].items():
                    if isinstance(value, Tensor):
                        worst = max(worst, relative_error(our_optimizer.state[a][key], value))
        return worst


@dataclass(frozen=True, kw_only=True)
class ScheduleCase(Case):
    """A schedule, a factor for (step, total), against one of torch's at every step, for each total.

    `theirs` builds torch's scheduler from (optimizer, total), for an optimiser of rate 1.
    """

    ours: Callable[[int, int], float]
    theirs: Callable
    totals: Sequence[int] = field(default=(2, 7, 50, 333))
    kind: str = "schedule"

    def measure(self) -> Errors:
        worst = 0.0
        for total in self.totals:
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
            scheduler = self.theirs(optimizer, total)
            for step in range(total):
                expected = torch.tensor(optimizer.param_groups[0]["lr"], dtype=torch.float64)
                worst = max(worst, relative_error(torch.tensor(self.ours(step, total), dtype=torch.float64), expected))
                optimizer.step()
                scheduler.step()
        return Errors(worst, None)


@dataclass(frozen=True, kw_only=True)
class ModelCase(ModuleCase):
    """A model: a whole network, held to the bound for models."""

    bound: float = MODEL_BOUND
    kind: str = "model"
