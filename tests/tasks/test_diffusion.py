"""Pictures out of noise: what is learnt, what is asked, and every wrong question answered in a line."""

from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator
from torch.nn import Module

from groundup.errors import UserError
from groundup.generation.diffusion import PREDICTIONS
from groundup.models.generative.ddpm import ddpm_cifar10_32
from groundup.recipes.generative.dcgan import smooth
from groundup.tasks import diffusion
from groundup.tasks.diffusion import Diffusion
from groundup.tasks.task import require

LABELS = ["ant", "bee", "great cat"]


def task(**changes):
    return Diffusion(**{"image_shape": (1, 8, 8), "image_size": 8, "labels": LABELS, "num_steps": 4, "times": 100} | changes)


def network(num_classes=3):
    model = ddpm_cifar10_32(
        image_channels=1, width=4, channel_multipliers=(1, 2), num_blocks=1, num_groups=2, dropout=0.0, num_classes=num_classes
    )
    return model.eval().requires_grad_(False)


class Painter(Module):
    """Sees in every noise a picture as bright as the class that is asked for; counts how it was asked."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()), requires_grad=False)
        self.calls = []

    def forward(self, x, time, label):
        self.calls.append(label.tolist())
        tones = torch.tensor([-0.5, 0.0, 0.25, -0.9])  # the last for no class in particular
        return tones[label].view(-1, 1, 1, 1).expand_as(x)


def batch(count=6, side=8):
    pictures = torch.rand(count, 1, side, side, generator=Generator().manual_seed(1)) * 2 - 1
    return {"image": pictures, "label": torch.arange(count) % 3}


def sample(of, model, count=5, seed=0, prompt=None):
    return of.sample(model, count, Generator().manual_seed(seed), prompt)


def test_the_loss_is_the_squared_error_about_the_noise_at_random_times():
    class Silent(Module):
        def forward(self, x, time, label):
            return torch.zeros_like(x)

    loss, logs = task().loss(Silent(), batch(2000))
    assert loss.item() == pytest.approx(1, abs=0.02) == pytest.approx(task().chance_loss, abs=0.02)
    assert logs == {}


def test_all_times_are_trained_on_alike_and_classes_are_dropped_as_often_as_was_asked():
    noised = task(drop_class=0.25).noised(batch(4000))
    counts = torch.bincount(noised.time, minlength=100)
    assert counts.min() > 15 and counts.max() < 75
    assert (noised.label == 3).float().mean().item() == pytest.approx(0.25, abs=0.03)
    kept = noised.label != 3
    assert torch.equal(noised.label[kept], batch(4000)["label"][kept])
    assert not (task(drop_class=0).noised(batch(400)).label == 3).any()


def test_the_chance_of_training_is_the_global_one_which_a_run_keeps():
    model, state = network(), torch.get_rng_state()
    first, _ = task().loss(model, batch())
    second, _ = task().loss(model, batch())
    torch.set_rng_state(state)
    assert torch.equal(task().loss(model, batch())[0], first) and not torch.equal(first, second)


def test_a_held_out_error_hangs_on_the_picture_alone():
    model, whole = network(), batch(7)
    state = torch.get_rng_state()
    error, time = (task().predict(model, whole)[name] for name in ("error", "time"))
    assert torch.equal(torch.get_rng_state(), state)
    order = torch.tensor([4, 1, 6])
    part = task().predict(model, {name: value[order] for name, value in whole.items()})
    torch.testing.assert_close(part["error"], error[order])
    assert torch.equal(part["time"], time[order])
    assert error.shape == (7, 10) and not torch.equal(time[0], time[1])


def test_held_out_times_are_spread_over_the_whole_time():
    time = task(eval_draws=10).predict(network(), batch(20))["time"]
    assert (time // 10 == torch.arange(10)).all()


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_model_that_says_what_it_is_asked_has_no_error_and_sees_the_picture(prediction):
    asked, known = task(prediction=prediction), batch(3)

    class Knows(Module):
        def forward(self, x, time, label):
            kept, lost = asked.schedule.parts(time, x)
            noise = (x - kept * known["image"]) / lost
            return asked.schedule.target(known["image"], noise, time)

    found = asked.predict(Knows(), known)
    assert found["error"].max() < 1e-6
    torch.testing.assert_close(found["seen"], known["image"].unsqueeze(1).expand_as(found["seen"]), atol=2e-2, rtol=0)


@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_what_is_asked_for_is_painted_and_guidance_exaggerates_it(sampler):
    painter = Painter()
    for scale, tone in ((1, 0.25), (0, -0.9), (1.5, -0.9 + 1.5 * 1.15)):
        of = task(prediction="x0", guidance_scale=scale, sampler=sampler)
        image = sample(of, painter, prompt="great cat")["image"]
        torch.testing.assert_close(image, torch.full_like(image, tone))
    image = sample(task(prediction="x0"), painter)["image"]
    torch.testing.assert_close(image, torch.full_like(image, -0.9))


def test_the_network_is_asked_twice_only_where_guidance_needs_it():
    asked = {}
    for scale in (0, 1, 2):
        painter = Painter()
        sample(task(prediction="x0", guidance_scale=scale, num_steps=1), painter, count=1, prompt="ant")
        asked[scale] = painter.calls
    assert asked == {0: [[3]], 1: [[0]], 2: [[3], [0]]}


def test_pictures_never_leave_the_tones_however_strong_the_guidance():
    image = sample(task(prediction="x0", guidance_scale=50), Painter(), prompt="bee")["image"]
    assert image.abs().max() <= 1


@pytest.mark.parametrize("settings", [{}, {"eta": 0.5}, {"sampler": "ddpm"}])
def test_the_same_generator_makes_the_same_pictures_and_touches_no_other_chance(settings):
    model, of, before = network(), task(**settings), torch.get_rng_state()
    first = sample(of, model, prompt="ant")["image"]
    assert torch.equal(first, sample(of, model, prompt="ant")["image"])
    assert not torch.equal(first, sample(of, model, seed=1, prompt="ant")["image"])
    assert not torch.equal(first, sample(of, model, prompt="bee")["image"])
    assert torch.equal(torch.get_rng_state(), before)


def test_many_pictures_are_made_in_parts_with_the_same_result(monkeypatch):
    model, seen = network(), []
    whole = sample(task(), model, 7)["image"]
    model.register_forward_hook(lambda model, inputs, output: seen.append(len(output)))
    monkeypatch.setattr(diffusion, "AT_ONCE", 3)
    torch.testing.assert_close(sample(task(), model, 7)["image"], whole)
    assert seen == 4 * [3, 3, 1]


def test_without_classes_no_label_is_given_and_no_prompt_taken():
    of, model = task(labels=None), network(num_classes=None)
    assert len(of.inputs({"image": batch()["image"]})) == 2
    assert of.loss(model, {"image": batch()["image"]})[0].isfinite()
    assert sample(of, model)["image"].shape == (5, 1, 8, 8)
    assert of.predict(model, batch())["error"].isfinite().all()
    with pytest.raises(UserError, match="trained without classes and takes no prompt; got 'ant'"):
        sample(of, model, prompt="ant")


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "the prompt is empty: name one of ant, bee, great cat, or leave --prompt out for any"),
        ("  ", "the prompt is empty"),
        ("dog", "no class is called 'dog'; there are ant, bee, great cat"),
    ],
)
def test_a_prompt_that_names_no_class_is_answered_with_those_there_are(prompt, message):
    with pytest.raises(UserError, match=message):
        sample(task(), network(), prompt=prompt)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("guidance_scale", -1, "guidance_scale is a number from 0 to 50; got -1"),
        ("guidance_scale", 1000, "from 0 to 50; got 1000"),
        ("guidance_scale", float("nan"), "from 0 to 50; got nan"),
        ("guidance_scale", "much", "got 'much'"),
        ("num_steps", 0, "num_steps is a whole number from 1 to 100; got 0"),
        ("num_steps", 101, "from 1 to 100; got 101"),
        ("num_steps", 2.5, "got 2.5"),
        ("num_steps", True, "got True"),
        ("times", 1, "times is a whole number from 2 to 100000; got 1"),
        ("eval_draws", 0, "eval_draws is a whole number from 1 to 100; got 0"),
        ("eta", 1.01, "eta is a number from 0 to 1; got 1.01"),
        ("drop_class", -0.1, "drop_class is a number from 0 to 1; got -0.1"),
        ("sampler", "euler", "sampler is one of ddim, ddpm; got 'euler'"),
        ("prediction", "score", "prediction is one of epsilon, x0, v; got 'score'"),
        ("schedule", "sigmoid", "schedule is one of linear, cosine; got 'sigmoid'"),
        ("spacing", "even", "spacing is one of leading, trailing; got 'even'"),
        ("schedule", ["linear"], "schedule is one of linear, cosine; got ['linear']"),
    ],
)
def test_a_setting_out_of_its_range_is_answered_with_the_range(name, value, message):
    with pytest.raises(UserError) as refused:
        task(**{name: value})
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_files_are_written_for_every_picture_and_for_the_way_of_the_first_few(tmp_path):
    made = sample(task(num_steps=20), network(), count=10, prompt="ant")
    assert made["way"].shape == (8, 11, 1, 8, 8)
    assert torch.equal(made["way"][:, -1].clamp(-1, 1), made["image"][:8])
    rows, names = task().write(made, tmp_path), [*(f"{number:04d}.png" for number in range(10)), "denoising.png"]
    assert [row["file"] for row in rows] == [str(tmp_path / name) for name in names]
    assert Image.open(rows[0]["file"]).size == (8, 8)
    assert Image.open(rows[-1]["file"]).width > 11 * 64


def test_the_strip_goes_from_noise_at_the_left_to_the_picture_at_the_right():
    way = torch.ones(2, 3, 1, 8, 8)
    way[:, 0], way[1, 2] = -1.0, 0.0
    pixels = np.asarray(task().strip({"way": way}).convert("L"))
    assert [pixels[40, x] for x in (30, 100, 170)] == [0, 255, 255]
    assert [pixels[110, x] for x in (30, 100, 170)] == [0, 255, 128]


def test_a_wrong_picture_stands_in_a_red_frame():
    image = torch.ones(2, 1, 8, 8)
    plain, marked = (
        np.asarray(task().picture({}, {"image": image, **more}, columns=2))
        for more in ({}, {"right": torch.tensor([True, False])})
    )
    assert plain.shape == marked.shape
    differing = (plain != marked).any(axis=(0, 2)).nonzero()[0]
    assert differing.min() > plain.shape[1] / 2 - 4


def test_held_out_pictures_are_shown_over_what_was_seen_in_them():
    sheet = task().picture(batch(), task().predict(network(), batch()))
    assert sheet.width > 11 * 64 and sheet.height > 8 * 64


def test_the_examples_go_through_the_preparation_into_the_model():
    of, prepare = task(image_size=16), partial(smooth, size=16)
    ready = prepare(of.example_batch(4))
    assert network()(*of.inputs(ready)).shape == ready["image"].shape == (4, 1, 16, 16)
    assert list(task(labels=None).example_batch(2)) == ["image"]


def test_what_the_task_cannot_do_is_refused_with_what_it_can():
    with pytest.raises(UserError, match="Diffusion has no read; it has loss, inputs, predict, metrics, write, sample, picture"):
        require(task(), "read")
