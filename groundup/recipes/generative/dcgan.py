"""DCGAN on small grey pictures."""

from collections.abc import Mapping
from functools import partial

import torch
from torch.nn.functional import interpolate
from torch.utils.data import Dataset

from groundup.data.images import digits, picture_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.losses.classification import CrossEntropyLoss
from groundup.metrics.judge import Judge
from groundup.models.catalog import create
from groundup.models.generative.dcgan import dcgan
from groundup.optim.adam import AdamW
from groundup.optim.schedules import cosine, one_cycle
from groundup.tasks.adversarial_step import AdversarialStep
from groundup.tasks.image_generation import ImageGeneration
from groundup.tasks.judged import JudgeCounts


def smooth(batch: Mapping[str, object], *, size: int = 32) -> dict[str, object]:
    """Pictures as numbers from -1 to 1, enlarged to size x size along smooth curves: a generator then draws strokes, not steps.

    Shapes: image (batch, channels, height, width) uint8 -> (batch, channels, size, size) float.
    """
    image = batch["image"].to(torch.get_default_dtype()) / 127.5 - 1
    return {**batch, "image": interpolate(image, size=(size, size), mode="bicubic", align_corners=False).clamp(-1, 1)}


def digit_judge(dataset: Dataset, num_classes: int, *, epochs: int = 20, batch_size: int = 64) -> dict[str, object]:
    """The fact `judge`: a LeNet-5 trained on the real pictures, as `smooth` prepares them; the same in every run."""
    real = smooth(dataset.batch(torch.arange(len(dataset))))
    arguments = {"num_classes": num_classes, "in_channels": real["image"].shape[1]}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, criterion = create("lenet5", **arguments), CrossEntropyLoss()
        optimizer = AdamW(model.parameters(), weight_decay=0.05)
        per_epoch = len(dataset) // batch_size
        for step in range(epochs * per_epoch):
            if step % per_epoch == 0:
                order = torch.randperm(len(dataset))[: per_epoch * batch_size].view(per_epoch, batch_size)
            chosen = order[step % per_epoch]
            for group in optimizer.param_groups:
                group["lr"] = 4e-3 * one_cycle(step, epochs * per_epoch)
            criterion(model(real["image"][chosen]), real["label"][chosen]).backward()
            optimizer.step()
            optimizer.zero_grad()
        side = real["image"].shape[-1]
        return {"judge": Judge(name="lenet5", arguments=arguments, weights=model.state_dict(), image_size=side)}


def dcgan_digits() -> Recipe:
    """DCGAN on scikit-learn's handwritten digits."""
    return Recipe(
        model=partial(dcgan, image_size=32, image_channels=1, latent_dim=16, width=16),
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts, digit_judge),
        prepare=partial(smooth, size=32),
        task=partial(ImageGeneration, latent_dim=16),
        step=AdversarialStep,
        evaluators=(JudgeCounts,),
        optimizer={
            "generator": partial(AdamW, lr=1e-3, betas=(0.5, 0.999), weight_decay=0.0),
            "discriminator": partial(AdamW, lr=5e-4, betas=(0.5, 0.999), weight_decay=0.0),
        },
        schedule=cosine,
        run=RunSettings(steps=3000, batch_size=64, seed=0, ema_decay=0.995, eval_every=150),
    )
