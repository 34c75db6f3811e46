"""Contact sheets: what an item says stands on the sheet, where it belongs."""

import numpy as np
import pytest
import torch

from groundup.data import contact_sheet as module
from groundup.data.contact_sheet import GAP, PAPER, TILE, TINTS, contact_sheet, wrapped
from groundup.data.images import InMemory, digits
from groundup.data.shapes_world import shapes_world, shapes_world_captions, shapes_world_panoptic


class Items(torch.utils.data.Dataset):
    def __init__(self, *items, labels=()):
        self.items, self.labels = items, labels

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def black(height=56, width=56):
    return torch.zeros(3, height, width, dtype=torch.uint8)


def pixels(dataset, **options):
    return np.array(contact_sheet(dataset, **options))


def first_tile(dataset):
    return pixels(dataset, count=1)[GAP : GAP + TILE, GAP : GAP + TILE]


def test_pictures_stand_in_rows_enlarged_and_in_their_order():
    image = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 1, 8, 8) * 50
    sheet = pixels(InMemory({"image": image}), count=9, columns=2)
    assert sheet.shape[1] == GAP + 2 * (TILE + GAP)
    step = (sheet.shape[0] - GAP) // 3
    values = [sheet[GAP + row * step + 5, GAP + column * (TILE + GAP) + 5].tolist() for row in range(3) for column in range(2)]
    assert values == [[0] * 3, [50] * 3, [100] * 3, [150] * 3, [200] * 3, list(PAPER)]


def test_a_wide_picture_keeps_its_proportions():
    tile = first_tile(Items({"image": black(28, 56)}))
    assert (tile[: TILE // 2] == 0).all() and (tile[TILE // 2 + 1 :] == PAPER).all()


def test_a_box_is_drawn_where_it_is_and_bears_the_name_of_its_class():
    item = {"image": black(), "boxes": torch.tensor([[14.0, 14.0, 42.0, 28.0]]), "labels": torch.tensor([1])}
    tile = first_tile(Items(item, labels=["cat", "dog"]))
    painted = (tile == TINTS[0]).all(2)
    rows, columns = np.nonzero(painted[56:])  # below the name
    assert (columns.min(), columns.max(), rows.min() + 56, rows.max() + 56) == (56, 167, 56, 111)
    assert not painted[70:100, 70:150].any()  # an outline, not an area
    assert painted[42:56, 56:80].any() and (tile[42:56, 56:80] > 240).all(2).any()  # white letters on the tint
    other = first_tile(Items(item, labels=["cat", "cow"]))
    assert (other != tile).any()


def test_masks_tint_their_pixels_and_no_other():
    masks = torch.zeros(2, 56, 56, dtype=torch.bool)
    masks[0, :28], masks[1, 28:, :28] = True, True
    tile = first_tile(Items({"image": black(), "masks": masks}))
    expected = [tuple(value * 2 // 3 for value in tint) for tint in TINTS[:2]]
    assert (tile[:112] == expected[0]).all() and (tile[112:, :112] == expected[1]).all() and (tile[112:, 112:] == 0).all()


def test_of_a_class_mask_the_ground_and_what_is_ignored_stay_as_they_are():
    mask = torch.zeros(56, 56, dtype=torch.int64)
    mask[:14], mask[14:28] = 2, 255
    sheet = pixels(Items({"image": black(), "mask": mask}, labels=["ground", "cat", "dog"]), count=1)
    tile = sheet[GAP : GAP + TILE, GAP : GAP + TILE]
    assert (tile[:56] == [value * 2 // 3 for value in TINTS[1]]).all() and (tile[56:] == 0).all()
    below = sheet[GAP + TILE :]
    assert (below == TINTS[1]).all(2).any() and not (below == TINTS[0]).all(2).any()  # the key names dog, not cat


def test_every_segment_is_tinted_and_named():
    sheet = pixels(shapes_world_panoptic(split="train"), count=1)
    segments = len(shapes_world_panoptic(split="train")[0]["segments"])
    key = {tuple(colour) for colour in sheet[GAP + TILE :, GAP + 5].tolist()} - {PAPER}
    assert len(key) == segments


@pytest.mark.parametrize(
    "text", [{"caption": "A red circle."}, {"captions": ["One.", "Two."]}, {"question": "Is it?", "answer": "no"}]
)
def test_texts_stand_below(text):
    plain, told = pixels(Items({"image": black()})), pixels(Items({"image": black(), **text}))
    assert told.shape[0] - plain.shape[0] == module.LINE * (1 if "caption" in text else 2)
    assert (told[GAP + TILE :] < 100).any()


def test_an_item_without_a_picture_is_written():
    sheet = pixels(Items({"text": "Only words."}))
    assert sheet.shape[0] < TILE and (sheet < 100).any()


def test_labels_are_written_by_name_and_numbers_as_numbers():
    sheets = [
        pixels(Items({"image": black(), "label": torch.tensor(1)}, labels=labels)) for labels in (["a", "b"], ["a", "c"], [])
    ]
    assert len({sheet.tobytes() for sheet in sheets}) == 3
    assert pixels(Items({"image": black(), "label": torch.tensor(2.5)})).shape == sheets[0].shape
    assert contact_sheet(digits(split="test"), count=4).height > TILE


def test_long_lines_are_broken_between_words():
    text = "The quick brown fox jumps over the lazy dog, and then it does so again and again."
    lines = wrapped(text)
    assert len(lines) > 1 and all(module.font_for(line, 13).getlength(line) <= TILE for line in lines)
    assert " ".join(lines) == text


def test_where_no_font_has_chinese_signs_the_sheet_says_so(monkeypatch):
    monkeypatch.setattr(module, "chinese_font", lambda: None)
    assert wrapped("图中有两个圆形。") == ["(8 signs: no font here has them)"]
    contact_sheet(shapes_world_captions(split="train", language="zh"), count=1)


def test_a_chinese_line_breaks_anywhere_but_before_a_mark():
    assert module.pieces("有圆形。") == ["有", "圆", "形。"]


def test_every_annotation_of_shapes_world_finds_its_place_at_once():
    assert contact_sheet(shapes_world(split="train", difficulty="hard"), count=3).width == GAP + 3 * (TILE + GAP)


def test_a_sheet_of_nothing_is_refused():
    with pytest.raises(ValueError, match="count=0 and columns=4"):
        contact_sheet(digits(split="test"), count=0)


def test_letters_with_marks_are_drawn_and_not_boxes():
    font = module.font_for("ä", 13)
    missing = font.getmask("\uffff").getbbox(), bytes(font.getmask("\uffff"))
    for sign in "äößéñçřıŁΩЖ":
        assert (font.getmask(sign).getbbox(), bytes(font.getmask(sign))) != missing, sign
