"""GoogLeNet against torchvision's, with an eighth of its channels."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.googlenet import WEIGHTS, googlenet

SIZE = dict(num_classes=7, width_mult=1 / 8, dropout=0.0, auxiliary_dropout=0.0)


def torchvision() -> nn.Module:
    from torchvision.models.googlenet import BasicConv2d, GoogLeNet, Inception, InceptionAux

    def narrow(in_channels: int, out_channels: int, **settings) -> nn.Module:
        return BasicConv2d(in_channels // 8 or 3, out_channels // 8, **settings)  # a picture keeps its 3 colours

    blocks = [narrow, partial(Inception, conv_block=narrow), partial(InceptionAux, conv_block=narrow)]
    model = GoogLeNet(num_classes=7, init_weights=False, blocks=blocks, dropout=0.0, dropout_aux=0.0)
    model.fc = nn.Linear(128, 7)
    for head in (model.aux1, model.aux2):
        head.fc1, head.fc2 = nn.Linear(256, 128), nn.Linear(128, 7)
    return model


def in_our_order(model: nn.Module, images: Tensor) -> Tensor | tuple[Tensor, ...]:
    """In training torchvision names the upper auxiliary head before the lower."""
    output = model(images)
    return output if isinstance(output, Tensor) else (output.logits, output.aux_logits1, output.aux_logits2)


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 33, 47, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name="googlenet",
        reference="torchvision.models.googlenet.GoogLeNet",
        requires=("torchvision",),
        ours=partial(googlenet, **SIZE),
        theirs=torchvision,
        weights=WEIGHTS["torchvision"],
        samples=pictures,
        call_theirs=in_our_order,
    ),
]
