"""Masks in picture files: numbers, palettes and colours, and what is wrong with some of them."""

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.palette import class_mask, object_numbers, voc_colours
from groundup.errors import UserError

COLOURS = ((0, 0, 0), (128, 0, 0), (0, 128, 0))
CLASSES = np.array([[0, 1, 2], [2, 2, 0]], dtype=np.uint8)


def saved(path, mode, pixels=CLASSES, palette=None):
    picture = Image.fromarray(np.asarray(pixels), mode="P" if mode == "P" else None)
    if palette is not None:
        picture.putpalette([number for colour in palette for number in colour])
    picture.save(path)
    return path


def painted(classes=CLASSES, colours=COLOURS):
    return np.array(colours, dtype=np.uint8)[classes]


def read(path, **options):
    return class_mask(path, COLOURS, (3, 2), **{"num_classes": 3, **options})


def test_the_first_colours_of_voc_are_those_of_its_paper():
    assert voc_colours()[:4] == ((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0))
    assert voc_colours()[20:22] == ((0, 64, 128), (128, 64, 128))
    assert voc_colours()[255] == (224, 224, 192)
    assert len(set(voc_colours())) == 256


def test_numbers_colours_and_palettes_give_the_same_mask(tmp_path):
    files = [
        saved(tmp_path / "grey.png", "L"),
        saved(tmp_path / "colour.png", "RGB", painted()),
        saved(tmp_path / "palette.png", "P", palette=COLOURS),
    ]
    for path in files:
        assert torch.equal(read(path), torch.from_numpy(CLASSES).long()), path


def test_a_palette_in_another_order_does_not_change_the_classes(tmp_path):
    """A program that saves a mask with a palette of its own numbers the colours as it likes."""
    shuffled = [COLOURS[2], COLOURS[0], COLOURS[1]]
    numbers = np.array([1, 2, 0], dtype=np.uint8)[CLASSES]
    assert torch.equal(read(saved(tmp_path / "p.png", "P", numbers, shuffled)), torch.from_numpy(CLASSES).long())


def test_what_belongs_to_no_class_becomes_void(tmp_path):
    path = saved(tmp_path / "m.png", "L")
    assert read(path, num_classes=2, void=2).tolist() == [[0, 1, 255], [255, 255, 0]]
    path = saved(tmp_path / "c.png", "RGB", painted())
    assert read(path, num_classes=2, void=2).tolist() == [[0, 1, 255], [255, 255, 0]]


def test_objects_are_numbered_beyond_255_in_16_bits(tmp_path):
    numbers = np.array([[0, 1, 300], [40000, 0, 0]], dtype=np.uint16)
    assert object_numbers(saved(tmp_path / "o.png", "I;16", numbers), (3, 2)).tolist() == numbers.tolist()


@pytest.mark.parametrize(
    ("name", "pixels", "palette", "message"),
    [
        ("size.png", CLASSES[:, :2], None, "is a mask of 2x2, but its picture is 3x2"),
        ("class.png", CLASSES + 1, None, "row 0, column 2 is of class 3, but the classes are 0 to 2, and 255"),
        ("colour.png", painted(colours=(*COLOURS[:2], (1, 2, 3))), None, r"colour \(1, 2, 3\) in row 0, column 2 \(3 pixels"),
        ("palette.png", CLASSES, (*COLOURS[:2], (9, 9, 9)), r"colour \(9, 9, 9\) in row 0, column 2"),
        ("blurred.jpg", painted(), None, "is a JPEG, whose pixels are not exact"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused_by_name(tmp_path, name, pixels, palette, message):
    path = saved(tmp_path / name, "P" if palette else "other", pixels, palette)
    with pytest.raises(UserError, match=message) as refusal:
        read(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_mask_that_is_cut_off_or_no_picture_is_refused(tmp_path):
    whole = saved(tmp_path / "whole.png", "RGB", painted()).read_bytes()
    for content in (whole[:40], whole[:-30], b"no picture", b""):
        (tmp_path / "m.png").write_bytes(content)
        with pytest.raises(UserError, match=r"m.png cannot be read as a mask"):
            read(tmp_path / "m.png")


def test_objects_in_colours_are_refused_since_their_order_says_nothing(tmp_path):
    with pytest.raises(UserError, match="numbers its objects by colours"):
        object_numbers(saved(tmp_path / "o.png", "RGB", painted()), (3, 2))


def test_no_changed_byte_of_a_png_becomes_another_class(tmp_path):
    path = saved(tmp_path / "a.png", "L", np.tile(CLASSES, (20, 30)))
    data = path.read_bytes()
    wanted = class_mask(path, COLOURS, (90, 40), num_classes=3)
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(UserError, match=r"a\.png"):
            assert not torch.equal(class_mask(path, COLOURS, (90, 40), num_classes=3), wanted)
    for end in range(len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(UserError, match=r"a\.png cannot be read as a mask"):
            class_mask(path, COLOURS, (90, 40), num_classes=3)


def test_a_mask_of_too_many_pixels_is_refused_and_nothing_warns(tmp_path, recwarn, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(UserError, match=r"a\.png cannot be read as a mask: .*1200 pixels"):
        class_mask(saved(tmp_path / "a.png", "L", np.zeros((30, 40), np.uint8)), COLOURS, (40, 30), num_classes=3)
    assert not recwarn.list
