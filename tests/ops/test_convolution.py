"""Convolution and its transpose beyond their cases: random geometries, arrangements, gradients by hand, what does not fit."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck
from torch.profiler import ProfilerActivity, profile

from groundup.ops import convolution_fused
from groundup.ops.convolution import conv1d, conv2d
from groundup.ops.convolution_transpose import conv_transpose2d
from groundup.ops.convolve import pixel_product, shifted_products, shifted_sums, window_product
from groundup.ops.ladder import RUNGS
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS_BY_HAND = ("loops", "tensors", "manual")
quiet = pytest.mark.filterwarnings("ignore:Using padding='same'")  # torch remarks on an odd padding


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def geometries(draw_from):
    """Batch, groups, channels of a group in and out, pixels beyond the kernel's reach, and the options of both convolutions."""
    batch, groups, inputs, outputs = (draw_from(st.integers(1, 3)) for _ in range(4))
    kernel, stride, dilation = (draw_from(pairs(1, 3)) for _ in range(3))
    padding, more = draw_from(pairs(0, 3)), draw_from(pairs(0, 5))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    size = [max(3, r - 2 * p) + m for r, p, m in zip(reach, padding, more)]  # of 3, a stride of 3 leaves out at most 2
    options = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    return (batch, groups * inputs, *size), (groups * outputs, inputs, *kernel), options


@settings(max_examples=15, deadline=None)
@given(geometries())
def test_conv2d_equals_torchs_for_every_geometry(geometry):
    input, weight, options = geometry
    args = draw(*input), draw(*weight), draw(weight[0])
    for rung in ("tensors", "manual"):
        assert compare_functions(getattr(conv2d, rung), F.conv2d, args, options).within(PART_BOUND)


@settings(max_examples=15, deadline=None)
@given(geometries(), pairs(0, 2))
def test_conv_transpose2d_equals_torchs_for_every_geometry(geometry, extra):
    """The geometry is that of the convolution which is run backwards."""
    input, weight, options = geometry
    extra = tuple(min(e, max(s, d) - 1) for e, s, d in zip(extra, options["stride"], options["dilation"]))
    size = F.conv2d(draw(*input), draw(*weight), **options).shape
    args = draw(*size), draw(*weight), draw(input[1])
    for rung in ("tensors", "manual"):
        function = getattr(conv_transpose2d, rung)
        assert compare_functions(function, F.conv_transpose2d, args, options | {"output_padding": extra}).within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_an_output_may_be_a_single_pixel(rung):
    assert getattr(conv2d, rung)(draw(1, 1, 3, 2), draw(1, 1, 3, 2)).shape == (1, 1, 1, 1)
    assert getattr(conv_transpose2d, rung)(draw(1, 1, 1, 1), draw(1, 1, 1, 1)).shape == (1, 1, 1, 1)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_picture_alone_is_convolved_as_a_batch_of_one(rung):
    input, bias = draw(3, 5, 4), draw(6)
    for op, weight in ((conv2d, draw(6, 3, 2, 2)), (conv_transpose2d, draw(3, 6, 2, 2))):
        function = getattr(op, rung)
        torch.testing.assert_close(function(input, weight, bias), function(input.unsqueeze(0), weight, bias)[0])
    assert conv1d.tensors(input[0], draw(2, 5, 3)).shape == (2, 2)


@settings(max_examples=15, deadline=None)
@given(geometries())
def test_conv_transpose2d_is_the_transpose_of_conv2d(geometry):
    """<conv2d(x), y> = <x, conv_transpose2d(y)> for all x and y, with the size of x given back by output_padding."""
    input, weight, options = geometry
    x, kernel = draw(*input), draw(*weight)
    y = torch.randn_like(conv2d.tensors(x, kernel, **options))
    lost = conv_transpose2d.tensors(y, kernel, **options).shape[2:]
    extra = tuple(full - size for full, size in zip(input[2:], lost))
    back = conv_transpose2d.tensors(y, kernel, output_padding=extra, **options)
    torch.testing.assert_close((conv2d.tensors(x, kernel, **options) * y).sum(), (x * back).sum())


