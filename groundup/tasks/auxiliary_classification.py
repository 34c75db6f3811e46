"""One label for each picture, asked for on the way as well."""

from functools import wraps

from torch import Tensor
from torch.nn import Module

from groundup.errors import UserError
from groundup.tasks.classification import Classification
from groundup.tasks.task import Batch


class AuxiliaryClassification(Classification):
    """Classification with a model that in training answers with the logits and then those of `num_auxiliary` other heads.

    In training the loss is that of the logits plus `auxiliary_weight` times that of each other head; `main_loss` is logged
    beside it, to be compared with the loss of evaluations, in which the model answers with the logits alone.
    The arguments are those of Classification.

    Paper: Going deeper with convolutions, https://arxiv.org/abs/1409.4842, section 5.
    Raises: UserError for a model that in training answers with another number of heads.
    """

    auxiliary_weight = 0.3
    num_auxiliary = 2

    @wraps(Classification.__init__)  # so that the facts which Classification's signature names come here too
    def __init__(self, **settings):
        super().__init__(**settings)
        heads = 1 + self.auxiliary_weight * self.num_auxiliary
        self.chance_loss *= heads
        self.least_loss *= heads

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        outputs = model(*self.inputs(batch))
        logits, *auxiliary = (outputs,) if isinstance(outputs, Tensor) else outputs
        if model.training and len(auxiliary) != self.num_auxiliary:
            raise UserError(
                f"{type(self).__name__} is for a model that has {self.num_auxiliary} auxiliary heads in training; this one "
                f"answered with {len(auxiliary)}: build it with auxiliary=True, or take Classification"
            )
        criterion = self.criterion.to(logits.device)
        main, *others = (criterion(output, batch["label"]) for output in (logits, *auxiliary))
        return main + self.auxiliary_weight * sum(others), {"main_loss": main.detach()}
