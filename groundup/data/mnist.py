"""MNIST and Fashion-MNIST, read from their idx files: a header of a few numbers, then every pixel or label as one byte."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.images import InMemory
from groundup.data.places import folder_of
from groundup.errors import UserError

SIDE = 28  # pixels
UNSIGNED_BYTE = 8  # idx's code for the type of its values
BLOCK = 2**22  # bytes read at once
LARGEST = 2**30  # bytes; the sets have 47 million
DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def mnist(*, split: str, root: str | Path | None = None) -> Dataset:
    """Handwritten digits, 70,000 grey pictures of 28x28: the first test of every classifier since 1998.

    `split` is "train" (60,000 pictures) or "test" (10,000). Ink is bright. The folder holds the four idx files, packed (.gz)
    or not.
    Shapes: image (1, 28, 28) uint8, label () int64.
    Raises: UserError for another split, for files that are not there, damaged, or do not belong together.
    Source: LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/; no licence is stated.
    """
    return idx_pictures("mnist", split, root, DIGITS)


def fashion_mnist(*, split: str, root: str | Path | None = None) -> Dataset:
    """Pieces of clothing in ten classes, 70,000 grey pictures of 28x28: MNIST's size and files, and harder to tell apart.

    `split` is "train" (60,000 pictures) or "test" (10,000). Cloth is bright. The folder holds the four idx files, packed
    (.gz) or not; they bear the same names as MNIST's, so each set needs a folder of its own. Debian and Ubuntu have them in
    their package dataset-fashion-mnist, which puts them into /usr/share/datasets/fashion-mnist.
    Shapes: image (1, 28, 28) uint8, label () int64.
    Raises: UserError for another split, for files that are not there, damaged, or do not belong together.
    Source: Xiao, Rasul, Vollgraf, https://github.com/zalandoresearch/fashion-mnist, MIT.
    """
    return idx_pictures("fashion_mnist", split, root, CLOTHES)


def idx_pictures(name: str, split: str, root: str | Path | None, labels: tuple[str, ...]) -> InMemory:
    """A split of pictures and labels from a folder with MNIST's file names.

    Raises: UserError for what cannot be a set of these labels.
    """
    if split not in ("train", "test"):
        raise UserError(f"{name} has the splits train and test; got {split!r}")
    start = "train" if split == "train" else "t10k"
    names = [f"{start}-images-idx3-ubyte", f"{start}-labels-idx1-ubyte"]
    choices = [(file, f"{file}.gz") for file in names]
    folder = folder_of(name, root, choices)
    images_path, labels_path = (next(folder / file for file in pair if (folder / file).exists()) for pair in choices)
    images, numbers = read_idx(images_path, dimensions=3), read_idx(labels_path, dimensions=1)
    if images.shape[1:] != (SIDE, SIDE):
        raise UserError(
            f"{images_path} holds pictures of {images.shape[1]}x{images.shape[2]} pixels, and those of {name} have {SIDE}x{SIDE}"
        )
    if len(images) != len(numbers) or not len(images):
        raise UserError(
            f"{images_path} holds {len(images)} pictures and {labels_path.name} {len(numbers)} labels: "
            f"they are not of one set; fetch both again"
        )
    wrong = (numbers >= len(labels)).nonzero().flatten()
    if len(wrong):
        entry = wrong[0].item()
        raise UserError(
            f"{labels_path}, entry {entry}: the label is {numbers[entry]}, and {name} has 0 to {len(labels) - 1}; fetch it again"
        )
    return InMemory({"image": images.unsqueeze(1), "label": numbers.long()}, labels=labels)


def read_idx(path: Path, *, dimensions: int) -> Tensor:
    """The array in an idx file of bytes, packed with gzip or not (the content says which, not the name).

    The file begins with two zeros, the code of the values' type and the number of dimensions, one byte each; then come the
    sizes as big-endian 32-bit numbers, then the values.
    Raises: UserError for a file that is no such array of that many dimensions, is cut off, or goes on behind its end.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            with gzip.GzipFile(fileobj=plain) if packed else plain as file:
                magic = file.read(4)
                if magic != bytes((0, 0, UNSIGNED_BYTE, dimensions)):
                    raise UserError(
                        f"{path} is not an idx file of bytes in {dimensions} dimensions: it begins with "
                        f"{magic.hex(' ') or 'nothing'}, not 00 00 08 {dimensions:02x}; fetch it again"
                    )
                header = file.read(4 * dimensions)
                if len(header) < 4 * dimensions:
                    raise UserError(f"{path} is cut off within its header: fetch it again")
                sizes = struct.unpack(f">{dimensions}I", header)
                count, shown = math.prod(sizes), " x ".join(map(str, sizes))
                if count > LARGEST:
                    raise UserError(f"{path} announces {shown} bytes, more than is ever read: fetch it again")
                values = bytearray()  # grows with what is there: a header may promise a gigabyte that is not
                while len(values) < count and (block := file.read(min(count - len(values), BLOCK))):
                    values += block
                found = len(values)
                more = file.read(1)  # a packed file is checked against its checksum here, at the end
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}): fetch it again") from error
    if found < count or more:
        raise UserError(f"{path} announces {shown} bytes and holds {'more' if more else found}: fetch it again")
    return torch.frombuffer(values, dtype=torch.uint8).view(sizes) if count else torch.empty(sizes, dtype=torch.uint8)
