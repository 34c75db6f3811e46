"""All losses alike: on the tensors rung none calls a library's kernel, and what they make is made on their inputs' device."""

import pytest
import torch
from torch import Generator

from groundup.cases.case import OpCase
from groundup.cases.ledger import all_cases
from groundup.losses.adversarial import gradient_penalty
from groundup.losses.classification import FocalLoss
from groundup.losses.contrastive import InfoNCELoss, NTXentLoss, clip_loss
from groundup.losses.metric import BatchHardTripletLoss
from groundup.losses.segmentation import ClassDiceLoss
from groundup.losses.variational import gaussian_kl
from groundup.ops.ladder import rung
from groundup.parity.by_hand import HandMade
from groundup.parity.compare import values_and_gradients

LOSSES = {name: case for name, case in all_cases().items() if case.kind == "loss" and isinstance(case, OpCase)}


@pytest.mark.parametrize("name", LOSSES)
def test_on_the_tensors_rung_no_loss_calls_a_librarys_kernel(name):
    for sample in LOSSES[name].samples(Generator().manual_seed(0)):
        with rung("tensors"), HandMade():
            values_and_gradients(LOSSES[name].ours, sample.args, sample.kwargs)


X, Y, PICTURES = torch.ones(4, 3), torch.zeros(4).long(), torch.ones(4, 3, 2)
ELSEWHERE = {
    "InfoNCELoss": (InfoNCELoss(), X, X),
    "InfoNCELoss with a queue": (InfoNCELoss(), X, X, X),
    "NTXentLoss": (NTXentLoss(), X, X),
    "BatchHardTripletLoss": (BatchHardTripletLoss(), X, Y),
    "clip_loss": (lambda x, y: clip_loss(x, y, 1.0), X, X),
    "ClassDiceLoss": (ClassDiceLoss(), PICTURES, torch.zeros(4, 2).long()),
    "FocalLoss": (FocalLoss(), X, Y),
    "gaussian_kl": (gaussian_kl, X, X),
    "gradient_penalty": (lambda x, y: gradient_penalty(lambda z: z.sum(1), x, y), X, X),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_a_loss_makes_is_made_where_its_inputs_are(name):
    """The meta device computes nothing, and mixes with the CPU as little as a GPU does."""
    loss, *tensors = ELSEWHERE[name]
    for active in ("tensors", "fused"):
        with rung(active), torch.device("cpu"):
            assert loss(*(tensor.to("meta") for tensor in tensors)).device.type == "meta"