@settings(max_examples=15, deadline=None)
@given(geometries())
def test_conv1d_equals_torchs_for_every_geometry(geometry):
    input, weight, options = geometry
    options = {name: value if name == "groups" else value[:1] for name, value in options.items()}
    args = draw(*input[:3]), draw(*weight[:3]), draw(weight[0])
    assert compare_functions(conv1d.tensors, F.conv1d, args, options).within(PART_BOUND)


@quiet
@settings(max_examples=15, deadline=None)
@given(pairs(1, 5), pairs(1, 3), pairs(1, 6))
def test_padding_same_keeps_the_size_and_puts_an_odd_pixel_at_the_end(kernel, dilation, size):
    options = dict(padding="same", dilation=dilation)
    args = draw(2, 2, *size), draw(3, 2, *kernel), draw(3)
    for rung in RUNGS_BY_HAND:
        assert getattr(conv2d, rung)(*args, **options).shape[2:] == size
        assert compare_functions(getattr(conv2d, rung), F.conv2d, args, options).within(PART_BOUND)
    args, options = (args[0][:, :, 0], args[1][:, :, 0], args[2]), dict(padding="same", dilation=dilation[1])
    assert compare_functions(conv1d.tensors, F.conv1d, args, options).within(PART_BOUND)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_all_arrangements_form_the_same_sums(groups, layout):
    input, padding, dilation = draw(2, 4, 6, 5).to(memory_format=layout), (1, 2), (2, 1)
    expected = dict(padding=padding, dilation=dilation)
    weight = draw(6, 4 // groups, 2, 3)
    found = window_product(input, weight, (6, 7), 1, padding, dilation, groups)
    torch.testing.assert_close(found, F.conv2d(input, weight, groups=groups, **expected))
    if groups == 1:
        found = shifted_products(input, weight, (6, 7), padding, dilation)
        torch.testing.assert_close(found, F.conv2d(input, weight, **expected))
    weight = draw(8, 1, 2, 3)
    found = shifted_sums(input, weight, (3, 7), (2, 1), padding, dilation)
    torch.testing.assert_close(found, F.conv2d(input, weight, stride=(2, 1), groups=4, **expected))
    weight = draw(6, 4 // groups, 1, 1)
    found = pixel_product(input, weight, (3, 3), (2, 2), groups)
    torch.testing.assert_close(found, F.conv2d(input, weight, stride=2, groups=groups))


@pytest.mark.parametrize(
    ("name", "input", "weight", "options"),
    [
        ("pixel_product", (1, 3, 4, 4), (2, 3, 1, 1), {"stride": 2}),
        ("pixel_product", (1, 4, 4, 4), (4, 1, 1, 1), {"groups": 4}),
        ("window_product", (1, 3, 4, 4), (2, 3, 1, 1), {"padding": 1}),
        ("window_product", (1, 3, 4, 4), (2, 3, 1, 2), {}),
        ("shifted_sums", (1, 4, 4, 4), (8, 1, 2, 2), {"groups": 4, "stride": 2}),
        ("window_product", (1, 1, 4, 4), (8, 1, 2, 2), {}),
        ("window_product", (1, 4, 4, 4), (8, 2, 2, 2), {"groups": 2}),
        ("shifted_products", (1, 32, 11, 21), (2, 32, 2, 2), {}),
        ("window_product", (1, 31, 11, 21), (2, 31, 2, 2), {}),
        ("window_product", (1, 32, 11, 20), (2, 32, 2, 2), {}),
        ("window_product", (1, 32, 21, 41), (2, 32, 2, 2), {"stride": (1, 2)}),
        ("window_product", (1, 64, 11, 21), (2, 32, 2, 2), {"groups": 2}),
        ("window_product", (0, 32, 11, 21), (2, 32, 2, 2), {}),
    ],
)
def test_each_shape_gets_its_arrangement(monkeypatch, name, input, weight, options):
    chosen = []
    for function in (pixel_product, window_product, shifted_sums, shifted_products):
        each = function.__name__
        monkeypatch.setattr(f"groundup.ops.convolve.{each}", lambda *args, f=function, e=each: chosen.append(e) or f(*args))
    args = draw(*input), draw(*weight)
    torch.testing.assert_close(conv2d.tensors(*args, **options), F.conv2d(*args, **options))
    assert chosen == [name]


def test_manual_conv2d_passes_gradcheck_twice_over():
    args = (draw(2, 4, 4, 3), draw(2, 2, 2, 2), draw(2), 2, 1, (1, 2), 2)
    assert gradcheck(conv2d.manual, args)
    assert gradgradcheck(conv2d.manual, args)
    assert gradcheck(conv2d.manual, (draw(4, 4, 3), draw(2, 2, 2, 2), None, 1, "same", 1, 2))


def test_manual_conv_transpose2d_passes_gradcheck_twice_over():
    args = (draw(2, 4, 2, 3), draw(4, 1, 2, 2), draw(2), (2, 1), 1, (1, 0), 2, (1, 2))
    assert gradcheck(conv_transpose2d.manual, args)
    assert gradgradcheck(conv_transpose2d.manual, args)


def test_conv2d_on_tensors_can_be_differentiated_twice_in_every_arrangement():
    geometries = ((1, 3, 3, 3), (2, 3, 2, 2), 1), ((1, 2, 3, 3), (2, 1, 2, 2), 2), ((1, 2, 2, 2), (3, 2, 1, 1), 1)
    for input, weight, groups in geometries:
        args = draw(*input), draw(*weight), None, 1, 0, 1, groups
        assert gradgradcheck(conv2d.tensors, args)
    assert gradgradcheck(shifted_products, (draw(1, 2, 3, 3), draw(2, 2, 2, 2), (2, 2), 0, 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64, torch.int64])
@pytest.mark.parametrize("rung", RUNGS)
def test_the_output_has_the_inputs_dtype(rung, dtype):
    args = torch.ones(2, 5, 5, dtype=dtype), torch.ones(3, 2, 2, 2, dtype=dtype), torch.ones(3, dtype=dtype)
    assert torch.equal(getattr(conv2d, rung)(*args), torch.full((3, 4, 4), 9, dtype=dtype))
    args = torch.ones(2, 1, 1, dtype=dtype), torch.ones(2, 3, 2, 2, dtype=dtype), torch.ones(3, dtype=dtype)
    assert torch.equal(getattr(conv_transpose2d, rung)(*args), torch.full((3, 2, 2), 3, dtype=dtype))


def test_autocast_may_hand_over_two_dtypes():
    with torch.autocast("cpu", torch.bfloat16):
        assert conv2d.tensors(torch.ones(1, 2, 3, 3).bfloat16(), torch.ones(1, 2, 2, 2)).dtype == torch.bfloat16


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("input", "weight", "options", "message"),
    [
        ((1, 3, 5, 5), (4, 2, 3, 3), {}, "takes 2 channels; the input has 3"),
        ((5, 5), (4, 3, 3, 3), {}, r"takes input \(batch, channels, height, width\) .*was given \(5, 5\)"),
        ((1, 1, 3, 5, 5), (4, 3, 3, 3), {}, r"weight \(out channels, in channels / groups, height, width\)"),
        ((1, 3, 5, 5), (4, 3, 3), {}, r"and \(4, 3, 3\)"),
        ((1, 3, 2, 5), (4, 3, 3, 3), {}, "3x3 pixels with dilation 1 does not fit into 2x5 pixels padded by 0"),
        ((1, 3, 5, 4), (4, 3, 3, 3), {"dilation": 2}, "3x3 pixels with dilation 2 does not fit into 5x4 pixels"),
        ((1, 4, 5, 5), (3, 2, 3, 3), {"groups": 2}, "3 output channels do not divide into 2 groups"),
        ((1, 3, 5, 5), (4, 3, 0, 3), {}, r"only the batch may be empty; .* and \(4, 3, 0, 3\)"),
        ((1, 0, 5, 5), (4, 0, 3, 3), {}, r"only the batch may be empty; it was given \(1, 0, 5, 5\)"),
        ((1, 3, 0, 5), (4, 3, 1, 1), {}, r"only the batch may be empty; it was given \(1, 3, 0, 5\)"),
        ((0, 5, 5), (4, 0, 3, 3), {}, r"only the batch may be empty; it was given \(0, 5, 5\)"),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"bias": (3,)}, r"4 output channels take as many biases.* shape \(3,\)"),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"stride": 0}, "stride must be at least 1; it was given 0"),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"dilation": (1, 0)}, r"dilation must be at least 1; it was given \(1, 0\)"),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"groups": 0}, "groups must be at least 1"),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"padding": (0, -1)}, r"padding must be at least 0; it was given \(0, -1\)"),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"padding": (1, 2, 3)}, "one number, or 2"),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"padding": "some"}, '"same" or "valid"; it was given \'some\''),
        ((1, 3, 5, 5), (4, 3, 3, 3), {"padding": "same", "stride": (1, 2)}, r"for a stride of 1; it was given stride \(1, 2\)"),
    ],
)
def test_what_does_not_fit_is_named(rung, input, weight, options, message):
    options = {name: draw(*value) if name == "bias" else value for name, value in options.items()}
    with pytest.raises(ValueError, match=f"conv2d.*{message}|{message}"):
        getattr(conv2d, rung)(draw(*input), draw(*weight), **options)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_two_dtypes_are_refused(rung):
    with pytest.raises(ValueError, match="conv2d: input and weight must be of one dtype"):
        getattr(conv2d, rung)(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 1).double())
    with pytest.raises(ValueError, match=r"1 output channels take as many biases of torch.float32; .* torch.float64"):
        getattr(conv2d, rung)(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 1), torch.zeros(1).double())


