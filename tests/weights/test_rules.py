"""The seven rules: what each does, that it undoes itself byte for byte, and that gradients take the same way."""

import pytest
import torch
from torch import nn

from groundup.weights.rules import Drop, Rename, Reshape, Split, Tie, Transpose, Unsqueeze, match, rename, restore

QKV = tuple(f"blocks.{{}}.{part}.{{}}" for part in ("query", "key", "value"))


def draw(*shape):
    return torch.randn(shape)


def mask():
    return torch.ones(3, 3).tril()


CASES = {
    "rename": ([Rename("h.{}.ln.{}", "blocks.{}.norm.{}")], {"h.11.ln.weight": draw(4), "h.11.ln.bias": draw(4)}),
    "transpose": ([Transpose("h.{}.fc.weight", "blocks.{}.up.weight")], {"h.0.fc.weight": draw(2, 6), "h.0.fc.bias": draw(6)}),
    "reshape": ([Reshape("fc.weight", "hidden.weight", (-1, 2, 3), dim=1)], {"fc.weight": draw(5, 4, 2, 3), "fc.bias": draw(5)}),
    "reshape from the first dimension": ([Reshape("{}.positions", "{}.table", (1, -1))], {"h.positions": draw(1, 6, 2)}),
    "reshape to sizes that are all known": ([Reshape("token", "class", (1, 1, 4))], {"token": draw(1, 1, 4)}),
    "unsqueeze": ([Unsqueeze("{}.class", "{}.token", dims=2), Unsqueeze("p", "q")], {"h.class": draw(3), "p": draw(4, 2)}),
    "split": ([Split("h.{}.qkv.{}", QKV)], {"h.0.qkv.weight": draw(6, 2), "h.0.qkv.bias": draw(6), "h.1.qkv.bias": draw(6)}),
    "split a transposed one": ([Split("h.{}.c_attn.{}", QKV, transpose=True)], {"h.0.c_attn.weight": draw(2, 6)}),
    "split along the second dimension": ([Split("h.{}.qkv.{}", QKV, dim=1)], {"h.0.qkv.weight": draw(2, 6)}),
    "tie": ([Tie("lm_head.weight", "wte.weight")], {"wte.weight": (shared := draw(5, 2)), "lm_head.weight": shared}),
    "drop": ([Drop("h.{}.mask", "h.{}.weight", mask)], {"h.0.weight": draw(2), "h.0.mask": mask(), "ln.weight": draw(2)}),
    "a name that no rule knows": ([Rename("a", "b")], {"c": draw(2)}),
}
OURS = {
    "rename": ["blocks.11.norm.weight", "blocks.11.norm.bias"],
    "transpose": ["blocks.0.up.weight", "h.0.fc.bias"],
    "reshape": ["hidden.weight", "fc.bias"],
    "reshape from the first dimension": ["h.table"],
    "reshape to sizes that are all known": ["class"],
    "unsqueeze": ["h.token", "q"],
    "split": [pattern.format(*parts) for parts in (("0", "weight"), ("0", "bias"), ("1", "bias")) for pattern in QKV],
    "split a transposed one": [pattern.format("0", "weight") for pattern in QKV],
    "split along the second dimension": [pattern.format("0", "weight") for pattern in QKV],
    "tie": ["wte.weight"],
    "drop": ["h.0.weight", "ln.weight"],
    "a name that no rule knows": ["c"],
}


@pytest.mark.parametrize("case", CASES)
def test_weights_go_in_under_our_names_and_come_out_the_same_bytes(case):
    rules, theirs = CASES[case]
    ours = rename(theirs, rules)
    assert list(ours) == OURS[case]
    back = restore(ours, rules)
    assert back.keys() == theirs.keys()
    for name, value in theirs.items():
        assert back[name].dtype == value.dtype
        assert torch.equal(back[name], value)
        assert back[name].is_contiguous()


