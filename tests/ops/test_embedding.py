"""embedding beyond its case: where its gradients go, what becomes of its table, and what it refuses."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.embedding import embedding
from groundup.ops.ladder import RUNGS

EVERY_RUNG = pytest.mark.parametrize("rung", RUNGS)


def table():
    return torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()


@pytest.mark.parametrize("padding_idx", [None, 1, -2])
def test_manual_embedding_passes_gradcheck_twice_over(padding_idx):
    tokens = torch.tensor([[4, 0, 4], [2, 2, 4]])  # without the padding row, whose numeric gradient is not 0
    assert gradcheck(embedding.manual, (tokens, table(), padding_idx))
    assert gradgradcheck(embedding.manual, (tokens, table(), padding_idx))


@EVERY_RUNG
@settings(max_examples=15, deadline=None)
@given(
    shape=st.lists(st.integers(0, 3), max_size=3),
    padding_idx=st.sampled_from([None, 0, 3, -1]),
    max_norm=st.sampled_from([None, 1.0]),
    norm_type=st.sampled_from([2.0, 1.0, float("inf")]),
    gradient=st.sampled_from([(False, False), (True, False), (False, True)]),
)
def test_embedding_equals_torchs_with_every_option(rung, shape, padding_idx, max_norm, norm_type, gradient):
    tokens = torch.randint(5, shape, generator=torch.Generator().manual_seed(len(shape)))
    ours, theirs = table(), table()
    if gradient[1]:
        tokens = tokens.reshape(-1)  # torch's sparse gradient of a single index fails with a padding row
    options = (padding_idx, max_norm, norm_type, *gradient)
    output = getattr(embedding, rung)(tokens, ours, *options)
    expected = F.embedding(tokens, theirs, *options)
    torch.testing.assert_close(output, expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    weights = torch.randn(output.shape, dtype=torch.float64)
    (expected * weights).sum().backward()
    if not output.requires_grad:  # where nothing, or padding alone, is looked up, the loops know no gradient
        assert rung == "loops" and theirs.grad.to_dense().eq(0).all()
        return
    (output * weights).sum().backward()
    assert ours.grad.is_sparse == gradient[1]
    torch.testing.assert_close(ours.grad.to_dense(), theirs.grad.to_dense(), rtol=1e-12, atol=1e-15)


@EVERY_RUNG
@pytest.mark.parametrize(("padding_idx", "padding_uses"), [(None, 2), (2, 0), (-3, 0)])
def test_a_row_is_trained_once_for_each_use_and_the_padding_row_never(rung, padding_idx, padding_uses):
    weight = table()
    output = getattr(embedding, rung)(torch.tensor([0, 2, 4, 0, 2, 0]), weight, padding_idx)
    assert torch.equal(output[1], weight[2])
    output.sum().backward()
    assert weight.grad[:, 0].tolist() == [3, 0, padding_uses, 0, 1]


@EVERY_RUNG
def test_a_long_row_is_shortened_in_the_table_where_it_is_looked_up(rung):
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    output = getattr(embedding, rung)(torch.tensor([0, 1, 0]), weight, max_norm=1.0)
    torch.testing.assert_close(output, torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]]))
    torch.testing.assert_close(weight.detach(), torch.tensor([[0.6, 0.8], [0.3, 0.4], [6.0, 8.0]]))
    output.sum().backward()
    assert weight.grad.tolist() == [[2, 2], [1, 1], [0, 0]]


@EVERY_RUNG
def test_a_sparse_gradient_holds_only_the_rows_looked_up(rung):
    weight = table()
    getattr(embedding, rung)(torch.tensor([[3, 1], [3, 3]]), weight, sparse=True).sum().backward()
    gradient = weight.grad.coalesce()
    assert gradient.indices()[0].unique().tolist() == [1, 3]
    assert gradient.to_dense()[:, 0].tolist() == [0, 1, 0, 3, 0]


@EVERY_RUNG
def test_a_table_can_be_of_another_type_than_float32(rung):
    weight = table().detach().bfloat16().requires_grad_()
    output = getattr(embedding, rung)(torch.tensor([1, 1, 2]), weight, scale_grad_by_freq=True)
    assert output.dtype == torch.bfloat16 and torch.equal(output[0], weight[1])
    output.sum().backward()
    assert weight.grad.dtype == torch.bfloat16 and weight.grad[:, 0].tolist() == [0, 1, 1, 0, 0]


@EVERY_RUNG
@pytest.mark.parametrize(("tokens", "culprit"), [([0, 5], 5), ([[1], [-1]], -1)])
def test_an_index_outside_the_vocabulary_is_named(rung, tokens, culprit):
    with pytest.raises(ValueError, match=f"index {culprit} is outside a vocabulary of 5"):
        getattr(embedding, rung)(torch.tensor(tokens), table())


@EVERY_RUNG
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.bool])
def test_indices_that_are_no_integers_are_refused(rung, dtype):
    with pytest.raises(ValueError, match=f"int64 or int32; it was given {dtype}"):
        getattr(embedding, rung)(torch.ones(2, dtype=dtype), table())


@EVERY_RUNG
def test_what_does_not_fit_is_named(rung):
    function, tokens = getattr(embedding, rung), torch.tensor([1])
    for padding_idx in (5, -6):
        with pytest.raises(ValueError, match=f"padding_idx={padding_idx} is outside a vocabulary of 5"):
            function(tokens, table(), padding_idx)
    assert function(tokens, table(), 4).shape == function(tokens, table(), -5).shape == (1, 3)
    with pytest.raises(ValueError, match=r"a table of shape \(vocabulary, dim\); it was given \(5, 3, 1\)"):
        function(tokens, table().unsqueeze(2))
    with pytest.raises(ValueError, match="scale_grad_by_freq or sparse, not both"):
        function(tokens, table(), scale_grad_by_freq=True, sparse=True)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_what_else_torch_refuses_keeps_its_message():
    with pytest.raises(RuntimeError, match="parse"):
        embedding.fused(torch.tensor([1]), torch.ones(3, 2).to_sparse_csr())


def test_fused_embedding_is_seen_through_by_the_compiler_and_by_fx():
    class Net(torch.nn.Module):
        def forward(self, x, weight):
            return embedding(x, weight, 2)

    args = torch.tensor([[1, 2], [0, 4]]), table().detach()
    expected = embedding(*args)
    assert torch.equal(torch.fx.symbolic_trace(Net())(*args), expected)
    assert torch.equal(torch.export.export(Net(), args).module()(*args), expected)
    assert torch.equal(torch.compile(Net(), backend="eager", fullgraph=True)(*args), expected)


def test_no_index_is_looked_at_where_one_would_wait_for_it_or_trace_it():
    tokens, weight = torch.tensor([[1, 2], [0, 4]]), table().detach()
    assert embedding.tensors(tokens.to("meta"), weight.to("meta")).shape == (2, 2, 3)
    compiled = torch.compile(embedding.tensors, backend="eager", fullgraph=True)
    assert torch.equal(compiled(tokens, weight), weight[tokens])
