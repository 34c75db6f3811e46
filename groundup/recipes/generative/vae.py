"""Autoencoders and variational ones on small grey pictures, held against principal component analysis of as many numbers."""

from dataclasses import replace
from functools import partial

import torch

from groundup.data.images import InMemory, digits, picture_facts
from groundup.data.mnist import mnist
from groundup.engine.evaluator import Score
from groundup.engine.recipe import Recipe, RunSettings
from groundup.metrics.principal_components import fit_principal_components
from groundup.models.generative.autoencoder import autoencoder
from groundup.models.generative.vae import vae
from groundup.optim.adam import AdamW
from groundup.optim.schedules import one_cycle
from groundup.recipes.generative.dcgan import smooth
from groundup.tasks.latent_space import BesidePCA, LatentSpace
from groundup.tasks.reconstruction import Reconstruction, VariationalReconstruction


def principal_components(dataset: InMemory, image_shape: list[int], *, dimensions: int = 32) -> dict[str, object]:
    """The fact `principal_components` of the training pictures, from -1 to 1; of fewer dimensions, it is the first of them."""
    pictures = smooth(dataset.batch(torch.arange(len(dataset))), size=image_shape[1])["image"]
    return {"principal_components": fit_principal_components(pictures, dimensions)}


def autoencoder_digits() -> Recipe:
    """An autoencoder of two numbers on scikit-learn's handwritten digits."""
    return Recipe(
        model=partial(autoencoder, latent_dim=2, hidden_dims=(256, 128, 64)),
        train_data=partial(digits, split="train"),
        eval_data=partial(digits, split="test"),
        facts=(picture_facts, principal_components),
        prepare=partial(smooth, size=8),
        task=partial(Reconstruction, likelihood="gaussian"),
        evaluators=(Score, BesidePCA, LatentSpace),
        optimizer=partial(AdamW, lr=2e-3, weight_decay=0.05),
        schedule=one_cycle,
        run=RunSettings(steps=4000, batch_size=64, seed=0, eval_every=250),
    )


def vae_digits() -> Recipe:
    """A variational autoencoder of two numbers on scikit-learn's handwritten digits."""
    return replace(
        autoencoder_digits(),
        model=partial(vae, latent_dim=2, hidden_dims=(256, 128)),
        task=partial(VariationalReconstruction, latent_dim=2, likelihood="gaussian"),
        run=RunSettings(steps=8000, batch_size=64, seed=0, eval_every=500),
    )


def beta_vae_digits() -> Recipe:
    """A beta-VAE on scikit-learn's handwritten digits: of ten numbers it uses the few that are worth their price."""
    return replace(
        vae_digits(),
        model=partial(vae, latent_dim=10, hidden_dims=(256, 128)),
        task=partial(VariationalReconstruction, latent_dim=10, likelihood="gaussian", beta=4.0),
    )


def vae_mnist() -> Recipe:
    """The paper's variational autoencoder of 20 numbers on MNIST."""
    return Recipe(
        model=partial(vae, latent_dim=20, hidden_dims=(500,)),
        train_data=partial(mnist, split="train"),
        eval_data=partial(mnist, split="test"),
        facts=(picture_facts, principal_components),
        prepare=partial(smooth, size=28),
        task=partial(VariationalReconstruction, latent_dim=20),
        evaluators=(Score, BesidePCA, LatentSpace),
        optimizer=partial(AdamW, lr=2e-3, weight_decay=0.0),
        schedule=one_cycle,
        run=RunSettings(epochs=20, batch_size=128, seed=0),
    )
