"""The two moves of an adversarial game."""

from torch import Tensor
from torch.nn import Module

from groundup.tasks.image_generation import ImageGeneration
from groundup.tasks.step import Stateless, Update
from groundup.tasks.task import Batch


class AdversarialStep(Stateless):
    """On each batch the discriminator moves first, then the generator, against the discriminator that just learnt.

    Paper: Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, algorithm 1 with k = 1, but the pictures
    made for the first move serve in the second as well.

    Both networks stay in training mode, so every pass moves the batch-norm statistics of what it runs through: the
    generator's once a batch; the discriminator's three times, by real pictures, by made ones, and by the made ones again
    in the generator's move. The generator's serve in sampling; the discriminator's are never used.
    """

    def __init__(self, task: ImageGeneration, update: Update):
        self.task, self.update = task, update

    def __call__(self, model: Module, batch: Batch) -> dict[str, Tensor]:
        made = model(*self.task.inputs(batch))
        discriminator_loss = self.task.discriminator_loss(model, batch, made.detach())
        self.update(discriminator_loss, child="discriminator")
        generator_loss = self.task.generator_loss(model, made)
        self.update(generator_loss, child="generator")
        return {"discriminator_loss": discriminator_loss.detach(), "generator_loss": generator_loss.detach()}
