"""Promise 1: layers, losses and models are made by hand. Held twice, by reading the source and by watching the kernels."""

import ast
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

import groundup
from groundup.cases.case import ModuleCase, OpCase
from groundup.cases.ledger import all_cases
from groundup.ops.ladder import Ladder, rung
from groundup.parity.by_hand import HandMade, denied
from groundup.parity.compare import values_and_gradients

PACKAGE = Path(groundup.__file__).parent
SOURCES = [path for folder in ("layers", "losses", "models") for path in sorted((PACKAGE / folder).rglob("*.py"))]
ALLOWED = {"Module", "Parameter", "ModuleList", "ModuleDict", "Sequential"}


def offences(source: str) -> list[str]:
    """What a file takes from torch that it should have made by hand, with line numbers."""
    tree = ast.parse(source)
    imported: dict[str, str] = {}  # the local name of each import -> what it stands for
    found: list[tuple[int, str]] = []

    def judge(path: str, line: int) -> None:
        parts = path.split(".")
        if parts[0] != "torch" or len(parts) < 2:
            return
        library = parts[1] in ("ops", "_C", "_VF") or (parts[1] == "nn" and len(parts) > 2 and parts[2] not in ALLOWED)
        if library or (parts[1] != "nn" and denied(parts[-1])):
            found.append((line, path))

    def path_of(node: ast.expr) -> str | None:
        """The dotted name that an expression stands for, through the imports; None for anything else."""
        if isinstance(node, ast.Name):
            return imported.get(node.id)
        if isinstance(node, ast.Attribute):
            base = path_of(node.value)
            return base and f"{base}.{node.attr}"
        return None

    def belongs_to_self(node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id == "self"

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                imported[name.asname or name.name.split(".")[0]] = name.name if name.asname else name.name.split(".")[0]
                judge(name.name, node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                imported[name.asname or name.name] = f"{node.module}.{name.name}"
                judge(f"{node.module}.{name.name}", node.lineno)

    bases = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            path = path_of(node)
            if path:
                judge(path, node.lineno)
            elif denied(node.attr) and hasattr(torch.Tensor, node.attr) and not belongs_to_self(node):
                found.append((node.lineno, f".{node.attr}"))
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in bases and path_of(node) == "torch.nn":
            found.append((node.lineno, "torch.nn as a whole"))  # handed on, it would be out of sight
    return [f"line {line}: {path}" for line, path in sorted(set(found))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_layers_losses_and_models_take_no_layer_from_torch(path):
    assert not offences(path.read_text())


@pytest.mark.parametrize(
    "source",
    [
        "import torch.nn.functional as F",
        "import torch.nn.functional",
        "from torch.nn import functional",
        "from torch.nn import Module, Linear",
        "from torch.nn.functional import relu",
        "from torch.nn import init",
        "from torch.nn.init import normal_",
        "from torch.nn import *",
        "from torch import nn\nlayer = nn.Conv2d(1, 1, 1)",
        "from torch import nn as layers\nlayer = layers.Conv2d",
        "import torch.nn as nn\nnn.init.normal_(weight)",
        "import torch\ntorch.nn.Linear(2, 2)",
        "import torch\ntorch.nn.functional.relu(x)",
        "import torch\nlibrary = torch.nn",
        "from torch import nn\nlayer = getattr(nn, 'Linear')",
        "import torch\ntorch.conv2d(x, weight)",
        "import torch as t\nt.softmax(x, -1)",
        "from torch import relu as positive",
        "import torch\ntorch.ops.aten.relu(x)",
        "import torch\ntorch._C._nn.gelu(x)",
        "import torch\ntorch.special.log_softmax(x, -1)",
        "import torch\nactivation = torch.relu",
        "def forward(self, x):\n    return self.convolution(x).relu()",
        "y = x.softmax(-1)",
        "x.relu_()",
    ],
)
def test_the_reader_finds_each_way_around(source):
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    [
        "from torch.nn import Module, ModuleDict, ModuleList, Parameter, Sequential",
        "from torch import nn\nclass Block(nn.Module):\n    pass",
        "import torch\nblocks = torch.nn.ModuleList()",
        "import torch\ny = torch.tanh(x) + torch.sigmoid(x).exp() + torch.erf(x)",
        "from groundup.ops.activation import relu, softmax\ny = relu(softmax(x, -1))",
        "from groundup.ops import activation\ny = activation.softmax(x, -1)",
        "def forward(self, x):\n    return self.block.relu(self.softmax(x))",
    ],
)
def test_the_reader_lets_handwork_pass(source):
    assert not offences(source)


def ladders() -> dict[str, OpCase]:
    return {name: case for name, case in all_cases().items() if isinstance(case, OpCase) and isinstance(case.ours, Ladder)}


@pytest.mark.parametrize("name", ladders())
def test_the_tensors_rung_calls_no_kernel_for_a_layers_work(name):
    case = ladders()[name]
    for sample in case.samples(Generator().manual_seed(0)):
        with rung("tensors"), HandMade():
            values_and_gradients(case.ours, sample.args, sample.kwargs)


def draw(*shape):
    return torch.randn(shape).requires_grad_()


KERNELS = {
    "conv2d": lambda: F.conv2d(draw(1, 2, 4, 4), draw(2, 2, 3, 3)),
    "conv_transpose2d": lambda: F.conv_transpose2d(draw(1, 2, 4, 4), draw(2, 2, 3, 3)),
    "unfold": lambda: F.unfold(draw(1, 2, 4, 4), 2),
    "max_pool2d": lambda: F.max_pool2d(draw(1, 2, 4, 4), 2),
    "avg_pool2d": lambda: F.avg_pool2d(draw(1, 2, 4, 4), 2),
    "adaptive_avg_pool2d": lambda: F.adaptive_avg_pool2d(draw(1, 2, 4, 4), 1),
    "batch_norm": lambda: F.batch_norm(draw(4, 2), None, None, training=True),
    "layer_norm": lambda: F.layer_norm(draw(4, 2), (2,)),
    "group_norm": lambda: F.group_norm(draw(4, 2), 2),
    "instance_norm": lambda: F.instance_norm(draw(4, 2, 3)),
    "rms_norm": lambda: F.rms_norm(draw(4, 2), (2,)),
    "softmax": lambda: draw(3, 2).softmax(-1),
    "log_softmax": lambda: F.log_softmax(draw(3, 2), -1),
    "relu": lambda: draw(3).relu(),
    "relu_": lambda: F.relu(draw(3) + 1, inplace=True),
    "leaky_relu": lambda: F.leaky_relu(draw(3)),
    "gelu": lambda: F.gelu(draw(3)),
    "dropout": lambda: F.dropout(draw(3)),
    "embedding": lambda: F.embedding(torch.tensor([1]), draw(3, 2)),
    "embedding_bag": lambda: F.embedding_bag(torch.tensor([[1]]), draw(3, 2)),
    "lstm": lambda: torch.nn.LSTM(2, 3)(draw(4, 1, 2)),
    "lstm in float64": lambda: torch.nn.LSTM(2, 3).double()(draw(4, 1, 2).double()),
    "gru": lambda: torch.nn.GRU(2, 3)(draw(4, 1, 2)),
    "attention": lambda: F.scaled_dot_product_attention(draw(1, 1, 2, 2), draw(1, 1, 2, 2), draw(1, 1, 2, 2)),
    "cross_entropy": lambda: F.cross_entropy(draw(2, 3), torch.tensor([0, 1])),
    "nll_loss": lambda: F.nll_loss(draw(2, 3), torch.tensor([0, 1])),
    "binary_cross_entropy": lambda: F.binary_cross_entropy_with_logits(draw(3), torch.ones(3)),
    "mse_loss": lambda: F.mse_loss(draw(3), torch.ones(3)),
}


@pytest.mark.parametrize("name", KERNELS)
def test_the_watch_refuses_a_librarys_layer(name):
    with pytest.raises(RuntimeError, match="made by hand"), HandMade():
        KERNELS[name]()


@pytest.mark.parametrize(
    "layer",
    [torch.relu, partial(torch.softmax, dim=-1), F.gelu, partial(F.layer_norm, normalized_shape=(4,)), F.leaky_relu],
)
def test_the_watch_refuses_a_librarys_backward_as_well(layer):
    output = layer(draw(3, 4)).sum()
    with pytest.raises(RuntimeError, match="made by hand"), HandMade():
        output.backward()


def test_the_watch_ends_with_its_block():
    with pytest.raises(RuntimeError), HandMade():
        torch.relu(draw(3))
    torch.relu(draw(3))


def test_the_watch_lets_arithmetic_pass():
    with HandMade():
        x = draw(3, 4)
        (torch.tanh(x @ x.T) + torch.sigmoid(x).exp().sum() + torch.erf(x).sum()).sum().backward()


@pytest.mark.parametrize("name", [name for name, case in all_cases().items() if isinstance(case, ModuleCase)])
def test_layers_and_models_compute_on_tensors_without_a_librarys_layer(name):
    case = all_cases()[name]
    module = case.ours().double().train()
    for sample in case.samples(Generator().manual_seed(0)):
        with rung("tensors"), HandMade():
            values_and_gradients(module, sample.args, sample.kwargs)
