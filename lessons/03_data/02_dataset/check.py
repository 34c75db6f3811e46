"""What an answer to `Pairs` must do."""

import tempfile
from pathlib import Path

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="A Dataset: a length, and item number i",
    name="Pairs",
    hints=(
        "Three methods: __init__ notes where lines begin, __len__ counts them, __getitem__ opens the file, goes to the place,"
        " reads a line.",
        'Open in binary ("rb"): the place of a line is counted in bytes, and an umlaut is two of them. Add up len(line) as '
        "you walk the file once; file.seek(place) and file.readline() find it again; .decode('utf-8') makes it text.",
        "Strip the end with rstrip('\\r\\n'), which leaves other spaces alone. Compare the two counts in __init__ and raise "
        "ValueError. In __getitem__ raise IndexError unless -len(self) <= index < len(self): without it a for loop would "
        "never end.",
    ),
)


def pairs(Pairs, source: bytes, target: bytes, use):
    with tempfile.TemporaryDirectory() as place:
        paths = Path(place) / "a.de", Path(place) / "a.en"
        for path, content in zip(paths, (source, target)):
            path.write_bytes(content)
        return use(Pairs(*paths), paths)


GERMAN = "Ein Hund läuft.\nZwei Mädchen hören zu.\nÜber die Brücke!\n".encode()
ENGLISH = b"A dog runs.\nTwo girls listen.\nAcross the bridge!\n"


@EXERCISE.claim("three pairs, asked for in another order")
def three(Pairs):
    return pairs(Pairs, GERMAN, ENGLISH, lambda found, _: {"count": len(found), "items": [found[2], found[0], found[1]]})


@EXERCISE.claim("the last line without an end, and ends as Windows writes them")
def ends(Pairs):
    return pairs(Pairs, b"one\r\ntwo\r\n three ", b"1\n2\n3", lambda found, _: [found[number] for number in range(len(found))])


@EXERCISE.claim("empty lines are pairs too")
def empty(Pairs):
    return pairs(Pairs, b"a\n\nc\n", b"1\n2\n\n", lambda found, _: [found[number] for number in range(len(found))])


@EXERCISE.claim("a for loop ends, and -1 is the last")
def loop(Pairs):
    def use(found, _):
        seen = []
        for item in found:
            seen.append(item)
            if len(seen) > 9:
                break
        return {
            "seen": seen,
            "last": found[-1],
            "first": found[-3],
            "outside": [raised(lambda n=n: found[n], IndexError) for n in (3, 99, -4)],
        }

    return pairs(Pairs, GERMAN, ENGLISH, use)


@EXERCISE.claim("files of different length are refused by a ValueError")
def unequal(Pairs):
    return raised(lambda: pairs(Pairs, b"a\nb\n", b"1\n", lambda found, _: found), ValueError)


@EXERCISE.claim("a line is read when it is asked for")
def lazy(Pairs):
    def use(found, paths):
        paths[1].write_bytes(ENGLISH.replace(b"dog", b"cat"))
        return found[0]

    return pairs(Pairs, GERMAN, ENGLISH, use)


@EXERCISE.drawn
def drawn(Pairs, seed: int):
    lines = [chr(0x61 + (seed + n) % 26) * (n % 4) + "é" * (seed % 3) for n in range(1 + seed % 6)]
    text = "\n".join(lines).encode() + (b"\n" if seed % 2 else b"")
    other = "\n".join(str(n) for n in range(len(text.splitlines(keepends=True)))).encode()
    if not text.strip():
        text = other
    return pairs(Pairs, text, other, lambda found, _: [len(found), *(found[n] for n in range(-len(found), len(found)))])
