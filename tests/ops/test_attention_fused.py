"""The fused rung of attention: the switch between two arrangements, and exported graphs."""

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from groundup.cases.ops.attention import attention_samples
from groundup.ops.attention import scaled_dot_product_attention
from groundup.ops.attention_fused import LONGEST_PLAIN, OWN_PRODUCT, plain_attention, plain_is_faster
from groundup.ops.ladder import rung
from groundup.parity.compare import PART_BOUND, compare_functions


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=Generator().manual_seed(seed))


def triple(queries=5, keys=6, dtype=torch.float64):
    shapes = [(2, 3, queries, 4), (2, 3, keys, 4), (2, 3, keys, 4)]
    return [draw(*shape, seed=seed, dtype=dtype).requires_grad_() for seed, shape in enumerate(shapes)]


@pytest.fixture
def medium():
    """Products in the precision under which the plain arrangement is chosen."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


def test_the_plain_arrangement_equals_the_librarys_kernel():
    for sample in attention_samples(Generator().manual_seed(1)):
        query, key, value = sample.args[:3]
        if query.dim() == 4 and query.shape[:2] == key.shape[:2] == value.shape[:2] and key.shape[2]:
            kwargs = {name: option for name, option in sample.kwargs.items() if name != "enable_gqa"}
            errors = compare_functions(plain_attention, F.scaled_dot_product_attention, sample.args, kwargs)
            assert errors.within(PART_BOUND), errors


@pytest.mark.parametrize("mask", ["none", "causal", "padding"])
@pytest.mark.parametrize("length", [LONGEST_PLAIN, LONGEST_PLAIN + 1])
def test_both_sides_of_the_switch_are_equal(medium, length, mask):
    padding = (torch.arange(length) < length - 9)[None]
    kwargs = {"none": {}, "causal": {"is_causal": True}, "padding": {"attn_mask": padding}}[mask]
    exact = triple(length, length)
    short = [part.float() for part in exact]
    assert plain_is_faster(*short) == (length == LONGEST_PLAIN)
    assert compare_functions(plain_attention, F.scaled_dot_product_attention, exact, kwargs).within(PART_BOUND)
    # on some processors "medium" means products in bfloat16
    torch.testing.assert_close(
        scaled_dot_product_attention.fused(*short, **kwargs).double(),
        scaled_dot_product_attention.tensors(*exact, **kwargs),
        rtol=0.03,
        atol=0.03,
    )


def test_the_librarys_kernel_is_left_only_where_plain_products_were_measured_to_be_faster(medium):
    query, key, value = triple(32, 33, torch.float32)
    assert (LONGEST_PLAIN, OWN_PRODUCT) == (256, 4096)
    assert plain_is_faster(query, key, value)
    assert plain_is_faster(query.bfloat16(), key.bfloat16(), value.bfloat16())
    with torch.no_grad():
        assert not plain_is_faster(query.bfloat16().requires_grad_(), key.bfloat16(), value.bfloat16())
    assert not plain_is_faster(*(part.detach().bfloat16() for part in (query, key, value)))
    assert not plain_is_faster(query.bfloat16(), key, value)
    assert not plain_is_faster(query[:, :, :31], key, value[:, :, :, :4][:, :1])
    assert not plain_is_faster(query.double(), key.double(), value.double())
    assert not plain_is_faster(query[0], key[0], value[0])
    assert not plain_is_faster(query, key[:, :1], value[:, :1])
    assert not plain_is_faster(query.to("meta"), key.to("meta"), value.to("meta"))
    for sizes in ((32, 257), (257, 32)):
        assert not plain_is_faster(*triple(*sizes, torch.float32))
    assert not plain_is_faster(*triple(32, 32, torch.float32))  # 32 * 32 * 4 is OWN_PRODUCT
    torch.set_float32_matmul_precision("highest")
    assert not plain_is_faster(query, key, value)
    assert plain_is_faster(query.bfloat16(), key.bfloat16(), value.bfloat16())


def test_the_fused_rung_passes_every_argument_to_the_plain_arrangement(medium):
    args = triple(32, 33, torch.float32)
    assert plain_is_faster(*args)
    mask = draw(32, 33, dtype=torch.float32)
    for kwargs in ({"attn_mask": mask}, {"is_causal": True}, {"scale": 2.0}, {"dropout_p": 0.5}):
        torch.manual_seed(0)
        output = scaled_dot_product_attention.fused(*args, **kwargs)
        torch.manual_seed(0)
        assert torch.equal(output, plain_attention(*args, **kwargs))
        assert not torch.allclose(output, plain_attention(*args))


@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_no_length_is_written_into_an_exported_graph(medium, name):
    class Attention(torch.nn.Module):
        def forward(self, query, key, value):
            return scaled_dot_product_attention(query, key, value, is_causal=True)

    args = tuple(part.detach() for part in triple(40, 40, torch.float32))
    length = torch.export.Dim("length", min=2, max=1024)
    longer = [part.detach() for part in triple(300, 300, torch.float32)]
    with rung(name):
        program = torch.export.export(Attention(), args, dynamic_shapes=({2: length},) * 3)
        torch.testing.assert_close(
            program.module()(*longer), scaled_dot_product_attention(*longer, is_causal=True), rtol=0.03, atol=0.03
        )
