"""CLIP with a Vision Transformer against transformers' and open_clip's, with a ResNet against open_clip's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.multimodal.clip import WEIGHTS, clip_vit_b_16, clip_vit_b_32
from groundup.models.multimodal.clip_resnet import WEIGHTS as RESNET_WEIGHTS
from groundup.models.multimodal.clip_resnet import clip_rn50

LAST = 98  # the number of the end of a text
TEXT = dict(vocab_size=LAST + 1, max_seq_len=12, text_dim=24, text_layers=2, text_heads=3)
VIT = dict(projection_dim=16, image_size=12, patch_size=4, vision_dim=20, vision_layers=2, vision_heads=5)
RESNET = dict(projection_dim=16, image_size=64, width=4, vision_layers=(2, 1, 1, 1), vision_heads=4)


def transformers(activation: str = "quick_gelu", end: int = LAST) -> nn.Module:
    from transformers import CLIPConfig, CLIPModel

    both = dict(num_hidden_layers=2, hidden_act=activation, attn_implementation="eager")
    text = dict(
        vocab_size=LAST + 1, max_position_embeddings=12, hidden_size=24, intermediate_size=96, num_attention_heads=3, **both
    )
    vision = dict(image_size=12, patch_size=4, hidden_size=20, intermediate_size=80, num_attention_heads=5, **both)
    text |= dict(eos_token_id=end, bos_token_id=97, pad_token_id=0)
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))


def open_clip(vision: dict, quick_gelu: bool) -> nn.Module:
    from open_clip.model import CLIP

    text = dict(vocab_size=LAST + 1, context_length=12, width=24, heads=3, layers=2)
    return CLIP(16, vision, text, quick_gelu=quick_gelu)


def open_clip_vit(quick_gelu: bool = True) -> nn.Module:
    return open_clip(dict(image_size=12, patch_size=4, width=20, layers=2, head_width=4), quick_gelu)


def open_clip_resnet(quick_gelu: bool = True) -> nn.Module:
    return open_clip(dict(image_size=64, width=4, layers=(2, 1, 1, 1), head_width=32), quick_gelu)


def call_transformers(model: nn.Module, images: Tensor, tokens: Tensor) -> tuple[Tensor, ...]:
    found = model(input_ids=tokens, pixel_values=images, interpolate_pos_encoding=True)
    return found.image_embeds, found.text_embeds, model.logit_scale


def call_open_clip(model: nn.Module, images: Tensor, tokens: Tensor) -> tuple[Tensor, ...]:
    padded = torch.nn.functional.pad(tokens, (0, 12 - tokens.shape[1]))  # it takes texts of its full length alone
    image_embeds, text_embeds, _ = model(images, padded)
    return image_embeds, text_embeds, model.logit_scale


def texts(generator: Generator, count: int, length: int) -> Tensor:
    """Texts that end at different places, the rest filled with zeros; the last one ends at the very end."""
    tokens = torch.randint(1, LAST, (count, length), generator=generator)
    for row, end in enumerate(torch.randint(2, length, (count,), generator=generator).tolist()):
        end = length - 1 if row == count - 1 else end
        tokens[row, end], tokens[row, end + 1 :] = LAST, 0
    return tokens


def pairs(generator: Generator, *sizes: tuple[int, int]) -> Iterator[Sample]:
    """Pictures of each size, with more texts and with fewer, long and short."""
    for number, size in enumerate(sizes):
        images = torch.randn(3, 3, *size, generator=generator, dtype=torch.float64)
        yield call(images, texts(generator, 5 - 3 * (number % 2), 12 - 5 * (number % 2)))


CASES = [
    ModelCase(
        name="clip_vit_b_32",
        reference="transformers.CLIPModel",
        requires=("transformers",),
        ours=partial(clip_vit_b_32, **VIT, **TEXT),
        theirs=transformers,
        weights=WEIGHTS["transformers"],
        call_theirs=call_transformers,
        samples=lambda generator: pairs(generator, (12, 12), (20, 8)),
    ),
    ModelCase(
        name="clip_vit_b_16",
        reference="open_clip.model.CLIP",
        requires=("open_clip",),
        ours=partial(clip_vit_b_16, **VIT, **TEXT, quick_gelu=False),
        theirs=partial(open_clip_vit, quick_gelu=False),
        weights=WEIGHTS["open_clip"],
        call_theirs=call_open_clip,
        samples=lambda generator: pairs(generator, (12, 12), (12, 12)),
    ),
    ModelCase(
        name="clip_rn50",
        reference="open_clip.model.CLIP",
        requires=("open_clip",),
        ours=partial(clip_rn50, **RESNET, **TEXT),
        theirs=open_clip_resnet,
        weights=RESNET_WEIGHTS["open_clip"],
        call_theirs=call_open_clip,
        samples=lambda generator: pairs(generator, (64, 64), (64, 64)),
    ),
]
