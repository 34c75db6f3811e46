"""Answers to `Pairs` that are wrong in the ways that people are."""

from torch.utils.data import Dataset


def starts_of(path, mode="rb"):
    starts, place = [], 0
    with open(path, mode, **({} if mode == "rb" else {"encoding": "utf-8", "newline": ""})) as file:
        for line in file:
            starts.append(place)
            place += len(line)
    return starts


# right in all; what it is made wrong by stands below
class Lines:
    mode, strip, negative, refuse, bounds = "rb", "\r\n", True, True, True

    def __init__(self, source, target):
        self.paths = {"source": source, "target": target}
        self.starts = {name: starts_of(path, self.mode) for name, path in self.paths.items()}
        if self.refuse and len(self.starts["source"]) != len(self.starts["target"]):
            raise ValueError("different numbers of lines")

    def __len__(self):
        return len(self.starts["source"])

    def __getitem__(self, index):
        if self.bounds and not (-len(self) if self.negative else 0) <= index < len(self):
            raise IndexError(index)
        item = {}
        for name, path in self.paths.items():
            with open(path, "rb") as file:
                starts = self.starts[name]
                file.seek(starts[index] if self.bounds else starts[index % len(starts)])
                item[name] = file.readline().decode("utf-8", errors="replace").rstrip(self.strip)
        return item


class InCharacters(Lines, Dataset):
    """From the first umlaut on, lines begin at the wrong place: you count characters, and seek counts bytes. Open the file in
    binary, "rb"."""

    mode = "r"


class StrippedTooMuch(Lines, Dataset):
    """Spaces at the ends of lines are gone: strip() takes all of them. Only the line end is to go, rstrip('\\r\\n')."""

    strip = None


class NeverEnds(Lines, Dataset):
    """A number behind the end gives an item all the same: a for loop asks for 0, 1, 2 ... until it meets an IndexError, and never
    ends."""

    bounds = False


class NoLast(Lines, Dataset):
    """-1 is refused. As in a list it is the last one: all from -len(self) on are numbers."""

    negative = False


class Unequal(Lines, Dataset):
    """Files of different length are taken: from the first missing line on, sentences are paired with the wrong ones. Compare the
    counts, and raise ValueError."""

    refuse = False


class AllInMemory(Dataset):
    """All lines are read when the Pairs is made: for a file larger than memory it fails. Note where lines begin, and read one
    when it is asked for."""

    def __init__(self, source, target):
        self.lines = [[line.rstrip("\r\n") for line in path.read_bytes().decode().splitlines(True)] for path in (source, target)]
        if len(self.lines[0]) != len(self.lines[1]):
            raise ValueError("different numbers of lines")

    def __len__(self):
        return len(self.lines[0])

    def __getitem__(self, index):
        return {"source": self.lines[0][index], "target": self.lines[1][index]}
