"""Changes of whole batches: each equal to torchvision's of one picture, and all chance from the generator given."""

import math
from functools import partial

import pytest
import torch
from torch import Generator

from groundup.data import augment_color as color
from groundup.data import augment_geometry as geometry
from groundup.data.augment import crop_and_flip, cutout, in_turn, shift
from groundup.data.augment_color import color_jitter
from groundup.data.augment_mix import beta, cutmix, mixup
from groundup.data.augment_random import OPERATIONS, applied, rand_augment
from groundup.data.augment_resize import random_boxes, random_resized_crop, resized_boxes
from groundup.engine.recipe import bind, to_json
from groundup.errors import UserError
from groundup.losses.classification import CrossEntropyLoss

SHAPES = [(3, 32, 32), (1, 28, 28), (3, 33, 46)]


def seeded(seed=0):
    return Generator().manual_seed(seed)


def pictures(count, channels, height, width, smooth=False):
    """Noise, or smooth pictures with black and white in them; the first has one level everywhere."""
    image = torch.randint(256, (count, channels, height, width), generator=seeded(), dtype=torch.uint8)
    if smooth:
        coarse = torch.rand(count, channels, 5, 5, generator=seeded()) * 1.4 - 0.2
        image = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
        image = (image * 255).clamp(0, 255).to(torch.uint8)
    image[0] = 7
    return image


def batch_of(count=64, shape=(3, 20, 31)):
    return {"image": pictures(count, *shape), "label": torch.arange(count) % 10, "source": ["x"] * count}


EVERY = [
    partial(shift, pixels=3),
    partial(crop_and_flip, padding=4),
    partial(crop_and_flip, padding=4, mode="reflect"),
    partial(random_resized_crop, size=16),
    partial(cutout, size=9),
    partial(mixup, num_classes=10),
    partial(cutmix, num_classes=10),
    partial(color_jitter, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
    rand_augment,
    partial(in_turn, parts=(partial(cutout, size=4), rand_augment)),
]


@pytest.mark.parametrize("augment", EVERY, ids=lambda part: str(getattr(part, "func", part).__name__))
def test_chance_comes_from_the_generator_alone_and_the_batch_given_stays_as_it_was(augment):
    batch, before = batch_of(), batch_of()
    state = torch.get_rng_state()
    first = augment(batch, seeded(1))
    assert torch.equal(torch.get_rng_state(), state)  # the global generator is not drawn from
    torch.manual_seed(5)
    again, other = augment(batch, seeded(1)), augment(batch, seeded(2))
    assert torch.equal(first["image"], again["image"]) and torch.equal(first["label"], again["label"])
    assert not torch.equal(first["image"], other["image"])
    assert torch.equal(batch["image"], before["image"]) and torch.equal(batch["label"], before["label"])
    assert first["image"].dtype == torch.uint8 and first["source"] == batch["source"]
    one = augment({name: value[:1] for name, value in batch.items()}, seeded(1))
    assert len(one["image"]) == 1


def windows(image, padding, mode, generator, flip):
    """Windows as torchvision pads, cuts and mirrors them, one picture at a time, by the same draws."""
    from torchvision.transforms.v2 import functional as F

    count, _, height, width = image.shape
    tops, lefts = torch.randint(0, 2 * padding + 1, (2, count, 1), generator=generator).squeeze(2).tolist()
    mirrored = (torch.rand(count, 1, generator=generator) < 0.5).flatten().tolist() if flip else [False] * count
    found = []
    for picture, top, left, mirror in zip(image, tops, lefts, mirrored, strict=True):
        window = F.crop(F.pad(picture, [padding] * 4, padding_mode=mode), top, left, height, width)
        found.append(F.horizontal_flip(window) if mirror else window)
    return torch.stack(found), mirrored


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("mode", "theirs"), [("zeros", "constant"), ("reflect", "reflect")])
def test_windows_and_mirror_images_are_torchvisions(shape, mode, theirs):
    batch = {"image": pictures(64, *shape)}
    for flip in (False, True):
        expected, mirrored = windows(batch["image"], 4, theirs, seeded(3), flip)
        assert torch.equal(crop_and_flip(batch, seeded(3), padding=4, flip=flip, mode=mode)["image"], expected)
        assert 16 < sum(mirrored) < 48 or not flip
    expected, _ = windows(batch["image"], 2, "constant", seeded(4), flip=False)
    assert torch.equal(shift(batch, seeded(4), pixels=2)["image"], expected)


