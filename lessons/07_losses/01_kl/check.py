"""What an answer to `kl_from_scores` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Kullback-Leibler divergence, both ways",
    name="kl_from_scores",
    hints=(
        "KL(p || q) = sum of p (log p - log q): whoever stands first is the truth, and gives the weights.",
        "torch.log_softmax(scores / T, 1) gives log p without forming p; p is its exp(). Where p is 0 its logarithm is a "
        "large negative number and not minus infinity, so that the product is 0.",
        "mine, theirs = log_softmax of both, the teacher detached; truth, belief = (mine, theirs) if reverse else (theirs, "
        "mine); (truth.exp() * (truth - belief)).sum(1).mean() * T**2. Refuse T <= 0.",
    ),
)


def scores(*shape: int, seed: int = 0) -> torch.Tensor:
    return 2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def both_ways(kl_from_scores, student, teacher, *options, **named):
    student, teacher = student.clone().requires_grad_(), teacher.clone().requires_grad_()
    loss = kl_from_scores(student, teacher, *options, **named)
    loss.backward()
    return {"loss": loss, "gradient of the student": student.grad, "gradient of the teacher": teacher.grad}


@EXERCISE.claim("forward, at temperature 1")
def forward(kl_from_scores):
    return both_ways(kl_from_scores, scores(3, 4), scores(3, 4, seed=1))


@EXERCISE.claim("reverse")
def reverse(kl_from_scores):
    return both_ways(kl_from_scores, scores(3, 4), scores(3, 4, seed=1), reverse=True)


@EXERCISE.claim("a temperature of 4, both ways")
def temperature(kl_from_scores):
    return [both_ways(kl_from_scores, scores(2, 5), scores(2, 5, seed=1), 4.0, reverse=way) for way in (False, True)]


@EXERCISE.claim("two that agree, whatever constant is added to the scores")
def agree(kl_from_scores):
    return kl_from_scores(scores(3, 4), scores(3, 4) + 7.0)


@EXERCISE.claim("scores of a thousand")
def large(kl_from_scores):
    return both_ways(kl_from_scores, torch.tensor([[1000.0, 0.0]]), torch.tensor([[0.0, 900.0]]))


@EXERCISE.claim("a temperature of 0 is refused by a ValueError")
def refused(kl_from_scores):
    return [raised(lambda t=t: kl_from_scores(scores(1, 2), scores(1, 2), t), ValueError) for t in (0.0, -1.0)]


@EXERCISE.drawn
def drawn(kl_from_scores, seed: int):
    shape = (1 + seed % 4, 2 + seed % 5)
    return both_ways(
        kl_from_scores, scores(*shape, seed=seed), scores(*shape, seed=seed + 1), 0.5 + seed % 4, reverse=bool(seed % 2)
    )
