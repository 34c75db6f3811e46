"""Sets in memory: idx files, CIFAR's pickles and pictures, Omniglot's zips."""

import gzip
import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Iterator

import numpy as np

from groundup.data.cifar import cifar10, cifar100
from groundup.data.cifar_pictures import CLASSES
from groundup.data.mnist import fashion_mnist, mnist
from groundup.data.omniglot import omniglot, omniglot_one_shot
from tests.fuzz.case import Case, Format, Known
from tests.fuzz.damage import ANY_FILE
from tests.fuzz.pictures import bomb, colour, drawn, encoded, recognised
from tests.fuzz.text_damage import TEXT, cells_changed

COUNT = 12


def label_of(number: int) -> int:
    return number * 7 % 10


def write_idx(case: Case) -> None:
    """The four numbers of a header, then every pixel or label as a byte; packed or not."""
    case.choice = case.chance.choice(("mnist", "fashion_mnist"))
    pixels = np.stack([drawn(n, 28, 28) for n in range(COUNT)]).tobytes()
    files = {
        "train-images-idx3-ubyte": struct.pack(">IIII", 0x803, COUNT, 28, 28) + pixels,
        "train-labels-idx1-ubyte": struct.pack(">II", 0x801, COUNT) + bytes(label_of(n) for n in range(COUNT)),
    }
    case.known = {n: {label_of(n)} for n in range(COUNT)}
    for name, data in files.items():
        packed = case.chance.random() < 0.4
        path = case.folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(data) if packed else data)
        (case.packed if packed else case.texts).append(path)
    case.naive = naive_idx


def naive_idx(case: Case) -> Known:
    """Byte by byte behind the headers. A picture with changed pixels may be anything."""
    parts = []
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        path = case.folder / name
        parts.append(path.read_bytes() if path.exists() else gzip.decompress(path.with_name(f"{name}.gz").read_bytes()))
    known: Known = {}
    for place, label in enumerate(parts[1][8:]):
        pixels = np.frombuffer(parts[0][16:], dtype=np.uint8).reshape(-1, 28, 28)[place]
        known.setdefault(recognised(FakeTensor(pixels[None])), set()).add(label)
    return known


class FakeTensor:
    """An array where a tensor is expected."""

    def __init__(self, array: np.ndarray):
        self.array, self.shape = array, array.shape

    def numpy(self) -> np.ndarray:
        return self.array


def read_idx(case: Case) -> Iterator[tuple]:
    for item in case.each({"mnist": mnist, "fashion_mnist": fashion_mnist}[case.choice](split="train", root=case.folder)):
        yield recognised(item["image"]), item["label"].item()


def batch(numbers: range, labels: dict[str, list[int]]) -> dict:
    data = np.stack([colour(n, 32, 32).transpose(2, 0, 1).flatten() for n in numbers])
    return {
        b"data": data,
        b"filenames": [b"a.png"] * len(numbers),
        b"batch_label": b"one",
        **{k.encode(): v for k, v in labels.items()},
    }


def write_cifar(case: Case) -> None:
    """The author's archive or folder, the npz of JPEGs, or Kaggle's zip."""
    case.choice = case.chance.choice(("cifar10", "cifar10", "cifar100", "npz", "kaggle"))
    case.known = {n: {CLASSES[label_of(n)]} for n in range(COUNT)}
    if case.choice == "npz":
        jpegs = [encoded(colour(n, 32, 32), "JPEG", quality=95) for n in range(COUNT)]
        arrays = {"classes": np.array(CLASSES), "train_labels": np.array([label_of(n) for n in range(COUNT)])}
        arrays["train_jpeg"] = np.frombuffer(b"".join(jpegs), dtype=np.uint8)
        arrays["train_offsets"] = np.cumsum([0, *map(len, jpegs)])
        case.notes["arrays"], case.packed = arrays, [case.folder / "cifar10_jpeg.npz"]
        np.savez(case.packed[0], **arrays)
    elif case.choice == "kaggle":
        case.packed, case.texts = [case.folder / "train.zip"], [case.folder / "trainLabels.csv"]
        with zipfile.ZipFile(case.packed[0], "w") as archive:
            for n in range(COUNT):
                archive.writestr(f"train/{n + 1}.png", encoded(colour(n, 32, 32), "PNG"))
        case.texts[0].write_text("id,label\n" + "".join(f"{n + 1},{CLASSES[label_of(n)]}\n" for n in range(COUNT)))
        case.naive = naive_kaggle
    else:
        write_batches(case)


