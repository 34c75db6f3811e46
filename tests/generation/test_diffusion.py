"""Diffusion beyond its cases: what the schedules keep, where the samplers lead, and how they are related."""

import math
from unittest.mock import Mock

import pytest
import torch
from torch import Generator

from groundup.cases.generation.diffusion import scheduler
from groundup.generation.diffusion import (
    PREDICTIONS,
    NoiseSchedule,
    cosine_betas,
    ddim_steps,
    ddpm_steps,
    linear_betas,
    sampling_times,
)

SAMPLERS = (ddpm_steps, ddim_steps)


def last(steps, model, x, schedule, num_steps=100, **settings):
    times = sampling_times(len(schedule), num_steps)
    *_, moment = steps(model, x, schedule, times=times, generator=Generator().manual_seed(0), **settings)
    return moment.x


@pytest.mark.parametrize("betas", [linear_betas(), cosine_betas()])
def test_a_schedule_begins_with_nearly_all_of_the_picture_and_ends_with_nearly_none(betas):
    kept = NoiseSchedule(betas).kept
    assert kept[0] > 0.999 and kept[-1] < 1e-4
    assert (kept.diff() < 0).all()


def test_the_cosine_keeps_half_of_the_picture_until_half_of_the_time_and_the_line_does_not():
    line, cosine = (NoiseSchedule(betas).kept for betas in (linear_betas(), cosine_betas()))
    assert cosine[500] == pytest.approx(0.5, abs=0.02)
    assert line[500] < 0.1


@pytest.mark.parametrize("spacing", ["leading", "trailing"])
def test_the_times_are_those_of_diffusers(spacing):
    pytest.importorskip("diffusers")
    theirs = scheduler("DDIMScheduler", times=1000, timestep_spacing=spacing)
    for count in (1, 2, 3, 7, 8, 20, 25, 50, 99, 250, 333, 999, 1000):
        theirs.set_timesteps(count)
        assert sampling_times(1000, count, spacing) == theirs.timesteps.tolist()


def test_a_trailing_walk_begins_at_the_last_time_however_few_its_steps():
    for count in range(1, 61):
        times = sampling_times(60, count)
        assert times[0] == 59 and len(set(times)) == count and min(times) >= 0


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_what_a_network_is_asked_gives_back_the_picture_and_the_noise(prediction):
    picture, noise = torch.randn(2, 5, 3, 4, 4, dtype=torch.float64)
    schedule, time = NoiseSchedule(cosine_betas(100), prediction), torch.tensor([0, 10, 50, 90, 97])
    x = schedule.add_noise(picture, noise, time)
    found = schedule.read(schedule.target(picture, noise, time), x, time)
    torch.testing.assert_close(found[0], picture)
    torch.testing.assert_close(found[1], noise)


@pytest.mark.parametrize(("steps", "settings"), [(ddpm_steps, {}), (ddpm_steps, {"variance": "large"}), (ddim_steps, {})])
@pytest.mark.parametrize("num_steps", [1, 10, 1000])
def test_a_network_that_knows_the_picture_is_led_to_it_and_no_noise_is_left(steps, settings, num_steps):
    picture = torch.rand(2, 1, 4, 4, dtype=torch.float64)
    schedule = NoiseSchedule(linear_betas(), "x0")
    found = last(steps, lambda x, time: picture, torch.randn_like(picture), schedule, num_steps, **settings)
    torch.testing.assert_close(found, picture)


@pytest.mark.parametrize(("steps", "settings"), [(ddpm_steps, {}), (ddim_steps, {}), (ddim_steps, {"eta": 0.5})])
def test_numbers_of_a_normal_distribution_are_sampled_with_its_mean_and_deviation(steps, settings):
    mean, deviation, schedule = 0.4, 0.3, NoiseSchedule(cosine_betas(), "x0")

    def best(x, time):
        """The mean of the picture, given x: what a perfect network says."""
        kept, lost = schedule.parts(time, x)
        return mean + kept * deviation**2 / (kept**2 * deviation**2 + lost**2) * (x - kept * mean)

    torch.manual_seed(0)
    found = last(steps, best, torch.randn(20_000, 1, dtype=torch.float64), schedule, 200, clip=False, **settings)
    assert found.mean().item() == pytest.approx(mean, abs=0.01)
    assert found.std().item() == pytest.approx(deviation, rel=0.03)


