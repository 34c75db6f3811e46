"""CLIP: pictures and sentences in one space, learnt from nothing but which sentence came with which picture.

A classifier learns a fixed list of classes from pictures that somebody sorted. CLIP takes pictures as they are found, with the
words that stand beside them, and learns to put the two together: a Vision Transformer makes a vector of the picture, a second
Transformer makes one of the sentence, and in a batch each picture shall lie closest to its own sentence, each sentence closest
to its own picture. The classes are not in the weights any more. To ask whether a picture shows a dog or a cat, write "a photo of
a dog" and "a photo of a cat", and see which of the two lies nearer: a classifier is made of words, after the training.

Beside ViT stands little that is new, and all of it small:

- in the picture's tower a norm stands in front of the first block as well, so the matrix of the patches needs no bias; the
  class token, normed, is what the picture is, and one more matrix brings it into the common space;
- the text's tower is GPT-2's: each token sees those before it. So the last one, the end of the text, has seen all of it, and
  its vector stands for the sentence;
- both vectors are brought to length 1, so that their product is a cosine. Cosines lie between -1 and 1, too close together for a
  softmax over thousands of sentences: they are multiplied by a number that is learnt with the rest, kept as its logarithm;
- OpenAI's weights were trained with a quicker stand-in for GELU; most others of the same shape were not.

The towers with which the paper began are ResNets; clip_resnet.py holds them.
"""

import math
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.activation import GELU, QuickGELU
from groundup.layers.embedding import Embedding
from groundup.layers.linear import Linear
from groundup.layers.normalization import LayerNorm
from groundup.layers.position import LearnedPosition
from groundup.layers.transformer import TransformerEncoder, TransformerEncoderBlock
from groundup.models.classification.vit import PatchEmbedding
from groundup.ops.distance import normalize
from groundup.weights.rules import Drop, Rename, Rule, Split, Transpose, Unsqueeze

FIRST_SCALE = math.log(1 / 0.07)  # what logit_scale begins at


def encoder(*, embed_dim: int, num_layers: int, num_heads: int, quick_gelu: bool) -> TransformerEncoder:
    """The stack that both towers are made of: norms before the sublayers, no dropout, and a last norm."""
    block = partial(
        TransformerEncoderBlock,
        embed_dim=embed_dim,
        num_heads=num_heads,
        hidden_dim=4 * embed_dim,
        dropout=0.0,
        activation=QuickGELU if quick_gelu else GELU,
        norm_first=True,
    )
    return TransformerEncoder(block=block, num_layers=num_layers, norm=LayerNorm(normalized_shape=embed_dim))


