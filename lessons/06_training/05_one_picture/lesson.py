"""
Asking about one picture from disk
==================================

The network is trained. Somebody takes a photograph with a phone and wants to know what it shows. Between ``photo.jpg`` and the
word "blue" lie six small steps, and each is a place where good networks give bad answers. Which six?
"""

# %%
# A network first: a small one that names the colour of a thing, trained for some seconds on drawn pictures of 32 x 32.

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.data.shapes_world import shapes_world_labels
from groundup.layers.activation import ReLU
from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm2d
from groundup.layers.pooling import MaxPool2d
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW


class Net(Module):
    def __init__(self, classes: int, width: int = 16):
        super().__init__()
        sizes = (3, width, 2 * width, 4 * width)
        self.body = Sequential(*(
            Sequential(Conv2d(in_channels=i, out_channels=o, kernel_size=3, padding=1), BatchNorm2d(num_features=o), ReLU(),
                       MaxPool2d(kernel_size=2))
            for i, o in zip(sizes, sizes[1:])
        ))  # fmt: skip
        self.head = Linear(in_features=4 * width * 16, out_features=classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images).flatten(1))


world = shapes_world_labels(split="train", target="colour", size=32, count=2000)
data = world.batch(torch.arange(len(world)))
facts = {"labels": world.labels, "size": 32}
pixels = data["image"].float() / 255
facts["mean"], facts["std"] = pixels.mean((0, 2, 3)).tolist(), pixels.std((0, 2, 3)).tolist()


def normalized(images: Tensor) -> Tensor:
    mean, std = (torch.tensor(facts[name])[:, None, None] for name in ("mean", "std"))
    return (images - mean) / std


torch.manual_seed(0)
model = Net(len(world.labels))
optimizer = AdamW(model.parameters(), lr=3e-3)
for _ in range(4):
    for rows in torch.randperm(len(world)).split(64):
        loss = CrossEntropyLoss()(model(normalized(pixels[rows])), data["label"][rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print("loss at the end", round(loss.item(), 3))

# %%
# What is kept is not the weights alone: without the names of the classes the answer is "5", and without mean and spread it
# is a guess. They are the *facts* of this run.

folder = Path(tempfile.mkdtemp())
save_file(model.state_dict(), folder / "model.safetensors")
(folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

# %%
# A photograph: larger, not square, turned by the camera, with a channel of opacity. (Drawn, so that this page needs no
# camera.)

drawn = shapes_world_labels(split="test", target="colour", size=160, count=12).batch(torch.arange(12))
photos = []
for number, (image, label) in enumerate(zip(drawn["image"], drawn["label"])):
    picture = Image.fromarray(np.pad(image.permute(1, 2, 0).numpy(), ((0, 0), (20, 20), (0, 0)), mode="edge"))
    photo = folder / f"{number}.png"
    picture.convert("RGBA").save(photo)
    photos.append((photo, world.labels[label]))

# %%
# The six steps
# -------------


def predict(file: Path, run: Path) -> list[tuple[str, float]]:
    """The classes of a picture, the likeliest first, each with its probability."""
    facts = json.loads((run / "facts.json").read_text(encoding="utf-8"))
    with Image.open(file) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")  # 1. upright, three channels
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    size = facts["size"]
    picture = picture.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BILINEAR)  # 2. the size
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255  # 3. channels first, fractions
    mean, std = (torch.tensor(facts[name])[:, None, None] for name in ("mean", "std"))
    batch = ((image - mean) / std)[None]  # 4. as in training, and a batch of one
    model = Net(len(facts["labels"]))
    model.load_state_dict(load_file(run / "model.safetensors"))
    model.eval()  # 5. in use, and without books
    with torch.no_grad():
        believed = model(batch).softmax(1)[0]
    return [(facts["labels"][number], believed[number].item()) for number in believed.argsort(descending=True)]  # 6. words


figure, axes = plt.subplots(2, 6, figsize=(11, 4), layout="constrained")
right = 0
for axis, (photo, truth) in zip(axes.flat, photos):
    word, share = predict(photo, folder)[0]
    right += word == truth
    axis.imshow(Image.open(photo))
    axis.set_title(f"{word} {share:.0%}", color="black" if word == truth else "red")
    axis.set_axis_off()
plt.show()
print(right, "of", len(photos), "are right")
assert right > len(photos) / 2

# %%
# ``groundup predict RUN --input photo.jpg --output out/`` takes these steps, with the facts of the run, for any task. The
# function that prepares a picture is the one that prepared the training pictures: there is only one.
#
# The trap: one step left out
# ---------------------------
#
# Each of these is a real report of a "bad model". Nothing fails; the number at the right is how many of the twelve are still
# right.


def score(change) -> int:
    found = 0
    net = Net(len(world.labels))
    net.load_state_dict(load_file(folder / "model.safetensors"))
    net.eval()
    for photo, truth in photos:
        with Image.open(photo) as opened:
            picture = opened.convert("RGB")
        side = min(picture.size)
        left = (picture.width - side) // 2
        picture = picture.crop((left, 0, left + side, side)).resize((32, 32), Image.Resampling.BILINEAR)
        image = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        with torch.no_grad():
            found += world.labels[net(change(image, net)[None]).argmax(1).item()] == truth
    return found


def in_training(image: Tensor, net: Module) -> Tensor:
    net.train()
    return normalized(image)


for name, change in {
    "all six steps": lambda image, net: normalized(image),
    "not normalised": lambda image, net: image,
    "bytes, not fractions": lambda image, net: normalized(image * 255),
    "blue, green, red": lambda image, net: normalized(image.flip(0)),
    "on its side": lambda image, net: normalized(image.transpose(1, 2)),
}.items():
    print(f"{name:22} {score(change):2} of {len(photos)}")
try:
    score(in_training)
except ValueError as refusal:
    print(f"{'in training mode':22} refused: {refusal}")

# %%
# To lie on its side does not trouble a network for colours; one that reads digits it would. Which of the six steps matters
# depends on the task, and nobody is told when one is missing.
#
# Three things to try
# -------------------
#
# 1. Ask about a photograph of your own. How sure is it, and of what? Why can it not say "none of these"?
# 2. Feed the whole picture, bent to a square, instead of its middle. Does it matter here, and when would it?
# 3. Average the answers for the picture, its mirror image, and five crops. Does it help?
#
# Then write the preparation for a network that somebody else trained: ``groundup learn start one_picture``.
