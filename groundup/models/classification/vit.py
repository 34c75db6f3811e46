"""Vision Transformer: a picture read as a text whose words are its patches.

A convolution is told two things before it has seen a picture: that what lies close together belongs together, and that a thing
looks the same wherever it stands. ViT is told neither. It cuts the picture into squares of 16x16 pixels, makes a vector of each
and hands these to the encoder of a Transformer (Vaswani et al. 2017) as though they were words: from the first block on, every
patch may look at every other. What a convolution need not learn ViT must, and so it wants more pictures. Trained on the 1.3
million of ImageNet it did worse than ResNets; trained on 300 million it did better, and for less computation.

The paper changes as little of the Transformer as it can:

- a patch becomes a vector by one matrix, the same for all patches; there is no vocabulary to look it up in;
- in front of the patches stands a learnt vector that belongs to none, the class token: the head reads the classes off what it
  has gathered when it leaves the last block;
- the position of a patch is a learnt vector, one for each number from left to right and down. That patch 15 lies below patch 1
  is learnt as well. Only a picture of another size needs to be told: the table is resampled like a picture itself;
- as in GPT-2 the norm stands before each sublayer, with one more at the end of the stream, and GELU stands for ReLU.
"""

import math
from functools import partial

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.activation import GELU
from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.layers.initialization import fans, trunc_normal_, xavier_uniform_
from groundup.layers.linear import Linear
from groundup.layers.normalization import LayerNorm
from groundup.layers.transformer import TransformerEncoder, TransformerEncoderBlock
from groundup.ops.interpolation import interpolate
from groundup.weights.rules import Rename, Rule, Split

EPS = 1e-6  # of every norm