def test_a_dtype_mismatch_is_named_also_where_autocast_is_unknown():
    with pytest.raises(ValueError, match="one dtype"):
        conv2d.tensors(torch.zeros(1, 1, 2, 2, device="meta"), torch.zeros(1, 1, 1, 1, device="meta").double())


@pytest.mark.parametrize(
    ("input", "weight", "options", "message"),
    [
        ((1, 3, 5, 5), (4, 3, 3), {}, r"conv1d takes input \(batch, channels, length\) .*was given \(1, 3, 5, 5\)"),
        ((1, 3, 5), (4, 2, 3), {}, "conv1d: .* takes 2 channels; the input has 3"),
        ((1, 3, 2), (4, 3, 3), {}, "conv1d: a kernel of 3 pixels with dilation 1 does not fit into 2 pixels"),
        ((1, 3, 5), (4, 3, 3), {"stride": (1, 1)}, "one number, or 1"),
        ((1, 3, 5), (4, 3, 3), {"padding": "same", "stride": 2}, 'conv1d: padding "same" is for a stride of 1'),
    ],
)
def test_what_does_not_fit_a_sequence_is_named(input, weight, options, message):
    with pytest.raises(ValueError, match=message):
        conv1d.tensors(draw(*input), draw(*weight), **options)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("input", "weight", "options", "message"),
    [
        ((1, 3, 5, 5), (2, 4, 3, 3), {}, "takes 2 channels; the input has 3"),
        ((5, 5), (3, 4, 3, 3), {}, r"weight \(in channels, out channels / groups, height, width\); it was given \(5, 5\)"),
        ((1, 3, 5, 5), (3, 4, 3, 3), {"groups": 2}, "3 input channels do not divide into 2 groups"),
        ((1, 4, 5, 5), (4, 3, 3, 3), {"groups": 2, "bias": (3,)}, "6 output channels take as many biases"),
        ((1, 3, 2, 2), (3, 4, 1, 1), {"padding": 1}, "padding 1 cuts away the whole output and leaves 0x0 pixels"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"stride": 2, "output_padding": 2}, "2 must be smaller than stride 2 or dilation 1"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"stride": (2, 1), "output_padding": 1}, "1 must be smaller than stride"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"stride": (2, 0)}, r"stride must be at least 1; it was given \(2, 0\)"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"dilation": 0}, "dilation must be at least 1"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"groups": 0}, "groups must be at least 1"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"padding": -1}, "padding must be at least 0"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"output_padding": -1}, "output_padding must be at least 0"),
        ((1, 3, 0, 2), (3, 4, 2, 2), {}, r"only the batch may be empty; it was given \(1, 3, 0, 2\)"),
    ],
)
def test_what_does_not_fit_the_transpose_is_named(rung, input, weight, options, message):
    options = {name: draw(*value) if name == "bias" else value for name, value in options.items()}
    with pytest.raises(ValueError, match=f"conv_transpose2d.*{message}"):
        getattr(conv_transpose2d, rung)(draw(*input), draw(*weight), **options)


