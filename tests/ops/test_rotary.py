"""Rotary positions beyond their cases: products that know distances alone, types, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.rotary import lies_in_pairs, rotary_angles, rotate
from groundup.parity.compare import PART_BOUND, Constant, compare_functions

RUNGS_OF_ROTATE = pytest.mark.parametrize("rung", rotate.rungs)
PAIRINGS = pytest.mark.parametrize("pairing", ["halves", "interleaved"])


def draw(*shape, seed=3):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_complex_numbers(input, cos, sin, pairing="halves"):
    """The definition anew: each pair is a complex number, multiplied by cos + i sin."""
    pairs = cos.shape[-1]
    turned, rest = input[..., : 2 * pairs], input[..., 2 * pairs :]
    real, imaginary = turned.chunk(2, -1) if pairing == "halves" else (turned[..., ::2], turned[..., 1::2])
    product = torch.complex(real, imaginary) * torch.complex(cos, sin).expand_as(real)
    parts = (product.real, product.imag)
    return torch.cat([*parts, rest] if pairing == "halves" else [torch.stack(parts, -1).flatten(-2), rest], -1)


@RUNGS_OF_ROTATE
@PAIRINGS
@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=2), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2))
def test_a_pair_is_turned_as_a_complex_number(rung, pairing, leading, length, pairs, rest):
    input, cos, sin = draw(*leading, length, 2 * pairs + rest), draw(length, pairs, seed=4), draw(length, pairs, seed=5)
    args = (input, Constant(cos), Constant(sin), pairing)
    assert compare_functions(getattr(rotate, rung), by_complex_numbers, args).within(PART_BOUND)


@PAIRINGS
def test_manual_rotation_passes_gradcheck_twice_over(pairing):
    args = (draw(2, 2, 3, 5).requires_grad_(), draw(3, 2), draw(3, 2), pairing)
    assert gradcheck(rotate.manual, args)
    assert gradgradcheck(rotate.manual, args)


@PAIRINGS
def test_the_product_of_query_and_key_knows_only_how_far_apart_they_are(pairing):
    query, key = draw(8), draw(8, seed=4)

    def product(m, n):
        turned = [rotate(x.unsqueeze(0), *rotary_angles(torch.tensor([p]), 8), pairing) for x, p in ((query, m), (key, n))]
        return (turned[0] * turned[1]).sum().item()

    assert product(3, 10) == pytest.approx(product(103, 110), abs=1e-4)
    assert product(3, 10) != pytest.approx(product(10, 3), abs=1e-2)


@RUNGS_OF_ROTATE
def test_position_0_turns_nothing_and_no_length_is_changed(rung):
    x = draw(1, 2, 3, 6)
    cos, sin = rotary_angles(torch.tensor([0, 5, 9]), 6)
    turned = getattr(rotate, rung)(x, cos, sin)
    assert torch.equal(turned[:, :, 0], x[:, :, 0])
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1), rtol=1e-6, atol=0)


@RUNGS_OF_ROTATE
def test_the_type_is_that_of_the_input_and_the_product_is_formed_in_the_wider_one(rung):
    x = draw(1, 1, 4, 6).bfloat16()
    cos, sin = rotary_angles(torch.arange(4), 6)
    turned = getattr(rotate, rung)(x, cos, sin)
    assert turned.dtype == torch.bfloat16
    assert torch.equal(turned, rotate.tensors(x.float(), cos, sin).bfloat16())
    x.requires_grad_()
    getattr(rotate, rung)(x, cos, sin).sum().backward()
    assert x.grad.dtype == torch.bfloat16


@RUNGS_OF_ROTATE
def test_the_angles_take_no_gradient(rung):
    x, cos, sin = draw(2, 4).requires_grad_(), draw(2, 2).requires_grad_(), draw(2, 2).requires_grad_()
    getattr(rotate, rung)(x, cos, sin).sum().backward()
    assert x.grad is not None
    assert cos.grad is None and sin.grad is None


@pytest.mark.parametrize("rung", ["loops", "tensors"])
def test_angles_are_those_of_the_formula_in_float32(rung):
    cos, sin = getattr(rotary_angles, rung)(torch.tensor([[0, 3]]), 4)
    assert cos.dtype == sin.dtype == torch.float32 and cos.shape == sin.shape == (1, 2, 2)
    angle = torch.tensor([3.0, 3.0 / 100])  # 10000 to the power 2 / 4
    torch.testing.assert_close(cos[0, 1], angle.cos())
    torch.testing.assert_close(sin[0, 1], angle.sin())
    assert torch.equal(getattr(rotary_angles, rung)(torch.tensor([3]), 4, base=1.0)[1], torch.tensor([[3.0, 3.0]]).sin())


@pytest.mark.parametrize("rung", ["loops", "tensors"])
def test_positions_of_every_whole_type_give_the_same_angles(rung):
    expected = getattr(rotary_angles, rung)(torch.tensor([3, 300]), 4)
    found = getattr(rotary_angles, rung)(torch.tensor([3, 300], dtype=torch.int32), 4)
    assert torch.equal(found[0], expected[0]) and torch.equal(found[1], expected[1])


@pytest.mark.parametrize("rung", ["loops", "tensors"])
@pytest.mark.parametrize("rotary_dim", [0, 1, 3, -2])
def test_an_odd_number_of_features_is_refused(rung, rotary_dim):
    with pytest.raises(ValueError, match=f"rotary_dim is even and at least 2, not {rotary_dim}"):
        getattr(rotary_angles, rung)(torch.arange(3), rotary_dim)
    with pytest.raises(ValueError, match="it was given a single number"):
        getattr(rotary_angles, rung)(torch.tensor(3), 4)


@RUNGS_OF_ROTATE
@pytest.mark.parametrize(
    ("shape", "cos", "sin"),
    [
        ((2, 3, 4, 5), (4, 3), (4, 3)),
        ((2, 3, 4, 6), (4, 3), (4, 2)),
        ((2, 3, 4, 6), (5, 3), (5, 3)),
        ((2, 3, 1, 6), (4, 3), (4, 3)),
        ((4, 6), (2, 4, 3), (2, 4, 3)),
        ((2, 6), (), ()),
    ],
)
def test_what_does_not_fit_is_named(rung, shape, cos, sin):
    with pytest.raises(ValueError, match=r"rotate takes input .* it was given") as error:
        getattr(rotate, rung)(draw(*shape), draw(*cos), draw(*sin))
    assert all(str(part) in str(error.value) for part in (shape, cos, sin))


@RUNGS_OF_ROTATE
def test_another_pairing_and_whole_numbers_are_refused(rung):
    function, table = getattr(rotate, rung), draw(3, 2)
    with pytest.raises(ValueError, match="pairing is 'halves' or 'interleaved', not 'thirds'"):
        function(draw(3, 4), table, table, "thirds")
    with pytest.raises(ValueError, match="rotate takes floating-point numbers; it was given"):
        function(torch.ones(3, 4).long(), table, table)


@PAIRINGS
def test_fused_rotation_takes_every_layout_and_type(pairing):
    cos, sin = rotary_angles(torch.arange(3), 4)
    whole = draw(2, 3, 4, 6).float()
    for x in (
        whole.transpose(1, 2),
        whole.permute(3, 0, 2, 1)[:, :, :3].contiguous().permute(1, 3, 2, 0),  # features far apart in memory
        whole[:, :, :3, 1:6],  # an odd start, and strides that halve
        draw(2, 3, 3, 5).float(),  # odd strides
        draw(2, 3, 3, 4).half(),
    ):
        torch.testing.assert_close(rotate.fused(x, cos, sin, pairing), rotate.tensors(x, cos, sin, pairing))
    with pytest.raises(ValueError, match="rotate takes input"):
        rotate.fused(whole[..., :3], cos, sin, pairing)


@PAIRINGS
def test_fused_rotation_is_seen_through_by_the_compiler(pairing):
    class Net(torch.nn.Module):
        def forward(self, x):
            return rotate(x, *rotary_angles(torch.arange(3), 4), pairing)

    x = torch.randn(2, 2, 3, 6)
    torch.testing.assert_close(torch.compile(Net(), backend="eager", fullgraph=True)(x), Net()(x))
    program = torch.export.export(Net(), (x,))
    torch.testing.assert_close(program.module()(x), Net()(x))
    assert not any("complex" in str(node.target) for node in program.graph.nodes)


def test_whether_features_lie_in_pairs_is_read_from_the_strides():
    whole = torch.zeros(3, 4, 6)
    assert lies_in_pairs(whole) and lies_in_pairs(whole.transpose(0, 1)) and lies_in_pairs(whole[..., 2:])
    assert not lies_in_pairs(whole[..., 1:5])
    assert not lies_in_pairs(whole[..., ::2])
    assert not lies_in_pairs(torch.zeros(3, 5))
    assert not lies_in_pairs(torch.zeros(3, 4, device="meta"))
