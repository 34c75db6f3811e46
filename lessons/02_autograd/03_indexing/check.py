"""What an answer to `mistakes` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Indexing: asking for some of the numbers",
    name="mistakes",
    hints=(
        "said = probabilities.argmax(1) is what the model called each picture. Where is it another than the label?",
        "For the table: each picture is one pair (label, said), and a pair is one number, label * classes + said. Counting "
        "numbers is torch.bincount; its minlength makes room for those that never occur.",
        "For the order: wrong = (said != labels).nonzero()[:, 0] are the numbers of the pictures, probabilities[wrong, "
        "said[wrong]] is how sure the model was of each; argsort(descending=True) of these orders `wrong`, and not the other "
        "way round.",
    ),
)


def outputs(pictures: int, classes: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    probabilities = torch.randn(pictures, classes, generator=draw).mul(2).softmax(1)
    return probabilities, torch.randint(classes, (pictures,), generator=draw)


def named(answer):
    return {"confusion": answer[0], "wrong pictures": answer[1]}


@EXERCISE.claim("four pictures of three classes")
def four(mistakes):
    probabilities = torch.tensor([[0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.1, 0.0, 0.9], [0.2, 0.5, 0.3]])
    return named(mistakes(probabilities, torch.tensor([1, 2, 2, 0])))


@EXERCISE.claim("fifty pictures of five classes")
def fifty(mistakes):
    return named(mistakes(*outputs(50, 5)))


@EXERCISE.claim("classes that no picture has, and that none is taken for")
def empty_classes(mistakes):
    probabilities = torch.tensor([[0.2, 0.7, 0.1, 0.0], [0.1, 0.6, 0.3, 0.0]])
    return named(mistakes(probabilities, torch.tensor([2, 1])))


@EXERCISE.claim("a model without mistakes")
def perfect(mistakes):
    return named(mistakes(torch.eye(3), torch.arange(3)))


@EXERCISE.drawn
def drawn(mistakes, seed: int):
    return named(mistakes(*outputs(1 + 7 * seed % 40, 2 + seed % 6, seed)))