@pytest.mark.parametrize("bias", [True, False])
def test_kernels_of_one_pixel_are_a_product_of_matrices_where_the_layout_lets_them_be(bias):
    generator = torch.Generator().manual_seed(0)
    normal = partial(torch.randn, generator=generator)
    parts = [normal(2, 6, 5, 4).contiguous(memory_format=torch.channels_last), normal(3, 6, 1, 1), normal(3) if bias else None]
    ours, theirs = ([None if part is None else part.clone().requires_grad_() for part in parts] for _ in range(2))
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        found, expected = conv2d.fused(*ours), F.conv2d(*theirs)
    assert sum(event.count for event in watched.key_averages() if event.key == "aten::conv2d") == 1  # theirs
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, expected)
    grad = normal(expected.shape)
    found.backward(grad)
    expected.backward(grad)
    for mine, reference in zip(ours, theirs):
        if mine is not None:
            torch.testing.assert_close(mine.grad, reference.grad)


@pytest.mark.parametrize("changed", ["stride", "padding", "layout", "double", "channels"])
def test_what_is_no_such_product_goes_to_the_kernel(changed):
    input, weight = torch.randn(2, 6, 5, 4).contiguous(memory_format=torch.channels_last), torch.randn(3, 6, 1, 1)
    if changed == "channels":
        with pytest.raises(RuntimeError, match="channels"):
            conv2d.fused(input, weight[:, :5])
        return
    options = {"stride": {"stride": 2}, "padding": {"padding": 1}}.get(changed, {})
    if changed == "layout":
        input = input.contiguous()
    if changed == "double":
        input, weight = input.double(), weight.double()
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        conv2d.fused(input, weight, **options)
    assert any(event.key == "aten::conv2d" for event in watched.key_averages())


