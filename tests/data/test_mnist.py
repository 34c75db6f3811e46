"""MNIST and Fashion-MNIST from idx files: equal to torchvision's readers, and nothing damaged gets through."""

import gzip
import hashlib
import struct
import tracemalloc

import pytest
import torch

from groundup.data.images import picture_facts
from groundup.data.mnist import CLOTHES, fashion_mnist, mnist, read_idx
from groundup.data.places import data_home
from groundup.errors import UserError

REAL = data_home() / "mnist"
COUNTS = {"train": 7, "t10k": 4}


def idx(array):
    """The bytes of an idx file of bytes."""
    return bytes((0, 0, 8, array.dim())) + struct.pack(f">{array.dim()}I", *array.shape) + array.numpy().tobytes()


def contents(seed=0):
    """A miniature set: the bytes of the four files by name."""
    generator = torch.Generator().manual_seed(seed)
    files = {}
    for start, count in COUNTS.items():
        pixels = torch.randint(256, (count, 28, 28), generator=generator, dtype=torch.uint8)
        files[f"{start}-images-idx3-ubyte"] = idx(pixels)
        files[f"{start}-labels-idx1-ubyte"] = idx(torch.randint(10, (count,), generator=generator, dtype=torch.uint8))
    return files


def write(folder, files, packed=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder


def check_against_torchvision(ours, theirs):
    assert len(ours) == len(theirs)
    assert torch.equal(ours.columns["image"][:, 0], theirs.data)
    assert torch.equal(ours.columns["label"], theirs.targets)
    for index in (0, len(ours) // 2, len(ours) - 1):
        assert ours[index]["image"].shape == (1, 28, 28)
        assert ours[index]["image"].dtype == torch.uint8
        assert (ours[index]["label"].shape, ours[index]["label"].dtype) == ((), torch.int64)
        assert bytes(ours[index]["image"].flatten().tolist()) == theirs[index][0].tobytes()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("read", "name"), [(mnist, "MNIST"), (fashion_mnist, "FashionMNIST")])
def test_a_miniature_is_read_as_torchvision_reads_it(tmp_path, read, name, packed):
    import torchvision

    raw = write(tmp_path / name / "raw", contents())
    root = write(tmp_path / "packed", contents(), packed=True) if packed else raw
    for split in ("train", "test"):
        theirs = getattr(torchvision.datasets, name)(tmp_path, train=split == "train")
        check_against_torchvision(read(split=split, root=root), theirs)


def test_the_classes_are_torchvisions(tmp_path):
    from torchvision.datasets import FashionMNIST

    root = write(tmp_path, contents())
    assert picture_facts(fashion_mnist(split="test", root=root))["labels"] == FashionMNIST.classes == list(CLOTHES)
    assert picture_facts(mnist(split="test", root=root)) == {
        "labels": [*"0123456789"],
        "num_classes": 10,
        "image_shape": [1, 28, 28],
        "in_channels": 1,
    }


@pytest.mark.skipif(not REAL.is_dir(), reason="mnist is not beside the checkout")
@pytest.mark.parametrize(
    ("split", "start", "per_class", "md5"),
    [
        ("train", "train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], "6bbc9ace898e44ae57da46a324031adb"),
        ("test", "t10k", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], "2646ac647ad5339dbf082846283269ea"),
    ],
)
def test_the_real_set_is_the_published_one(tmp_path, split, start, per_class, md5):
    from torchvision.datasets import MNIST

    dataset = mnist(split=split, root=REAL)
    assert dataset.columns["label"].bincount().tolist() == per_class
    pixels = dataset.columns["image"].squeeze(1)
    assert hashlib.md5(idx(pixels)).hexdigest() == md5
    write(tmp_path / "MNIST" / "raw", {path.stem: gzip.decompress(path.read_bytes()) for path in REAL.glob("*.gz")})
    check_against_torchvision(dataset, MNIST(tmp_path, train=split == "train"))


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def relabelled(files, label):
    return files[LABELS][:-1] + bytes([label])


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (IMAGES, lambda files: files[IMAGES][:-1], "announces 7 x 28 x 28 bytes and holds 5487"),
        (IMAGES, lambda files: files[IMAGES] + b"\0", "holds more"),
        (IMAGES, lambda files: files[IMAGES][:9], "cut off within its header"),
        (IMAGES, lambda files: b"", "begins with nothing"),
        (IMAGES, lambda files: b"<!DOCTYPE html>", "begins with 3c 21 44 4f, not 00 00 08 03"),
        (IMAGES, lambda files: files[LABELS], "begins with 00 00 08 01, not 00 00 08 03"),
        (IMAGES, lambda files: bytes((0, 0, 13, 3)) + files[IMAGES][4:], "not an idx file of bytes in 3 dimensions"),
        (IMAGES, lambda files: bytes((0, 0, 8, 3)) + b"\xff" * 12, "more than is ever read"),
        (IMAGES, lambda files: idx(torch.zeros(7, 14, 56, dtype=torch.uint8)), "14x56 pixels, and those of mnist have 28x28"),
        (IMAGES, lambda files: idx(torch.zeros(0, 28, 28, dtype=torch.uint8)), "holds 0 pictures"),
        (IMAGES, lambda files: gzip.compress(files[IMAGES])[:-30], "cannot be read"),
        (IMAGES, lambda files: gzip.compress(files[IMAGES])[:-8] + b"\0" * 8, "CRC check failed"),
        (LABELS, lambda files: files["t10k-labels-idx1-ubyte"], "holds 7 pictures and train-labels-idx1-ubyte 4 labels"),
        (LABELS, lambda files: relabelled(files, 10), "entry 6: the label is 10, and mnist has 0 to 9"),
        (LABELS, lambda files: relabelled(files, 255), "entry 6: the label is 255"),
    ],
)
def test_a_damaged_file_is_named_in_one_line(tmp_path, name, damage, message):
    files = contents()
    root = write(tmp_path, {**files, name: damage(files)})
    with pytest.raises(UserError, match=message) as refusal:
        mnist(split="train", root=root)
    assert "\n" not in str(refusal.value)
    assert name in str(refusal.value)
    assert len(mnist(split="test", root=root)) == COUNTS["t10k"]  # what is whole is still read


def test_no_byte_changed_in_a_packed_file_gets_through(tmp_path):
    files = contents()
    whole = gzip.compress(files[IMAGES], mtime=0)
    path = tmp_path / "images.gz"
    for place in range(12, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        with pytest.raises(UserError, match=r"images\.gz"):
            read_idx(path, dimensions=3)


def test_what_is_not_there_is_asked_for_by_name(tmp_path):
    files = contents()
    with pytest.raises(UserError, match="mnist has the splits train and test; got 'valid'"):
        mnist(split="valid", root=write(tmp_path, files))
    (tmp_path / LABELS).unlink()
    with pytest.raises(UserError, match=f"lacks {LABELS} or {LABELS}.gz"):
        mnist(split="train", root=tmp_path)
    with pytest.raises(UserError, match="fashion_mnist is not on this machine"):
        fashion_mnist(split="train", root=tmp_path / "nowhere")


def test_a_header_that_promises_a_gigabyte_takes_no_memory(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(bytes((0, 0, 8, 3)) + struct.pack(">III", 2**20, 32, 32) + bytes(99))
    tracemalloc.start()
    with pytest.raises(UserError, match="announces 1048576 x 32 x 32 bytes and holds 99"):
        read_idx(path, dimensions=3)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**24