def test_every_window_is_taken_about_as_often():
    image = torch.arange(1, 26, dtype=torch.uint8).view(1, 1, 5, 5).expand(4000, 1, 5, 5)
    centre = shift({"image": image}, seeded(), pixels=1)["image"][:, 0, 2, 2].tolist()
    counts = [centre.count(n) for n in (7, 8, 9, 12, 13, 14, 17, 18, 19)]
    assert sum(counts) == 4000
    assert min(counts) > 370


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (
            partial(crop_and_flip, padding=20, mode="reflect"),
            "reflects at most 19 pixels here; got mode='reflect' and padding=20",
        ),
        (partial(crop_and_flip, padding=1, mode="edge"), "zeros or reflect, .* got mode='edge'"),
        (partial(crop_and_flip, padding=-1), "by 0 pixels or more; got -1"),
        (partial(cutout, size=0), "got size=0"),
        (partial(random_resized_crop, size=8, scale=(0.5, 0.1)), r"got scale=\(0.5, 0.1\)"),
        (partial(random_resized_crop, size=8, scale=(0.5, 1.5)), "got scale"),
        (partial(mixup, num_classes=10, alpha=0.0), "got alpha=0.0"),
        (partial(mixup, num_classes=9), "the classes are 0 to 8; a batch has labels from 0 to 9"),
        (partial(cutmix, num_classes=9), "the classes are 0 to 8"),
        (partial(color_jitter, hue=0.6), "hue of at most 0.5"),
        (partial(color_jitter, contrast=-1), "at least 0"),
        (partial(rand_augment, magnitude=31), "magnitude 0 to 30 and num_ops from 0; got 31 and 2"),
    ],
)
def test_settings_that_cannot_be_are_refused(augment, message):
    with pytest.raises(UserError, match=message):
        augment(batch_of(), seeded())


@pytest.mark.parametrize("size", [8, 24, 64])
def test_boxes_are_resized_as_torchvision_does(size):
    from torchvision.transforms.v2 import functional as F

    image = pictures(32, 3, 20, 31)
    boxes = random_boxes(32, 20, 31, (0.08, 1.0), (3 / 4, 4 / 3), seeded())
    expected = [
        F.resized_crop(picture, *box, [size, size], antialias=True)
        for picture, box in zip(image.double(), boxes.tolist(), strict=True)
    ]
    assert torch.allclose(resized_boxes(image.double(), boxes, size), torch.stack(expected), atol=1e-10, rtol=0)
    whole = resized_boxes(image, boxes, size)
    assert whole.dtype == torch.uint8
    assert (whole - torch.stack(expected)).abs().max() < 0.5 + 1e-3  # the nearest whole level


def test_boxes_lie_in_the_picture_and_have_the_areas_and_proportions_asked_for():
    top, left, height, width = random_boxes(20_000, 60, 90, (0.2, 0.5), (0.5, 2.0), seeded()).double().T
    assert top.min() == 0 and left.min() == 0 and (top + height).max() == 60 and (left + width).max() == 90
    area = height * width / (60 * 90)
    assert 0.19 < area.min() < 0.21 and 0.49 < area.max() < 0.51
    assert area.mean() == pytest.approx(0.35, abs=0.01)
    assert (width / height).min() > 0.48 and (width / height).max() < 2.1
    wide = (width > height).double().mean()
    assert wide == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("height", "width"), [(10, 100), (100, 10)])
def test_where_no_box_fits_the_largest_in_the_middle_is_taken(height, width):
    from torchvision.transforms.v2 import RandomResizedCrop

    theirs = RandomResizedCrop(8, scale=(1, 1)).make_params([torch.zeros(3, height, width)])
    assert random_boxes(1, height, width, (1, 1), (3 / 4, 4 / 3), seeded()).tolist() == [
        [theirs["top"], theirs["left"], theirs["height"], theirs["width"]]
    ]


def test_cutout_paints_one_square_cut_off_at_the_edges():
    holes = cutout({"image": torch.full((4000, 1, 12, 9), 200, dtype=torch.uint8)}, seeded(), size=5, fill=9)["image"] == 9
    rows, columns = holes.any(3).sum(2), holes.any(2).sum(2)
    assert torch.equal(holes.sum((2, 3)), rows * columns)  # a rectangle
    assert rows.max() == columns.max() == 5
    assert rows.min() == columns.min() == 3  # the middle stays within the picture
    share = holes.float().mean(dim=(0, 1))
    assert share[6, 4] == pytest.approx(25 / (12 * 9), abs=0.02)
    assert share[0, 0] == pytest.approx(9 / (12 * 9), abs=0.02)  # reached only from the nine middles around it


