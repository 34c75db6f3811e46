"""How the pictures were prepared that published weights were trained on, in the words of each library that publishes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from groundup.errors import UserError

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALVES = (0.5, 0.5, 0.5)
CAFFE_MEAN, BYTES = (0.48235, 0.45882, 0.40784), (1 / 255, 1 / 255, 1 / 255)  # what VGG's first features were trained with
WHOLE = "fitting whole"  # a picture keeps its proportions and all of itself: see `fitted_in` in data/labelled_pixels.py


@dataclass(frozen=True)
class Preparation:
    """What becomes of a picture before the model sees it: see `fitted` in data/decode.py and `normalize` in data/images.py.

    `fit` may also be WHOLE.
    """

    image_shape: tuple[int, int, int] = (3, 224, 224)
    fit: str = "resize 256 bilinear"
    mean: Sequence[float] = IMAGENET_MEAN
    std: Sequence[float] = IMAGENET_STD

    def __str__(self) -> str:
        _, height, width = self.image_shape
        mean, std = (" ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        return f"{self.fit} to {height}x{width}, mean {mean}, std {std}"


SSD300 = Preparation(image_shape=(3, 300, 300), fit="stretch bilinear", mean=CAFFE_MEAN, std=BYTES)
PIXELS = Preparation(image_shape=(3, 520, 520), fit=WHOLE)


def torchvision_preparation(name: str, entry) -> Preparation | None:
    """What the entry's own transforms do, or the model itself; None for tasks that are not known here.

    For segmentation torchvision brings the shorter side of a picture to a size, whatever the longer one is then; here the
    whole picture lies in a square of that size.
    """
    steps = entry.transforms()
    sides, crops = (getattr(steps, key, None) or () for key in ("resize_size", "crop_size"))
    if "categories" not in entry.meta:
        return None
    if name == "ssd300_vgg16":
        return SSD300
    if len(sides) == 1 and not hasattr(steps, "crop_size"):
        return Preparation(image_shape=(3, *sides, *sides), fit=WHOLE, mean=tuple(steps.mean), std=tuple(steps.std))
    if len(sides) != 1 or len(crops) != 1:
        return None
    (side,), (short_side,) = crops, sides
    halves = name in ("googlenet", "inception_v3")  # which bring what they get from ImageNet's statistics to these first
    return Preparation(
        image_shape=(3, side, side),
        fit=f"resize {short_side} {steps.interpolation.value}",
        mean=HALVES if halves else tuple(steps.mean),
        std=HALVES if halves else tuple(steps.std),
    )


def timm_preparation(entry) -> Preparation:
    """What timm's transforms for evaluation do."""
    from timm.data import resolve_data_config

    config = resolve_data_config({}, pretrained_cfg=entry.to_dict())
    if config["crop_mode"] != "center":
        raise UserError(f"{entry.architecture} is prepared with timm's crop_mode {config['crop_mode']}, which is not known here")
    shape = tuple(config["input_size"])
    return Preparation(
        image_shape=shape,
        fit=f"resize {int(max(shape[1:]) / config['crop_pct'])} {config['interpolation']}",
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    )


def transformers_preparation(document: dict, folder: Path) -> Preparation:
    """What an image processor of transformers with this document does."""
    kernels = {2: "bilinear", 3: "bicubic"}
    kernel = kernels.get(document.get("resample", 2))
    size, crop = document.get("size", 224), document.get("crop_size", 224)
    try:
        size = {"shortest_edge": size} if isinstance(size, int) else size
        side = crop if isinstance(crop, int) else crop["height"], crop if isinstance(crop, int) else crop["width"]
        if "height" in size:
            side, fit = (size["height"], size["width"]), f"stretch {kernel}"
        elif document.get("crop_pct") is not None:  # ConvNeXt's: from 384 on the whole picture is taken
            short = size["shortest_edge"]
            side, fit = (short, short), f"resize {int(short / document['crop_pct'])} {kernel}"
            fit = f"stretch {kernel}" if short >= 384 else fit
        else:
            fit = f"resize {size['shortest_edge']} {kernel}"
            if not document.get("do_center_crop"):
                raise KeyError("do_center_crop")
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder / 'preprocessor_config.json'} says nothing that is known here of {error}") from error
    if kernel is None:
        raise UserError(f"{folder / 'preprocessor_config.json'} resizes by a kernel that is not known here")
    mean, std = (document.get(key) or HALVES for key in ("image_mean", "image_std"))
    return Preparation(image_shape=(3, *side), fit=fit, mean=tuple(mean), std=tuple(std))