@pytest.mark.parametrize(("stride", "padding"), [(1, (1, 0)), (2, (1, 2)), ((2, 1), 0)])
def test_small_maps_of_many_channels_are_one_product_in_half_precision(monkeypatch, stride, padding):
    monkeypatch.setattr(convolution_fused, "MANY_CHANNELS", 4)
    generator = torch.Generator().manual_seed(0)
    parts = [torch.randn(shape, generator=generator) for shape in ((3, 5, 4, 4), (4, 5, 3, 2), (4,))]
    ours, theirs = ([part.clone().requires_grad_() for part in parts] for _ in range(2))
    with profile(activities=[ProfilerActivity.CPU]) as watched, torch.autocast("cpu", torch.bfloat16):
        found = conv2d.fused(*ours, stride, padding)
    expected = F.conv2d(*theirs, stride, padding)
    assert not any(event.key == "aten::conv2d" for event in watched.key_averages())
    assert found.dtype == torch.bfloat16 and found.shape == expected.shape
    grad = torch.randn(expected.shape, generator=generator)
    found.backward(grad.bfloat16())
    expected.backward(grad)
    for mine, reference in zip((found, *(part.grad for part in ours)), (expected, *(part.grad for part in theirs)), strict=True):
        torch.testing.assert_close(mine.float(), reference, rtol=0.02, atol=0.02 * reference.abs().max().item())


def test_a_large_map_and_a_wrong_stride_go_to_the_kernel_in_half_precision_too(monkeypatch):
    monkeypatch.setattr(convolution_fused, "MANY_CHANNELS", 4)
    pictures, weight = torch.randn(2, 4, 9, 9), torch.randn(4, 4, 3, 3)
    with torch.autocast("cpu", torch.bfloat16):
        with profile(activities=[ProfilerActivity.CPU]) as watched:
            conv2d.fused(pictures, weight)
        with pytest.raises(RuntimeError, match="stride"):
            conv2d.fused(pictures, weight, stride=0)
    assert any(event.key == "aten::conv2d" for event in watched.key_averages())


def test_the_choice_is_seen_through_by_what_transforms_programs():
    weight, pictures = torch.randn(3, 6, 1, 1), torch.randn(4, 2, 6, 5, 5).contiguous()

    class Net(torch.nn.Module):
        def forward(self, x):
            return conv2d(x, weight)

    x = pictures[0].contiguous(memory_format=torch.channels_last)
    compiled = torch.compile(Net(), backend="eager", fullgraph=True)
    for seen in (torch.fx.symbolic_trace(Net()), torch.export.export(Net(), (x,)).module(), compiled):
        torch.testing.assert_close(seen(x), Net()(x))
    torch.testing.assert_close(torch.func.vmap(Net())(pictures)[0], Net()(pictures[0]))
