"""Pictures with captions: a folder of your own, in any of the forms in which such sets are handed round."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from torch.utils.data import Dataset

from groundup.data.annotated import AnnotatedPictures, check_present, shown
from groundup.data.coco_file import entries, read_json, value
from groundup.data.decode import decode
from groundup.data.lines import read_lines, told
from groundup.data.tabular import read_cells
from groundup.data.text import SPLITS, split_of
from groundup.errors import UserError

FILES = ("captions.json", "captions.jsonl", "metadata.jsonl", "captions.csv", "captions.txt", "results.csv")
TOKEN_FILES = ("results_20130124.token", "Flickr8k.token.txt")  # lines NAME.jpg#N TAB caption, without a header
FOLDERS = (".", "images", "Images", "pictures", "flickr30k_images", "flickr30k-images")
IMAGE_KEYS = ("image", "image_name", "file_name", "filename", "file", "path")
CAPTION_KEYS = ("caption", "captions", "comment", "text")


class Line(NamedTuple):
    """A picture's name with one of its captions, and where the two stand."""

    place: str
    image: str
    caption: str


def captioned_pictures(*, split: str, root: str | Path, captions: str | None = None, pictures: str | None = None) -> Dataset:
    """A folder of pictures of your own with one or several captions each.

    `root` is the folder, or the list of captions in it. `captions` is the list's path in the folder, by default the one of
    `FILES` that is there:
    .json      as COCO's: {"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}
    .jsonl     a line {"image": "a.jpg", "caption": "A dog."} a caption, or a list of captions
    .csv .txt  a header of the columns image and caption between commas (Flickr8k), "|" (Flickr30k) or tabs
    .token     lines a.jpg#0 TAB caption
    `pictures` is the folder in it that holds the files, by default the first of `FOLDERS` that holds the first.

    `split` is "train", "validation" or "test", about 90, 5 and 5 percent of the pictures by a hash of their names, or "all".
    Empty captions, and pictures that are left without any, are dropped and counted in `repairs`.
    Items: image (3, height, width) uint8, captions a list of texts in the order of the file, source the picture's path.
    Raises: UserError with file and line for what cannot be read, is not there, or lies outside of the folder.
    """
    if split not in (*SPLITS, "all"):
        raise UserError(f"captioned_pictures has the splits {', '.join(SPLITS)} and all; got {split!r}")
    root, repairs = Path(root).expanduser(), Counter()
    if root.is_file():
        root, captions = root.parent, root.name
    path = caption_file(root, captions)
    found: dict[str, list[str]] = {}
    for line in lines_of(path, repairs):
        name = PurePosixPath(line.image)
        if not line.image or name.is_absolute() or ".." in name.parts:
            raise UserError(f"{line.place} names the picture {line.image!r}: it has to be a path inside the folder")
        caption = line.caption.strip()
        found.setdefault(line.image, []).extend([caption] * bool(caption))
        repairs["empty captions dropped"] += not caption
    repairs["pictures without a caption dropped"] = sum(not texts for texts in found.values())
    found = {name: texts for name, texts in found.items() if texts}
    if not found:
        raise UserError(f"{path} holds no caption: give each picture at least one")
    folder = picture_folder(root, pictures, next(iter(found)))
    check_present((folder / name for name in found), f"the picture of a caption in {path},")
    chosen = [(folder / name, texts) for name, texts in found.items() if split in ("all", split_of(name))]
    if not chosen:
        raise UserError(
            f"{path} lists {len(found)} pictures, and none falls into the split {split}: add more, or take split='all'"
        )
    return AnnotatedPictures(str(path), chosen, read_captioned, facts={}, repairs=repairs)


def read_captioned(entry: tuple[Path, list[str]]) -> dict[str, object]:
    """An item of `captioned_pictures`."""
    path, captions = entry
    return {"image": decode(path), "captions": list(captions), "source": str(path)}


def caption_file(root: Path, captions: str | None) -> Path:
    """The file that lists the captions.

    Raises: UserError where there is none, or more than one.
    """
    if captions is not None:
        return root / captions
    found = [root / name for name in (*FILES, *TOKEN_FILES) if (root / name).is_file()]
    if len(found) != 1:
        what = f"several lists of captions ({', '.join(path.name for path in found)})" if found else "no list of captions"
        raise UserError(f"{root} has {what}: name the file with captions=, or leave one of {', '.join(FILES)} there")
    return found[0]


