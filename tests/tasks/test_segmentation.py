"""A class for each pixel: the loss that leaves the void out, masks at the pictures' own size, files and sheets."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from groundup.data.annotated import VOID
from groundup.data.labelled_pixels import collate_pixels, fitted_in
from groundup.data.palette import class_mask
from groundup.errors import UserError
from groundup.models.segmentation.fcn_resnet import fcn_resnet50
from groundup.tasks import segmentation
from groundup.tasks.overlays import GREY, NOTHING, bright_colours, legend, overlay
from groundup.tasks.segmentation import Segmentation, at_size

LABELS = ["ground", "circle", "square"]
SHAPE = (3, 12, 16)
TASK = Segmentation(labels=LABELS, image_shape=SHAPE)


class Bright(nn.Module):
    """Calls what is red, green or blue the first, second or third class."""

    def forward(self, image):
        return image.clone()


def batch_of(*sizes):
    """Pictures of these sizes in three stripes from left to right, red, green and blue, with their masks."""
    items = []
    for height, width in sizes:
        mask = (torch.arange(width) * 3 // width).expand(height, width).contiguous()
        whole = (nn.functional.one_hot(mask, 3).permute(2, 0, 1) * 255).to(torch.uint8)
        image, size = fitted_in(whole, SHAPE)
        items.append({"image": image, "size": size, "mask": mask, "source": f"{height}x{width}.jpg"})
    batch = collate_pixels(items)
    return batch | {"image": batch["image"] / 255}


def test_the_loss_is_the_mean_cross_entropy_over_pixels_that_have_a_class():
    image, mask = torch.randn(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    mask[0, :2] = VOID
    loss, logs = TASK.loss(Bright(), {"image": image, "mask": mask})
    torch.testing.assert_close(loss, nn.functional.cross_entropy(image, mask, ignore_index=VOID))
    assert logs == {}


def test_a_batch_of_nothing_but_void_costs_nothing_and_teaches_nothing():
    image = torch.randn(1, 3, 4, 5, requires_grad=True)
    loss, _ = TASK.loss(Bright(), {"image": image, "mask": torch.full((1, 4, 5), VOID)})
    loss.backward()
    assert loss.item() == 0 and not image.grad.any()


def test_auxiliary_heads_cost_two_fifths_in_training_and_nothing_in_evaluation():
    model = fcn_resnet50(num_classes=3, width=4, dropout=0.0)
    batch = {"image": torch.randn(2, 3, 24, 24), "mask": torch.randint(0, 3, (2, 24, 24))}
    task = Segmentation(labels=LABELS, image_shape=SHAPE, num_auxiliary=1)
    loss, logs = task.loss(model, batch)
    main, other = (nn.functional.cross_entropy(x, batch["mask"]) for x in model(batch["image"]))
    torch.testing.assert_close(loss, main + 0.4 * other, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(logs["main_loss"], main.detach(), atol=1e-5, rtol=1e-4)
    assert task.loss(model.eval(), batch)[1] == {}
    assert task.chance_loss == pytest.approx(1.4 * math.log(3))
    with pytest.raises(UserError, match=r"answers with 1 auxiliary heads, and the task expects 0: set task.num_auxiliary=1"):
        TASK.loss(model.train(), batch)


def test_balance_lets_rare_classes_count_more_and_is_a_mean_still():
    frequencies = [0.8, 0.2, 0.05]
    image, mask = torch.randn(1, 3, 4, 5, dtype=torch.float64), torch.randint(0, 3, (1, 4, 5))
    mask[0, 0, 0] = VOID
    task = Segmentation(labels=LABELS, image_shape=SHAPE, balance=0.5, frequencies=frequencies)
    weight = torch.tensor([0.25, 1.0, 4.0]).double().sqrt()
    loss, _ = Segmentation.loss(task, Bright(), {"image": image.float(), "mask": mask})
    expected = nn.functional.cross_entropy(image, mask, weight=weight, ignore_index=VOID)
    torch.testing.assert_close(loss.double(), expected, atol=1e-5, rtol=1e-5)
    absent = Segmentation(labels=LABELS, image_shape=SHAPE, balance=1.0, frequencies=[0.5, 0.5, 0.0])
    assert absent.weights.tolist() == [1.0, 1.0, 1.0]


def test_each_mask_comes_back_at_its_pictures_own_size_and_is_right():
    sizes = [(12, 16), (120, 160), (30, 99), (50, 21)]
    batch = batch_of(*sizes)
    prediction = TASK.predict(Bright(), batch)
    assert [tuple(mask.shape) for mask in prediction["mask"]] == sizes
    metric = TASK.metrics()["overlap"]
    metric.update(prediction, batch)
    assert metric.compute()["miou"] > 0.9


def test_a_picture_gets_the_same_mask_alone_and_among_others():
    sizes = [(12, 16), (40, 40), (31, 77)]
    among = TASK.predict(Bright(), batch_of(*sizes))["mask"]
    for size, mask in zip(sizes, among, strict=True):
        assert torch.equal(TASK.predict(Bright(), batch_of(size))["mask"][0], mask)


def test_enlarging_a_class_at_a_time_is_enlarging_all_together():
    logits = torch.randn(5, 12, 16)
    for height, width in ((12, 16), (48, 64), (90, 33), (6, 8)):
        rows, columns = segmentation.fitted_size((height, width), 12, 16)
        whole = nn.functional.interpolate(logits[None, :, :rows, :columns], (height, width), mode="bilinear")[0]
        assert torch.equal(at_size(logits, height, width), whole.argmax(0))


def test_with_its_mirror_image_what_leans_to_one_side_becomes_even():
    class Leans(nn.Module):
        def forward(self, image):
            logits = torch.zeros_like(image)
            logits[:, 1, :, :5] = 2.0  # the left is a circle, whatever is there
            return logits

    task = Segmentation(labels=LABELS, image_shape=SHAPE, mirror=True)
    for size in ((12, 16), (12, 8)):
        mask = task.predict(Leans(), batch_of(size))["mask"][0]
        assert torch.equal(mask, mask.flip(-1)) and (mask[:, :5] == 1).all()
    once = TASK.predict(Leans(), batch_of((12, 16)))["mask"][0]
    assert not torch.equal(once, once.flip(-1))


def test_a_file_of_any_size_and_turned_by_exif_is_read_upright(tmp_path):
    picture = Image.new("RGB", (40, 30), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 0, 40, 15))
    exif = picture.getexif()
    exif[0x0112] = 6  # to be turned a quarter with the clock
    picture.save(tmp_path / "turned.png", exif=exif)
    (item,) = TASK.read(tmp_path / "turned.png")
    assert item["size"].tolist() == [40, 30] and item["image"].shape == SHAPE
    batch = collate_pixels([item])
    (mask,) = TASK.predict(Bright(), batch | {"image": batch["image"] / 255})["mask"]
    assert mask.shape == (40, 30) and (mask[:, :10] == 0).all() and (mask[:, 20:] == 2).all()


def test_what_is_no_picture_is_refused_by_name(tmp_path):
    (tmp_path / "a.jpg").write_text("no picture")
    with pytest.raises(UserError, match=r"a.jpg cannot be read as a picture"):
        TASK.read(tmp_path / "a.jpg")


def test_the_written_mask_is_read_back_by_its_palette_and_the_shares_add_up(tmp_path):
    batch = batch_of((30, 42), (12, 16))
    prediction = TASK.predict(Bright(), batch)
    rows = TASK.write(prediction | {"source": batch["source"]}, tmp_path)
    assert [row["file"] for row in rows] == ["30x42.jpg", "12x16.jpg"]
    for row, mask in zip(rows, prediction["mask"], strict=True):
        height, width = mask.shape
        assert torch.equal(class_mask(Path(row["mask"]), TASK.colours, (width, height), num_classes=3), mask)
        assert Image.open(row["mask"]).mode == "P"
        assert sum(row[f"share_{name}"] for name in LABELS) == pytest.approx(1, abs=2e-6)
        assert row["share_circle"] == pytest.approx((mask == 1).double().mean().item(), abs=1e-6)


def test_files_of_one_name_from_two_folders_do_not_overwrite_each_other(tmp_path):
    task = Segmentation(labels=LABELS, image_shape=SHAPE)
    masks = [torch.zeros(2, 2, dtype=torch.int64), torch.ones(2, 2, dtype=torch.int64)]
    first = task.write({"mask": masks[:1], "source": ["a/x.jpg"]}, tmp_path)
    second = task.write({"mask": masks[1:], "source": ["b/x.jpg"]}, tmp_path)
    again = task.write({"mask": masks[:1], "source": ["a/x.jpg"]}, tmp_path)
    assert first[0]["mask"] == again[0]["mask"] != second[0]["mask"]
    assert np.asarray(Image.open(second[0]["mask"])).tolist() == [[1, 1], [1, 1]]


def test_a_sheet_shows_picture_truth_and_prediction_and_names_the_classes_that_are_there():
    batch = batch_of((24, 32), (12, 16))
    batch["mask"][0][:4] = VOID
    prediction = TASK.predict(Bright(), batch)
    with_truth = TASK.picture(batch, prediction)
    without = TASK.picture({name: value for name, value in batch.items() if name != "mask"}, prediction)
    assert with_truth.width > without.width
    colours = {colour for _, colour in with_truth.getcolors(1 << 20)}
    assert {TASK.colours[1], GREY, NOTHING} <= colours  # the legend's, which are not mixed with a picture


def test_an_overlay_leaves_the_ground_as_it_is_and_marks_what_has_no_class():
    picture = Image.new("RGB", (4, 1), (10, 20, 30))
    mixed = np.asarray(overlay(picture, torch.tensor([[0, 1, 2, VOID]]), [None, (255, 0, 0), (0, 255, 0)]))[0].tolist()
    assert mixed[0] == [18] * 3  # as bright as it was
    assert mixed[1][0] > 150 and mixed[2][1] > 150 and min(mixed[3]) > 200
    assert legend(LABELS, [None, *TASK.colours[1:]], 80).height > legend(LABELS, TASK.colours, 600).height


def test_black_is_the_colour_of_a_ground_alone():
    assert TASK.colours[0] == (0, 0, 0)
    roads = Segmentation(labels=["Sky", "Road"], image_shape=SHAPE)
    assert (0, 0, 0) not in roads.colours
    assert len(set(bright_colours(VOID))) == VOID


def test_the_example_goes_through_the_loss():
    batch = dict(TASK.example_batch(2))
    batch["image"] = batch["image"].float()
    assert TASK.loss(Bright(), batch)[0].item() == pytest.approx(TASK.chance_loss)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(balance=1.5), r"balance is from 0 .* to 1 .*; got 1.5"),
        (dict(balance="much"), "balance is from 0 .* got 'much'"),
        (dict(balance=0.5), r"balance needs the fact frequencies: add groundup.data.labelled_pixels.class_frequencies"),
        (dict(mirror="false"), "mirror is True or False; got 'false'"),
        (dict(num_auxiliary=-1), "num_auxiliary and auxiliary_weight are 0 or more; got -1 and 0.4"),
        (dict(auxiliary_weight=float("nan")), "0 or more; got 0 and nan"),
        (dict(labels=[str(n) for n in range(256)]), "1 to 255 classes apart, and 255 stands for none; got 256 labels"),
    ],
)
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(UserError, match=words):
        Segmentation(**{"labels": LABELS, "image_shape": SHAPE, **settings})


def test_training_on_whole_pictures_of_many_sizes_is_refused_with_what_to_do():
    with pytest.raises(UserError, match="wrap train_data in RandomParts"):
        TASK.loss(Bright(), batch_of((24, 32), (12, 16)))
