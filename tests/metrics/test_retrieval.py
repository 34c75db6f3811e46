"""Recall both ways: against torchmetrics, on captions that stand twice, in galleries, and by chance."""

import math

import pytest
import torch

from groundup.metrics.retrieval import ContrastiveLoss, Retrieval, guessed


def fed(metric, images, texts, owner, captions, parts=1, scale=0.0):
    """The metric after these pictures, in so many batches."""
    owner = torch.tensor(owner)
    for rows in torch.arange(len(images)).chunk(parts):
        mine = [place for place, row in enumerate(owner.tolist()) if row in rows.tolist()]
        prediction = {
            "image_embeds": images[rows],
            "text_embeds": texts[mine],
            "owner": owner[mine] - rows[0],
            "captions": [captions[place] for place in mine],
            "logit_scale": torch.tensor(scale),
        }
        metric.update(prediction, {"image": torch.rand(len(rows), 3, 8, 8)})
    return metric


def pairs(count, each=1, seed=0):
    """Pictures whose captions lie near them, more or less."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.nn.functional.normalize(torch.randn(count, 6, generator=generator))
    noise = torch.randn(count * each, 6, generator=generator)
    texts = torch.nn.functional.normalize(images.repeat_interleave(each, 0) + 0.7 * noise)
    owner = [row for row in range(count) for _ in range(each)]
    return images, texts, owner, [f"caption {n}" for n in range(count * each)]


@pytest.mark.parametrize("each", [1, 3])
def test_recall_is_torchmetrics_hit_rate_of_every_question(each):
    from torchmetrics.functional.retrieval import retrieval_hit_rate

    images, texts, owner, captions = pairs(23, each)
    found = fed(Retrieval(), images, texts, owner, captions, parts=4).compute()
    near, right = images @ texts.T, torch.tensor(owner) == torch.arange(23)[:, None]
    for name, scores, own in (("text", near, right), ("image", near.T, right.T)):
        for rank in (1, 5, 10):
            hits = [retrieval_hit_rate(row, target, top_k=rank).item() for row, target in zip(scores, own, strict=True)]
            assert found[f"{name}_recall_at_{rank}"] == pytest.approx(sum(hits) / len(hits))
    assert 0.2 < found["text_recall_at_1"] < 0.95
    assert found["recall_at_5"] == pytest.approx((found["text_recall_at_5"] + found["image_recall_at_5"]) / 2)


def test_captions_of_the_same_text_count_as_one_and_as_right_for_all_their_pictures():
    images = torch.eye(3)
    texts = torch.stack([images[1], images[1], images[2]])  # the first two pictures bear the same words
    found = fed(Retrieval(), images, texts, [0, 1, 2], ["a star", "a star", "a heart"]).compute()
    assert found["image_recall_at_1"] == 1.0  # two captions are asked, and "a star" may find either picture
    assert found["text_recall_at_1"] == pytest.approx(2 / 3)  # the first picture lies near none


def test_a_model_that_finds_everything_equally_near_finds_nothing():
    same = torch.ones(8, 6)
    found = fed(Retrieval(), same, same, list(range(8)), [f"{n}" for n in range(8)]).compute()
    assert found["recall_at_5"] == 0.0


def test_galleries_hold_so_many_different_captions_and_a_rest_is_left_out():
    images, texts, owner, captions = pairs(25)
    metric = fed(Retrieval(among=10), images, texts, owner, captions)
    assert [len(gallery) for gallery in metric.galleries()] == [10, 10]
    alone = [fed(Retrieval(), images[part], texts[part], range(10), captions[:10]) for part in (slice(0, 10), slice(10, 20))]
    expected = sum(one.compute()["text_recall_at_1"] for one in alone) / 2
    assert metric.compute()["text_recall_at_1"] == pytest.approx(expected)
    twice = fed(Retrieval(among=10), images, texts, owner, [captions[n // 2] for n in range(25)])
    assert [len(gallery) for gallery in twice.galleries()] == [20]
    assert len(fed(Retrieval(among=40), images, texts, owner, captions).galleries()) == 1  # smaller than asked: all there is


def test_chance_is_what_guessing_gives():
    assert guessed(100, 1, 5) == pytest.approx(0.05)
    assert guessed(10, 2, 5) == pytest.approx(1 - (8 * 7 * 6 * 5 * 4) / (10 * 9 * 8 * 7 * 6))
    assert guessed(4, 1, 5) == 1.0
    images, texts, owner, captions = pairs(40)
    assert fed(Retrieval(), images, texts, owner, captions).compute()["chance_recall_at_5"] == pytest.approx(5 / 40)


def test_the_loss_is_the_mean_of_the_batches_with_the_first_caption_of_each_picture():
    images, texts, owner, captions = pairs(6, each=2)
    found = fed(ContrastiveLoss(), images, texts, owner, captions, parts=2, scale=math.log(5)).compute()
    logits = [5 * images[part] @ texts[::2][part].T for part in (slice(0, 3), slice(3, 6))]
    entropy = torch.nn.functional.cross_entropy
    target = torch.arange(3)
    expected = sum((entropy(part, target) + entropy(part.T, target)) / 2 for part in logits) / 2
    assert found == pytest.approx(expected.item(), rel=1e-5)


def test_a_batch_of_one_has_nothing_to_be_told_from():
    images, texts, owner, captions = pairs(3)
    whole = fed(ContrastiveLoss(), images[:2], texts[:2], owner[:2], captions[:2]).compute()
    assert fed(ContrastiveLoss(), images, texts, owner, captions, parts=2).compute() == pytest.approx(whole)


def test_the_picture_shows_ten_pairs_of_different_captions():
    images, texts, owner, captions = pairs(30)
    metric = fed(Retrieval(), images, texts, owner, [captions[n // 2] for n in range(30)])
    few = fed(Retrieval(), images[:3], texts[:3], owner[:3], captions[:3]).picture()
    assert metric.picture().width > few.width and metric.picture().height > few.height
    assert metric.picture().width < 1100