def picture_folder(root: Path, pictures: str | None, first: str) -> Path:
    """The folder that holds the picture files."""
    if pictures is not None:
        return root / pictures
    return next((root / folder for folder in FOLDERS if (root / folder / first).is_file()), root)


def lines_of(path: Path, repairs: Counter) -> Iterator[Line]:
    """Every caption of a file, in its order."""
    if path.suffix == ".json":
        return coco_lines(path)
    if path.suffix == ".jsonl":
        return json_lines(path)
    if path.suffix == ".token" or path.name in TOKEN_FILES:
        return token_lines(path)
    return table_lines(path, repairs)


def coco_lines(path: Path) -> Iterator[Line]:
    document = read_json(path)
    names: dict[int, str] = {}
    for number, entry in enumerate(entries(document, "images", path)):
        where = f"{path}, images[{number}]"
        identity = value(entry, "id", int, where)
        if identity in names:
            raise UserError(f"{where} has the id {identity}, as another has: a caption could belong to either")
        names[identity] = value(entry, "file_name", str, where)
    for number, entry in enumerate(entries(document, "annotations", path)):
        where = f"{path}, annotations[{number}]"
        identity = value(entry, "image_id", int, where)
        if identity not in names:
            raise UserError(f"{where} is of the picture {identity}, which is not among the images: add it, or drop the caption")
        yield Line(where, names[identity], value(entry, "caption", str, where))


def json_lines(path: Path) -> Iterator[Line]:
    for number, text in enumerate(read_lines(path), start=1):
        place = f"{path}, line {number}"
        if not text.strip():
            continue
        try:
            entry = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{place} is no JSON ({error}): one object stands on each line") from error
        if not isinstance(entry, dict):
            raise UserError(f'{place} has to be an object such as {{"image": "a.jpg", "caption": "A dog."}}; got {shown(entry)}')
        image, captions = (next((entry[k] for k in keys if k in entry), None) for keys in (IMAGE_KEYS, CAPTION_KEYS))
        captions = captions if isinstance(captions, list) else [captions]
        if not isinstance(image, str) or not all(isinstance(caption, str) for caption in captions):
            raise UserError(f"{place} needs a text as 'image' and a text or a list of texts as 'caption'; got {shown(entry)}")
        for caption in captions or [""]:  # an empty list leaves a picture without a caption, which is counted
            yield Line(place, image, caption)


def token_lines(path: Path) -> Iterator[Line]:
    for number, text in enumerate(read_lines(path), start=1):
        match = re.fullmatch(r"([^\t#]+)#\d+\t(.*)", text)
        if match:
            yield Line(f"{path}, line {number}", match[1], match[2])
        elif text.strip():
            raise UserError(f"{path}, line {number} is not of the form NAME#NUMBER, a tab, a caption; got {shown(text)}")


def table_lines(path: Path, repairs: Counter) -> Iterator[Line]:
    """Rows below a header. Between commas a caption may stand in quotes; else its quotes are its own."""
    header = next(iter(read_lines(path)), "")
    delimiter = next((sign for sign in "|\t" if sign in header), ",")
    names = [name.strip().lower().strip('"') for name in header.split(delimiter)]
    columns = [next((names.index(key) for key in keys if key in names), None) for keys in (IMAGE_KEYS, CAPTION_KEYS)]
    if None in columns:
        raise UserError(f"{path}, line 1 has the columns {told(', '.join(names))}: there has to be one image and one caption")
    rows = read_cells(path, ",") if delimiter == "," else bare_rows(path, delimiter, len(names), repairs)
    next(rows)
    for number, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(names):
            raise UserError(
                f"{path}, line {number}: {len(cells)} cells where the header has {len(names)}: put the caption in quotes"
            )
        image, caption = (cells[column].strip() for column in columns)
        yield Line(f"{path}, line {number}", image, caption)


def bare_rows(path: Path, delimiter: str, width: int, repairs: Counter) -> Iterator[tuple[int, list[str]]]:
    """Rows without quotes. Flickr30k's own file has one, of picture 2199200615, without the sign behind the caption's number."""
    for number, text in enumerate(read_lines(path), start=1):
        cells = text.split(delimiter)
        short = re.fullmatch(r"\s*(\d+)\s+(\S.*)", cells[-1]) if len(cells) == width - 1 == 2 else None
        if short:
            cells[-1:] = short.groups()
            repairs["rows without a delimiter behind the number mended"] += 1
        yield number, cells if text.strip() else []
