"""Answers to `label_table` that are wrong in the ways that people are."""

ENDINGS = {".jpg", ".jpeg", ".png"}


def classes_of(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def is_hidden(path, folder):
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def rows_of(
    folder, classes, walk=lambda place: place.rglob("*"), fits=lambda path: path.suffix.lower() in ENDINGS, hidden=is_hidden
):
    rows = []
    for number, name in enumerate(classes):
        for path in walk(folder / name):
            if path.is_file() and fits(path) and not hidden(path, folder):
                rows.append((path.relative_to(folder).as_posix(), number))
    return sorted(rows)


def small_letters(folder):
    """Pictures whose ending is in capital letters are missing: cameras write IMG_1.JPG. Compare path.suffix.lower()."""
    classes = classes_of(folder)
    return classes, rows_of(folder, classes, fits=lambda path: path.suffix in ENDINGS)


def one_level(folder):
    """Pictures further down are missing: iterdir and glob('*') see one level, rglob('*') walks all below."""
    classes = classes_of(folder)
    return classes, rows_of(folder, classes, walk=lambda place: place.iterdir())


def hidden_too(folder):
    """Hidden files are taken for pictures: ._3.jpg is a note that a Mac leaves beside 3.jpg, and holds no picture. What begins
    with a dot does not count, nor does what lies in such a folder."""
    classes = classes_of(folder)
    return classes, rows_of(folder, classes, hidden=lambda path, folder: False)


def hidden_class(folder):
    """A hidden folder such as .git becomes a class, and moves the numbers of the others."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return classes, rows_of(folder, classes)


def every_file(folder):
    """All files count as pictures, texts as well: take only those that end in .jpg, .jpeg or .png."""
    classes = classes_of(folder)
    return classes, rows_of(folder, classes, fits=lambda path: True)


def only_with_pictures(folder):
    """A class without pictures is left out, and the numbers behind it move: in a validation folder that lacks one class, the same
    number would then mean another class than in training."""
    classes = [name for name in classes_of(folder) if rows_of(folder, [name])]
    return classes, rows_of(folder, classes)


def names_only(folder):
    """The rows hold names without their folders: two pictures of one name in two classes cannot be told apart, and none can be
    opened. Give the path from the folder on."""
    classes = classes_of(folder)
    return classes, sorted((name.rsplit("/", 1)[-1], number) for name, number in rows_of(folder, classes))
