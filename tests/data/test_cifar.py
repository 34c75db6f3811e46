"""CIFAR-10 and CIFAR-100 from all their layouts: equal to torchvision's readers; a hostile pickle is refused, not run."""

import gc
import gzip
import io
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.cifar import cifar10, cifar100
from groundup.data.cifar_pictures import CLASSES
from groundup.data.places import data_home
from groundup.errors import UserError

REAL = data_home() / "cifar10"
MINI = REAL / "cifar-10-batches-py-mini.tar.gz"
beside = pytest.mark.skipif(not REAL.is_dir(), reason="cifar10 is not beside the checkout")
GROUPS, FINE = [f"group {n}" for n in range(20)], [f"class {n}" for n in range(100)]


def pickled(value):
    """A value as Python 2 pickled the author's files, in protocol 2: its texts are bytes, its arrays NumPy's of that time."""
    return b"\x80\x02" + opcodes(value) + b"."


def opcodes(value):
    match value:
        case int():
            return b"J" + struct.pack("<i", value)
        case str() | bytes():
            content = value.encode() if isinstance(value, str) else value
            return b"T" + struct.pack("<i", len(content)) + content
        case list():
            return b"(" + b"".join(map(opcodes, value)) + b"l"
        case tuple():
            return b"(" + b"".join(map(opcodes, value)) + b"t"
        case dict():
            return b"(" + b"".join(opcodes(key) + opcodes(part) for key, part in value.items()) + b"d"
        case np.ndarray():
            empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + opcodes((0,)) + opcodes("b") + b"tR"
            kind = b"cnumpy\ndtype\n" + opcodes((value.dtype.str[1:], 0, 1)) + b"R(" + opcodes(3) + opcodes("|") + b"NNN"
            kind += opcodes(-1) + opcodes(-1) + opcodes(0) + b"tb"
            state = b"(" + opcodes(1) + opcodes(value.shape) + kind + opcodes(0) + opcodes(value.tobytes()) + b"t"
            return empty + state + b"b"


def some(count, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3072), dtype=np.uint8), rng


def batches10():
    files = {"batches.meta": {"num_cases_per_batch": 4, "label_names": list(CLASSES), "num_vis": 3072}}
    for seed, file in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        data, rng = some(4, seed)
        files[file] = {"batch_label": file, "labels": rng.integers(0, 10, 4).tolist(), "data": data, "filenames": ["a.png"] * 4}
    return files


