"""Omniglot: 1,623 characters of fifty alphabets, each drawn once by twenty people; few pictures of many classes."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.decode import opened as opened_picture
from groundup.data.images import InMemory
from groundup.data.lines import told
from groundup.data.places import folder_of
from groundup.errors import UserError

SPLITS = ("background", "evaluation", "background_small1", "background_small2")
RUNS = "one_shot_classification_all_runs.zip"
SIDE = 105  # pixels
LARGEST = 2**16  # bytes in one picture; they have a few hundred
DRAWING = re.compile(r"[^/]+/(?P<alphabet>[^/]+)/(?P<character>character\d+)/\d+_(?P<drawer>0[1-9]|1\d|20)\.png")
LESSON = re.compile(r"(?P<run>run\d+)/(?P<part>training/class|test/item)(?P<number>0[1-9]|1\d|20)\.png")
NOT_DATA = re.compile(r"(.*/)?(\.[^/]*|Thumbs\.db)|__MACOSX/.*")  # what file managers leave in archives


class Drawings(InMemory):
    """Pictures in memory whose classes are characters; `alphabets` are the names of the alphabets."""

    alphabets: Sequence[str] = ()


def omniglot(*, split: str, root: str | Path | None = None, size: int = SIDE) -> Dataset:
    """Handwritten characters of many alphabets, twenty drawings of each: for learning from few examples.

    `split` is "background" (30 alphabets, 964 characters, 19,280 pictures), "evaluation" (20 alphabets, 659 characters,
    13,180 pictures), or one of the authors' small choices from the background, "background_small1" (5, 136, 2,720) and
    "background_small2" (5, 156, 3,120), which share Greek and Latin. The folder holds `images_SPLIT.zip`.

    Ink is bright, unlike in the files. The classes are the characters of all alphabets, named `Greek/character01`, in the
    order of the names; `dataset.alphabets` are the alphabets' names. `size` shrinks the pictures by averaging; few-shot
    learning is usually measured at 28.
    Shapes: image (1, size, size) uint8, label () int64, alphabet () int64, drawer () int64 from 0.
    Raises: UserError for another split or size, for files that are not there or damaged.
    Source: Lake, Salakhutdinov, Tenenbaum 2015, https://github.com/brendenlake/omniglot, MIT.
    """
    if split not in SPLITS:
        raise UserError(f"omniglot has the splits {', '.join(SPLITS)}; got {split!r}")
    check_size(size)
    path = folder_of("omniglot", root, [f"images_{split}.zip"]) / f"images_{split}.zip"
    found = sorted(pictures(path, DRAWING, size), key=lambda pair: pair[0].string)
    places = [match for match, _ in found]
    labels = sorted({f"{place['alphabet']}/{place['character']}" for place in places})
    alphabets = sorted({place["alphabet"] for place in places})
    number = {name: index for names in (labels, alphabets) for index, name in enumerate(names)}
    columns = {
        "image": torch.stack([picture for _, picture in found]),
        "label": torch.tensor([number[f"{place['alphabet']}/{place['character']}"] for place in places]),
        "alphabet": torch.tensor([number[place["alphabet"]] for place in places]),
        "drawer": torch.tensor([int(place["drawer"]) - 1 for place in places]),
    }
    dataset = Drawings(columns, labels=labels)
    dataset.alphabets = alphabets
    return dataset


def omniglot_one_shot(*, split: str, root: str | Path | None = None, size: int = SIDE) -> Dataset:
    """The authors' twenty one-shot tests: in each run, twenty characters drawn once, and each drawn again by somebody else.

    `split` is "training" (the drawings to learn from) or "test" (those to name), 400 pictures each, twenty a run. A label
    says which of its run's twenty characters a picture shows. The folder holds `one_shot_classification_all_runs.zip`. Ink
    is bright.
    Shapes: image (1, size, size) uint8, label () int64 from 0 to 19, run () int64 from 0.
    Raises: UserError for another split or size, for files that are not there or damaged.
    Source: Lake, Salakhutdinov, Tenenbaum 2015, https://github.com/brendenlake/omniglot, MIT.
    """
    if split not in ("training", "test"):
        raise UserError(f"omniglot_one_shot has the splits training and test; got {split!r}")
    check_size(size)
    path = folder_of("omniglot", root, [RUNS]) / RUNS
    found = {place.string: (place, picture) for place, picture in pictures(path, LESSON, size)}
    pairs = answers(path)
    lessons = {name: place for name, (place, _) in found.items() if place["part"] == "training/class"}
    runs = sorted({place["run"] for place in lessons.values()})
    label = {name: int(place["number"]) - 1 for name, place in lessons.items()}
    label |= {test: label.get(lesson, -1) for test, lesson in pairs.items()}
    chosen = [name for name in sorted(found) if found[name][0]["part"].startswith(split)]
    for name in chosen:
        if label.get(name, -1) < 0:
            raise UserError(f"{path}, {name}: no class_labels.txt says which of the training pictures it is like")
    columns = {
        "image": torch.stack([found[name][1] for name in chosen]),
        "label": torch.tensor([label[name] for name in chosen]),
        "run": torch.tensor([runs.index(found[name][0]["run"]) for name in chosen]),
    }
    return InMemory(columns, labels=[f"class{number:02d}" for number in range(1, max(label.values()) + 2)])


def check_size(size: int) -> None:
    if not 1 <= size <= SIDE:
        raise UserError(f"Omniglot's pictures are only shrunk: give a size from 1 to {SIDE} pixels; got {size}")


def answers(path: Path) -> dict[str, str]:
    """Which training picture each test picture is like, from every run's class_labels.txt: two names a line.

    Raises: UserError for a line that is not two names.
    """
    found = {}
    with opened(path) as archive:
        for name in archive.namelist():
            if name.endswith("/class_labels.txt"):
                for line, words in enumerate(read(archive, name, path).decode("utf-8", "replace").splitlines(), start=1):
                    if len(words.split()) != 2:
                        raise UserError(f"{path}, {name}, line {line}: {words!r} is not a test picture and its training picture")
                    test, lesson = words.split()
                    found[test] = lesson
    return found


def pictures(path: Path, pattern: re.Pattern, size: int) -> Iterator[tuple[re.Match, Tensor]]:
    """Every picture of an archive with the parts of its name.

    Shapes: -> (1, size, size) uint8 each, ink bright.
    Raises: UserError for a picture that is damaged, of another size or of a name that does not say what it shows.
    """
    count = 0
    with opened(path) as archive:
        for name in archive.namelist():
            if name.endswith(("/", "/class_labels.txt")) or NOT_DATA.fullmatch(name):
                continue
            match = pattern.fullmatch(name)
            if match is None:
                raise UserError(f"{path}, {told(name)}: its name does not say which character this is; fetch the archive again")
            count += 1
            yield match, drawn(read(archive, name, path), f"{path}, {name}", size)
    if not count:
        raise UserError(f"{path} holds no picture: fetch it again")


def opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise UserError(f"{path} is damaged ({told(error)}): fetch it again") from error


def read(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """The bytes of an entry.

    Raises: UserError for one that is damaged, or far larger than any of the set.
    """
    if archive.getinfo(name).file_size > LARGEST:
        raise UserError(f"{path}, {name}: {archive.getinfo(name).file_size} bytes are too many; fetch the archive again")
    try:
        return archive.read(name)
    except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path}, {told(name)} is damaged ({told(error)}): fetch the archive again") from error


def drawn(content: bytes, place: str, size: int) -> Tensor:
    """A drawing of bright ink.

    Shapes: -> (1, size, size) uint8.
    Raises: UserError for what is not a PNG picture of 105x105 pixels.
    """
    try:
        with opened_picture(io.BytesIO(content), ["PNG"]) as picture:
            if picture.size != (SIDE, SIDE):
                raise UserError(f"{place}: the picture has {picture.width}x{picture.height} pixels, not {SIDE}x{SIDE}")
            paper = picture.convert("L").resize((size, size), Image.Resampling.BOX)
    except UserError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(f"{place} cannot be read as a picture: {error}") from error
    return torch.from_numpy(255 - np.asarray(paper)).unsqueeze(0)
