"""Which device and which kind of numbers a run computes with.

`auto` looks at the processor, at the model's static size and at a numeric self-test, never at a clock: the same recipe on
the same machine always gets the same answer. The answer is recorded in the run.
"""

import platform
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from groundup.errors import UserError

SMALL = 1_000_000  # below so many parameters the cost of casting outweighs what faster products save
DTYPES = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Numerics:
    """What a run computes with; `matmul` is the argument of torch.set_float32_matmul_precision."""

    device: str
    precision: str
    matmul: str
    num_threads: int
    channels_last: bool

    def apply(self) -> None:
        """Set what is global to the process."""
        torch.set_num_threads(self.num_threads)
        torch.set_float32_matmul_precision(self.matmul)
        if self.device.startswith("cuda"):
            torch.backends.cudnn.benchmark = False
            torch.use_deterministic_algorithms(True, warn_only=True)

    def autocast(self) -> AbstractContextManager:
        """The context in which the model is called."""
        if self.precision in ("bfloat16", "float16"):
            return torch.autocast(torch.device(self.device).type, DTYPES[self.precision])
        return nullcontext()

    def place(self, module: nn.Module) -> nn.Module:
        """The module on the device, in its numbers and layout."""
        module = module.to(self.device, torch.float64 if self.precision == "float64" else None)
        return module.to(memory_format=torch.channels_last) if self.channels_last else module

    def place_batch(self, batch: dict) -> dict:
        """The tensors of a batch, which come in main memory, on the device."""
        if self.device == "cpu":
            return batch
        return {name: value.to(self.device) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}

    def cast_batch(self, batch: dict) -> dict:
        """The floating-point tensors of a prepared batch in the numbers and layout of the model."""
        if self.precision != "float64" and not self.channels_last:
            return batch
        return {name: self.cast(value) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}

    def cast(self, value: torch.Tensor) -> torch.Tensor:
        if value.is_floating_point() and self.precision == "float64":
            value = value.double()
        return value.to(memory_format=torch.channels_last) if self.channels_last and value.dim() == 4 else value

    def record(self) -> dict:
        return asdict(self)


def choose_device(name: str) -> str:
    """The device of a name; `auto` is CUDA, then MPS, then the CPU.

    Raises: UserError for a device that is not here, naming those that are.
    """
    here = ["cpu"]
    if torch.backends.mps.is_available():
        here.insert(0, "mps")
    if torch.cuda.is_available():
        here = [*(f"cuda:{index}" for index in range(torch.cuda.device_count())), *here]
    if name == "auto":
        return here[0]
    found = next((device for device in here if device in (name, f"{name}:0")), None)
    if found is None:
        raise UserError(f"there is no device {name!r} here; there is {', '.join(here)}")
    return found


def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def has_amx() -> bool:
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)())


def fast_bfloat16(device: str) -> bool:
    """Whether the processor has bfloat16 products of its own."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        return has_amx() or bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())
    return False


def product_error(run, dtype: torch.dtype, device: str) -> float:
    """The relative error of a product of 64x64 matrices, computed by `run`, against float64."""
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 64, 64, generator=generator, dtype=torch.float64)
    exact = a @ b
    found = run(a.to(device, dtype), b.to(device, dtype)).cpu().double()
    return ((found - exact).abs().max() / exact.abs().max()).item()


def choose_matmul(device: str, parameters: int) -> str:
    """ "medium" where it sends float32 products to a faster library that keeps float32's accuracy, else "highest".

    That is so on AMD processors with AVX-512 and without AMX; the self-test has the last word.
    """
    vendor_fits = device == "cpu" and "AMD" in processor() and torch.backends.cpu.get_cpu_capability() == "AVX512"
    if not vendor_fits or has_amx() or parameters < SMALL:
        return "highest"
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        return "medium" if product_error(torch.matmul, torch.float32, device) < 1e-5 else "highest"
    finally:
        torch.set_float32_matmul_precision(before)


def decide(settings, model: nn.Module) -> Numerics:
    """What a run with these settings computes this model with."""
    device = choose_device(settings.device)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    precision = settings.precision
    if precision == "auto":
        worthwhile = parameters >= SMALL and fast_bfloat16(device)
        sound = worthwhile and product_error(torch.matmul, torch.bfloat16, device) < 2e-2
        precision = "bfloat16" if sound else "float32"
    convolutional = any(parameter.dim() == 4 for parameter in model.parameters())
    channels_last = settings.channels_last
    if channels_last is None:
        channels_last = convolutional and parameters >= SMALL and device != "mps"
    threads = settings.num_threads or torch.get_num_threads()
    return Numerics(device, precision, choose_matmul(device, parameters), threads, channels_last)
