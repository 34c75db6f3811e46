"""Vision Transformers, each size against another library's, on a small configuration of it."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.vit import EPS, WEIGHTS, VisionTransformer

SIZE = dict(
    num_classes=7, in_channels=3, image_size=12, patch_size=4, embed_dim=24, num_layers=2, num_heads=3, mlp_dim=40, dropout=0.0
)


def torchvision(dropout: float = 0.0) -> nn.Module:
    from torchvision.models import VisionTransformer

    size = dict(image_size=12, patch_size=4, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=40, num_classes=7)
    return VisionTransformer(**size, dropout=dropout)


def timm() -> nn.Module:
    from timm.models.vision_transformer import VisionTransformer

    size = dict(img_size=12, patch_size=4, depth=2, num_heads=3, embed_dim=24, mlp_ratio=40 / 24, num_classes=7)
    return VisionTransformer(**size)


def transformers(attention: str = "sdpa") -> nn.Module:
    from transformers import ViTConfig, ViTForImageClassification

    size = dict(image_size=12, patch_size=4, num_hidden_layers=2, num_attention_heads=3, hidden_size=24, intermediate_size=40)
    config = ViTConfig(**size, num_labels=7, layer_norm_eps=EPS, attn_implementation=attention)
    return ViTForImageClassification(config)


def call_transformers(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    return model(images, interpolate_pos_encoding=True).logits


def pictures(generator: Generator, *sizes: tuple[int, int]) -> Iterator[Sample]:
    for height, width in sizes:
        yield call(torch.randn(2, 3, height, width, generator=generator, dtype=torch.float64))


def square(generator: Generator) -> Iterator[Sample]:
    yield from pictures(generator, (12, 12))


def other_sizes(generator: Generator) -> Iterator[Sample]:
    """The pictures that the positions are for, larger and smaller ones, other proportions (the fourth with as many patches)."""
    yield from pictures(generator, (12, 12), (20, 8), (12, 24), (4, 36), (4, 4))


CASES = [
    ModelCase(
        name="vit_b_16",
        reference="torchvision.models.VisionTransformer",
        requires=("torchvision",),
        ours=partial(VisionTransformer, **SIZE),
        theirs=torchvision,
        weights=WEIGHTS["torchvision"],
        samples=square,
    ),
    ModelCase(
        name="vit_b_32",
        reference="transformers.ViTForImageClassification",
        requires=("transformers",),
        ours=partial(VisionTransformer, **SIZE),
        theirs=transformers,
        weights=WEIGHTS["transformers"],
        call_theirs=call_transformers,
        samples=other_sizes,
    ),
    ModelCase(
        name="vit_l_16",
        reference="timm.models.vision_transformer.VisionTransformer",
        requires=("timm",),
        ours=partial(VisionTransformer, **SIZE),
        theirs=timm,
        weights=WEIGHTS["timm"],
        samples=square,
    ),
]
