"""What an answer to `sigmoid_focal` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Focal loss: do not count what is easy",
    name="sigmoid_focal",
    hints=(
        "Turn the sign of the score where the truth is 1, and call it u. What are 1 - p_t and -log(p_t) as functions of u?",
        "1 - p_t = sigmoid(u), and -log(p_t) = softplus(u) = log(1 + exp(u)). Softplus without overflow: max(u, 0) + "
        "log1p(exp(-|u|)).",
        "u = torch.where(truth == 1, -scores, scores); weight = torch.where(truth == 1, alpha, 1 - alpha); (weight * "
        "sigmoid(u)**gamma * softplus(u)).sum() / truth.sum().clamp(min=1).",
    ),
)


def questions(*shape: int, seed: int = 0, yes: float = 0.3):
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(shape, generator=draw), (torch.rand(shape, generator=draw) < yes).to(torch.get_default_dtype())


def both_ways(sigmoid_focal, scores, truth, *options):
    scores = scores.clone().requires_grad_()
    loss = sigmoid_focal(scores, truth, *options)
    loss.backward()
    return {"loss": loss, "gradient of scores": scores.grad}


@EXERCISE.claim("twelve questions")
def twelve(sigmoid_focal):
    return both_ways(sigmoid_focal, *questions(12))


@EXERCISE.claim("a table of them, other alpha and gamma")
def table(sigmoid_focal):
    return [both_ways(sigmoid_focal, *questions(4, 5, seed=1), 0.6, 1.0), both_ways(sigmoid_focal, *questions(4, 5), 0.5, 0.0)]


@EXERCISE.claim("yes alone, and no alone")
def alone(sigmoid_focal):
    scores = torch.tensor([-1.0, 0.0, 2.0])
    return [both_ways(sigmoid_focal, scores, torch.ones(3)), both_ways(sigmoid_focal, scores, torch.zeros(3))]


@EXERCISE.claim("scores of a thousand")
def large(sigmoid_focal):
    scores = torch.tensor([1000.0, -1000.0, 1000.0, -1000.0])
    return both_ways(sigmoid_focal, scores, torch.tensor([1.0, 1.0, 0.0, 0.0]))


@EXERCISE.claim("scores that are right by far count nearly nothing, and not nothing")
def easy(sigmoid_focal):
    found = both_ways(sigmoid_focal, torch.tensor([12.0, -12.0]), torch.tensor([1.0, 0.0]))
    return {name: value.abs().log() for name, value in found.items()}


@EXERCISE.drawn
def drawn(sigmoid_focal, seed: int):
    return both_ways(sigmoid_focal, *questions(1 + seed % 5, 3, seed=seed, yes=seed % 5 / 4), 0.1 * (1 + seed % 9), seed % 4 / 2)
