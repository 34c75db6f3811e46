"""What attention is given: masks brought to one form, and what does not fit."""

import pytest
import torch
from torch import Generator

from groundup.ops.attention import scaled_dot_product_attention
from groundup.ops.attention_mask import added_mask, causal_mask
from groundup.ops.ladder import RUNGS


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=Generator().manual_seed(seed))


def triple(queries=5, keys=6, dtype=torch.float64):
    shapes = [(2, 3, queries, 4), (2, 3, keys, 4), (2, 3, keys, 4)]
    return [draw(*shape, seed=seed, dtype=dtype).requires_grad_() for seed, shape in enumerate(shapes)]


def test_every_mask_becomes_numbers_to_be_added():
    like, hidden = torch.zeros(1, dtype=torch.bfloat16), -torch.inf
    expected = torch.tensor([[0, hidden, hidden], [0, 0, hidden]]).bfloat16()
    for mask in (causal_mask(2, 3, like), added_mask(expected == 0, like), added_mask(expected.float(), like)):
        assert mask.dtype == torch.bfloat16 and torch.equal(mask, expected)
    assert torch.equal(causal_mask(2, 4, like, first=1), torch.tensor([[0, 0, hidden, hidden], [0, 0, 0, hidden]]).bfloat16())


MANY = torch.ones(5, 6, dtype=torch.bool)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("change", "kwargs", "message"),
    [
        ({}, {"attn_mask": MANY, "is_causal": True}, "takes attn_mask or is_causal, not both"),
        ({}, {"attn_mask": MANY.long()}, r"of bool .* or of torch.float64 or float32, .* given torch.int64"),
        ({}, {"attn_mask": MANY.half()}, "given torch.float16"),
        ({}, {"attn_mask": torch.ones(6).double()}, r"attn_mask \(6,\) does not broadcast to the scores .* \(2, 3, 5, 6\)"),
        ({}, {"attn_mask": torch.tensor(True)}, r"attn_mask \(\) does not broadcast"),
        ({}, {"attn_mask": MANY.T}, r"attn_mask \(6, 5\) does not broadcast to the scores .* \(2, 3, 5, 6\)"),
        ({}, {"attn_mask": MANY.expand(4, 3, 5, 6)}, r"attn_mask \(4, 3, 5, 6\) does not broadcast"),
        ({}, {"attn_mask": MANY.expand(1, 2, 3, 5, 6)}, r"attn_mask \(1, 2, 3, 5, 6\) does not broadcast"),
        ({0: (1, 3, 5, 4)}, {"attn_mask": MANY.expand(4, 3, 5, 6)}, r"to the scores \(\.\.\., query, key\), here \(2, 3, 5, 6\)"),
        ({1: (2, 3, 6, 5)}, {}, r"one last dimension .* query \(2, 3, 5, 4\), key \(2, 3, 6, 5\)"),
        ({2: (2, 3, 7, 4)}, {}, r"one length for key and value; .* key \(2, 3, 6, 4\), value \(2, 3, 7, 4\)"),
        ({1: (3, 3, 6, 4), 2: (3, 3, 6, 4)}, {}, "wants dimensions before the length that broadcast; it was"),
        ({1: (2, 1, 6, 4), 2: (3, 1, 6, 4)}, {}, "dimensions before the length that broadcast"),
        ({0: (2, 6, 5, 4)}, {}, "before the length that broadcast; for heads that share keys, set enable_gqa; it was given"),
        ({0: (4,)}, {}, r"takes query, key and value \(..., length, dim\); it was given query \(4,\)"),
        ({2: (4,)}, {}, r"\(..., length, dim\); .* value \(4,\)"),
        ({0: (5, 4), 1: (6, 4), 2: (6, 4)}, {"enable_gqa": True}, r"\(..., heads, length, dim\); it was given query \(5, 4\)"),
        ({0: (2, 4, 5, 4)}, {"enable_gqa": True}, r"heads of key and of value that divide the heads of query; .* \(2, 4, 5, 4\)"),
        ({2: (2, 2, 6, 4)}, {"enable_gqa": True}, "heads of key and of value that divide"),
        ({1: (2, 6, 6, 4)}, {"enable_gqa": True}, "heads of key and of value that divide"),
        ({1: (3, 3, 6, 4)}, {"enable_gqa": True}, "wants dimensions before the heads that broadcast; it was"),
        ({0: (2, 1, 3, 5, 4), 1: (3, 1, 3, 6, 4)}, {}, "before the length that broadcast; it was"),
        ({0: (1, 3, 5, 4), 1: (1, 3, 6, 4)}, {"attn_mask": MANY.expand(2, 3, 5, 6)}, r"here \(1, 3, 5, 6\)"),
        ({}, {"dropout_p": 1.1}, "dropout_p is a probability between 0 and 1, not 1.1"),
        ({}, {"dropout_p": -0.1}, "dropout_p is a probability between 0 and 1, not -0.1"),
    ],
)
def test_what_does_not_fit_is_named(rung, change, kwargs, message):
    args = triple()
    for position, shape in change.items():
        args[position] = draw(*shape)
    with pytest.raises(ValueError, match=f"scaled_dot_product_attention.*{message}"):
        getattr(scaled_dot_product_attention, rung)(*args, **kwargs)


@pytest.mark.parametrize("rung", RUNGS)
def test_types_that_do_not_fit_are_named(rung):
    query, key, value = triple()
    attend = getattr(scaled_dot_product_attention, rung)
    for args in ((query.float(), key, value), (query, key.float(), value), (query, key, value.float())):
        with pytest.raises(ValueError, match=r"of one floating-point type; it was given query .*torch\.float32"):
            attend(*args)
    with pytest.raises(ValueError, match=r"given query torch\.int64, key torch\.int64, value torch\.int64"):
        attend(query.long(), key.long(), value.long())