class PatchEmbedding(Module):
    """A vector for each patch, row by row, behind the class token; each has its position added.

    A convolution whose stride is as long as its kernel multiplies each patch by one matrix, and no pixel twice.
    Paper: equation 1 (P is patch_size, D embed_dim, x_class class_token, E projection, E_pos positions).
    Shapes: (batch, in_channels, height, width) -> (batch, 1 + patches, embed_dim), where
    patches = height / patch_size * width / patch_size.
    Raises: ValueError for an image_size or a picture that does not divide into patches.
    """

    def __init__(self, *, image_size: int, patch_size: int, in_channels: int, embed_dim: int):
        super().__init__()
        if image_size < patch_size or image_size % patch_size:
            raise ValueError(f"ViT: image_size must be a multiple of patch_size={patch_size}; it was given {image_size}")
        self.patch_size, self.side = patch_size, image_size // patch_size
        self.projection = Conv2d(in_channels=in_channels, out_channels=embed_dim, kernel_size=patch_size, stride=patch_size)
        self.class_token = Parameter(torch.empty(1, 1, embed_dim))
        self.positions = Parameter(torch.empty(1, 1 + self.side**2, embed_dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw matrix and positions anew; the class token starts at 0."""
        fan_in, _ = fans(self.projection.weight)
        trunc_normal_(self.projection.weight, std=math.sqrt(1 / fan_in))
        with torch.no_grad():
            self.projection.bias.zero_()
            self.class_token.zero_()
            self.positions.normal_(std=0.02)

    def grid(self, images: Tensor) -> tuple[int, int]:
        """How many rows and columns of patches these pictures have."""
        sides, size = images.shape[-2:], self.patch_size
        if images.dim() != 4 or min(sides) < size or any(side % size for side in sides):
            near = "x".join(str(max(1, round(side / size)) * size) for side in sides)
            raise ValueError(
                f"ViT takes (batch, channels, height, width) with both sides multiples of patch_size={size}, such as {near}; "
                f"it was given {tuple(images.shape)}"
            )
        rows, columns = (side // size for side in sides)
        return rows, columns

    def positions_for(self, rows: int, columns: int) -> Tensor:
        """The positions of a grid of another size, resampled from the table; the class token's stays as it is.

        Paper: section 3.2. Shapes: -> (1, 1 + rows * columns, embed_dim).
        """
        if rows == columns == self.side:
            return self.positions
        table = self.positions[:, 1:].mT.unflatten(2, (self.side, self.side))  # (1, embed_dim, side, side)
        table = interpolate(table, (rows, columns), mode="bicubic")  # (1, embed_dim, rows, columns)
        return torch.cat([self.positions[:, :1], table.flatten(2).mT], 1)

    def forward(self, images: Tensor) -> Tensor:
        rows, columns = self.grid(images)
        x = self.projection(images)  # (batch, embed_dim, rows, columns)
        x = x.flatten(2).mT  # (batch, patches, embed_dim)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1)  # (batch, tokens, embed_dim)
        return x + self.positions_for(rows, columns)


def encoder_block(*, embed_dim: int, num_heads: int, mlp_dim: int, dropout: float) -> TransformerEncoderBlock:
    """A block of the encoder; dropout follows every linear layer but those of queries, keys and values.

    Paper: equations 2 and 3; appendix B.1 for dropout.
    """
    block = TransformerEncoderBlock(
        embed_dim=embed_dim,
        num_heads=num_heads,
        hidden_dim=mlp_dim,
        dropout=dropout,
        activation=GELU,
        eps=EPS,
        norm_first=True,
    )
    block.attention.dropout = 0.0  # the weights of the attention are no linear layer's
    return block


class VisionTransformer(Module):
    """Patches, the encoder of a Transformer, and a linear layer that reads the class token.

    `image_size` is the side of the square pictures that the positions are learnt for. Others may come, of any sides that
    divide into patches: their positions are resampled, so weights of 224x224 pixels need no change for 384x384, or for 224x320.
    (torchvision resamples once, when weights are loaded, and so that the corners of both tables coincide; its numbers differ.)
    How much each token takes of each in a block is `block.attention.weights(block.attention_norm(x))` of the block's input.

    Paper: Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale", 2020,
    https://arxiv.org/abs/2010.11929, section 3.1; table 1 holds the sizes (hidden size D is embed_dim, MLP size mlp_dim).
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits.
    Raises: ValueError for an image_size or a picture that does not divide into patches, and for heads that do not divide
    embed_dim.
    Equals: torchvision.models.VisionTransformer, its start included; on pictures of other sizes transformers'
    ViTForImageClassification with interpolate_pos_encoding=True and layer_norm_eps=1e-6.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        in_channels: int,
        image_size: int,
        patch_size: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        mlp_dim: int,
        dropout: float,
    ):
        super().__init__()
        self.feature_channels, self.feature_strides = (embed_dim,), (patch_size,)
        self.embedding = PatchEmbedding(
            image_size=image_size, patch_size=patch_size, in_channels=in_channels, embed_dim=embed_dim
        )
        self.dropout = Dropout(p=dropout)
        self.encoder = TransformerEncoder(
            block=partial(encoder_block, embed_dim=embed_dim, num_heads=num_heads, mlp_dim=mlp_dim, dropout=dropout),
            num_layers=num_layers,
            norm=LayerNorm(normalized_shape=embed_dim, eps=EPS),
        )
        self.head = Linear(in_features=embed_dim, out_features=num_classes)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the feed-forward networks anew by Xavier's rule; the head starts at 0, so that at first all classes are alike."""
        with torch.no_grad():
            for block in self.encoder.blocks:
                for layer in (block.feed_forward.expand, block.feed_forward.contract):
                    xavier_uniform_(layer.weight)
                    layer.bias.normal_(std=1e-6)
            self.head.weight.zero_()
            self.head.bias.zero_()

    def tokens(self, images: Tensor) -> Tensor:
        """What leaves the encoder: the class token and, row by row, the patches.

        Shapes: (batch, in_channels, height, width) -> (batch, 1 + patches, embed_dim).
        """
        return self.encoder(self.dropout(self.embedding(images)))

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The patches that leave the encoder, as a map: the only size there is."""
        return (self.tokens(images)[:, 1:].mT.unflatten(2, self.embedding.grid(images)),)

    def forward(self, images: Tensor) -> Tensor:
        x = self.tokens(images)  # (batch, tokens, embed_dim)
        return self.head(x[:, 0])  # (batch, num_classes)


def vit_b_16(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    patch_size: int = 16,
    embed_dim: int = 768,
    num_layers: int = 12,
    num_heads: int = 12,
    mlp_dim: int = 3072,
    dropout: float = 0.0,
) -> VisionTransformer:
    """ViT-Base with patches of 16x16 pixels and 86.6 million parameters; every number can be another."""
    return VisionTransformer(**locals())


def vit_b_32(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    patch_size: int = 32,
    embed_dim: int = 768,
    num_layers: int = 12,
    num_heads: int = 12,
    mlp_dim: int = 3072,
    dropout: float = 0.0,
) -> VisionTransformer:
    """ViT-Base with patches of 32x32 pixels, a quarter of the tokens, and 88.2 million parameters."""
    return VisionTransformer(**locals())


def vit_l_16(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    patch_size: int = 16,
    embed_dim: int = 1024,
    num_layers: int = 24,
    num_heads: int = 16,
    mlp_dim: int = 4096,
    dropout: float = 0.0,
) -> VisionTransformer:
    """ViT-Large with patches of 16x16 pixels and 304.3 million parameters."""
    return VisionTransformer(**locals())


QUERY_KEY_VALUE = ("query", "key", "value")


def torchvision_rules() -> list[Rule]:
    """torchvision's names, and those that its published files have for the feed-forward network."""
    block, ours = "encoder.layers.encoder_layer_{}", "encoder.blocks.{}"
    projections = [f"{ours}.attention.{part}" for part in QUERY_KEY_VALUE]
    return [
        Rename("class_token", "embedding.class_token"),
        Rename("conv_proj.{}", "embedding.projection.{}"),
        Rename("encoder.pos_embedding", "embedding.positions"),
        Rename(f"{block}.ln_1.{{}}", f"{ours}.attention_norm.{{}}"),
        *(Split(f"{block}.self_attention.in_proj_{p}", tuple(f"{n}.{p}" for n in projections)) for p in ("weight", "bias")),
        Rename(f"{block}.self_attention.out_proj.{{}}", f"{ours}.attention.output.{{}}"),
        Rename(f"{block}.ln_2.{{}}", f"{ours}.feed_forward_norm.{{}}"),
        Rename(f"{block}.mlp.0.{{}}", f"{ours}.feed_forward.expand.{{}}"),
        Rename(f"{block}.mlp.3.{{}}", f"{ours}.feed_forward.contract.{{}}"),
        Rename(f"{block}.mlp.linear_1.{{}}", f"{ours}.feed_forward.expand.{{}}"),
        Rename(f"{block}.mlp.linear_2.{{}}", f"{ours}.feed_forward.contract.{{}}"),
        Rename("encoder.ln.{}", "encoder.norm.{}"),
        Rename("heads.head.{}", "head.{}"),
    ]


def timm_rules() -> list[Rule]:
    """timm's names; it keeps queries, keys and values in one matrix."""
    ours = "encoder.blocks.{}"
    projections = tuple(f"{ours}.attention.{part}.{{}}" for part in QUERY_KEY_VALUE)
    return [
        Rename("cls_token", "embedding.class_token"),
        Rename("patch_embed.proj.{}", "embedding.projection.{}"),
        Rename("pos_embed", "embedding.positions"),
        Rename("blocks.{}.norm1.{}", f"{ours}.attention_norm.{{}}"),
        Split("blocks.{}.attn.qkv.{}", projections),
        Rename("blocks.{}.attn.proj.{}", f"{ours}.attention.output.{{}}"),
        Rename("blocks.{}.norm2.{}", f"{ours}.feed_forward_norm.{{}}"),
        Rename("blocks.{}.mlp.fc1.{}", f"{ours}.feed_forward.expand.{{}}"),
        Rename("blocks.{}.mlp.fc2.{}", f"{ours}.feed_forward.contract.{{}}"),
        Rename("norm.{}", "encoder.norm.{}"),
    ]


def transformers_rules() -> list[Rule]:
    """The names of ViTForImageClassification, then those of the files that are handed around, which older versions wrote."""
    block, old, ours = "vit.layers.{}", "vit.encoder.layer.{}", "encoder.blocks.{}"
    rules = [
        Rename("vit.embeddings.cls_token", "embedding.class_token"),
        Rename("vit.embeddings.patch_embeddings.projection.{}", "embedding.projection.{}"),
        Rename("vit.embeddings.position_embeddings", "embedding.positions"),
        Rename("vit.layernorm.{}", "encoder.norm.{}"),
        Rename("classifier.{}", "head.{}"),
    ]
    parts = {
        "attention.query": ("attention.q_proj", "attention.attention.query"),
        "attention.key": ("attention.k_proj", "attention.attention.key"),
        "attention.value": ("attention.v_proj", "attention.attention.value"),
        "attention.output": ("attention.o_proj", "attention.output.dense"),
        "attention_norm": ("layernorm_before", "layernorm_before"),
        "feed_forward_norm": ("layernorm_after", "layernorm_after"),
        "feed_forward.expand": ("mlp.fc1", "intermediate.dense"),
        "feed_forward.contract": ("mlp.fc2", "output.dense"),
    }
    rules += [Rename(f"{block}.{today}.{{}}", f"{ours}.{part}.{{}}") for part, (today, _) in parts.items()]
    rules += [Rename(f"{old}.{before}.{{}}", f"{ours}.{part}.{{}}") for part, (_, before) in parts.items()]
    return rules


WEIGHTS = {"torchvision": torchvision_rules(), "timm": timm_rules(), "transformers": transformers_rules()}

CARD = {
    "title": "Vision Transformer",
    "paper": "An image is worth 16x16 words: transformers for image recognition at scale, https://arxiv.org/abs/2010.11929",
    "year": 2020,
    "family": "classification",
    "sizes": {
        "vit_b_16": "12 layers, patches of 16x16 pixels, 86.6 million parameters",
        "vit_b_32": "12 layers, patches of 32x32 pixels, 88.2 million parameters",
        "vit_l_16": "24 layers, patches of 16x16 pixels, 304.3 million parameters",
    },
    "references": ("torchvision", "timm", "transformers"),
    "ancestor": None,
}
