"""Mistakes are sorted by how sure the classifier was."""

from types import SimpleNamespace

import torch
from PIL import Image

from groundup.explain.mistakes import Answers, answers, confident_mistakes, draw_mistakes


def test_only_wrong_answers_the_surest_first():
    found = Answers(torch.randint(3, (200,)), torch.rand(200), torch.randint(3, (200,)))
    chosen = confident_mistakes(found, 1000)
    assert sorted(chosen.tolist()) == (found.label != found.truth).nonzero().flatten().tolist()
    sure = found.confidence[chosen]
    assert (sure[:-1] >= sure[1:]).all()
    assert torch.equal(confident_mistakes(found, 5), chosen[:5])


def test_equally_sure_ones_keep_their_order_and_without_mistakes_there_are_none():
    found = Answers(torch.zeros(4, dtype=torch.int64), torch.full((4,), 0.5), torch.tensor([1, 0, 2, 1]))
    assert confident_mistakes(found, 3).tolist() == [0, 2, 3]
    assert confident_mistakes(found._replace(truth=found.label), 3).tolist() == []


def test_answers_are_what_the_task_predicts_in_the_order_of_the_pictures():
    def predict(model, batch):
        assert not torch.is_grad_enabled()
        return {"label": batch["image"] + model, "confidence": batch["image"] / 10}

    batches = [{"image": torch.tensor(numbers), "label": torch.tensor(numbers) * 2} for numbers in ([1, 2], [3])]
    found = answers(1, SimpleNamespace(predict=predict), batches)
    assert found.label.tolist() == [2, 3, 4] and found.truth.tolist() == [2, 4, 6]
    assert found.right.tolist() == [True, False, False]


def test_every_chosen_picture_is_on_the_sheet():
    found = Answers(torch.tensor([1, 1, 0]), torch.tensor([0.9, 0.8, 0.7]), torch.tensor([0, 0, 0]))
    colours = [(250, 10, 10), (10, 250, 10)]
    pictures = [Image.new("RGB", (8, 8), colour) for colour in colours]
    sheet = draw_mistakes(pictures, found, confident_mistakes(found, 9), ["cat", "dog"])
    assert set(colours) <= {colour for _, colour in sheet.getcolors(1 << 20)}
