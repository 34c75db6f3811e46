"""Distances beyond their cases: random shapes and norms, vectors of zeros, types, what does not fit."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.distance import cosine_similarity, length, normalize, pairwise_distance, raised
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS = ("tensors", "fused")
NORMS = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, math.inf])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=3), NORMS, st.data())
def test_all_equal_torchs_for_every_shape_and_norm(shape, p, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x1, x2 = (torch.randn(shape, dtype=torch.float64) for _ in range(2))
    for op, args, options in (
        (normalize, (x1,), dict(p=p, dim=dim)),
        (cosine_similarity, (x1, x2), dict(dim=dim)),
        (pairwise_distance, (x1, x2), dict(p=p, keepdim=True)),
    ):
        errors = compare_functions(
            lambda *a, op=op, **k: op.tensors(*a, **k).sum() + (a[0] ** 2).sum(),  # of single numbers the slope is 0
            lambda *a, op=op, **k: getattr(F, op.__name__)(*a, **k).sum() + (a[0] ** 2).sum(),
            args,
            options,
        )
        assert errors.within(PART_BOUND)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, math.inf, -1, -math.inf])
def test_no_norm_of_zeros_has_a_slope(p):
    zeros = torch.zeros(2, 3, requires_grad=True)
    length(zeros, p, 1).sum().backward()
    assert torch.equal(zeros.grad, torch.zeros(2, 3))


@pytest.mark.parametrize(
    ("p", "expected"), [(0, 2), (1, 7), (2, 5), (math.inf, 4), (-math.inf, 0), (0.5, (2 + math.sqrt(3)) ** 2)]
)
def test_the_norms_of_three_and_four(p, expected):
    vector = torch.tensor([3.0, -4.0, 0.0])
    assert length(vector, p, 0).item() == pytest.approx(expected)
    assert length(vector, p, 0, keepdim=True).shape == (1,)
    assert length(vector.view(1, 3), p, (0, 1)).item() == pytest.approx(expected)


def test_a_value_that_is_raised_keeps_its_slope():
    values = torch.tensor([0.25, 0.5, -math.inf, 2.0, math.inf], requires_grad=True)
    (raised(values, 0.5)[[0, 1, 3, 4]] * torch.arange(1.0, 5)).sum().backward()
    assert raised(values, 0.5)[[0, 1, 3, 4]].tolist() == [0.5, 0.5, 2.0, math.inf]
    assert values.grad.tolist() == [1, 2, 0, 3, 4]


@pytest.mark.parametrize("rung", RUNGS)
def test_a_normalized_vector_has_length_one_and_zeros_stay(rung):
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    torch.testing.assert_close(getattr(normalize, rung)(vectors), torch.tensor([[0.6, 0.8], [0.0, 0.0]]))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_cosine_knows_direction_alone(rung):
    x = torch.randn(4, 3).double()
    cosine = getattr(cosine_similarity, rung)
    torch.testing.assert_close(cosine(x, 5 * x), torch.ones(4).double())
    torch.testing.assert_close(cosine(x, -x), -torch.ones(4).double())
    assert torch.equal(cosine(x, torch.zeros(3)), torch.zeros(4).double())


@pytest.mark.parametrize("rung", RUNGS)
def test_types_mix_as_torchs(rung):
    for other in (torch.rand(2, 3).double(), torch.rand(2, 3).bfloat16(), torch.ones(2, 3).long()):
        x = torch.rand(2, 3)
        assert getattr(cosine_similarity, rung)(x, other).dtype == F.cosine_similarity(x, other).dtype
        assert getattr(pairwise_distance, rung)(x, other).dtype == F.pairwise_distance(x, other).dtype
    whole = torch.ones(2, 3).long()
    assert torch.equal(getattr(pairwise_distance, rung)(whole, whole), F.pairwise_distance(whole, whole))
    assert getattr(normalize, rung)(torch.ones(2, 3).bfloat16(), p=0).dtype == torch.bfloat16


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("op", "args", "message"),
    [
        (normalize, (torch.ones(2, 3).long(),), r"normalize takes floating-point vectors; it was given torch.int64"),
        (normalize, (torch.ones(3),), r"normalize: there is no dimension 1 in 1; for single vectors it is dim=-1"),
        (normalize, (torch.ones(2, 3), 2.0, (0, 2)), r"there is no dimension 2 in 2"),
        (normalize, (torch.ones(2, 3), 2.0, -3), r"there is no dimension -3 in 2"),
        (normalize, (torch.tensor(1.0),), r"there is no dimension 1 in 0"),
        (cosine_similarity, (torch.ones(3), torch.ones(3)), r"cosine_similarity: there is no dimension 1 in 1"),
        (cosine_similarity, (torch.ones(2, 3), torch.ones(2, 4)), r"one shape; it was given x1 \(2, 3\), x2 \(2, 4\)"),
        (cosine_similarity, (torch.ones(2, 3).long(),) * 2, r"floating-point vectors; it was given torch.int64 and torch.int64"),
        (pairwise_distance, (torch.ones(2, 3), torch.ones(2, 4)), r"pairwise_distance takes tensors .* x1 \(2, 3\), x2 \(2, 4\)"),
    ],
)
def test_what_a_distance_cannot_take_is_named(rung, op, args, message):
    with pytest.raises(ValueError, match=message):
        getattr(op, rung)(*args)
