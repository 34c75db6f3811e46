"""What an answer to `label_table` must do."""

import random
import tempfile
from pathlib import Path

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Label files: from a folder of pictures to a table",
    name="label_table",
    hints=(
        "The classes are the folders in the folder, sorted. For each, folder.rglob('*') walks all that lies below it.",
        "path.suffix.lower() is the ending in small letters; path.relative_to(folder).as_posix() is the path as it is asked "
        "for. Files and folders both come out of rglob: path.is_file().",
        "Hidden is what has a part that begins with a dot: any(part.startswith('.') for part in "
        "path.relative_to(folder).parts). The numbers come from enumerate(classes), and at the end the rows are sorted, since"
        " a disk gives files in no order.",
    ),
)


def folder_of(place: Path, *files: str, folders: tuple[str, ...] = ()) -> Path:
    for name in folders:
        (place / name).mkdir(parents=True)
    for name in files:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"a picture")
    return place


def asked(label_table, *files: str, folders: tuple[str, ...] = ()):
    with tempfile.TemporaryDirectory() as place:
        classes, rows = label_table(folder_of(Path(place), *files, folders=folders))
    return {"classes": classes, "rows": [list(row) for row in rows]}


@EXERCISE.claim("two classes of two pictures")
def two(label_table):
    return asked(label_table, "bees/2.jpg", "ants/9.jpg", "bees/10.jpg", "ants/1.jpg")


@EXERCISE.claim("endings in capital letters, and files that are no pictures")
def endings(label_table):
    return asked(label_table, "a/1.JPG", "a/2.jpeg", "a/3.Png", "a/notes.txt", "b/4.jpg.part", "b/5.gif", "readme.md")


@EXERCISE.claim("pictures further down")
def deep(label_table):
    return asked(label_table, "cats/indoors/1.png", "cats/0.png", "dogs/park/spring/7.jpg", "dogs/park/2.jpg")


@EXERCISE.claim("what is hidden does not count")
def hidden(label_table):
    return asked(label_table, "a/1.jpg", ".git/2.jpg", "a/.thumbnails/1.jpg", "b/._3.jpg", "b/4.jpg")


@EXERCISE.claim("a class without pictures keeps its number")
def empty(label_table):
    return asked(label_table, "a/1.jpg", "c/2.jpg", folders=("b",))


@EXERCISE.drawn
def drawn(label_table, seed: int):
    draw = random.Random(seed)
    names = [
        f"{draw.choice(['x', 'y', 'z', '.w'])}/{draw.choice(['', 'in/', '.h/'])}{draw.randrange(20)}"
        f"{draw.choice(['.jpg', '.JPEG', '.png', '.txt', ''])}"
        for _ in range(8)
    ]
    return asked(label_table, *names)