def network(x, time):
    return torch.tanh(x + time.view(-1, 1) / 100)


def test_ddim_with_all_of_the_chance_is_ddpm():
    schedule, x = NoiseSchedule(linear_betas(100)), torch.randn(5, 6, dtype=torch.float64)
    stochastic = last(ddim_steps, network, x, schedule, eta=1.0, clip=False)
    torch.testing.assert_close(stochastic, last(ddpm_steps, network, x, schedule, clip=False))


def test_ddim_leaves_nothing_to_chance_but_what_eta_asks_for():
    schedule, x = NoiseSchedule(linear_betas(100)), torch.randn(5, 6)
    times = sampling_times(100, 10)

    def walk(seed, eta):
        return [m.x for m in ddim_steps(network, x, schedule, times=times, generator=Generator().manual_seed(seed), eta=eta)][-1]

    untouched = Generator().manual_seed(0)
    list(ddim_steps(network, x, schedule, times=times, generator=untouched))
    assert torch.equal(untouched.get_state(), Generator().manual_seed(0).get_state())
    assert torch.equal(walk(0, 0.0), walk(1, 0.0))
    assert torch.equal(walk(0, 0.2), walk(0, 0.2))
    assert not torch.equal(walk(0, 0.2), walk(1, 0.2))


@pytest.mark.parametrize("steps", SAMPLERS)
def test_the_network_is_asked_once_a_step_at_the_times_that_were_given(steps):
    schedule, seen = NoiseSchedule(linear_betas(100)), Mock(side_effect=network)
    last(steps, seen, torch.randn(2, 6), schedule, num_steps=7)
    assert [call.args[1].tolist() for call in seen.call_args_list] == [[time] * 2 for time in sampling_times(100, 7)]


@pytest.mark.parametrize("steps", SAMPLERS)
def test_clipping_keeps_what_is_seen_within_the_tones(steps):
    schedule = NoiseSchedule(linear_betas(100))
    times, settings = sampling_times(100, 10), {"generator": Generator().manual_seed(0)}
    clipped = list(steps(network, 3 * torch.randn(2, 6), schedule, times=times, **settings))
    free = list(steps(network, 3 * torch.randn(2, 6), schedule, times=times, clip=False, **settings))
    assert max(moment.picture.abs().max() for moment in clipped) == 1 < max(moment.picture.abs().max() for moment in free)
    assert clipped[-1].x.abs().max() <= 1


def test_what_cannot_be_is_refused():
    x, schedule = torch.zeros(1, 6), NoiseSchedule(linear_betas(100))
    for betas in (torch.tensor([0.1, 1.0]), torch.tensor([]), torch.tensor([0.0]), torch.rand(2, 2)):
        with pytest.raises(ValueError, match="a row of betas, all between 0 and 1"):
            NoiseSchedule(betas)
    with pytest.raises(ValueError, match="predicts one of epsilon, x0, v; got 'score'"):
        NoiseSchedule(linear_betas(), "score")
    for count in (0, 101):
        with pytest.raises(ValueError, match=f"num_steps is a whole number from 1 to 100; got {count}"):
            sampling_times(100, count)
    with pytest.raises(ValueError, match="spacing is one of leading, trailing; got 'even'"):
        sampling_times(100, 10, "even")
    with pytest.raises(ValueError, match=r"eta lies between 0 and 1; got 1\.5"):
        last(ddim_steps, network, x, schedule, eta=1.5)
    with pytest.raises(ValueError, match="variance is one of small, large; got 'learnt'"):
        last(ddpm_steps, network, x, schedule, variance="learnt")


def test_the_end_of_the_cosine_is_as_the_paper_caps_it():
    assert cosine_betas().max() == 0.999
    assert math.isfinite(NoiseSchedule(cosine_betas()).kept.log().sum())
