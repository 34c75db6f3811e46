"""Settings of the whole suite: no network, one thread a process, the small real data sets where they lie beside the checkout."""

import os
from pathlib import Path

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
}
BESIDE = Path(__file__).parents[2] / "shared" / "data"
if BESIDE.is_dir():
    os.environ.setdefault("GROUNDUP_DATA", str(BESIDE))

import pytest  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def fixed_seed():
    """Every test starts from the same random numbers."""
    torch.manual_seed(0)
