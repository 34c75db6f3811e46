"""What holds for all normalizations: torch's defaults and types, numeric range, layouts, hand-written gradients."""

import inspect

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.batch_norm import batch_norm
from groundup.ops.group_norm import group_norm
from groundup.ops.instance_norm import instance_norm
from groundup.ops.ladder import RUNGS
from groundup.ops.layer_norm import layer_norm, rms_norm
from groundup.ops.normalization import moments
from groundup.parity.compare import PART_BOUND, compare_functions

OPS = {op.__name__: op for op in (batch_norm, group_norm, instance_norm, layer_norm, rms_norm)}
EACH_RUNG = [(name, rung) for name, op in OPS.items() for rung in op.rungs]


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


def normalize(name, rung, x, weight=None, bias=None, **options):
    """Any of them on (batch, 4 channels, 3), so that each has more than one value to take a mean of."""
    function = getattr(F if rung == "torch" else OPS[name], name if rung == "torch" else rung)
    if name == "batch_norm":
        return function(x, None, None, weight, bias, True, **options)
    if name == "instance_norm":
        return function(x, None, None, weight, bias, **options)
    if name == "group_norm":
        return function(x, 2, weight, bias, **options)
    if name == "layer_norm":
        return function(x.mT, (4,), weight, bias, **options).mT
    return function(x.mT, (4,), weight, **options).mT


@pytest.mark.parametrize("name", OPS)
def test_the_defaults_are_torchs_on_every_rung(name):
    expected = {key: part.default for key, part in inspect.signature(getattr(F, name)).parameters.items()}
    for rung in OPS[name].rungs:
        found = {key: part.default for key, part in inspect.signature(getattr(OPS[name], rung)).parameters.items()}
        assert found == expected, rung


@pytest.mark.parametrize("name", ["batch_norm", "layer_norm", "group_norm", "rms_norm"])
def test_these_stand_on_every_rung(name):
    assert OPS[name].rungs == RUNGS


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("parts", [(), ("weight",), ("bias",), ("weight", "bias")])
def test_weight_and_bias_may_each_be_missing(name, rung, parts):
    if name == "rms_norm" and "bias" in parts:
        return
    vectors = [draw(4) for _ in parts]
    errors = compare_functions(
        lambda x, *given: normalize(name, rung, x, **dict(zip(parts, given))) + x,
        lambda x, *given: normalize(name, "torch", x, **dict(zip(parts, given))) + x,
        (draw(2, 4, 3), *vectors),
    )
    assert errors.within(PART_BOUND)


LAYOUTS = {
    "transposed": lambda x: x.mT.contiguous().mT,
    "every other": lambda x: x.repeat_interleave(2, 1)[:, ::2],
    "expanded": lambda x: x[:, :, :1].expand(-1, -1, 3),
    "a part": lambda x: torch.cat((x, x), 2)[..., 1:4],
    "without an example": lambda x: x[:0],
}


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_in_memory_changes_nothing(name, rung, layout):
    x = LAYOUTS[layout](draw(2, 4, 3).detach())
    weight, bias = draw(4), None if name == "rms_norm" else draw(1).expand(4)
    output = normalize(name, rung, x, weight, bias)
    assert output.shape == x.shape
    if len(x):
        torch.testing.assert_close(output, normalize(name, "torch", x.contiguous(), weight, bias), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_the_type_of_the_input_is_that_of_the_output(name, rung, dtype):
    x, weight = torch.randn(3, 4, 5).to(dtype), torch.randn(4).to(dtype).requires_grad_()
    bias = None if name == "rms_norm" else torch.randn(4).to(dtype)
    output = normalize(name, rung, x, weight, bias)
    assert output.dtype == dtype
    tolerance = dict(atol=1e-6, rtol=1e-6) if dtype in (torch.float64, torch.float32) else dict(atol=1e-2, rtol=1e-2)
    torch.testing.assert_close(output, normalize(name, "torch", x, weight, bias), **tolerance)
    output.sum().backward()
    assert weight.grad.dtype == dtype


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_goes_with_float32_vectors_and_is_computed_in_it(name, rung, dtype):
    x, weight = (50 + torch.randn(3, 4, 5)).to(dtype), torch.randn(4)
    output = normalize(name, rung, x, weight)
    assert output.dtype == dtype
    exact = normalize(name, "torch", x.double(), weight.double()).to(dtype)
    torch.testing.assert_close(output, exact, atol=1e-3, rtol=1e-2)  # in half precision the mean alone would be off by 0.1


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_a_type_that_does_not_fit_is_named(name, rung):
    with pytest.raises(ValueError, match=rf"{name} takes floating-point numbers; the input is of torch.int64"):
        normalize(name, rung, torch.ones(2, 4, 3, dtype=torch.int64))
    for given, wrong in ((torch.float32, torch.float64), (torch.float32, torch.bfloat16), (torch.float16, torch.bfloat16)):
        with pytest.raises(
            ValueError, match=rf"{name}: an input of {given} takes a weight of the same type; it was given {wrong}"
        ):
            normalize(name, rung, torch.ones(2, 4, 3, dtype=given), torch.ones(4, dtype=wrong))


@pytest.mark.parametrize(("name", "rung"), [pair for pair in EACH_RUNG if pair[0] != "rms_norm"])
def test_a_large_mean_does_not_drown_the_variance(name, rung):
    """The mean of squares less the square of the mean would be off by everything here, in float32."""
    x = 10_000 + torch.randn(3, 4, 5)
    expected = normalize(name, "torch", x.double())
    torch.testing.assert_close(normalize(name, rung, x).double(), expected, atol=1e-2, rtol=0)


@pytest.mark.parametrize(("name", "rung"), EACH_RUNG)
def test_a_nan_stays_among_what_it_was_averaged_with(name, rung):
    x = torch.randn(2, 4, 3)
    x[1, 3, 2] = float("nan")
    assert torch.equal(normalize(name, rung, x).isnan(), normalize(name, "torch", x).isnan())


def test_moments_keep_their_dimensions_and_are_0_of_nothing():
    x = torch.tensor([[[1.0, 3.0], [5.0, 7.0]]])
    centred, mean, var = moments(x, [1, 2])
    assert mean.tolist() == [[[4.0]]] and var.tolist() == [[[5.0]]]
    assert centred.tolist() == [[[-3.0, -1.0], [1.0, 3.0]]]
    _, mean, var = moments(torch.zeros(0, 2), [0])
    assert mean.tolist() == [[0.0, 0.0]] and var.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if "manual" in op.rungs])
@pytest.mark.parametrize("vectors", [0, 1, 2])
def test_the_hand_written_backward_passes_gradcheck_twice_over(name, vectors):
    def function(x, *given):
        return normalize(name, "manual", x, *given, eps=0.1)

    args = draw(2, 4, 2), *(draw(4) for _ in range(min(vectors, 1 if name == "rms_norm" else 2)))
    assert gradcheck(function, args)
    assert gradgradcheck(function, args)


@pytest.mark.parametrize("name", OPS)
def test_compile_and_export_see_the_kernel(name):
    class Net(torch.nn.Module):
        def forward(self, x, weight):
            return normalize(name, "fused", x, weight)

    args = torch.randn(2, 4, 3), torch.randn(4)
    expected = Net()(*args)
    torch.testing.assert_close(torch.export.export(Net(), args).module()(*args), expected)
    torch.testing.assert_close(torch.compile(Net(), backend="eager", fullgraph=True)(*args), expected)
