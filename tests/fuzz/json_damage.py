"""Damages of what stands in a JSON document: a value of another kind, a key or an entry lost, doubled or exchanged."""

import json
from collections.abc import Iterator

from tests.fuzz.case import Case
from tests.fuzz.text_damage import on_text

VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**63,
    10**400,
    1.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "0",
    "x" * 3000,
)
VALUES += ([], {}, [[]], [None], [0, 0], {"a": 1}, "../outside/secret.txt", "/etc/hostname", "a\0b", "a\nb", "\u2028", "\ud800")


def places(value: object) -> Iterator[tuple[object, object]]:
    """Every container in a document, with each of its keys."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def changed_json(name: str, change) -> object:
    """A damage of one place of a document, whatever nonsense it was already."""

    def damage(case: Case, data: bytes) -> bytes:
        lines = data.split(b"\n") if case.notes.get("lines") else [data]
        at = case.chance.randrange(len(lines))
        try:
            document = json.loads(lines[at])
        except (ValueError, RecursionError):
            return data
        found = list(places(document))
        if not found:
            return data
        change(case, *case.chance.choice(found))
        lines[at] = json.dumps(document).encode()
        return b"\n".join(lines)

    damage.__name__ = name
    return on_text(damage)


def replace(case: Case, container, key) -> None:
    container[key] = case.chance.choice(VALUES)


def shift(case: Case, container, key) -> None:
    """Another number or text of the same kind, which may well be valid."""
    value = container[key]
    if isinstance(value, bool | float | int):
        container[key] = value + case.chance.choice((-100, -1, 1, 7, 1000))
    elif isinstance(value, str):
        container[key] = case.chance.choice((value[:-1], value + "x", value.upper(), f" {value} ", value[::-1]))
    else:
        replace(case, container, key)


def remove(case: Case, container, key) -> None:
    del container[key]


def double(case: Case, container, key) -> None:
    if isinstance(container, list):
        container.insert(case.chance.randrange(len(container) + 1), container[key])
    else:
        container[f"{key} "] = container.pop(key)


def exchange(case: Case, container, key) -> None:
    other = case.chance.choice(list(container) if isinstance(container, dict) else range(len(container)))
    container[key], container[other] = container[other], container[key]


def deeper(case: Case, data: bytes) -> bytes:
    """Lists in lists without end."""
    at = case.chance.randrange(len(data) + 1)
    return data[:at] + b"[" * 200_000 + data[at:]


def key_twice(case: Case, data: bytes) -> bytes:
    return data.replace(b'"id": ', b'"id": 5, "id": ', 1)


JSON = tuple(
    changed_json(f"json_{change.__name__}", change) for change in (replace, shift, remove, double, exchange, replace, shift)
)
JSON += (on_text(deeper), on_text(key_twice))
