"""What is said of a space of codes: held against a code whose every number is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Generator

from groundup.engine.facts import load_facts, save_facts
from groundup.errors import UserError
from groundup.metrics.latent_pictures import grid_codes
from groundup.metrics.principal_components import fit_principal_components
from groundup.metrics.reconstruction import brightness_error
from groundup.tasks.image_generation import tone_sheet
from groundup.tasks.latent_space import BesidePCA, LatentSpace, lines, walks, window_of

LABELS = ["dark", "bright"]


def pictures(count=40, seed=0):
    """Two classes of 4x4 pictures."""
    generator = Generator().manual_seed(seed)
    label = torch.arange(count) % 2
    base = torch.where(label == 1, 0.5, -0.5)[:, None, None, None]
    return {"image": (base + 0.2 * torch.randn(count, 1, 4, 4, generator=generator)).clamp(-1, 1), "label": label}


class KnownCode:
    """The code is the first `dim` pixels, and a picture is decoded as their mean everywhere; the loss is chance."""

    def __init__(self, dim=2, prior=True):
        self.dim = dim
        if prior:
            self.sample = lambda model, count, generator: {"image": torch.rand(count, 1, 4, 4, generator=generator)}

    def decode(self, model, code):
        return code.mean(1)[:, None, None, None].expand(-1, 1, 4, 4)

    def predict(self, model, batch):
        code = batch["image"].flatten(1)[:, : self.dim]
        return {"code": code, "reconstruction": self.decode(model, code)}

    def loss(self, model, batch):
        return torch.rand(()), {"part": torch.tensor(float(len(batch["image"])))}

    def picture(self, batch, prediction, columns=None):
        return tone_sheet(prediction["image"], columns=columns)


def look(evaluator, task, batch=None, parts=(30, 10)):
    batch = batch or pictures()

    def batches():
        for images, label in zip(batch["image"].split(parts), batch["label"].split(parts), strict=True):
            yield {"image": images, "label": label}

    return evaluator(None, task, batches, Generator().manual_seed(0))


def test_pca_leaves_unsaid_just_what_its_numbers_cannot_hold_and_with_all_of_them_nothing():
    image = pictures()["image"]
    found = fit_principal_components(image, 16)
    torch.testing.assert_close(found.reconstruct(image, 16), image, atol=1e-5, rtol=0)
    flat = image.flatten(1) - image.flatten(1).mean(0)
    squares = torch.linalg.svdvals(flat).square() / flat.numel() / 4  # /4: brightness spans 1 where the numbers span 2
    for n in range(1, 17):  # what n numbers do not say is what lies along the other directions
        error = brightness_error(found.reconstruct(image, n), image).mean()
        torch.testing.assert_close(error, squares[n:].sum(), atol=1e-7, rtol=1e-4)
    torch.testing.assert_close(found.components.flatten(1) @ found.components.flatten(1).T, torch.eye(16).double())


def test_pca_is_fitted_on_training_pictures_alone_and_kept_as_a_fact(tmp_path):
    found = fit_principal_components(pictures()["image"], 3)
    save_facts({"principal_components": found}, tmp_path)
    kept = load_facts(tmp_path)["principal_components"]
    image = pictures(seed=1)["image"]
    assert torch.equal(kept.reconstruct(image, 2), found.reconstruct(image, 2))


def test_pca_gets_as_many_numbers_as_the_model_and_its_excess_cut_off():
    batch = pictures()
    fact = fit_principal_components(3 * batch["image"], 5)  # of another set, so that it goes beyond black and white
    for dim in (1, 3):
        flat = fact.reconstruct(batch["image"], dim)
        value = look(BesidePCA(principal_components=fact), KnownCode(dim)).values["pca_squared_error"]
        assert value == pytest.approx(brightness_error(flat.clamp(-1, 1), batch["image"]).mean().item())


def test_fewer_components_than_numbers_in_the_code_are_refused():
    fact = fit_principal_components(pictures()["image"], 2)
    with pytest.raises(UserError, match="2 principal components were fitted, and the codes have 3 numbers: fit as many"):
        look(BesidePCA(principal_components=fact), KnownCode(3))


def test_means_over_batches_count_every_picture_once_and_leave_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    first, again = (look(LatentSpace(labels=LABELS), KnownCode()).values for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first["part"] == pytest.approx((30 * 30 + 10 * 10) / 40)
    assert first["loss"] == again["loss"] != look(LatentSpace(labels=LABELS), KnownCode(), parts=(10, 30)).values["loss"]


def test_a_number_that_never_changes_is_not_active():
    batch = pictures()
    batch["image"][:, :, 0, 1] = 0.25 + 0.05 * torch.randn(40, 1)  # variance 0.0025
    assert look(LatentSpace(), KnownCode(3), batch).values["active_dims"] == 2
    assert "active_dims" not in look(LatentSpace(), KnownCode(3, prior=False), batch).values


def test_codes_of_two_numbers_get_a_map_and_longer_ones_a_row_for_each_and_only_a_prior_is_sampled():
    assert set(look(LatentSpace(labels=LABELS), KnownCode()).pictures) == {"walk", "map", "prior"}
    assert set(look(LatentSpace(labels=LABELS), KnownCode(3, prior=False)).pictures) == {"walk", "dimensions"}
    for task in (KnownCode(), KnownCode(3), KnownCode(2, prior=False)):
        for draw in look(LatentSpace(labels=LABELS), task).pictures.values():
            assert np.asarray(draw()).std() > 5


def test_a_walk_goes_straight_from_a_picture_of_one_class_to_one_of_the_next():
    code, label = torch.tensor([[0.0, 0.0], [1.0, 3.0], [9.0, 9.0]]), torch.tensor([4, 7, 4])
    way = walks(code, label)
    assert len(way) == 12
    assert torch.equal(way[0], code[0]) and torch.equal(way[-1], code[1])
    torch.testing.assert_close(way[1:] - way[:-1], torch.tensor([[1.0, 3.0]]).expand(11, 2) / 11)
    assert len(walks(code, None)) == 24
    assert len(walks(code[:1], None)) == 12


def test_the_fields_of_a_map_lie_as_they_are_drawn_from_the_top_left():
    codes = grid_codes((0.0, 4.0, -2.0, 2.0), 2)
    assert codes.tolist() == [[1.0, 1.0], [3.0, 1.0], [1.0, -1.0], [3.0, -1.0]]


def test_a_map_shows_the_prior_or_where_the_codes_lie():
    code = torch.cat([torch.rand(500, 2) * torch.tensor([10.0, 1.0]), torch.tensor([[1e6, 1e6]])])
    assert window_of(code, True) == (-2.5, 2.5, -2.5, 2.5)
    left, right, bottom, top = window_of(code, False)
    assert -2 < left < 0.5 and 9.5 < right < 12 and -0.2 < bottom < 0.1 and 0.9 < top < 1.2


def test_lines_change_one_number_each_the_busiest_first():
    code = torch.tensor([[0.0, 5.0, 1.0], [0.2, -5.0, 3.0]])
    found = lines(code, True)
    names = ["number 2 (deviation 5.00)", "number 3 (deviation 1.00)", "number 1 (deviation 0.10)"]
    assert list(found) == names
    second = found[names[0]]
    assert second[:, 1].tolist() == pytest.approx(torch.linspace(-2.5, 2.5, 12).tolist())
    assert torch.equal(second[:, [0, 2]], code[:1, [0, 2]].expand(12, 2))
    assert lines(code, False)[names[1]][[0, -1], 2].tolist() == pytest.approx([2 - 2.5, 2 + 2.5])


def test_a_map_has_its_dots_though_the_classes_have_no_names():
    named, bare = (np.asarray(look(LatentSpace(labels=labels), KnownCode()).pictures["map"]()) for labels in (LABELS, []))
    assert (bare[100:-100, 100:700] < 200).all(-1).sum() > 100
    assert bare.shape[1] < named.shape[1]


def test_a_task_without_classes_is_drawn_too():
    batch = pictures()
    found = LatentSpace()(None, KnownCode(), lambda: iter([{"image": batch["image"]}]), Generator().manual_seed(0))
    assert all(draw().width > 100 for draw in found.pictures.values())
    assert SimpleNamespace(**found.values).active_dims == 2