class VisionTower(Module):
    """A Vision Transformer whose class token is projected into the common space.

    Pictures of other sizes than image_size may come, as in ViT: the positions are resampled.
    Paper: section 2.4. Shapes: (batch, in_channels, height, width) -> (batch, projection_dim).
    Raises: ValueError for an image_size or a picture that does not divide into patches.
    Equals: open_clip.transformer.VisionTransformer, its start included.
    """

    def __init__(
        self,
        *,
        projection_dim: int,
        in_channels: int,
        image_size: int,
        patch_size: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        quick_gelu: bool,
    ):
        super().__init__()
        self.embedding = PatchEmbedding(
            image_size=image_size, patch_size=patch_size, in_channels=in_channels, embed_dim=embed_dim
        )
        self.embedding.projection.bias = None  # the norm behind it has one
        self.norm = LayerNorm(normalized_shape=embed_dim)
        self.encoder = encoder(embed_dim=embed_dim, num_layers=num_layers, num_heads=num_heads, quick_gelu=quick_gelu)
        self.projection = Linear(in_features=embed_dim, out_features=projection_dim, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw anew what ViT starts otherwise, and the projection."""
        self.embedding.projection.reset_parameters()
        deviation = self.projection.weight.shape[1] ** -0.5
        with torch.no_grad():
            for drawn in (self.embedding.class_token, self.embedding.positions, self.projection.weight):
                drawn.normal_(std=deviation)

    def forward(self, images: Tensor) -> Tensor:
        x = self.norm(self.embedding(images))  # (batch, tokens, embed_dim)
        x = self.encoder(x)
        return self.projection(x[:, 0])  # (batch, projection_dim)


class TextTower(Module):
    """A Transformer in which each token sees those before it; the vector of the end of the text is projected.

    The end of a text is the largest number of the vocabulary, `vocab_size - 1`. What stands behind it is never seen: a text may
    be filled up with anything smaller, or cut there.
    Paper: section 2.4. Shapes: (batch, length) of int64 -> (batch, projection_dim).
    Raises: ValueError for more tokens than max_seq_len.
    Equals: the text's half of open_clip.model.CLIP, its start included.
    """

    def __init__(
        self,
        *,
        projection_dim: int,
        vocab_size: int,
        max_seq_len: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        quick_gelu: bool,
    ):
        super().__init__()
        self.max_seq_len = max_seq_len
        self.token_embedding = Embedding(num_embeddings=vocab_size, embedding_dim=embed_dim)
        self.position = LearnedPosition(max_seq_len=max_seq_len, embed_dim=embed_dim)
        self.encoder = encoder(embed_dim=embed_dim, num_layers=num_layers, num_heads=num_heads, quick_gelu=quick_gelu)
        self.projection = Linear(in_features=embed_dim, out_features=projection_dim, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all matrices anew, as for GPT-2: what is added to the stream starts smaller, the more blocks there are."""
        embed_dim, blocks = self.projection.weight.shape[1], self.encoder.blocks
        deviation = embed_dim**-0.5
        with torch.no_grad():
            self.token_embedding.weight.normal_(std=0.02)
            self.position.weight.normal_(std=0.01)
            self.projection.weight.normal_(std=deviation)
            for block in blocks:
                attention, feed_forward = block.attention, block.feed_forward
                for layer in (attention.query, attention.key, attention.value):
                    layer.weight.normal_(std=deviation)
                for layer in (attention.output, feed_forward.contract):
                    layer.weight.normal_(std=deviation * (2 * len(blocks)) ** -0.5)
                feed_forward.expand.weight.normal_(std=(2 * embed_dim) ** -0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        if tokens.dim() != 2 or tokens.shape[1] > self.max_seq_len:
            raise ValueError(
                f"CLIP reads texts (batch, length) of at most {self.max_seq_len} tokens; it was given {tuple(tokens.shape)}"
            )
        x = self.position(self.token_embedding(tokens))  # (batch, length, embed_dim)
        x = self.encoder(x, is_causal=True)
        x = x[torch.arange(len(x), device=x.device), tokens.argmax(-1)]  # (batch, embed_dim)
        return self.projection(x)  # (batch, projection_dim)


class Embeddings(NamedTuple):
    """Pictures and texts as vectors of length 1, and the logarithm of what their cosines are multiplied by.

    Shapes: image_embeds (images, projection_dim), text_embeds (texts, projection_dim), logit_scale ().
    """

    image_embeds: Tensor
    text_embeds: Tensor
    logit_scale: Tensor


class CLIP(Module):
    """A tower for pictures, a tower for texts, and the scale of their cosines.

    There may be more texts than pictures, or fewer. Training holds `logit_scale` at ln 100 or below: see `ClampedScale` in
    tasks/contrastive_captions.py.

    Paper: Radford et al., "Learning transferable visual models from natural language supervision", 2021,
    https://arxiv.org/abs/2103.00020, section 2.3 and figure 3 (W_i and W_t are the towers' projections, t logit_scale).
    Shapes: images (images, in_channels, height, width), tokens (texts, length) of int64 -> see `Embeddings`.
    Equals: transformers.CLIPModel, open_clip.model.CLIP.
    """

    def __init__(self, *, visual: Module, text: TextTower):
        super().__init__()
        self.visual, self.text = visual, text
        self.logit_scale = Parameter(torch.tensor(FIRST_SCALE))

    def embed_images(self, images: Tensor) -> Tensor:
        """Shapes: (images, in_channels, height, width) -> (images, projection_dim), of length 1."""
        return normalize(self.visual(images))

    def embed_texts(self, tokens: Tensor) -> Tensor:
        """Shapes: (texts, length) -> (texts, projection_dim), of length 1."""
        return normalize(self.text(tokens))

    def forward(self, images: Tensor, tokens: Tensor) -> Embeddings:
        return Embeddings(self.embed_images(images), self.embed_texts(tokens), self.logit_scale)


def with_vision_transformer(
    *,
    projection_dim: int,
    in_channels: int,
    image_size: int,
    patch_size: int,
    vision_dim: int,
    vision_layers: int,
    vision_heads: int,
    vocab_size: int,
    max_seq_len: int,
    text_dim: int,
    text_layers: int,
    text_heads: int,
    quick_gelu: bool,
) -> CLIP:
    """CLIP of a Vision Transformer and a text tower of these sizes."""
    visual = VisionTower(
        projection_dim=projection_dim,
        in_channels=in_channels,
        image_size=image_size,
        patch_size=patch_size,
        embed_dim=vision_dim,
        num_layers=vision_layers,
        num_heads=vision_heads,
        quick_gelu=quick_gelu,
    )
    text = TextTower(
        projection_dim=projection_dim,
        vocab_size=vocab_size,
        max_seq_len=max_seq_len,
        embed_dim=text_dim,
        num_layers=text_layers,
        num_heads=text_heads,
        quick_gelu=quick_gelu,
    )
    return CLIP(visual=visual, text=text)


def clip_vit_b_32(
    *,
    projection_dim: int = 512,
    in_channels: int = 3,
    image_size: int = 224,
    patch_size: int = 32,
    vision_dim: int = 768,
    vision_layers: int = 12,
    vision_heads: int = 12,
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    text_dim: int = 512,
    text_layers: int = 12,
    text_heads: int = 8,
    quick_gelu: bool = True,
) -> CLIP:
    """CLIP with ViT-B/32 and 151 million parameters; every number can be another. `quick_gelu` is false in LAION's weights."""
    return with_vision_transformer(**locals())


def clip_vit_b_16(
    *,
    projection_dim: int = 512,
    in_channels: int = 3,
    image_size: int = 224,
    patch_size: int = 16,
    vision_dim: int = 768,
    vision_layers: int = 12,
    vision_heads: int = 12,
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    text_dim: int = 512,
    text_layers: int = 12,
    text_heads: int = 8,
    quick_gelu: bool = True,
) -> CLIP:
    """CLIP with ViT-B/16 and 150 million parameters."""
    return with_vision_transformer(**locals())


def clip_vit_l_14(
    *,
    projection_dim: int = 768,
    in_channels: int = 3,
    image_size: int = 224,
    patch_size: int = 14,
    vision_dim: int = 1024,
    vision_layers: int = 24,
    vision_heads: int = 16,
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    text_dim: int = 768,
    text_layers: int = 12,
    text_heads: int = 12,
    quick_gelu: bool = True,
) -> CLIP:
    """CLIP with ViT-L/14 and 428 million parameters; the one of 336 pixels is this with image_size=336."""
    return with_vision_transformer(**locals())


def open_clip_blocks(theirs: str, ours: str) -> list[Rule]:
    """The blocks of one of open_clip's Transformers, whose queries, keys and values lie in one matrix."""
    block, own = f"{theirs}.resblocks.{{}}", f"{ours}.encoder.blocks.{{}}"
    projections = [f"{own}.attention.{part}" for part in ("query", "key", "value")]
    return [
        Rename(f"{block}.ln_1.{{}}", f"{own}.attention_norm.{{}}"),
        *(Split(f"{block}.attn.in_proj_{part}", tuple(f"{name}.{part}" for name in projections)) for part in ("weight", "bias")),
        Rename(f"{block}.attn.out_proj.{{}}", f"{own}.attention.output.{{}}"),
        Rename(f"{block}.ln_2.{{}}", f"{own}.feed_forward_norm.{{}}"),
        Rename(f"{block}.mlp.c_fc.{{}}", f"{own}.feed_forward.expand.{{}}"),
        Rename(f"{block}.mlp.c_proj.{{}}", f"{own}.feed_forward.contract.{{}}"),
    ]


OPEN_CLIP_TEXT = [
    Rename("token_embedding.weight", "text.token_embedding.weight"),
    Rename("positional_embedding", "text.position.weight"),
    *open_clip_blocks("transformer", "text"),
    Rename("ln_final.{}", "text.encoder.norm.{}"),
    Transpose("text_projection", "text.projection.weight"),
]

OPEN_CLIP = [
    Unsqueeze("visual.class_embedding", "visual.embedding.class_token", dims=2),
    Unsqueeze("visual.positional_embedding", "visual.embedding.positions"),
    Rename("visual.conv1.weight", "visual.embedding.projection.weight"),
    Rename("visual.ln_pre.{}", "visual.norm.{}"),
    *open_clip_blocks("visual.transformer", "visual"),
    Rename("visual.ln_post.{}", "visual.encoder.norm.{}"),
    Transpose("visual.proj", "visual.projection.weight"),
    *OPEN_CLIP_TEXT,
]


def transformers_rules() -> list[Rule]:
    """CLIPModel's names; older files hold the numbers of the positions, too."""
    parts = {
        "self_attn.q_proj": "attention.query",
        "self_attn.k_proj": "attention.key",
        "self_attn.v_proj": "attention.value",
        "self_attn.out_proj": "attention.output",
        "layer_norm1": "attention_norm",
        "layer_norm2": "feed_forward_norm",
        "mlp.fc1": "feed_forward.expand",
        "mlp.fc2": "feed_forward.contract",
    }
    rules: list[Rule] = []
    for theirs, ours in (("vision_model", "visual"), ("text_model", "text")):
        rules.append(Drop(f"{theirs}.embeddings.position_ids", "", torch.Tensor))  # beside nothing: today's models keep none
        block, own = f"{theirs}.encoder.layers.{{}}", f"{ours}.encoder.blocks.{{}}"
        rules += [Rename(f"{block}.{their_part}.{{}}", f"{own}.{part}.{{}}") for their_part, part in parts.items()]
    return [
        *rules,
        Unsqueeze("vision_model.embeddings.class_embedding", "visual.embedding.class_token", dims=2),
        Unsqueeze("vision_model.embeddings.position_embedding.weight", "visual.embedding.positions"),
        Rename("vision_model.embeddings.patch_embedding.weight", "visual.embedding.projection.weight"),
        Rename("vision_model.pre_layrnorm.{}", "visual.norm.{}"),  # so they spell it
        Rename("vision_model.post_layernorm.{}", "visual.encoder.norm.{}"),
        Rename("visual_projection.weight", "visual.projection.weight"),
        Rename("text_model.embeddings.token_embedding.weight", "text.token_embedding.weight"),
        Rename("text_model.embeddings.position_embedding.weight", "text.position.weight"),
        Rename("text_model.final_layer_norm.{}", "text.encoder.norm.{}"),
        Rename("text_projection.weight", "text.projection.weight"),
    ]


WEIGHTS = {"transformers": transformers_rules(), "open_clip": OPEN_CLIP}

CARD = {
    "title": "CLIP",
    "paper": "Learning transferable visual models from natural language supervision, https://arxiv.org/abs/2103.00020",
    "year": 2021,
    "family": "multimodal",
    "sizes": {
        "clip_vit_b_32": "ViT-B/32 and a text tower of 12 layers, 151 million parameters",
        "clip_vit_b_16": "ViT-B/16 and a text tower of 12 layers, 150 million parameters",
        "clip_vit_l_14": "ViT-L/14 and a text tower of 12 layers, 428 million parameters",
    },
    "references": ("transformers", "open_clip"),
    "ancestor": "vit_b_32",
}
