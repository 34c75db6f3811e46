"""Pictures with a mask of numbered objects each, as in PennFudan."""

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.mask_folder import penn_fudan, split_of
from groundup.errors import UserError

MASK = np.array([[0, 1, 1, 0], [0, 1, 0, 4], [0, 0, 0, 4]], dtype=np.uint8)


def write(root, count=1, mask=MASK, suffix="_mask"):
    (root / "PNGImages").mkdir(parents=True, exist_ok=True)
    (root / "PedMasks").mkdir(exist_ok=True)
    for n in range(count):
        Image.new("RGB", (4, 3), (n, 0, 0)).save(root / "PNGImages" / f"p{n}.png")
        Image.fromarray(mask).save(root / "PedMasks" / f"p{n}{suffix}.png")
    return root


def test_every_number_is_an_object_with_its_mask_and_the_box_around_it(tmp_path):
    dataset = penn_fudan(split="all", root=write(tmp_path))
    item = dataset[0]
    assert item["masks"].tolist() == [(MASK == 1).tolist(), (MASK == 4).tolist()]
    assert item["boxes"].tolist() == [[1, 0, 3, 2], [3, 1, 4, 3]]
    assert item["labels"].tolist() == [0, 0]
    assert dataset.labels == ["pedestrian"]


def test_boxes_are_those_of_torchvision_which_ends_them_with_the_last_pixel(tmp_path):
    from torchvision.ops import masks_to_boxes

    random = np.random.RandomState(0)
    for n in range(5):
        mask = (random.randint(0, 40, (30, 20)) * (random.rand(30, 20) < 0.1)).astype(np.uint16)
        Image.new("RGB", (20, 30)).save(write(tmp_path, 0) / "PNGImages" / f"{n}.png")
        Image.fromarray(mask).save(tmp_path / "PedMasks" / f"{n}.png")
    dataset = penn_fudan(split="all", root=tmp_path)
    for item in (dataset[i] for i in range(5)):
        assert len(item["masks"]) > 20
        assert torch.equal(item["boxes"], masks_to_boxes(item["masks"]) + torch.tensor([0, 0, 1, 1]))


def test_a_picture_may_be_empty(tmp_path):
    item = penn_fudan(split="all", root=write(tmp_path, mask=MASK * np.uint8(0)))[0]
    assert {key: tuple(item[key].shape) for key in ("masks", "boxes", "labels")} == dict(
        masks=(0, 3, 4), boxes=(0, 4), labels=(0,)
    )


def test_the_splits_share_no_picture_and_stay_when_others_are_added(tmp_path):
    def names(split):
        return {path.stem for path, _ in penn_fudan(split=split, root=tmp_path).entries}

    write(tmp_path, 60)
    train, test = names("train"), names("test")
    assert not train & test
    assert train | test == names("all") == {f"p{n}" for n in range(60)}
    assert 4 <= len(test) <= 20
    write(tmp_path, 90)
    assert train <= names("train")
    assert all(split_of(name) == "test" for name in test)


def test_what_does_not_fit_is_refused_by_name(tmp_path):
    with pytest.raises(UserError, match="splits train, test and all; got 'val'"):
        penn_fudan(split="val", root=tmp_path)
    with pytest.raises(UserError, match="lacks PNGImages"):
        penn_fudan(split="all", root=tmp_path)
    write(tmp_path, suffix="")
    with pytest.raises(UserError, match=f"no picture in the split '{'train' if split_of('p0') == 'test' else 'test'}' of its 1"):
        penn_fudan(split="train" if split_of("p0") == "test" else "test", root=tmp_path)
    Image.fromarray(MASK[:2]).save(tmp_path / "PedMasks" / "p0.png")
    with pytest.raises(UserError, match=r"p0.png is a mask of 4x2, but its picture is 4x3"):
        penn_fudan(split="all", root=tmp_path)[0]
    (tmp_path / "PedMasks" / "p0.png").unlink()
    with pytest.raises(UserError, match=r"the mask .*p0_mask.png is not there"):
        penn_fudan(split="all", root=tmp_path)
    Image.new("RGB", (4, 3)).save(tmp_path / "PNGImages" / "p0.jpg")
    with pytest.raises(UserError, match="two pictures named p0"):
        penn_fudan(split="all", root=tmp_path)


@pytest.mark.parametrize("name", ["PNGImages", "PedMasks"])
def test_a_file_where_a_folder_belongs_is_named(tmp_path, name):
    root = write(tmp_path)
    (root / name).rename(root / "away")
    (root / name).write_text("")
    with pytest.raises(UserError, match=f"{name} cannot be read as a folder: Not a directory"):
        penn_fudan(split="all", root=root)
