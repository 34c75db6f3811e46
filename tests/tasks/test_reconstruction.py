"""Pictures said again: what is lowered, what is predicted, read, written and drawn, and what is refused."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from groundup.errors import UserError
from groundup.losses.variational import gaussian_kl
from groundup.models.generative.autoencoder import autoencoder
from groundup.models.generative.vae import vae
from groundup.recipes.generative.dcgan import smooth
from groundup.tasks import reconstruction
from groundup.tasks.reconstruction import Reconstruction, VariationalReconstruction
from groundup.tasks.task import require

SIZES = {"image_shape": (1, 4, 4), "latent_dim": 2, "hidden_dims": (8,)}
PLAIN = Reconstruction(image_shape=(1, 4, 4))
VARIATIONAL = VariationalReconstruction(image_shape=(1, 4, 4), latent_dim=2)


@pytest.fixture
def batch():
    return {"image": torch.rand(5, 1, 4, 4, generator=Generator().manual_seed(0)) * 2 - 1}


@pytest.fixture
def model():
    return vae(**SIZES).eval()


def test_an_even_grey_costs_one_bit_a_pixel_by_bernoulli_and_a_quarter_squared_at_most_by_gaussian(batch):
    grey = torch.zeros_like(batch["image"])
    torch.testing.assert_close(PLAIN.cost(grey, batch["image"]), torch.full((5,), 16 * math.log(2)))
    gaussian = Reconstruction(image_shape=(1, 4, 4), likelihood="gaussian", var=0.1)
    squares = ((0.5 - (batch["image"] + 1) / 2) ** 2).flatten(1).sum(1)
    torch.testing.assert_close(gaussian.cost(grey, batch["image"]), squares / 0.2 + 8 * math.log(2 * math.pi * 0.1))


def test_the_loss_is_the_bound_with_the_divergence_times_beta(model, batch):
    def parts(beta):
        torch.manual_seed(1)
        return VariationalReconstruction(image_shape=(1, 4, 4), latent_dim=2, beta=beta).loss(model, batch)

    cloud = model.encode(batch["image"])
    for beta in (0.0, 1.0, 4.0):
        loss, logs = parts(beta)
        torch.testing.assert_close(logs["divergence"], gaussian_kl(*cloud).mean().detach())
        torch.testing.assert_close(loss.detach(), logs["reconstruction"] + beta * logs["divergence"])
        assert not logs["reconstruction"].requires_grad and not logs["divergence"].requires_grad


def test_every_batch_is_coded_with_fresh_noise_from_the_global_random_numbers_which_a_run_keeps(model, batch):
    state = torch.get_rng_state()
    first, second = (VARIATIONAL.loss(model, batch)[0].item() for _ in range(2))
    torch.set_rng_state(state)
    assert first != second
    assert VARIATIONAL.loss(model, batch)[0].item() == first


def test_a_prediction_is_decoded_from_the_mean_without_any_chance(model, batch):
    before = torch.get_rng_state()
    said = VARIATIONAL.predict(model, batch)
    assert torch.equal(torch.get_rng_state(), before)
    mean = model.encode(batch["image"]).mean
    torch.testing.assert_close(said["code"], mean)
    torch.testing.assert_close((said["reconstruction"] + 1) / 2, model.decode(mean).sigmoid())


@pytest.mark.parametrize(("task", "build"), [(PLAIN, autoencoder), (VARIATIONAL, vae)])
def test_the_error_is_of_brightness_from_0_to_1_a_pixel(task, build, batch):
    said = task.predict(build(**SIZES), batch)
    expected = ((said["reconstruction"] - batch["image"]) / 2).square().mean()
    metric = task.metrics()["squared_error"]
    for part in (slice(0, 3), slice(3, 5)):
        metric.update({"error": said["error"][part]}, {})
    assert metric.compute() == pytest.approx(expected.item())


def test_samples_are_the_decoded_prior_the_same_for_the_same_generator(model, monkeypatch):
    def sample(seed, count=7):
        return VARIATIONAL.sample(model, count, Generator().manual_seed(seed))["image"]

    first = sample(0)
    code = torch.randn(7, 2, generator=Generator().manual_seed(0))
    torch.testing.assert_close((first + 1) / 2, model.decode(code).sigmoid())
    assert not torch.equal(first, sample(1))
    monkeypatch.setattr(reconstruction, "AT_ONCE", 3)
    torch.testing.assert_close(sample(0), first)


def test_only_what_has_a_prior_can_sample():
    with pytest.raises(UserError, match="Reconstruction has no sample; it has loss, inputs, predict, metrics, read, write, pic"):
        require(PLAIN, "sample")
    require(VARIATIONAL, "sample")


def test_a_prompt_is_refused(model):
    with pytest.raises(UserError, match="takes no prompt; got ''"):
        VARIATIONAL.sample(model, 1, Generator(), prompt="")


def test_a_picture_of_the_users_is_brought_to_the_size_and_written_beside_its_code(model, tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("mine.png", "a/mine.png"):
        Image.fromarray(np.full((40, 30, 3), 200, dtype=np.uint8)).save(tmp_path / name)
    items = [item for name in ("mine.png", "a/mine.png") for item in VARIATIONAL.read(tmp_path / name)]
    assert items[0]["image"].shape == (1, 4, 4) and items[0]["image"].float().mean() == 200
    batch = smooth({"image": torch.stack([item["image"] for item in items])}, size=4)
    prediction = VARIATIONAL.predict(model, batch) | {"source": [item["source"] for item in items]}
    out = tmp_path / "out"
    out.mkdir()
    rows = VARIATIONAL.write(prediction, out)
    assert [list(row) for row in rows] == 2 * [["file", "reconstruction", "squared_error", "code_1", "code_2"]]
    assert rows[0]["reconstruction"] != rows[1]["reconstruction"]  # of one name, in two folders
    assert rows[0]["squared_error"] == pytest.approx(prediction["error"][0].item(), abs=1e-6)
    assert {file.name for file in out.iterdir()} == {row["reconstruction"].rsplit("/", 1)[1] for row in rows}
    tones = np.asarray(Image.open(rows[0]["reconstruction"]))
    expected = (prediction["reconstruction"][0, 0] + 1) * 127.5
    assert tones.shape == (4, 4) and np.abs(tones - expected.detach().numpy()).max() <= 0.5


def test_what_is_no_picture_is_refused_in_one_line(tmp_path):
    (tmp_path / "x.png").write_text("no picture")
    with pytest.raises(UserError, match=r"x.png cannot be read as a picture"):
        VARIATIONAL.read(tmp_path / "x.png")


def test_originals_stand_over_their_reconstructions(model):
    white, black = torch.ones(3, 1, 16, 16), -torch.ones(3, 1, 16, 16)
    sheet = np.asarray(VARIATIONAL.picture({"image": white}, {"reconstruction": black}))
    upper, lower = sheet[20:60, 20:60].mean(), sheet[-60:-20, 20:60].mean()
    assert upper == 255 and lower == 0
    many = VARIATIONAL.picture({}, {"image": white.repeat(10, 1, 1, 1)}, columns=10)
    assert many.width > 3 * many.height


def test_the_examples_go_through_the_preparation_into_the_model(model):
    batch = smooth(VARIATIONAL.example_batch(3), size=4)
    assert model(*VARIATIONAL.inputs(batch)).logits.shape == batch["image"].shape


def test_a_picture_in_the_size_it_has_is_prepared_by_its_scale_alone():
    raw = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    torch.testing.assert_close(smooth({"image": raw}, size=8)["image"], raw / 127.5 - 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"likelihood": "poisson"}, "likelihood is one of bernoulli, gaussian; got 'poisson'"),
        ({"var": 0}, "var, the variance of a pixel, must be above 0; got 0"),
        ({"var": math.nan}, "must be above 0; got nan"),
        ({"beta": -1}, "beta, what the way to the prior counts, must not be negative; got -1"),
        ({"beta": math.inf}, "beta.*got inf"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        VariationalReconstruction(image_shape=(1, 4, 4), latent_dim=2, **arguments)