def batches100():
    files = {"meta": {"fine_label_names": FINE, "coarse_label_names": GROUPS}}
    for seed, file in enumerate(("train", "test")):
        data, rng = some(9, seed)
        labels = rng.integers(0, 100, 9)
        files[file] = {"data": data, "fine_labels": labels.tolist(), "coarse_labels": (labels // 5).tolist()}
    return files


def write(folder, files, archive=None):
    """The files pickled into their folder, or into an archive; what is bytes already is left as it is."""
    contents = {name: value if isinstance(value, bytes) else pickled(value) for name, value in files.items()}
    name = "cifar-10-batches-py" if "batches.meta" in files else "cifar-100-python"
    if archive is None:
        (folder / name).mkdir(parents=True)
        for file, content in contents.items():
            (folder / name / file).write_bytes(content)
        return folder
    with tarfile.open(folder / archive, "w:gz") as tar:
        for file, content in contents.items():
            entry = tarfile.TarInfo(f"{name}/{file}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return folder


def torchvisions(name, folder, split):
    """Torchvision's data set without its checksums, which a miniature cannot pass."""
    import torchvision

    theirs = getattr(torchvision.datasets, name)
    lists = {"train_list": [[file, None] for file, _ in theirs.train_list], "test_list": [[theirs.test_list[0][0], None]]}
    return type(name, (theirs,), {**lists, "meta": {**theirs.meta, "md5": None}})(folder, train=split == "train")


def check_against_torchvision(ours, theirs):
    assert len(ours) == len(theirs) > 0
    assert list(ours.labels) == theirs.classes
    for index in range(len(ours)):
        picture, label = theirs[index]
        assert np.array_equal(ours[index]["image"].permute(1, 2, 0).numpy(), np.asarray(picture))
        assert ours[index]["label"].item() == label
    assert (ours[0]["image"].dtype, ours[0]["label"].dtype) == (torch.uint8, torch.int64)


@pytest.mark.parametrize("archive", [None, "cifar-10-python.tar.gz"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_cifar10_is_read_as_torchvision_reads_it(tmp_path, split, archive):
    theirs = torchvisions("CIFAR10", write(tmp_path / "theirs", batches10()), split)
    (tmp_path / "ours").mkdir()
    root = write(tmp_path / "ours", batches10(), archive)
    check_against_torchvision(cifar10(split=split, root=root), theirs)
    inside = root / (archive or "cifar-10-batches-py")  # the archive or its folder itself may be named too
    assert torch.equal(cifar10(split=split, root=inside).columns["image"], cifar10(split=split, root=root).columns["image"])


@pytest.mark.parametrize("split", ["train", "test"])
def test_cifar100_is_read_as_torchvision_reads_it(tmp_path, split):
    theirs = torchvisions("CIFAR100", write(tmp_path, batches100()), split)
    ours = cifar100(split=split, root=write(tmp_path, batches100(), "cifar-100-python.tar.gz"))
    check_against_torchvision(ours, theirs)
    by_group = cifar100(split=split, root=tmp_path, coarse=True)
    assert by_group.labels == GROUPS
    assert torch.equal(by_group.columns["label"], ours.columns["coarse"])
    assert torch.equal(ours.columns["coarse"], ours.columns["label"] // 5)


def test_batches_that_python_3_pickled_are_read_alike(tmp_path):
    for protocol in (2, 3, 4):
        with_bytes = {name: {k.encode(): v for k, v in batch.items()} for name, batch in batches10().items()}
        folder = write(tmp_path / str(protocol), {n: pickle.dumps(batch, protocol=protocol) for n, batch in with_bytes.items()})
        assert torch.equal(
            cifar10(split="train", root=folder).columns["image"][:4].flatten(), torch.from_numpy(some(4, 0)[0]).flatten()
        )


@beside
@pytest.mark.parametrize(("split", "count"), [("train", 1000), ("test", 200)])
def test_the_small_archive_in_the_genuine_layout(tmp_path, split, count):
    with tarfile.open(MINI) as archive:
        archive.extractall(tmp_path, filter="data")
    ours = cifar10(split=split, root=MINI)
    assert len(ours) == count
    check_against_torchvision(ours, torchvisions("CIFAR10", tmp_path, split))


@beside
@pytest.mark.parametrize(
    ("split", "each", "mean"), [("train", 5000, [0.4913, 0.4821, 0.4465]), ("test", 1000, [0.4941, 0.4851, 0.4504])]
)
def test_the_full_set_as_jpeg_has_the_counts_and_means_of_its_readme(split, each, mean):
    dataset = cifar10(split=split, root=REAL)
    assert dataset.columns["label"].bincount().tolist() == [each] * 10
    assert (dataset.columns["image"].float().mean(dim=(0, 2, 3)) / 255).tolist() == pytest.approx(mean, abs=6e-5)
    assert list(dataset.labels) == list(CLASSES)
    first = cifar10(split=split, root=MINI)  # the same pictures, decoded by the one who packed them
    assert torch.equal(first.columns["image"], dataset.columns["image"][: len(first)])
    assert torch.equal(first.columns["label"], dataset.columns["label"][: len(first)])


@beside
def test_kaggles_zip_of_png_pictures():
    path = REAL / "kaggle_cifar10_tiny" / "train_tiny.zip"
    dataset = cifar10(split="train", root=path)
    assert len(dataset) == 100
    with zipfile.ZipFile(path) as pictures, zipfile.ZipFile(path.parent / "trainLabels.csv.zip") as table:
        labels = dict(line.split(",") for line in table.read("trainLabels.csv").decode().split()[1:])
        numbers = sorted(int(name[len("train_tiny/") : -len(".png")]) for name in pictures.namelist() if name.endswith(".png"))
        for index, number in enumerate(numbers):
            theirs = np.asarray(Image.open(io.BytesIO(pictures.read(f"train_tiny/{number}.png"))))
            assert np.array_equal(dataset[index]["image"].permute(1, 2, 0).numpy(), theirs)
            assert dataset.labels[dataset[index]["label"]] == labels[str(number)]
    with pytest.raises(UserError, match="has labels for its train split alone; got 'test'"):
        cifar10(split="test", root=path)


class Command:
    """What unpickles by running a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.path),)


HOSTILE = {
    "a command": lambda mark: pickle.dumps({"data": Command(mark)}, protocol=2),
    "a command in protocol 4": lambda mark: pickle.dumps({"data": Command(mark)}, protocol=4),
    "a builtin": lambda mark: b"cbuiltins\neval\n(Vopen(%r, 'w')\ntR." % str(mark),
    "a way around through a name with dots": lambda mark: b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__init__\x93.",
    "an attribute set on what stands for an array": lambda mark: b"\x80\x02cnumpy\nndarray\nN}U\x04codeK\x01s\x86b.",
    "an attribute set on what stands for bytes": lambda mark: b"\x80\x02c_codecs\nencode\nN}U\x04codeK\x01s\x86b.",
    "an array of objects": lambda mark: pickle.dumps({"data": np.array([{}, None])}, protocol=2),
    "an array of other numbers": lambda mark: pickle.dumps({"data": np.zeros((4, 3072))}, protocol=2),
    "an array of signed bytes": lambda mark: pickled(batches10()["test_batch"] | {"data": np.zeros((4, 3072), np.int8)}),
    "no dict": lambda mark: pickled([1, 2]),
    "cut off": lambda mark: pickled(batches10()["data_batch_1"])[:-100],
    "nothing": lambda mark: b"",
    "no pickle": lambda mark: b"<html></html>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_damaged_pickle_is_refused_and_nothing_of_it_runs(tmp_path, name):
    mark = tmp_path / "it ran"
    files = {**batches10(), "data_batch_3": HOSTILE[name](mark)}
    write(tmp_path, files, "cifar-10-python.tar.gz")
    with pytest.raises(UserError, match="data_batch_3") as refusal:
        cifar10(split="train", root=tmp_path)
    assert "\n" not in str(refusal.value)
    assert not mark.exists()
    assert len(cifar10(split="test", root=tmp_path)) == 4


def test_the_planted_command_would_have_run(tmp_path):
    pickle.loads(HOSTILE["a command"](tmp_path / "it ran"))
    assert (tmp_path / "it ran").exists()


def changed(**values):
    return {"data_batch_2": batches10()["data_batch_2"] | values}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed(labels=[0, 1, 2, 10]), "`labels`, entry 3, is 10, and the classes are 0 to 9"),
        (changed(labels=[0, -1, 2, 3]), "`labels`, entry 1, is -1"),
        (changed(labels=[0, 1, "cat", 3]), "`labels`, entry 2, is 'cat'"),
        (changed(labels=[0, 1, 2]), "`labels` has 3 labels for 4 pictures"),
        (changed(labels=5), "`labels` has no list of labels"),
        (changed(data=np.zeros((4, 3071), np.uint8)), r"`data` must be an array of \(pictures, 3072\)"),
        (changed(data=b"0000"), "`data` must be an array"),
        ({"batches.meta": {"label_names": ["cat"]}}, "`label_names` must be 10 different names"),
        ({"batches.meta": {"label_names": ["cat"] * 10}}, "`label_names` must be 10 different names"),
        ({"batches.meta": {}}, "`label_names` must be 10"),
    ],
)
def test_what_does_not_fit_together_is_named_in_one_line(tmp_path, change, message):
    with pytest.raises(UserError, match=message) as refusal:
        cifar10(split="train", root=write(tmp_path, {**batches10(), **change}))
    assert "\n" not in str(refusal.value)


def test_an_archive_that_is_damaged_or_lacks_a_file_is_refused(tmp_path):
    path = write(tmp_path, batches10(), "cifar-10-python.tar.gz") / "cifar-10-python.tar.gz"
    whole = path.read_bytes()
    for content in (whole[:2000], b"no archive", b""):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"damaged|lacks"):
            cifar10(split="train", root=tmp_path)
    write(tmp_path, {name: batch for name, batch in batches10().items() if name != "data_batch_4"}, path.name)
    with pytest.raises(UserError, match="lacks data_batch_4: fetch"):
        cifar10(split="train", root=tmp_path)
    with pytest.raises(UserError, match=r"lacks cifar-10-python\.tar\.gz or cifar-10-batches-py or cifar10_jpeg\.npz"):
        cifar10(split="train", root=tmp_path / "nowhere")
    with pytest.raises(UserError, match="cifar100 has the splits train and test; got 'valid'"):
        cifar100(split="valid", root=tmp_path)


def test_links_in_an_archive_are_not_followed_and_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "cifar-10-python.tar.gz"
    (tmp_path / "secret").write_bytes(pickled(batches10()["test_batch"]))
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("cifar-10-batches-py/test_batch")
        entry.type, entry.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        tar.addfile(entry)
    with pytest.raises(UserError, match="lacks test_batch"):
        cifar10(split="test", root=tmp_path)
    huge = tarfile.TarInfo("cifar-10-batches-py/test_batch")
    huge.size = 2**40
    path.write_bytes(huge.tobuf() + b"\0" * 2048)
    with pytest.raises(UserError, match="unpacks to more than"):
        cifar10(split="test", root=tmp_path)


def encoded(pixels, kind):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def jpegs(pictures=None, **changes):
    """The arrays of a miniature npz."""
    pictures = pictures or [encoded(some(1, n)[0].reshape(32, 32, 3), "JPEG") for n in range(3)]
    arrays = {"classes": np.array(CLASSES)}
    for split in ("train", "test"):
        arrays[f"{split}_jpeg"] = np.frombuffer(b"".join(pictures), np.uint8)
        arrays[f"{split}_offsets"] = np.cumsum([0, *map(len, pictures)])
        arrays[f"{split}_labels"] = np.array([9, 0, 4], np.uint8)
    return arrays | changes


def test_a_miniature_of_jpeg_pictures_is_read_as_pillow_reads_each(tmp_path):
    np.savez(tmp_path / "cifar10_jpeg.npz", **jpegs())
    dataset = cifar10(split="test", root=tmp_path)
    for n, label in enumerate((9, 0, 4)):
        theirs = Image.open(io.BytesIO(encoded(some(1, n)[0].reshape(32, 32, 3), "JPEG")))
        assert np.array_equal(dataset[n]["image"].permute(1, 2, 0).numpy(), np.asarray(theirs))
        assert dataset[n]["label"] == label


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(train_labels=np.array([9, 0, 10])), "train, entry 2, has the label 10; the classes are 0 to 9"),
        (dict(train_labels=np.array([9, 0])), "train has 2 labels and 4 offsets"),
        (dict(train_labels=np.array([9.0, 0.0, 1.0])), "not lists of bytes and whole numbers"),
        (dict(train_offsets=np.array([0, 9, 5, 9]), train_jpeg=np.zeros(9, np.uint8)), "do not divide its 9 bytes"),
        (dict(train_jpeg=np.zeros(4, np.uint8)), "do not divide its 4 bytes"),
        (dict(train_labels=np.array([object()] * 3)), "damaged"),
        (dict(pictures=[encoded(np.zeros((32, 32, 3), np.uint8), "PNG")] * 3), "entry 0 cannot be read as a picture"),
        (dict(pictures=[encoded(np.zeros((31, 32, 3), np.uint8), "JPEG")] * 3), "entry 0: the picture has 32x31 pixels"),
        (dict(pictures=[encoded(np.zeros((32, 32, 3), np.uint8), "JPEG")[:-200]] * 3), "entry 0 cannot be read"),
    ],
)
def test_an_npz_that_does_not_fit_together_is_refused(tmp_path, changes, message):
    np.savez(tmp_path / "cifar10_jpeg.npz", **jpegs(**changes))
    with pytest.raises(UserError, match=message):
        cifar10(split="train", root=tmp_path)


@pytest.mark.parametrize(
    ("names", "table", "message"),
    [
        (["1.png", "3.png"], "id,label\n1,cat\n2,dog\n", r"train/3\.png: trainLabels\.csv has no label for it"),
        (["1.png"], "id,label\n1,cow\n", "line 2: '1,cow' is not a new number and one of airplane"),
        (["1.png"], "id,label\n1,cat\n1,dog\n", "line 3: '1,dog' is not a new number"),
        (["1.png"], "id,label\n1\n", "line 2: '1' is not"),
        (["cat.png"], "id,label\n1,cat\n", r"the pictures of this set are called NUMBER\.png"),
        ([], "id,label\n1,cat\n", "holds no picture"),
        (["1.png"], None, r"lacks trainLabels\.csv"),
    ],
)
def test_a_zip_whose_labels_do_not_fit_is_refused(tmp_path, names, table, message):
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as archive:
        for name in names:
            archive.writestr(f"train/{name}", encoded(np.zeros((32, 32, 3), np.uint8), "PNG"))
    if table is not None:
        (tmp_path / "trainLabels.csv").write_text(table)
    with pytest.raises(UserError, match=message) as refusal:
        cifar10(split="train", root=tmp_path / "train.zip")
    assert "\n" not in str(refusal.value)


def test_no_changed_byte_of_an_archive_becomes_a_picture(tmp_path):
    """What stands behind the last entry is the checksum, which has to be read."""
    root = write(tmp_path, batches10(), archive="cifar-10-python.tar.gz")
    path = root / "cifar-10-python.tar.gz"
    plain = gzip.decompress(path.read_bytes())
    stored = gzip.compress(plain, compresslevel=0)
    path.write_bytes(stored)
    whole = cifar10(split="train", root=root).columns["image"]
    at = stored.index(whole[0].numpy().tobytes())
    path.write_bytes(stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :])
    with pytest.raises(UserError, match=r"cifar-10-python\.tar\.gz is damaged \(CRC check failed"):
        cifar10(split="train", root=root)


@pytest.mark.parametrize("content", [b"no archive", b"\x1f\x8b\x08" + bytes(30)])
def test_what_the_libraries_say_in_many_lines_is_told_in_one(tmp_path, content):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match="is damaged") as refused:
        cifar10(split="train", root=tmp_path)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 500


@pytest.mark.parametrize("classes", [np.array(5), np.array([1, 2]), np.array(["cat", "cat"])])
def test_the_classes_of_an_npz_are_different_names(tmp_path, classes):
    arrays = {"train_jpeg": np.zeros(1, np.uint8), "train_offsets": np.array([0, 1]), "train_labels": np.array([0])}
    np.savez(tmp_path / "cifar10_jpeg.npz", classes=classes, **arrays)
    with pytest.raises(UserError, match="`classes` must be different names"):
        cifar10(split="train", root=tmp_path)


def test_a_damaged_npz_is_not_left_open(tmp_path, recwarn):
    (tmp_path / "cifar10_jpeg.npz").write_bytes(b"PK\3\4" + bytes(60))
    with pytest.raises(UserError, match=r"cifar10_jpeg\.npz is damaged"):
        cifar10(split="train", root=tmp_path)
    gc.collect()
    assert not recwarn.list


@pytest.mark.parametrize("number", ["1" * 5000, "1" * 200_000, "²", "-1"])
def test_the_number_of_a_picture_is_a_few_digits(tmp_path, number):
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as archive:
        archive.writestr("train/1.png", b"")
    (tmp_path / "trainLabels.csv").write_text(f"id,label\n{number},cat\n")
    with pytest.raises(UserError, match=r"trainLabels\.csv, line 2: .* is not a new number") as refused:
        cifar10(split="train", root=tmp_path / "train.zip")
    assert len(str(refused.value)) < 500
