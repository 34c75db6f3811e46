"""CLIP learnt from captions alone: on ShapesWorld, on a part of COCO, and on a folder of one's own."""

from dataclasses import replace
from functools import partial

from groundup.data.augment import in_turn
from groundup.data.augment_color import color_jitter
from groundup.data.augment_resize import random_resized_crop
from groundup.data.captions import Captioned, caption_batch, caption_facts
from groundup.data.coco import coco_captions
from groundup.data.image_text import captioned_pictures
from groundup.data.images import normalize
from groundup.data.shapes.english import PLACES
from groundup.data.shapes.scene import COMBINATIONS
from groundup.data.shapes_world import shapes_world_captions, shapes_world_labels
from groundup.engine.evaluator import Score
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.multimodal.clip import clip_vit_b_32
from groundup.models.multimodal.clip_resnet import clip_rn50
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only
from groundup.optim.schedules import cosine
from groundup.tasks.contrastive_captions import ClampedScale, ContrastiveCaptions
from groundup.tasks.zero_shot import ZeroShot

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # of the published weights
WORLD = partial(shapes_world_captions, size=64, difficulty="easy")
THINGS, PLACE, PICTURE = 0, 1, 4  # of the five captions: all things; one of them and where it is; everything and where it is
TEMPLATES = ("There is one thing: a {}.", *(f"A {{}} is {place}." for place in PLACES))


def clip_shapes_world() -> Recipe:
    """CLIP with a small ResNet on ShapesWorld: never told a class, it is asked for 64 of them afterwards.

    Sentences that say all of a picture can be told apart by colours and places alone; those that say less make it learn shapes.
    """
    return Recipe(
        model=partial(
            clip_rn50,
            projection_dim=128,
            image_size=64,
            width=16,
            vision_layers=(1, 1, 1, 1),
            vision_heads=8,
            text_dim=128,
            text_layers=2,
            text_heads=4,
        ),
        train_data=partial(
            Captioned, dataset=partial(WORLD, split="train", count=20_000), size=64, kept=(THINGS, PLACE, PICTURE)
        ),
        eval_data=partial(Captioned, dataset=partial(WORLD, split="test"), size=64, kept=(PICTURE,)),
        facts=(partial(caption_facts, vocab_size=640, max_seq_len=48),),
        collate=caption_batch,
        prepare=partial(normalize, mean=CLIP_MEAN, std=CLIP_STD),
        task=partial(ContrastiveCaptions, among=100, labels=COMBINATIONS, templates=TEMPLATES, top=3),
        step=ClampedScale,
        evaluators=(
            Score,
            partial(
                Score,
                dataset=partial(shapes_world_labels, split="test", target="combination", size=64, count=1000),
                task=partial(ZeroShot, labels=COMBINATIONS, templates=TEMPLATES),
                prefix="zero_shot_",
            ),
        ),
        optimizer=partial(AdamW, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.1),
        groups=decay_matrices_only,
        schedule=partial(cosine, warmup=0.05),
        run=RunSettings(steps=3000, batch_size=128, seed=0, clip_norm=1.0, eval_every=500),
    )


def clip_coco_mini() -> Recipe:
    """CLIP from nothing on 255 photographs of COCO with five sentences each; asked about 80 others.

    The part that COCO calls val is the larger one of the set at hand, so it is the one to learn from here.
    """
    recipe = clip_shapes_world()
    coco = partial(coco_captions, folder="coco_mini")
    return replace(
        recipe,
        train_data=partial(Captioned, dataset=partial(coco, split="val"), size=64),
        eval_data=partial(Captioned, dataset=partial(coco, split="train"), size=64),
        facts=(partial(caption_facts, vocab_size=1024, max_seq_len=48),),
        augment=partial(
            in_turn,
            parts=(
                partial(random_resized_crop, size=64, scale=(0.4, 1.0)),
                partial(color_jitter, brightness=0.3, contrast=0.3),
            ),
        ),
        task=ContrastiveCaptions,
        evaluators=(Score,),
        optimizer=partial(AdamW, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.2),
        run=RunSettings(steps=600, batch_size=64, seed=0, clip_norm=1.0, eval_every=100),
    )


def clip_folder() -> Recipe:
    """CLIP with ViT-B/32 on a folder of one's own, given by --data: pictures and a list of captions, of any known form.

    It has the published tokenizer, so that published weights can be trained on: --weights transformers, or a file of them.
    """
    return Recipe(
        model=clip_vit_b_32,
        train_data=partial(Captioned, dataset=partial(captioned_pictures, split="train"), size=224, held=False),
        eval_data=partial(Captioned, dataset=partial(captioned_pictures, split="test"), size=224, held=False),
        facts=(partial(caption_facts, merges="open_clip"),),
        collate=caption_batch,
        augment=partial(random_resized_crop, size=224, scale=(0.5, 1.0)),
        prepare=partial(normalize, mean=CLIP_MEAN, std=CLIP_STD),
        task=partial(ContrastiveCaptions, top=3),
        step=ClampedScale,
        optimizer=partial(AdamW, lr=1e-5, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.2),
        groups=decay_matrices_only,
        schedule=partial(cosine, warmup=0.05),
        run=RunSettings(epochs=5, batch_size=32, num_workers=2, seed=0, clip_norm=1.0),
    )
