"""Pictures of one's own: class folders, and tables of paths and labels."""

import csv
import shutil
from collections.abc import Iterator

from groundup.data.image_folder import image_folder
from tests.fuzz.case import Case, Format, Known
from tests.fuzz.damage import ANY_FILE
from tests.fuzz.pictures import colour, encoded, in_another_form, made_a_bomb, of_another_size, recognised
from tests.fuzz.text_damage import TEXT, cells_changed

SIZE = (48, 64)  # height, width
CLASSES = ("cat", "dog", "Zürich sheep")
KINDS = {".jpg": "JPEG", ".png": "PNG", ".jpeg": "JPEG", ".webp": "WEBP", ".JPG": "JPEG"}


def picture(number: int, suffix: str) -> bytes:
    settings = {} if suffix == ".png" else {"lossless": True} if suffix == ".webp" else {"quality": 95}
    return encoded(colour(number, *SIZE), KINDS[suffix], **settings)


def write_folders(case: Case) -> None:
    """Four pictures of each class, or two in each of train/ and val/."""
    case.choice = case.chance.choice(("plain", "splits"))
    for number in range(12):
        label = CLASSES[number % 3]
        split = "" if case.choice == "plain" else ("train", "val")[number // 6]
        suffix = case.chance.choice(sorted(KINDS))
        path = case.folder / split / label / f"n{number:02d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number, suffix))
        case.contents[path] = number
        case.known[number] = {label}


def read_folders(case: Case) -> Iterator[tuple]:
    for split in ("train", "test"):
        memory = case.chance.random() < 0.3
        dataset = image_folder(split=split, root=case.folder, image_shape=(3, *SIZE), in_memory=memory, fit="stretch")
        for item in case.each(dataset):
            yield recognised(item["image"]), dataset.labels[item["label"]]


def class_emptied(case: Case) -> str | None:
    folders = [path for path in case.folder.rglob("*") if path.is_dir() and path.name in CLASSES]
    if not folders:
        return None
    folder = case.chance.choice(sorted(folders))
    shutil.rmtree(folder)
    folder.mkdir()
    return folder.relative_to(case.folder).as_posix()


def classes_removed(case: Case) -> str:
    """One class is left, or none."""
    gone = CLASSES[case.chance.randrange(2) :]
    for folder in [path for path in case.folder.rglob("*") if path.is_dir() and path.name in gone]:
        shutil.rmtree(folder)
    return ", ".join(gone)


def class_in_one_split(case: Case) -> str | None:
    """A class that training has not, or the test has not."""
    folder = case.folder / case.chance.choice(("train", "val")) / case.chance.choice(CLASSES)
    if not folder.is_dir():
        return None
    shutil.rmtree(folder)
    return folder.parent.name


def picture_deeper(case: Case) -> str | None:
    """Folders inside a class: all that is below belongs to it."""
    path = case.pick(case.contents)
    if path is None:
        return None
    there = path.parent / case.chance.choice(("deeper", "train", "dog", "...")) / path.name
    there.parent.mkdir(exist_ok=True)
    case.contents[path.rename(there)] = case.contents.pop(path)
    return there.parent.name


def picture_astray(case: Case) -> str | None:
    """A picture beside the class folders belongs to none."""
    path = case.pick(case.contents)
    if path is None:
        return None
    path.rename(case.folder / path.name)
    case.contents.pop(path)
    return path.name


def suffix_wrong(case: Case) -> str | None:
    path = case.pick(case.contents)
    if path is None:
        return None
    there = path.with_suffix(case.chance.choice((".png", ".gif", ".tiff", ".txt", "", ".heic", ".PNG", ".jpg.png")))
    if there.exists():
        return None
    case.contents[path.rename(there)] = case.contents.pop(path)
    return there.name


def ring_of_links(case: Case) -> str | None:
    """A link to the whole set, in it: followed, it would have no end, and taken for a class, every picture two labels."""
    folders = [path for path in case.folder.rglob("*") if path.is_dir()]
    if not folders:
        return None
    folder = case.chance.choice(sorted(folders))
    if not (folder / "ring").is_symlink():
        (folder / "ring").symlink_to(case.folder, target_is_directory=True)
    return folder.name


FORMS = (in_another_form(SIZE), made_a_bomb, of_another_size)
FOLDERS = (class_emptied, classes_removed, class_in_one_split, picture_deeper, picture_astray, suffix_wrong, ring_of_links)


def write_table(case: Case) -> None:
    """A table in one of the layouts that Kaggle's competitions have."""
    name, place, with_suffix = case.chance.choice(
        (("labels.csv", "train", False), ("trainLabels.csv", "train", True), ("train.csv", "images", True), ("own.csv", "", True))
    )
    case.choice = name
    case.notes["place"] = place
    (case.folder / place).mkdir(exist_ok=True)
    lines = ["image,label,note" if name == "own.csv" else "id,label"]
    for number in range(12):
        path = case.folder / place / f"n{number:02d}.png"
        path.write_bytes(picture(number, ".png"))
        case.contents[path] = number
        label = CLASSES[number % 3] if name != "train.csv" else f'"{CLASSES[number % 3]}, {number % 3}"'
        case.known[number] = {label.strip('"')}
        lines.append(f"{path.name if with_suffix else path.stem},{label}" + ",-" * (name == "own.csv"))
    table = case.folder / name
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    case.texts, case.naive = [table], naive_table


def read_table(case: Case) -> Iterator[tuple]:
    root = case.folder / case.choice if case.choice == "own.csv" else case.folder
    for split in ("train", "test"):
        dataset = image_folder(split=split, root=root, image_shape=(3, *SIZE))
        for item in case.each(dataset):
            yield recognised(item["image"]), dataset.labels[item["label"]]


def naive_table(case: Case) -> Known:
    """The table as the standard library reads it. A picture with two labels may come out with none."""
    text = (case.folder / case.choice).read_bytes().decode("utf-8-sig")
    header, *rows = (row for row in csv.reader(text.splitlines(keepends=True), strict=True) if "".join(row).strip())
    names = [name.strip().lower() for name in header]
    known: Known = {}
    for row in rows:
        name = row[names.index("image" if "image" in names else "id")].strip()
        label = row[names.index("label")].strip()
        number = int(name.removesuffix(".png").rpartition("/")[2].removeprefix("n"))
        known[number] = {label} if known.setdefault(number, {label}) == {label} else set()
    return known


def path_hostile(case: Case) -> str | None:
    """A path of the table leads outside, where the very picture lies."""
    table = case.pick(case.texts)
    path = case.pick(case.contents)
    if table is None or path is None or path.name.encode() not in table.read_bytes():
        return None
    there = case.folder.parent / "outside" / path.name
    there.write_bytes(path.read_bytes())
    names = (f"../outside/{path.name}", str(there), f"./../outside/{path.name}", f"..\\outside\\{path.name}", f"x/../{path.name}")
    name = case.chance.choice(names)
    table.write_bytes(table.read_bytes().replace(path.name.encode(), name.encode()))
    case.known.pop(case.contents[path], None)
    case.loose.discard(case.contents[path])
    return name


def picture_ambiguous(case: Case) -> str | None:
    """Two pictures that a name without suffix may mean."""
    path = case.pick(case.contents)
    if path is None:
        return None
    other = case.chance.choice(sorted(set(range(13)) - {case.contents[path]}))
    path.with_suffix(".jpg").write_bytes(picture(other, ".jpg"))
    return path.stem


FORMATS = (
    Format("image_folder", write_folders, read_folders, (*ANY_FILE, *FORMS, *FOLDERS, *FORMS, *FOLDERS)),
    Format(
        "label_table",
        write_table,
        read_table,
        (*ANY_FILE, *FORMS, *TEXT, *cells_changed(",") * 2, path_hostile, picture_ambiguous),
    ),
)