def write_batches(case: Case) -> None:
    if case.choice == "cifar100":
        names = {
            b"fine_label_names": [b"fine %d" % n for n in range(100)],
            b"coarse_label_names": [b"group %d" % n for n in range(20)],
        }
        fine = [label_of(n) * 5 for n in range(COUNT)]
        files = {"train": batch(range(COUNT), {"fine_labels": fine, "coarse_labels": [n // 5 for n in fine]}), "meta": names}
        case.known = {n: {(f"fine {label_of(n) * 5}", label_of(n))} for n in range(COUNT)}
    else:
        names = {b"label_names": [name.encode() for name in CLASSES]}
        parts = [range(0, 3), range(3, 6), range(6, 8), range(8, 10), range(10, COUNT)]
        files = {f"data_batch_{k}": batch(p, {"labels": [label_of(n) for n in p]}) for k, p in enumerate(parts, start=1)}
        files["batches.meta"] = names
    case.notes["files"] = {name: pickle.dumps(value, protocol=2) for name, value in files.items()}
    folder = "cifar-100-python" if case.choice == "cifar100" else "cifar-10-batches-py"
    if case.chance.random() < 0.3:
        (case.folder / folder).mkdir()
        for name, data in case.notes["files"].items():
            (case.folder / folder / name).write_bytes(data)
        case.notes["plain"] = [case.folder / folder / name for name in files]
    else:
        case.packed = [case.folder / ("cifar-100-python.tar.gz" if case.choice == "cifar100" else "cifar-10-python.tar.gz")]
        write_tar(case, folder, [])


def write_tar(case: Case, folder: str, more: list[tarfile.TarInfo]) -> None:
    with tarfile.open(case.packed[0], "w:gz", compresslevel=1) as archive:
        for name, data in case.notes["files"].items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in more:
            archive.addfile(member, io.BytesIO(bytes(member.size)))


def naive_kaggle(case: Case) -> Known:
    known: Known = {}
    for line in case.texts[0].read_bytes().decode().splitlines():
        key, label = line.replace('"', "").split(",")
        if key != "id":
            known[int(key) - 1] = {label} if known.setdefault(int(key) - 1, {label}) == {label} else set()
    return known


def read_cifar(case: Case) -> Iterator[tuple]:
    if case.choice == "cifar100":
        dataset = cifar100(split="train", root=case.folder)
        for item in case.each(dataset):
            yield recognised(item["image"]), (dataset.labels[item["label"]], item["coarse"].item())
        return
    dataset = cifar10(split="train", root=case.folder / "train.zip" if case.choice == "kaggle" else case.folder)
    for item in case.each(dataset):
        yield recognised(item["image"]), dataset.labels[item["label"]]


HOSTILE = (
    b"cos\nsystem\n(S'touch pwned'\ntR.",
    b'cbuiltins\neval\n(S\'open("pwned","w")\'\ntR.',
    b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0btouch pwned\x85R.",
    b"(S'touch pwned'\nios\nsystem\n.",
    b"cnumpy\nload\n(S'pwned'\ntR.",
    b"c_codecs\nlookup\n(S'zlib'\ntR.",
    b"\x80\x02" + b"(" * 100_000 + b".",
    b"\x80\x02" + b"]" + b"]a" * 50_000 + b".",
    b"\x80\x04\x95" + b"\xff" * 8 + b".",
    b"\x80\x02T" + struct.pack("<i", 2**31 - 1) + b".",
    b"\x80\x02\x8b" + struct.pack("<i", -1) + b".",
    b"}(U\x04data]U\x06labels]u.",
    b"\x80\x02}q\x00U\x04data" + b"K\x01s.",
    b"cnumpy\ndtype\n(S'O8'\ntR.",
    b"\x80\x02Pid\n.",
    b"\x82\x01.",
)


def pickle_hostile(case: Case) -> str | None:
    """A pickle that asks to run something, or to fill the memory. Were it run, a file `pwned` would be there."""
    if "files" not in case.notes:
        return None
    name, which = case.chance.choice(sorted(case.notes["files"])), case.chance.randrange(len(HOSTILE))
    case.notes["files"][name] = HOSTILE[which]
    rewrite(case)
    return f"{name}: number {which}"


def rewrite(case: Case) -> None:
    for path in case.notes.get("plain", ()):
        if path.parent.is_dir():
            path.write_bytes(case.notes["files"][path.name])
    if case.packed and not case.packed[0].is_dir():
        write_tar(case, "cifar", [])


def pickle_changed(case: Case) -> str | None:
    """Labels or pictures that are too many, too few, of another kind, or no classes."""
    if "files" not in case.notes:
        return None
    name = case.chance.choice(sorted(case.notes["files"]))
    try:
        value = pickle.loads(case.notes["files"][name]) if case.notes["files"][name] not in HOSTILE else None
    except Exception:
        return None
    if not isinstance(value, dict):
        return None
    key = case.chance.choice(sorted(value))
    kind = case.chance.choice(("lost", "short", "shape", "type", "range", "float", "long", "none", "order"))
    value[key] = changed_value(value[key], kind)
    if kind == "lost":
        del value[key]
    case.notes["files"][name] = pickle.dumps(value, protocol=case.chance.choice((0, 2, 4)))
    rewrite(case)
    return f"{name}, {key.decode()}: {kind}"


def changed_value(value, kind: str):
    if kind == "none":
        return None
    if isinstance(value, np.ndarray):
        changes = {
            "short": value[:-1],
            "shape": value.reshape(-1, 3, 1024),
            "type": value.astype(np.int32),
            "float": value / 255.0,
        }
        return {**changes, "long": np.concatenate([value, value[:1]]), "order": np.asfortranarray(value)}.get(kind, value)
    if isinstance(value, list):
        changes = {"short": value[:-1], "shape": [value], "type": [str(p) if isinstance(p, int) else 7 for p in value]}
        changes["range"] = [*value[:-1], 10**9]
        changes |= {"float": [0.5 for _ in value], "long": [*value, value[0]]}
        return changes.get(kind, value)
    return 5


def npz_changed(case: Case) -> str | None:
    """An array of the npz of another kind; one with objects is a pickle."""
    if case.choice != "npz" or not case.packed[0].is_file():
        return None
    arrays = dict(case.notes["arrays"])
    key = case.chance.choice(sorted(arrays))
    kind = case.chance.choice(("lost", "object", "float", "short", "shape", "negative", "scalar", "huge"))
    changes = {
        "object": arrays[key].astype(object),
        "float": arrays[key].astype("U8") if key == "classes" else arrays[key].astype(float),
        "short": arrays[key][:-1],
        "shape": arrays[key][None],
        "negative": arrays[key] if key == "classes" else -arrays[key].astype(np.int64),
        "scalar": np.array(5),
        "huge": arrays[key] if key == "classes" else arrays[key].astype(np.int64) + 2**40,
    }
    arrays[key] = changes.get(kind, arrays[key])
    if kind == "lost":
        del arrays[key]
    if key == "classes" and kind == "float":
        case.known = {n: {CLASSES[label_of(n)][:8]} for n in range(COUNT)}
    np.savez(case.packed[0], **arrays)
    return f"{key}: {kind}"


def tar_hostile(case: Case) -> str | None:
    """Links, devices, and zeros without end beside the batches."""
    if "files" not in case.notes or not case.packed or not case.packed[0].is_file():
        return None
    member = tarfile.TarInfo(case.chance.choice(("../outside/data_batch_1", "/data_batch_1", "x/data_batch_1", "x/train", "x")))
    kind = case.chance.choice(("link", "hard link", "device", "pipe", "bomb"))
    types = {"link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "pipe": tarfile.FIFOTYPE}
    member.type = types.get(kind, tarfile.REGTYPE)
    member.linkname = case.chance.choice(("../../outside/secret.txt", "x", "cifar/test"))
    member.size = 60 * 2**20 if kind == "bomb" else 0
    write_tar(case, "cifar", [member])
    return f"{member.name}: {kind}"


def write_omniglot(case: Case) -> None:
    """Ink is dark in the files, and bright when read: the pictures are written as negatives."""
    case.choice = case.chance.choice(("background", "runs"))
    entries = {}
    for n in range(COUNT):
        data = encoded(255 - drawn(n, 105, 105), "PNG")
        if case.choice == "background":
            character = f"{('Greek', 'Latin', 'Old Church')[n % 3]}/character{1 + n % 2:02d}"
            entries[f"images_background/{character}/{n:04d}_{1 + n:02d}.png"] = data
            case.known[n] = {character}
        else:
            run, place = f"run{1 + n // 6:02d}", n % 3
            part = "training/class" if n % 6 < 3 else "test/item"
            entries[f"{run}/{part}{place + 1:02d}.png"] = data
            case.known[n] = {place if n % 6 < 3 else (place + 1) % 3}
    if case.choice == "runs":
        for run in ("run01", "run02"):
            pairs = (f"{run}/test/item{p + 1:02d}.png {run}/training/class{(p + 1) % 3 + 1:02d}.png\n" for p in range(3))
            entries[f"{run}/class_labels.txt"] = "".join(pairs).encode()
    name = "images_background.zip" if case.choice == "background" else "one_shot_classification_all_runs.zip"
    case.notes["entries"], case.packed = entries, [case.folder / name]
    write_zip(case)


def write_zip(case: Case) -> None:
    kind = case.chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(case.packed[0], "w", kind) as archive:
        for name, data in case.notes["entries"].items():
            archive.writestr(name, data)


def read_omniglot(case: Case) -> Iterator[tuple]:
    if case.choice == "background":
        dataset = omniglot(split="background", root=case.folder, size=case.chance.choice((105, 40)))
        for item in case.each(dataset):
            yield recognised(item["image"]), dataset.labels[item["label"]]
    else:
        for split in ("training", "test"):
            for item in case.each(omniglot_one_shot(split=split, root=case.folder)):
                yield recognised(item["image"]), item["label"].item()


def entry_changed(case: Case) -> str | None:
    """A drawing is no drawing, or bears a name that says something else."""
    if not case.packed[0].is_file():
        return None
    entries = case.notes["entries"]
    name = case.chance.choice(sorted(entries))
    size = case.chance.choice(((30_000, 30_000), (10_000, 12_000)))
    kind = case.chance.choice(("bomb", "no picture", "size", "lost", "dots", "renamed", "zeros", "hidden", "text"))
    data = entries.pop(name)
    contents = {"bomb": bomb(*size), "no picture": b"no picture", "zeros": bytes(10**7), "text": data + b"\nx y z\n"}
    contents["size"] = encoded(drawn(0, 50, 50), "PNG")
    names = {"dots": f"../{name}", "renamed": name.replace("character", "letter"), "hidden": f"__MACOSX/._{name}"}
    if kind != "lost":
        entries[names.get(kind, name)] = contents.get(kind, data)
    write_zip(case)
    return f"{name}: {kind}"


FORMATS = (
    Format("idx", write_idx, read_idx, ANY_FILE),
    Format(
        "cifar",
        write_cifar,
        read_cifar,
        (*ANY_FILE, *TEXT[:4], *cells_changed(","), *(pickle_hostile, pickle_changed, npz_changed, tar_hostile) * 8),
    ),
    Format("omniglot", write_omniglot, read_omniglot, (*ANY_FILE, *(entry_changed,) * 6)),
)
