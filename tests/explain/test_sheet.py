"""What explanations are drawn with: heat lies where it belongs, and every picture and word has its place."""

import numpy as np
import torch
from PIL import Image

from groundup.explain.sheet import Cell, Row, coloured, draw_sheet, enlarged, overlaid, picture_of, scaled


def test_without_heat_the_picture_shows_and_the_hotter_the_brighter():
    picture = Image.new("RGB", (50, 10), (90, 90, 90))
    heat = torch.tensor([[0.0, 0.25, 0.5, 0.75, 1.0]])
    shown = np.asarray(overlaid(picture, heat)).astype(int)[5, 5::10]
    assert np.ptp(shown[0]) <= 1 and 60 < shown[0, 0] < 90
    red_and_green = shown[:, :2].sum(1)
    assert (np.diff(red_and_green) > 0).all()


def test_heat_is_laid_row_by_row():
    heat = torch.zeros(2, 3)
    heat[0, 2] = 1
    shown = np.asarray(overlaid(Image.new("RGB", (30, 20)), heat)).sum(-1)
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert row < 10 and column >= 20


def test_bytes_are_drawn_as_they_are_and_other_numbers_from_lowest_to_highest():
    grey = torch.tensor([[[10, 20], [30, 40]]], dtype=torch.uint8)
    assert np.asarray(picture_of(grey))[..., 0].tolist() == [[10, 20], [30, 40]]
    assert np.asarray(picture_of(grey.float()))[..., 0].tolist() == [[0, 85], [170, 255]]
    assert scaled(torch.tensor([2.0, 3.0, 4.0])).tolist() == [0, 0.5, 1]
    assert scaled(torch.full((3,), 7.0)).tolist() == [0, 0, 0]


def test_every_cell_of_rows_of_unequal_length_is_on_the_sheet_and_no_two_overlap():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    red, green, blue = (Cell(Image.new("RGB", (20, 30), colour), "a word\nand more words than fit") for colour in colours)
    sheet = draw_sheet([Row([red, green], "row 1"), Row([blue])], title="three")
    counts = {colour: count for count, colour in sheet.getcolors(1 << 20)}
    assert [counts[colour] for colour in colours] == [600, 600, 600]


def test_a_picture_is_enlarged_in_squares_and_keeps_its_shape():
    picture = coloured(torch.tensor([[0.0, 1.0]]), "viridis")
    large = enlarged(picture, 10)
    assert large.size == (10, 5) and len(large.getcolors()) == 2
    assert enlarged(Image.new("RGB", (400, 100)), 80).size == (80, 20)
