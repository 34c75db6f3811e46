"""DDPM's U-Net beyond its case: the published sizes, the names of diffusers old and new, its start, and what it refuses."""

import pytest
import torch

from groundup.cases.generative.ddpm import PAPER, call_theirs
from groundup.cases.generative.ddpm import theirs as their_unet
from groundup.models.generative import ddpm
from groundup.models.generative.ddpm import WEIGHTS, ddpm_cifar10_32
from groundup.weights.rules import rename
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

# what the config.json of google/ddpm-cifar10-32 and of google/ddpm-celebahq-256 (and -bedroom-, -church-, -cat-256) say
PUBLISHED = {
    "ddpm_cifar10_32": ((128, 256, 256, 256), (1,), 35_746_307),
    "ddpm_celebahq_256": ((128, 128, 256, 256, 512, 512), (4,), 113_673_219),
}
OLD = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
TINY = dict(image_channels=3, width=8, channel_multipliers=(1, 2), num_blocks=1, num_groups=4, dropout=0.0)


def small(**changes):
    torch.manual_seed(0)
    return ddpm_cifar10_32(**TINY | changes).double().eval()


def theirs():
    return their_unet((8, 16), (1,), layers_per_block=1, norm_num_groups=4, num_class_embeds=6)


@pytest.fixture
def noisy():
    return torch.randn(3, 3, 8, 12, dtype=torch.float64), torch.tensor([0, 300, 999])


@pytest.mark.parametrize("size", PUBLISHED)
def test_each_published_size_has_diffusers_names_shapes_and_number_of_parameters(size):
    pytest.importorskip("diffusers")
    channels, attention, count = PUBLISHED[size]
    ours = getattr(ddpm, size)
    assert_same_names_and_shapes(ours, lambda: their_unet(channels, attention), WEIGHTS["diffusers"])
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in ours().parameters()) == count


def test_weights_go_in_and_out_and_answer_as_diffusers_does(noisy):
    pytest.importorskip("diffusers")
    label = torch.tensor([5, 0, 2])
    assert_same_answers(small(num_classes=5), theirs(), WEIGHTS["diffusers"], *noisy, label, call=call_theirs)


def test_the_names_of_the_published_files_say_the_same():
    pytest.importorskip("diffusers")
    official = theirs().state_dict()
    old = {}
    for name, value in official.items():
        for new, former in OLD.items():
            name = name.replace(new, former)
        old[name] = value
    assert old.keys() != official.keys()
    now, then = rename(official, WEIGHTS["diffusers"]), rename(old, WEIGHTS["diffusers_2022"])
    assert now.keys() == then.keys()
    assert all(torch.equal(now[name], then[name]) for name in now)


def test_the_weights_start_as_diffusers_do():
    pytest.importorskip("diffusers")
    settings = dict(width=64, num_groups=32, num_classes=5)
    peer = their_unet((64, 128), (1,), layers_per_block=1, norm_num_groups=32, num_class_embeds=6)
    theirs = rename(peer.state_dict(), WEIGHTS["diffusers"])
    for name, ours in small(**settings).state_dict().items():
        mine, reference = ours.double(), theirs[name].double()
        if reference.numel() < 60:  # too few numbers to tell how they were drawn
            continue
        spread = reference.std(correction=0).item()
        assert mine.std(correction=0).item() == pytest.approx(spread, rel=0.25, abs=1e-9), name
        assert mine.mean().item() == pytest.approx(reference.mean().item(), abs=6 * spread / reference.numel() ** 0.5), name


def test_no_picture_sees_another_of_its_batch(noisy):
    model, (x, time) = small(num_classes=5), noisy
    label = torch.tensor([1, 2, 3])
    whole = model(x, time, label)
    for i in range(3):
        torch.testing.assert_close(model(x[i : i + 1], time[i : i + 1], label[i : i + 1]), whole[i : i + 1])


def test_every_corner_reaches_every_other():
    model = small(channel_multipliers=(1, 2, 2))
    x = torch.randn(1, 3, 32, 32, dtype=torch.float64, requires_grad=True)
    model(x, torch.tensor([500]))[0, 0, 0, 0].backward()
    assert x.grad[0, :, -1, -1].abs().max() > 0


def test_time_and_class_change_the_answer_and_no_label_is_the_last_one(noisy):
    model, (x, time) = small(num_classes=5), noisy
    answer = model(x, time)
    assert torch.equal(answer, model(x, time, torch.full((3,), 5)))
    assert not torch.allclose(answer, model(x, time, torch.full((3,), 4)))
    assert not torch.allclose(answer, model(x, time + 1))


def test_dropout_is_for_training_alone(noisy):
    model = small(dropout=0.5)
    assert torch.equal(model(*noisy), model(*noisy))
    model.train()
    assert not torch.equal(model(*noisy), model(*noisy))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(width=7), "width must be even and at least 4, for the waves of the time; got 7"),
        (dict(num_groups=3), r"num_groups=3 must divide the channels of every size, \(8, 8, 16\)"),
        (dict(attention_levels=(2,)), r"attention_levels counts the 2 sizes from 0; got \(2,\)"),
        (dict(head_dim=5), r"head_dim=5 must divide the channels where there is attention, \(16, 16\)"),
        (dict(channel_multipliers=()), r"at least one size, with channels and blocks; got \[\] channels"),
        (dict(num_blocks=0), "got .* channels, 0 blocks"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_pictures_that_do_not_halve_so_often_are_refused():
    model = small(channel_multipliers=(1, 2, 2))
    with pytest.raises(ValueError, match="halves its pictures 2 times; 12x10 does not divide so often"):
        model(torch.zeros(1, 3, 12, 10, dtype=torch.float64), torch.tensor([0]))


def test_a_label_for_a_model_without_classes_is_refused(noisy):
    with pytest.raises(ValueError, match="built without classes and takes no label"):
        small()(*noisy, torch.zeros(3, dtype=torch.int64))


def test_the_papers_settings_are_those_of_the_case():
    assert dict(freq_shift=1, flip_sin_to_cos=False, downsample_padding=0, norm_eps=1e-6) == PAPER
