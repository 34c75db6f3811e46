"""Label files: the table of a folder of pictures.

Write `label_table`. A folder holds one folder for each class, with pictures in it, perhaps in folders of their own further
down. Return the names of the classes and a row for each picture. Pictures are files that end in .jpg, .jpeg or .png, in
small or capital letters; everything else is no picture, and what begins with a dot is hidden: neither counts. A class folder
without pictures is a class all the same.
"""

from pathlib import Path


def label_table(folder: Path) -> tuple[list[str], list[tuple[str, int]]]:
    """The classes of a folder in the order of the alphabet, and for each picture its path and the number of its class.

    Paths are relative to the folder, with / between the parts on every machine, and rows are in their order.
    """
    raise NotImplementedError