def test_mixup_mixes_pictures_and_labels_by_the_same_share():
    levels = torch.arange(64) * 4
    batch = {"image": levels.to(torch.uint8)[:, None, None, None].expand(64, 3, 5, 6), "label": torch.arange(64)}
    mixed = mixup(batch, seeded(), num_classes=64, alpha=1.0)
    assert mixed["label"].dtype == torch.float32
    assert torch.allclose(mixed["label"].sum(1), torch.ones(64))
    expected = mixed["label"] @ levels.float()  # the mean of the two levels, as the labels tell it
    assert (mixed["image"].float() - expected[:, None, None, None]).abs().max() <= 0.5 + 1e-3
    assert ((mixed["label"] > 0).sum(1) == 2).sum() > 55
    assert 0.2 < mixed["label"].diagonal().mean() < 0.8


def test_cutmix_labels_follow_the_pixels_that_are_left():
    batch = {"image": torch.arange(64, dtype=torch.uint8)[:, None, None, None].expand(64, 3, 20, 31), "label": torch.arange(64)}
    mixed = cutmix(batch, seeded(), num_classes=64, alpha=1.0)
    for own, (picture, label) in enumerate(zip(mixed["image"], mixed["label"], strict=True)):
        counts = picture[0].flatten().long().bincount(minlength=64)
        assert torch.equal(picture[0], picture[1])
        assert torch.allclose(label, counts / (20 * 31))
        box = picture[0] != own
        assert box.sum() == box.any(0).sum() * box.any(1).sum()
    assert ((mixed["label"] > 0).sum(1) == 2).sum() > 45


def test_mixtures_can_be_mixed_and_trained_on():
    part = partial(in_turn, parts=(mixup, partial(crop_and_flip, padding=2), partial(cutmix, alpha=0.5)))
    mixed = bind(part, {"num_classes": 10, "labels": []})(batch_of(), seeded())  # num_classes is a Fact
    assert mixed["label"].shape == (64, 10)
    assert torch.allclose(mixed["label"].sum(1), torch.ones(64))
    assert CrossEntropyLoss()(torch.zeros(64, 10), mixed["label"]).item() == pytest.approx(math.log(10), abs=1e-6)
    assert to_json(part)["with"]["parts"][1] == {"call": "groundup.data.augment:crop_and_flip", "with": {"padding": 2}}


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_shares_have_the_moments_of_a_beta_distribution(alpha):
    draws = beta(40_000, alpha, seeded())
    assert draws.min() >= 0 and draws.max() <= 1
    assert draws.mean().item() == pytest.approx(0.5, abs=0.01)
    assert draws.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.03)


def theirs(name):
    """Torchvision's operation of this name, of one picture and a number."""
    from torchvision.transforms.v2 import functional as F

    def sheared(x, y):
        return dict(angle=0.0, translate=[0, 0], scale=1.0, shear=[math.degrees(math.atan(x)), math.degrees(math.atan(y))])

    still = dict(angle=0.0, scale=1.0, shear=[0.0, 0.0])
    return {
        "shear_x": lambda p, m: F.affine(p, **sheared(m, 0), center=[0, 0]),
        "shear_y": lambda p, m: F.affine(p, **sheared(0, m), center=[0, 0]),
        "translate_x": lambda p, m: F.affine(p, **still, translate=[int(m), 0]),
        "translate_y": lambda p, m: F.affine(p, **still, translate=[0, int(m)]),
        "posterize": lambda p, m: F.posterize(p, int(m)),
        "autocontrast": lambda p, m: F.autocontrast(p),
        "equalize": lambda p, m: F.equalize(p),
        "invert": lambda p, m: F.invert(p),
    }.get(name) or getattr(F, name)


FACTORS = [0.0, 1.0, 1.09, 1.27, 0.73, 1.9, 0.1, *torch.linspace(0.013, 1.987, 25).tolist()]
SLOPES = [0.3, -0.3, 0.09, 0.0, 0.25, -0.125, *torch.linspace(-0.31, 0.31, 26).tolist()]
STRENGTHS = {
    **{f"adjust_{name}": FACTORS for name in ("brightness", "contrast", "saturation", "sharpness")},
    **{"posterize": [n % 9 for n in range(32)], "solarize": [255 * n / 31 for n in range(32)]},
    **dict.fromkeys(("shear_x", "shear_y", "autocontrast", "equalize", "invert"), SLOPES),
    **{name: [40 * slope for slope in SLOPES] for name in ("translate_x", "translate_y")},
    "rotate": [300 * slope for slope in SLOPES],
}


