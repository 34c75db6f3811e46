"""What `groundup check` finds before a run."""

from functools import partial

import torch

from groundup.data.images import digits, enlarge, picture_facts
from groundup.engine.preflight import Preflight
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.classification.vit import vit_b_16
from groundup.optim.adam import AdamW
from groundup.tasks.classification import Classification


def of_a_tiny_transformer(**changes):
    size = dict(image_size=8, patch_size=4, embed_dim=8, num_layers=1, num_heads=2, mlp_dim=16)
    return Preflight(
        Recipe(
            model=partial(vit_b_16, **size | changes),
            train_data=partial(digits, split="train"),
            eval_data=partial(digits, split="test"),
            facts=(picture_facts,),
            prepare=partial(enlarge, size=8),
            task=Classification,
            optimizer=partial(AdamW, lr=1e-3),
            run=RunSettings(steps=3, batch_size=8),
        )
    )


def test_a_head_that_begins_at_zero_is_no_fault_and_the_look_leaves_no_trace():
    preflight = of_a_tiny_transformer()
    assert not preflight.model.head.weight.any()
    assert len(preflight.idle()) > 5
    before = {name: value.clone() for name, value in preflight.model.state_dict().items()}
    assert preflight.gradients().good
    assert all(torch.equal(before[name], value) for name, value in preflight.model.state_dict().items())


def test_a_part_that_nothing_depends_on_is_still_a_fault():
    preflight = of_a_tiny_transformer()
    preflight.model.spare = torch.nn.Parameter(torch.zeros(3))
    finding = preflight.gradients()
    assert not finding.good and "no gradient reaches spare" in finding.message