def test_the_weights_of_gpt2s_joined_attention_split_into_layers_with_the_same_outputs_and_gradients():
    weight, bias, x = draw(4, 12).requires_grad_(), draw(12).requires_grad_(), draw(5, 4)
    rules = [
        Split("c_attn.weight", tuple(f"{part}.weight" for part in "qkv"), transpose=True),
        Split("c_attn.bias", tuple(f"{part}.bias" for part in "qkv")),
    ]
    ours = nn.ModuleDict({part: nn.Linear(4, 4) for part in "qkv"})
    ours.load_state_dict(rename({"c_attn.weight": weight.detach(), "c_attn.bias": bias.detach()}, rules))

    theirs = x @ weight + bias  # GPT-2's Conv1D keeps (in, out)
    together = torch.cat([ours[part](x) for part in "qkv"], -1)
    torch.testing.assert_close(together, theirs)

    cotangent = draw(5, 12)
    theirs.backward(cotangent)
    together.backward(cotangent)
    gradients = rename({"c_attn.weight": weight.grad, "c_attn.bias": bias.grad}, rules)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name])


def test_the_weights_of_a_convolution_over_the_whole_picture_serve_a_linear_layer_with_the_same_outputs_and_gradients():
    theirs, ours, x = nn.Conv2d(3, 4, (2, 5)), nn.Linear(30, 4), draw(6, 3, 2, 5)
    rules = [Reshape("weight", "weight", (-1, 2, 5), dim=1)]
    ours.load_state_dict(rename(theirs.state_dict(), rules))
    reference = theirs(x).flatten(1)
    torch.testing.assert_close(ours(x.flatten(1)), reference)

    cotangent = draw(6, 4)
    reference.backward(cotangent)
    ours(x.flatten(1)).backward(cotangent)
    gradients = rename({name: parameter.grad for name, parameter in theirs.named_parameters()}, rules)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name])


def test_the_first_rule_that_knows_a_name_handles_it():
    rules = [Rename("h.0.{}", "stem.{}"), Rename("h.{}.{}", "blocks.{}.{}")]
    assert list(rename({"h.0.weight": draw(1), "h.1.weight": draw(1)}, rules)) == ["stem.weight", "blocks.1.weight"]


def test_a_pattern_means_its_dots():
    assert match("h.{}.weight", "h.10.weight") == ("10",)
    assert match("h.{}.weight", "h.10-weight") is None
    assert match("h.{}", "blocks.h.1") is None


def test_two_tensors_for_one_name_are_refused():
    with pytest.raises(ValueError, match=r"claim b; the second is b"):
        rename({"a": draw(1), "b": draw(1)}, [Rename("a", "b")])


def test_a_tensor_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"h.0.qkv.bias of shape \(7,\) does not divide into 3 parts"):
        rename({"h.0.qkv.bias": draw(7)}, CASES["split"][0])


@pytest.mark.parametrize("shape", [(5, 4, 3, 3), (5, 4, 2, 2), (5, 4, 2), (5, 24)])
def test_a_tensor_of_other_sizes_is_refused(shape):
    with pytest.raises(ValueError, match=r"fc.weight of shape \(5, .*\) has not the sizes \(-1, 2, 3\) from dimension 1 on"):
        rename({"fc.weight": draw(*shape)}, CASES["reshape"][0])


def test_a_tensor_that_does_not_divide_into_their_sizes_is_refused_on_the_way_out():
    with pytest.raises(
        ValueError, match=r"hidden.weight of shape \(5, 20\) does not divide into the sizes \(-1, 2, 3\) at dimension 1"
    ):
        restore({"hidden.weight": draw(5, 20)}, CASES["reshape"][0])
    with pytest.raises(ValueError, match=r"class of shape \(8,\) does not divide into the sizes \(1, 1, 4\)"):
        restore({"class": draw(8)}, CASES["reshape to sizes that are all known"][0])
