"""A model that makes what it is asked for is told from one that does not."""

from types import SimpleNamespace

import torch
from PIL import Image
from torch import Generator

from groundup.tasks.prompted import JudgeAgrees

LABELS = ["ant", "bee", "cat"]
JUDGE = SimpleNamespace(logits=lambda images: torch.eye(3)[images.flatten(1)[:, 0].long()])  # reads the class off a pixel


def evaluation(painted, count=30, **more):
    """What is said of a task that paints classes painted(asked, number of the sample)."""

    def sample(model, count, generator, prompt):
        classes = [painted(LABELS.index(prompt), number) for number in range(count)]
        image = torch.tensor(classes, dtype=torch.float32).view(-1, 1, 1, 1)
        return {"image": image, "way": image.unsqueeze(1)}

    seen = []
    task = SimpleNamespace(sample=sample, picture=lambda batch, made, columns: seen.append((made, columns)), **more)
    return JudgeAgrees(judge=JUDGE, labels=LABELS, count=count)(None, task, None, Generator()), seen


def test_who_paints_what_was_asked_is_agreed_with():
    assert evaluation(lambda asked, number: asked)[0].values == {"judge_agrees": 1.0, "judge_agrees_least": 1.0}


def test_who_always_paints_the_same_is_agreed_with_by_chance_alone():
    values = evaluation(lambda asked, number: 1)[0].values
    assert values == {"judge_agrees": 1 / 3, "judge_agrees_least": 0.0}


def test_the_sheet_has_a_row_for_each_class_and_marks_what_is_wrong():
    result, seen = evaluation(lambda asked, number: 0 if number == 2 else asked)
    result.pictures["by_class"]()
    result.frames["by_class"]()
    (made, columns), (_, fewer) = seen
    assert (columns, fewer) == (10, 4)
    asked = torch.arange(3).repeat_interleave(10)
    assert torch.equal(made["right"], made["image"].flatten() == asked)
    assert made["right"].tolist().count(False) == 2  # one of the bees, one of the cats


def test_a_task_with_a_strip_shows_the_way_of_the_first_of_each_class():
    shown = []
    result, _ = evaluation(lambda asked, number: asked, strip=lambda made: shown.append(made) or Image.new("L", (1, 1)))
    result.pictures["denoising"]()
    assert shown[0]["way"].flatten().tolist() == [0, 1, 2]
    assert "denoising" not in evaluation(lambda asked, number: asked)[0].pictures


def test_fewer_samples_than_classes_still_ask_for_each_once():
    assert evaluation(lambda asked, number: asked, count=1)[0].values["judge_agrees"] == 1.0
