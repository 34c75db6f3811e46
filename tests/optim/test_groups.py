"""Groups of weights: which are decayed."""

import pytest
import torch

from groundup.errors import UserError
from groundup.models.classification.resnet import resnet18
from groundup.models.language.gpt2 import GPT2
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only, transfer_groups


def tiny():
    return GPT2(vocab_size=9, max_seq_len=4, embed_dim=8, num_layers=1, num_heads=2)


def test_only_matrices_decay():
    model = tiny()
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = AdamW(decay_matrices_only(model), lr=0.1, weight_decay=0.5)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)  # no gradient: what moves is moved by decay
    optimizer.step()
    for name, value in model.named_parameters():
        assert torch.allclose(value, before[name] * (0.95 if value.dim() > 1 else 1)), name


def test_every_trainable_weight_stands_in_one_group_and_no_other_does():
    model = tiny()
    model.position_embedding.weight.requires_grad_(False)
    grouped = [parameter for group in decay_matrices_only(model) for parameter in group["params"]]
    assert {id(p) for p in grouped} == {id(p) for p in model.parameters() if p.requires_grad}
    assert len(grouped) == len({id(p) for p in grouped})


def test_a_model_without_trainable_weights_is_refused():
    with pytest.raises(ValueError, match="no weights to train"):
        decay_matrices_only(tiny().requires_grad_(False))


def small():
    return resnet18(num_classes=3, width=4)


def options_of(model, groups):
    """The options of the group that each weight is in."""
    found = {id(p): {k: v for k, v in group.items() if k != "params"} for group in groups for p in group["params"]}
    return {name: found.get(id(parameter)) for name, parameter in model.named_parameters()}


def test_what_is_frozen_is_in_no_group_and_takes_no_gradient():
    model = small()
    options = options_of(model, transfer_groups(model, freeze=("conv1*", "stage[12].*")))
    for name, parameter in model.named_parameters():
        stays = name.startswith(("conv1", "stage1", "stage2"))
        assert (options[name] is None) == stays == (not parameter.requires_grad), name


def test_the_first_pattern_that_fits_says_how_fast_and_from_when_a_weight_learns():
    model = small()
    groups = transfer_groups(model, scales={"head.bias": 2.0, "head*": 10.0}, thaw={"stage4.*": 0.1, "stage*": 0.5})
    options = options_of(model, groups)
    assert options["head.weight"] == {"lr_scale": 10.0}
    assert options["head.bias"] == {"lr_scale": 2.0, "weight_decay": 0.0}
    assert options["stage4.0.conv1.weight"] == {"frozen_until": 0.1}
    assert options["stage2.1.norm2.bias"] == {"frozen_until": 0.5, "weight_decay": 0.0}
    assert options["conv1.weight"] == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"freeze": ("layer1.*",)}, r"no weight of this ResNet is called 'layer1.\*'; its parts are conv1.\*, norm1.\*"),
        ({"scales": {"head*": 0.0}}, r"scales are above 0 .*; got head\*: 0.0"),
        ({"thaw": {"head*": 1.5}}, r"from 0 to 1; got head\*: 1.5"),
    ],
)
def test_a_pattern_that_names_nothing_and_a_number_out_of_range_are_refused(options, words):
    with pytest.raises(UserError, match=words):
        transfer_groups(small(), **options)


def test_everything_frozen_is_refused():
    with pytest.raises(ValueError, match="no weights to train"):
        transfer_groups(small(), freeze=("*",))
