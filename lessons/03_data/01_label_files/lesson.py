"""
Label files: from a folder of pictures to a table
=================================================

Two hundred photographs lie in two folders, ``ants`` and ``bees``. That is already a labelled data set, of the most common kind
there is. Another lab hands over its pictures in one folder, with a text file beside each that says what it shows. How does one
turn the one into the other, and what can go wrong on the way that nobody sees for weeks?
"""

# %%
# The path of a picture says everything: which split it belongs to, and what it shows.

import random
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from PIL import Image

from groundup.data.image_folder import image_folder
from groundup.learn.stand_in import ants_and_bees

root = ants_and_bees()
train = root / "train"
for folder in sorted(path for path in train.iterdir() if path.is_dir()):
    print(folder.name, "-", sum(1 for _ in folder.glob("*.jpg")), "pictures")

# %%
# Classes are numbered, since a network answers with numbers. The numbering must be the same on every machine and in every
# run, so it is the alphabet's, and never that of the disk.

classes = sorted(path.name for path in train.iterdir() if path.is_dir())
number_of = {name: number for number, name in enumerate(classes)}
print(number_of)

# %%
# From the folders to one label file beside each picture:


def write_labels(folder: Path, target: Path) -> int:
    """One text file for each picture, of the picture's own name, that holds the name of its class; how many."""
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for picture in sorted(folder.glob("*/*.jpg")):
        (target / f"{picture.stem}.txt").write_text(picture.parent.name + "\n", encoding="utf-8")
        count += 1
    return count


labels = Path(tempfile.mkdtemp()) / "labels"
pictures = sorted(train.glob("*/*.jpg"))
print("written:", write_labels(train, labels), " files there:", len(list(labels.glob("*.txt"))), " pictures:", len(pictures))

# %%
# The trap: two pictures of one name
# ----------------------------------
#
# If two folders hold a ``0013.jpg`` each, the second label file replaces the first, and nobody says a word. In the line above
# "written" and "files there" then differ. Photographs numbered by a camera do this all the time.

doubles = len(pictures) - len({picture.stem for picture in pictures})
print(doubles, "pictures share a name with one of another class")

# %%
# Hence one table for all is the better way: a line for each picture, with its path as the key, which cannot occur twice.

table = labels.parent / "labels.csv"
lines = [f"{picture.relative_to(train).as_posix()},{picture.parent.name}" for picture in pictures]
table.write_text("\n".join(["file,label", *lines]) + "\n", encoding="utf-8")
print(table.read_text(encoding="utf-8").splitlines()[:3])

# %%
# A few of them, each with what the table says. Looking is the one check that finds a wrong label.

rows = random.Random(3).sample(lines, 8)
figure, axes = plt.subplots(2, 4, figsize=(9, 4.6), layout="constrained")
for axis, line in zip(axes.flat, rows):
    file, label = line.rsplit(",", 1)
    with Image.open(train / file) as picture:
        axis.imshow(picture.convert("RGB"))
    axis.set_title(f"{label} = {number_of[label]}")
    axis.set_axis_off()
plt.show()

# %%
# The package reads the folders as they are, numbers the classes the same way, and says what it left out.

dataset = image_folder(split="train", root=root)
assert dataset.labels == classes
print("the package finds", dict(zip(dataset.labels, torch.bincount(dataset.label).tolist())))

# %%
# Three things to try
# -------------------
#
# 1. ``sorted`` puts "Zebra" before "ant", and on some disks "Ä" is stored as two characters. Which numbering would survive
#    both?
# 2. Split the training pictures into 80 and 20 percent by a hash of the file's name. What is better about that than by
#    chance?
# 3. Every tenth label is wrong on purpose. How would you find them with a trained network? (The lesson on indexing has the
#    tool.)
#
# Then write the table for any folder: ``groundup learn start label_files``.
