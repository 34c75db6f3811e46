"""Random crops are a function of seed, epoch and index: no worker and no moment of stopping leaves a trace in them."""

import random

import pytest
import torch
from PIL import Image
from torch import Generator
from torch.utils.data import DataLoader

from groundup.data.image_folder import image_folder
from groundup.data.random_crop import seeded_crop, short_side_of, shrunk
from groundup.data.transforms.random_geometry import random_part
from groundup.engine.batches import TrainingBatches, collate_items, mixed_seed

BATCH, EPOCHS = 3, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root, chance = tmp_path_factory.mktemp("pictures"), random.Random(0)
    for name in ("cat", "dog"):
        (root / "train" / name).mkdir(parents=True)
        for i in range(5):
            noise = Image.frombytes("RGB", (9, 7), chance.randbytes(9 * 7 * 3))
            size = (chance.randrange(40, 90), chance.randrange(40, 90))
            noise.resize(size, Image.Resampling.BICUBIC).save(root / "train" / name / f"{i}.jpg")
    return root


def crops(folder, **options):
    return image_folder(split="train", root=folder, image_shape=(3, 28, 28), **options)


def keys(dataset, seed=5):
    """What each batch of the training asks for: a seed beside the index where the data set takes seeds."""
    batches = TrainingBatches(dataset, None, batch_size=BATCH, seed=seed)
    return [
        [(i, mixed_seed(seed, "item", epoch, i)) if dataset.takes_seeds else i for i in indices.tolist()]
        for epoch in range(EPOCHS)
        for indices in batches.order(epoch)
    ]


def same(ours, theirs):
    ours, theirs = list(ours), list(theirs)
    assert len(ours) == len(theirs) > 0
    return all(torch.equal(a[name], b[name]) for a, b in zip(ours, theirs, strict=True) for name in ("image", "label"))


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("crop", ["random_resized", "random"])
def test_resumed_anywhere_with_or_without_workers_the_same_batches_follow(folder, tmp_path, crop, cached):
    dataset = crops(folder, crop=crop, cache=tmp_path if cached else None)
    wanted = keys(dataset)
    whole = [collate_items([dataset[key] for key in batch]) for batch in wanted]
    assert len(whole) == EPOCHS * (len(dataset) // BATCH) >= 6
    for first in range(len(whole)):
        again = crops(folder, crop=crop, cache=tmp_path if cached else None)  # a new process knows nothing of the old one
        assert same((collate_items([again[key] for key in batch]) for batch in wanted[first:]), whole[first:])
    for first in (0, 3):
        loader = DataLoader(dataset, batch_sampler=wanted[first:], collate_fn=collate_items, num_workers=2)
        assert same(loader, whole[first:])


@pytest.mark.parametrize("workers", [0, 2])
def test_whole_pictures_come_through_the_training_batches_alike_from_any_position(folder, workers):
    dataset = crops(folder)

    def taken(first, count, num_workers):
        stream = TrainingBatches(dataset, None, batch_size=BATCH, seed=1, num_workers=num_workers).from_batch(first)
        return [next(stream) for _ in range(count)]

    whole = taken(0, 7, 0)
    for first in (0, 1, 4):
        assert same(taken(first, 7 - first, workers), whole[first:])


def test_workers_may_be_spawned_as_on_windows_and_macos(folder, tmp_path):
    dataset = crops(folder, crop="random_resized", cache=tmp_path)
    wanted = keys(dataset)[1:]
    whole = [collate_items([dataset[key] for key in batch]) for batch in wanted]  # this process has mapped the cache by now
    loader = DataLoader(dataset, batch_sampler=wanted, collate_fn=collate_items, num_workers=1, multiprocessing_context="spawn")
    assert same(loader, whole)


def test_every_epoch_crops_anew_and_evaluation_never_does(folder):
    dataset = crops(folder, crop="random_resized")
    first, second = (dataset[0, mixed_seed(5, "item", epoch, 0)]["image"] for epoch in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(dataset[0]["image"], crops(folder)[0]["image"])
    torch.manual_seed(1)
    random.seed(1)
    assert torch.equal(first, dataset[0, mixed_seed(5, "item", 0, 0)]["image"])  # the state of no other generator matters


def part(height, width, seed, scale=(0.08, 1.0)):
    return random_part((height, width), Generator().manual_seed(seed), scale=scale, ratio=(3 / 4, 4 / 3))


def test_boxes_lie_inside_and_are_drawn_as_torchvision_draws_them():
    RandomResizedCrop = pytest.importorskip("torchvision.transforms").RandomResizedCrop
    image, shares = torch.empty(3, 300, 400), torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    ours = torch.tensor([part(300, 400, seed) for seed in range(4000)])
    theirs = torch.tensor([RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(4000)])
    figures = []
    for boxes in (ours, theirs):
        top, left, rows, columns = boxes.double().unbind(1)
        assert (top >= 0).all() and (left >= 0).all() and (top + rows <= 300).all() and (left + columns <= 400).all()
        values = (rows * columns / 120_000, (columns / rows).log(), top / 300, left / 400)
        figures.append(torch.cat([value.quantile(shares) for value in values]).tolist())
    assert figures[0] == pytest.approx(figures[1], abs=0.035)


LONG = [((10, 400), (0, 193, 10, 13)), ((400, 10), (193, 0, 13, 10)), ((1, 1), (0, 0, 1, 1))]


@pytest.mark.parametrize(("size", "expected"), LONG)
def test_in_a_very_long_picture_the_middle_is_taken(size, expected):
    assert part(*size, 0, scale=(0.99, 1.0)) == expected


def test_half_of_the_crops_are_mirrored():
    image = torch.arange(64, dtype=torch.uint8).expand(3, 64, 64).contiguous()
    crops = [seeded_crop(image, (56, 56), seed, how="random") for seed in range(400)]
    mirrored = sum(int(crop[0, 0, 0] > crop[0, 0, -1]) for crop in crops)
    assert mirrored / 400 == pytest.approx(0.5, abs=0.08)
    assert {int(crop.min()) for crop in crops} == set(range(9))  # every place, the last one too


def test_the_short_side_is_brought_to_its_length_as_torchvision_does_it():
    v2 = pytest.importorskip("torchvision.transforms.v2.functional")
    image = torch.randint(0, 256, (3, 90, 130), dtype=torch.uint8)
    ours = shrunk(image, short_side_of((28, 28)))
    assert ours.shape == (3, 32, 46) and short_side_of((224, 224)) == 256
    assert (ours.int() - v2.resize(image, [32], antialias=True).int()).abs().max() <= 1
