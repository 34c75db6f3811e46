"""Pictures from random numbers: repeatable, in the right tones, and refused where nothing can be done."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from groundup.data.images import digits
from groundup.errors import UserError
from groundup.models.generative.dcgan import dcgan
from groundup.recipes.generative.dcgan import smooth
from groundup.tasks import image_generation
from groundup.tasks.image_generation import ImageGeneration
from groundup.tasks.task import require

TASK = ImageGeneration(latent_dim=6, image_shape=(1, 8, 8))


@pytest.fixture
def model():
    return dcgan(image_size=16, image_channels=1, latent_dim=6, width=4).eval().requires_grad_(False)


def sample(model, count=5, seed=0):
    return TASK.sample(model, count, Generator().manual_seed(seed))["image"]


def test_the_same_generator_makes_the_same_pictures(model):
    before = torch.get_rng_state()
    assert torch.equal(sample(model), sample(model))
    assert not torch.equal(sample(model), sample(model, seed=1))
    assert torch.equal(torch.get_rng_state(), before)


def test_many_pictures_are_made_in_parts_with_the_same_result(model, monkeypatch):
    whole = sample(model, 7)
    seen = []
    model.register_forward_hook(lambda model, inputs, output: seen.append(len(output)))
    monkeypatch.setattr(image_generation, "AT_ONCE", 3)
    torch.testing.assert_close(sample(model, 7), whole)
    assert seen == [3, 3, 1]


def test_pictures_are_made_in_the_numbers_of_the_model(model):
    torch.testing.assert_close(sample(model.double()), sample(model.float()).double(), atol=1e-5, rtol=0)
    assert sample(model.double()).dtype == torch.float64


def test_a_prompt_is_refused(model):
    with pytest.raises(UserError, match="takes no prompt; got 'a seven'"):
        TASK.sample(model, 1, Generator(), prompt="a seven")


def test_what_the_task_cannot_do_is_refused_with_what_it_can():
    with pytest.raises(UserError, match="ImageGeneration has no predict; it has inputs, write, sample, picture, example_batch"):
        require(TASK, "predict")


def test_every_batch_gets_fresh_latents_in_the_numbers_of_its_pictures():
    batch = {"image": torch.zeros(4, 1, 16, 16, dtype=torch.float64)}
    (first,), (second,) = TASK.inputs(batch), TASK.inputs(batch)
    assert first.shape == (4, 6) and first.dtype == torch.float64
    assert not torch.equal(first, second)


def test_latents_come_from_the_global_random_numbers_which_a_run_keeps():
    batch = {"image": torch.zeros(4, 1, 16, 16)}
    state = torch.get_rng_state()
    (first,) = TASK.inputs(batch)
    torch.set_rng_state(state)
    assert torch.equal(TASK.inputs(batch)[0], first)


def test_written_files_hold_black_for_minus_one_and_white_for_one(tmp_path):
    image = torch.tensor([-1.0, 0.0, 1.0, 1.5]).view(1, 1, 2, 2)
    (row,) = TASK.write({"image": image}, tmp_path)
    assert np.asarray(Image.open(row["file"])).tolist() == [[0, 128], [255, 255]]


def test_colour_is_written_as_colour(tmp_path):
    image = torch.full((2, 3, 2, 4), -1.0)
    image[1, 0, 0, 3] = 1
    black, red = (Image.open(row["file"]) for row in TASK.write({"image": image}, tmp_path))
    assert black.size == red.size == (4, 2)
    assert (black.getpixel((3, 0)), red.getpixel((3, 0)), red.getpixel((0, 0))) == ((0, 0, 0), (255, 0, 0), (0, 0, 0))


def test_a_sheet_shows_every_picture_and_columns_make_it_a_row(model):
    made = {"image": sample(model, 10)}
    sheet, row = TASK.picture({}, made), TASK.picture({}, made, columns=10)
    assert sheet.width * 1.5 < row.width
    assert row.height < 64 + 20
    blank = np.asarray(TASK.picture({}, {"image": torch.ones(10, 1, 16, 16)}, columns=10))
    assert (np.asarray(row) != blank).any(axis=(0, 2)).sum() > 10 * 50


def test_the_examples_go_through_the_preparation_into_the_model(model):
    batch = smooth(TASK.example_batch(3), size=16)
    assert model(*TASK.inputs(batch)).shape == batch["image"].shape


def test_the_preparation_spans_minus_one_to_one_and_keeps_the_strokes_where_they_are():
    raw = digits(split="test").columns["image"][:50]
    image = smooth({"image": raw}, size=32)["image"]
    assert image.shape == (50, 1, 32, 32)
    assert image.min() == -1 and image.max() == 1
    again = torch.nn.functional.avg_pool2d(image, 4)
    assert (again - (raw / 127.5 - 1)).abs().mean() < 0.1


def test_the_losses_are_low_for_the_side_that_is_winning(model):
    class Knows(torch.nn.Module):
        def forward(self, images):
            return images.mean((1, 2, 3)) * 100

    model.discriminator = Knows()
    real, made = torch.ones(4, 1, 16, 16), -torch.ones(4, 1, 16, 16)
    assert TASK.discriminator_loss(model, {"image": real}, made) < 1e-3 < 10 < TASK.generator_loss(model, made)
    assert TASK.discriminator_loss(model, {"image": made}, real) > 10
    assert TASK.generator_loss(model, real) < 1e-3
