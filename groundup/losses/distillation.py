"""Knowledge distillation: a student learns from what a teacher says, and not from the labels alone.

No gradient goes to the teacher.
"""

import torch
from torch import Tensor
from torch.nn import Module

from groundup.losses.divergence import check_logits, forward_kl
from groundup.losses.similarity import check_embeddings, check_queue, check_temperature, own_similarity
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.distance import normalize
from groundup.ops.softmax import softmax


def check_share(name: str, argument: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name}: {argument} is a share, from 0 to 1; it was given {value}")


class DistillationLoss(Module):
    """The teacher's softened probabilities to imitate, mixed with the labels.

    loss = hard_weight * cross_entropy(logits, target)
           + (1 - hard_weight) * T^2 * KL(softmax(teacher_logits / T) || softmax(logits / T)), T the temperature

    A temperature above 1 lets the small probabilities be seen: which wrong classes the teacher finds likely. The slopes of
    the second term shrink as 1 / T^2; the factor T^2 keeps its part of the mix the same whatever T is.

    Shapes: logits and teacher_logits (batch, classes), target (batch) of classes -> ().
    Raises: ValueError for shapes that do not match, a temperature that is not positive and a hard_weight outside 0 to 1.
    Paper: Hinton et al. 2015, https://arxiv.org/abs/1503.02531 (section 2).
    """

    def __init__(self, *, temperature: float = 4.0, hard_weight: float = 0.1):
        super().__init__()
        check_temperature("DistillationLoss", temperature=temperature)
        check_share("DistillationLoss", "hard_weight", hard_weight)
        self.temperature, self.hard_weight = temperature, hard_weight

    def forward(self, logits: Tensor, teacher_logits: Tensor, target: Tensor) -> Tensor:
        check_logits("DistillationLoss", logits, teacher_logits)
        soft = forward_kl(logits / self.temperature, teacher_logits.detach() / self.temperature)
        hard = cross_entropy(logits, target)
        return self.hard_weight * hard + (1 - self.hard_weight) * self.temperature**2 * soft


def hard_distillation_loss(logits: Tensor, distillation_logits: Tensor, teacher_logits: Tensor, target: Tensor) -> Tensor:
    """The teacher's decision as a second label: the mean of the losses against the true class and against the teacher's.

    A student with a distillation token has logits of two kinds, one to learn from each; one without gives its logits twice.

    Shapes: three (batch, classes), target (batch) of classes -> ().
    Raises: ValueError for shapes that do not match.
    Paper: DeiT, https://arxiv.org/abs/2012.12877 (section 4, equation 3).
    """
    check_logits("hard_distillation_loss", logits, teacher_logits)
    decision = teacher_logits.argmax(1)
    return (cross_entropy(logits, target) + cross_entropy(distillation_logits, decision)) / 2


def feature_distillation_loss(features: Tensor, teacher_features: Tensor) -> Tensor:
    """Half the squared distance between the student's features and the teacher's; the mean over the batch.

    Where the two are of different widths, the student's first go through a layer of its own that makes them fit.

    Shapes: two of one shape (batch, ...) -> ().
    Raises: ValueError for shapes that differ.
    Paper: FitNets, https://arxiv.org/abs/1412.6550 (section 2.2, equation 3; the layer is r).
    """
    if features.shape != teacher_features.shape or features.dim() < 2:
        raise ValueError(
            "feature_distillation_loss takes features (batch, ...) of one shape; it was given "
            f"{tuple(features.shape)} and {tuple(teacher_features.shape)}: bring the student's to the teacher's width first"
        )
    return (features - teacher_features.detach()).square().flatten(1).sum(1).mean() / 2


class SimilarityDistillationLoss(Module):
    """SEED: the student should find the same pictures of a queue alike as the teacher does.

    loss = - mean over the batch of sum over j of p_j log q_j, with
    p = softmax over j of (teacher . d_j / teacher_temperature)
    q = softmax over j of (student . d_j / student_temperature)

    d_1 to d_K are the queue: the teacher's embeddings of earlier pictures, rows of length 1, used as they are. d_(K + 1) is
    the teacher's embedding of this picture, so that the student is also drawn to it. Student and teacher are brought to
    length 1.

    Shapes: student and teacher (batch, features), queue (length, features) -> ().
    Raises: ValueError for shapes that do not match and a temperature that is not positive.
    Paper: SEED, https://arxiv.org/abs/2101.04731 (section 3.2; the temperatures are tau^S and tau^T, the queue is D).
    """

    def __init__(self, *, student_temperature: float = 0.2, teacher_temperature: float = 0.01):
        super().__init__()
        check_temperature(
            "SimilarityDistillationLoss", student_temperature=student_temperature, teacher_temperature=teacher_temperature
        )
        self.student_temperature, self.teacher_temperature = student_temperature, teacher_temperature

    def forward(self, student: Tensor, teacher: Tensor, queue: Tensor) -> Tensor:
        check_embeddings("SimilarityDistillationLoss", student=student, teacher=teacher)
        check_queue("SimilarityDistillationLoss", queue, student.shape[1])
        teacher, queue = teacher.detach(), queue.detach()
        scores, wanted = (
            torch.cat((normalize(rows) @ queue.T, own_similarity(rows, teacher)), 1)  # (batch, length + 1)
            for rows in (student, teacher)
        )
        return cross_entropy(scores / self.student_temperature, softmax(wanted / self.teacher_temperature, -1))
