"""
Normalize, Resize, Compose, RandomCrop
======================================

Photographs come in all sizes and in all lights. A network with a fixed input wants 224 x 224, and learns best from numbers around
zero. Every vision library has a box of small tools for that. What does each do, and in which order must they stand?
"""

# %%
# **Normalize** takes from each channel its mean and divides by its spread. Both are measured once, on the training pictures,
# and belong to the model from then on: a picture of one's own must get the same ones.

import matplotlib.pyplot as plt
import torch
from torch import Generator, Tensor

from groundup.data.decode import decode
from groundup.data.images import normalize as package_normalize
from groundup.data.transforms.geometry import resize_short
from groundup.learn.stand_in import ants_and_bees

root = ants_and_bees()
files = sorted((root / "train").glob("*/*.jpg"))[:12]
pictures = [decode(file).float() / 255 for file in files]  # (3, height, width), of different sizes
print("sizes:", [tuple(picture.shape[1:]) for picture in pictures[:4]], "...")

count = sum(picture[0].numel() for picture in pictures)
mean = sum(picture.sum((1, 2)) for picture in pictures) / count
std = (sum((picture - mean[:, None, None]).square().sum((1, 2)) for picture in pictures) / count).sqrt()
print(
    "mean of red, green, blue:", [round(number, 3) for number in mean.tolist()], " spread:", [round(n, 3) for n in std.tolist()]
)


def normalize(picture: Tensor) -> Tensor:
    """Each channel less its mean, divided by its spread."""
    return (picture - mean[:, None, None]) / std[:, None, None]


batch = {"image": decode(files[0])[None]}
ours = normalize(pictures[0])
torch.testing.assert_close(package_normalize(batch, mean=mean.tolist(), std=std.tolist())["image"][0], ours, rtol=1e-4, atol=1e-5)

# %%
# **Resize** changes the number of pixels: each new one is a mixture of old ones. To a fixed height and width it also bends
# the picture; to a fixed *shorter side* it does not, and what sticks out is cropped.


def shorter_side_to(picture: Tensor, size: int) -> Tensor:
    """The picture with its shorter side `size` pixels long."""
    shorter = min(picture.shape[1:])
    sides = [size if side == shorter else int(size * side / shorter) for side in picture.shape[1:]]
    options = dict(mode="bilinear", align_corners=False, antialias=True)
    return torch.nn.functional.interpolate(picture[None], sides, **options)[0]


small = shorter_side_to(pictures[0], 100)
assert min(small.shape[1:]) == 100
assert small.shape[1:] == resize_short({"image": decode(files[0])}, size=100)["image"].shape[1:]

# %%
# **RandomCrop** takes a part of fixed size, another one at each look: a network that never sees the same frame twice cannot
# rely on where things stand. For scoring one takes the middle, always the same.


def crop(picture: Tensor, size: int, generator: Generator | None = None) -> Tensor:
    """A square part: somewhere, or without a generator the middle."""
    room = torch.tensor(picture.shape[1:]) - size
    top, left = room // 2 if generator is None else (torch.rand(2, generator=generator) * (room + 1)).long()
    return picture[:, top : top + size, left : left + size]


# %%
# **Compose** runs them one after the other. It is the smallest program in any library, and the order of its list is the whole
# difficulty.


class Compose:
    """One step after the other."""

    def __init__(self, *steps):
        self.steps = steps

    def __call__(self, picture: Tensor) -> Tensor:
        for step in self.steps:
            picture = step(picture)
        return picture


generator = Generator().manual_seed(0)
training = Compose(lambda x: shorter_side_to(x, 100), lambda x: crop(x, 84, generator), normalize)
scoring = Compose(lambda x: shorter_side_to(x, 100), lambda x: crop(x, 84), normalize)
looks = torch.stack([training(pictures[0]) for _ in range(4)])
print("four looks at one picture:", tuple(looks.shape))

bent = torch.nn.functional.interpolate(pictures[0][None], (84, 84), mode="bilinear", antialias=True)[0]
figure, axes = plt.subplots(1, 6, figsize=(12, 2.4), layout="constrained")
back = [(look * std[:, None, None] + mean[:, None, None]).clamp(0, 1) for look in (scoring(pictures[0]), *looks[:3])]
titles = ("as it is", "bent to a square", "the middle", "a crop", "a crop", "a crop")
for axis, image, title in zip(axes, (pictures[0], bent, *back), titles):
    axis.imshow(image.permute(1, 2, 0).clamp(0, 1))
    axis.set_title(title)
    axis.set_axis_off()
plt.show()

# %%
# The trap: two sets of numbers
# -----------------------------
#
# A model trained with one mean and spread and asked with another still answers, with confidence, and worse. Here the same
# picture is normalised twice, as happens when the tool box and the model both do it.

twice = normalize(normalize(pictures[0]))
print(f"once: mean {ours.mean():.2f}, spread {ours.std():.2f};  twice: mean {twice.mean():.2f}, spread {twice.std():.2f}")
assert twice.std() > 2 * ours.std()

# %%
# That is why in ``groundup`` mean and spread are *facts*: fitted on the training split, saved in the run, and applied by one
# function (``prepare``) in training, scoring and prediction alike.
#
# The order matters too: crop before resizing and the crop has another size in each picture; normalise before padding and the
# padded zeros are not black but grey.
#
# Three things to try
# -------------------
#
# 1. Shrink a picture to a tenth with ``antialias=False``. Look at fine lines. Where do the waves come from?
# 2. Undo ``normalize`` in one line. Why is it needed before every plot?
# 3. Measure mean and spread on crops of the middle only. Do they differ, and would it matter?
#
# Then write the tool that bends nothing: ``groundup learn start transforms``.
