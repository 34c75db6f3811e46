"""The ladder: which rung is taken, and that all rungs of an op take the same arguments as torch's function."""

import importlib
import inspect
import pkgutil
import re

import pytest
import torch
import torch.nn.functional as F

import groundup.ops
from groundup.ops.convolution import conv2d
from groundup.ops.ladder import Ladder, active_rung, rung

OPS = {
    name: op
    for info in pkgutil.iter_modules(groundup.ops.__path__)
    for name, op in vars(importlib.import_module(f"groundup.ops.{info.name}")).items()
    if isinstance(op, Ladder)
}
ON_ALL_RUNGS = {
    *("relu", "sigmoid", "softmax", "linear", "embedding", "rotate"),
    *("conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d"),
    *("batch_norm", "layer_norm", "group_norm", "rms_norm", "lstm_cell"),
    *("cross_entropy", "scaled_dot_product_attention"),
}
BY_HAND = {"silu", "gelu", "log_softmax", "straight_through_sign", "straight_through_step", "straight_through_round"}
IN_LOOPS = {"adaptive_avg_pool2d", "mse_loss", "box_iou", "nms", "roi_align", "rotary_angles", "sinusoidal_positions"}
ON_KERNELS = {
    *("gelu", "silu", "leaky_relu", "tanh", "softplus", "logsigmoid", "log_softmax", "quick_gelu", "dropout", "dropout2d"),
    *("conv1d", "adaptive_avg_pool2d", "interpolate", "grid_sample", "pad", "pixel_shuffle", "pixel_unshuffle"),
    *("instance_norm", "rnn_tanh_cell", "rnn_relu_cell", "gru_cell", "rnn_tanh", "rnn_relu", "lstm", "gru"),
    *("binary_cross_entropy", "binary_cross_entropy_with_logits", "nll_loss", "l1_loss", "mse_loss", "kl_div"),
    *("nms", "batched_nms", "roi_align", "sgd_step", "adam_step", "adamw_step", "adagrad_step"),
}
NOT_OURS = {"size_average", "reduce", "inplace", "_stacklevel", "out"}  # deprecated, or against an op's being pure
IN_PLACE = {"relu"}  # the one op that may write over its input: memory saved in every network of maps
ONLY_OURS = {"dropout": {"mask"}, "dropout2d": {"mask"}, "drop_path": {"mask"}}


def torch_arguments(name):
    """The arguments of torch's function, from its signature or from the first line of its documentation."""
    function = F._max_pool2d if name == "max_pool2d" else getattr(F, name)
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:
        inside = re.search(rf"{name}\((.*?)\)\s*->", function.__doc__, re.DOTALL)[1]
        return [part.split("=")[0].strip() for part in inside.split(",") if part.strip() != "*"]


def rung_arguments(function):
    """The arguments of one rung; None for a builtin, which is torch's own."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
        function = owner.forward
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:
        return None


def test_the_ops_stand_on_the_rungs_that_they_should():
    for rung_name, expected in {"loops": IN_LOOPS, "manual": BY_HAND, "fused": ON_KERNELS}.items():
        assert {name for name, op in OPS.items() if rung_name in op.rungs} >= ON_ALL_RUNGS | expected, rung_name


@pytest.mark.parametrize("name", sorted(OPS))
def test_all_rungs_take_the_same_arguments(name):
    op = OPS[name]
    expected = list(inspect.signature(op.tensors).parameters)
    for rung_name in op.rungs:
        found = rung_arguments(getattr(op, rung_name))
        if found in (None, ["args", "kwargs"]):  # torch's own, held by the next test
            continue
        own, extra = set(expected) - ONLY_OURS.get(name, set()), NOT_OURS | ONLY_OURS.get(name, set())
        assert own <= set(found) <= own | extra, rung_name


@pytest.mark.parametrize("name", sorted(name for name in OPS if hasattr(F, name)))
def test_the_arguments_are_those_of_torchs_function_in_its_order(name):
    ours = [a for a in inspect.signature(OPS[name].tensors).parameters if a not in ONLY_OURS.get(name, set())]
    theirs = [a for a in torch_arguments(name) if a not in NOT_OURS or (a == "inplace" and name in IN_PLACE)]
    assert ours == theirs


def test_a_call_takes_the_active_rung_and_a_missing_one_falls_to_tensors():
    op = Ladder(lambda x: ("tensors", x), loops=lambda x: ("loops", x), fused=lambda x: ("fused", x))
    assert op(1) == ("fused", 1)
    for name, expected in (("loops", "loops"), ("tensors", "tensors"), ("manual", "tensors"), ("fused", "fused")):
        with rung(name):
            assert op(2) == (expected, 2)


def test_rungs_nest_and_are_left_even_by_an_error():
    with rung("tensors"):
        with pytest.raises(ZeroDivisionError), rung("loops"):
            assert active_rung() == "loops"
            raise ZeroDivisionError
        assert active_rung() == "tensors"
    assert active_rung() == "fused"


def test_an_unknown_rung_is_refused_by_naming_those_that_are():
    with pytest.raises(ValueError, match="choose one of loops, tensors, manual, fused"), rung("magic"):
        pass


@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_export_sees_through_the_choice(name):
    class Net(torch.nn.Module):
        def forward(self, x, weight):
            return conv2d(x, weight, padding=1)

    args = torch.randn(1, 2, 5, 5), torch.randn(3, 2, 3, 3)
    with rung(name):
        graph = torch.export.export(Net(), args).module()
        assert torch.allclose(graph(*args), Net()(*args))
    kernels = {node.target for node in graph.graph.nodes if node.op == "call_function"}
    assert (torch.ops.aten.conv2d.default in kernels) == (name == "fused")
