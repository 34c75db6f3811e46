"""Pictures with their masks at the one size that a network works at, whole and in random parts."""

import pytest
import torch
from torch.utils.data import Dataset

from groundup.data.annotated import VOID
from groundup.data.images import InMemory
from groundup.data.labelled_pixels import (
    ObjectPixels,
    RandomParts,
    WholePictures,
    class_frequencies,
    collate_pixels,
    fitted_in,
    fitted_size,
    pixel_facts,
)
from groundup.errors import UserError


class Scenes(Dataset):
    """Pictures of several sizes, whose left half is 50 and of class 0, and whose right half is 200 and of class 1."""

    labels = ("left", "right")

    def __init__(self, sizes):
        self.sizes = sizes

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, index):
        height, width = self.sizes[index]
        mask = (torch.arange(width) >= width // 2).long().expand(height, width).contiguous()
        image = (50 + 150 * mask).to(torch.uint8).expand(3, height, width).contiguous()
        return {"image": image, "mask": mask, "name": str(index)}


SHAPE = (3, 24, 32)


def test_a_whole_picture_keeps_its_proportions_and_its_mask_its_own_size():
    dataset = WholePictures(dataset=Scenes([(24, 32), (48, 128), (90, 30)]), image_shape=SHAPE)
    same, wide, tall = (dataset[i] for i in range(3))
    assert torch.equal(same["image"], Scenes([(24, 32)])[0]["image"])
    assert [item["size"].tolist() for item in (same, wide, tall)] == [[24, 32], [48, 128], [90, 30]]
    assert [tuple(item["mask"].shape) for item in (same, wide, tall)] == [(24, 32), (48, 128), (90, 30)]
    assert all(item["image"].shape == SHAPE for item in (same, wide, tall))
    assert (wide["image"][:, 12:] == 0).all() and (wide["image"][:, :12] > 0).all()
    assert (tall["image"][:, :, 8:] == 0).all() and (tall["image"][:, :, :8] > 0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (4000, 3), (24, 32), (25, 33), (3000, 4001)])
def test_no_picture_is_too_long_or_too_small_to_be_fitted_in(size):
    image, own = fitted_in(torch.full((3, *size), 9, dtype=torch.uint8), SHAPE)
    rows, columns = fitted_size(size, *SHAPE[1:])
    assert image.shape == SHAPE and own.tolist() == list(size)
    assert 1 <= rows <= 24 and 1 <= columns <= 32 and (rows == 24 or columns == 32)
    assert (image[:, :rows, :columns] == 9).all() and image.sum() == 9 * 3 * rows * columns


def test_a_part_is_a_function_of_index_and_seed_alone():
    dataset = RandomParts(dataset=Scenes([(60, 80)] * 2), image_shape=SHAPE)
    first, _, again = dataset[0, 7], dataset[1, 3], dataset[0, 7]
    assert torch.equal(first["image"], again["image"]) and torch.equal(first["mask"], again["mask"])
    assert not torch.equal(first["image"], dataset[0, 8]["image"])
    assert dataset[0]["mask"].shape == (60, 80)


def test_picture_and_mask_are_cut_mirrored_and_scaled_together():
    dataset = RandomParts(dataset=Scenes([(60, 80), (20, 50)]), image_shape=SHAPE, scale=(0.5, 2.0))
    parts = [dataset[seed % 2, seed] for seed in range(60)]
    for part in parts:
        image, mask = part["image"], part["mask"]
        assert image.shape == SHAPE and mask.shape == SHAPE[1:]
        assert (image[:, mask == VOID] == 0).all() and (image[:, mask != VOID] > 0).all()
        near = (image[0] - 125.0).abs() < 60  # the pixels of the seam, which are mixed
        assert ((image[0] > 125) == (mask == 1))[~near & (mask != VOID)].all()
    assert any((part["mask"] == VOID).any() for part in parts) and any(not (part["mask"] == VOID).any() for part in parts)
    leftmost = [part["mask"][0, 0].item() for part in parts]
    assert {0, 1} <= set(leftmost)


def test_the_scale_is_taken_from_how_large_the_whole_picture_is_shown():
    dataset = RandomParts(dataset=Scenes([(240, 320)]), image_shape=SHAPE, scale=(0.5, 0.5), mirror=False)
    part = dataset[0, 1]
    assert (part["mask"] != VOID).sum() == 12 * 16


def test_objects_become_classes_of_pixels_behind_which_lies_the_ground():
    masks = torch.zeros(2, 3, 4, dtype=torch.bool)
    masks[0, 0, :2], masks[1, 2, 3] = True, True
    columns = {"image": torch.zeros(1, 3, 3, 4, dtype=torch.uint8), "masks": masks[None], "labels": torch.tensor([[0, 1]])}
    inner = InMemory(columns, labels=["cat", "dog"])
    dataset = ObjectPixels(dataset=inner)
    assert dataset.labels == ["background", "cat", "dog"]
    assert dataset[0]["mask"].tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]]


def test_masks_of_one_size_are_stacked_and_of_several_stay_a_list():
    dataset = WholePictures(dataset=Scenes([(24, 32), (24, 32), (12, 20)]), image_shape=SHAPE)
    alike, unlike = collate_pixels([dataset[0], dataset[1]]), collate_pixels([dataset[0], dataset[2]])
    assert alike["mask"].shape == (2, 24, 32) and unlike["image"].shape == (2, *SHAPE) and unlike["size"].shape == (2, 2)
    assert [tuple(mask.shape) for mask in unlike["mask"]] == [(24, 32), (12, 20)]
    assert collate_pixels([{"source": "a"}, {"source": "b"}]) == {"source": ["a", "b"]}


def test_what_training_fixes_of_a_set():
    facts = pixel_facts(WholePictures(dataset=Scenes([(9, 9)]), image_shape=SHAPE))
    assert facts == {"labels": ["left", "right"], "num_classes": 2, "image_shape": [3, 24, 32], "in_channels": 3}
    with pytest.raises(UserError, match="has labels, and a mask in each item; this one has image"):
        pixel_facts(InMemory({"image": torch.zeros(1, 3, 4, 4)}, labels=["a"]))


def test_a_class_is_as_frequent_as_in_the_pictures_that_it_is_in():
    masks = torch.full((3, 2, 4), VOID)
    masks[0] = 0
    masks[1, 0], masks[1, 1, :2] = 0, 1
    dataset = InMemory({"image": torch.zeros(3, 3, 2, 4), "mask": masks}, labels=["a", "b", "c"])
    found = class_frequencies(dataset, dataset.labels)["frequencies"]
    assert found == pytest.approx([12 / 14, 2 / 6, 0])


def test_settings_out_of_range_are_refused():
    with pytest.raises(UserError, match=r"factors above 0, the lower one first; got \(2.0, 0.5\)"):
        RandomParts(dataset=Scenes([(9, 9)]), image_shape=SHAPE, scale=(2.0, 0.5))
    with pytest.raises(UserError, match=r"image_shape is \(3, height, width\) of at least a pixel each; got \(1, 8, 8\)"):
        WholePictures(dataset=Scenes([(9, 9)]), image_shape=(1, 8, 8))