def ours(name, image, strengths):
    function = getattr(geometry, name, None) or getattr(color, name)
    given = torch.tensor(strengths, dtype=torch.float64)
    return function(image) if name in ("autocontrast", "equalize", "invert") else function(image, given)


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", STRENGTHS)
def test_each_operation_gives_torchvisions_very_bytes(name, shape, smooth):
    image, function = pictures(32, *shape, smooth=smooth), theirs(name)
    expected = torch.stack([function(picture, m) for picture, m in zip(image, STRENGTHS[name], strict=True)])
    found = ours(name, image, STRENGTHS[name])
    assert found.dtype == torch.uint8
    assert torch.equal(found, expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_hue_is_torchvisions_to_one_level_in_few_pixels(shape):
    image, function = pictures(32, *shape, smooth=True), theirs("adjust_hue")
    turns = torch.linspace(-0.5, 0.5, 32, dtype=torch.float64)
    expected = torch.stack([function(picture, m) for picture, m in zip(image, turns.tolist(), strict=True)]).int()
    difference = (color.adjust_hue(image, turns).int() - expected).abs()
    assert difference.max() <= 1
    assert difference.float().mean() < 1e-3


def test_jitter_draws_each_factor_between_its_bounds():
    batch = {"image": torch.full((4000, 1, 1, 1), 100, dtype=torch.uint8)}
    levels = color_jitter(batch, seeded(), brightness=0.4)["image"].flatten()
    assert (levels.min(), levels.max()) == (60, 139)
    assert levels.float().mean().item() == pytest.approx(99.5, abs=1)
    assert torch.equal(color_jitter(batch, seeded(), saturation=0.9, hue=0.5)["image"], batch["image"])  # grey has no colour
    assert torch.equal(color_jitter(batch_of(), seeded())["image"], batch_of()["image"])


NAMES = [  # torchvision's, in the order of OPERATIONS
    *("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"),
    *("Posterize", "Solarize", "AutoContrast", "Equalize"),
]


@pytest.mark.parametrize("magnitude", [0, 4, 9, 15, 30])
def test_rand_augment_changes_each_picture_as_torchvisions_operation_of_its_magnitude(magnitude):
    from torchvision.transforms.v2 import InterpolationMode, RandAugment

    transform = RandAugment()
    which = torch.arange(28) % 14
    sign = torch.where(torch.arange(28) < 14, 1, -1)
    image = pictures(28, 3, 32, 40)
    found = applied(image, which, sign, magnitude / 30)
    for row, name in enumerate([*NAMES, *NAMES]):
        space, signed = transform._AUGMENTATION_SPACE[name]
        strengths = space(31, 32, 40)
        operation = list(OPERATIONS.values())[which[row]]
        strength = operation.strength(magnitude / 30, 32, 40)
        assert operation.signed == signed
        assert strengths is None or strength == pytest.approx(float(strengths[magnitude]), abs=1e-5)
        strength *= sign[row].item() if signed else 1
        settings = dict(interpolation=InterpolationMode.NEAREST, fill={torch.Tensor: None})
        expected = transform._apply_image_or_video_transform(image[row], name, strength, **settings)
        assert torch.equal(found[row], expected), name
    assert len(OPERATIONS) == len(transform._AUGMENTATION_SPACE) == 14


def test_rand_augment_draws_its_operations_for_each_picture():
    image = pictures(1, 3, 16, 16, smooth=True)
    image[0, :, :8] = torch.randint(256, (3, 8, 16), generator=seeded(), dtype=torch.uint8)
    batch = {"image": image.expand(400, -1, -1, -1)}
    once = rand_augment(batch, seeded(), num_ops=1)["image"]
    different = {picture.numpy().tobytes() for picture in once}
    kinds = torch.arange(14).repeat_interleave(2)
    both = applied(image.expand(28, -1, -1, -1), kinds, torch.tensor([1, -1]).repeat(14), 9 / 30)
    assert different == {picture.numpy().tobytes() for picture in both}
    assert len(different) > 20
    assert torch.equal(rand_augment(batch, seeded(), num_ops=0)["image"], batch["image"])
