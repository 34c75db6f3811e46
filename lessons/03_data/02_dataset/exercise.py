"""A Dataset: sentence pairs that lie in two files, read when they are asked for.

Write the class `Pairs`. Line i of the one file is translated by line i of the other. The files may be larger than memory: when a
Pairs is made, note only WHERE each line begins (its place in bytes), and read a line when its number is asked for.
"""

from pathlib import Path

from torch.utils.data import Dataset


class Pairs(Dataset):
    """The pairs of two text files in UTF-8, line by line, as {"source": ..., "target": ...} without the line ends.

    Raises: ValueError where the files have different numbers of lines; IndexError for a number outside; -1 is the last, as in a
    list.
    """

    def __init__(self, source: Path, target: Path):
        raise NotImplementedError
