"""`groundup data list`, `fetch` and `show`."""

import json as json_format
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.contents import data_sets
from groundup.cli.options import Data, Json
from groundup.errors import UserError, unknown

data = typer.Typer(help="See which data sets are here, fetch others, look at them.", no_args_is_help=True, rich_markup_mode=None)
OF_YOUR_OWN = "image_folder"  # reads pictures of one's own: `root` has a default, and yet nothing is read without it
LICENCES = {"digits": "CC BY 4.0", "prose": "of the packages"}  # of what is embedded and is not groundup's own
LENGTH = 200  # words or letters of a window of text, where one is shown


@data.command("list")
def list_sets(json: Json = False) -> None:
    """List the data sets: what is here and where, what can be fetched, how large it is, its licence."""
    rows = [row(name) for name in sorted(summaries())]
    if json:
        print(json_format.dumps(rows))
        return
    for one in rows:
        size = in_words(one["bytes"])
        print(f"{one['name']:<26}  {one['state']:<8}  {size:>7}  {one['licence']:<22}  {told(one)}".rstrip())


@data.command("fetch")
def fetch_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set's name.")],
    root: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to; else GROUNDUP_DATA or ~/.cache/groundup.")] = None,
    part: Annotated[str | None, typer.Option(metavar="P", help="One part alone, such as a split: train, test ...")] = None,
) -> None:
    """Fetch a data set to where its reader looks for it. Stopped at any moment, it goes on from there."""
    from groundup.data.fetch import fetch
    from groundup.data.sources import sets

    if name not in sets():
        raise UserError(needless(name))
    try:
        folder = fetch(name, root=root, part=part, say=say, watch=progress_bar)
    except KeyboardInterrupt:
        print("\nstopped; what has come is kept: the same command goes on from there", file=sys.stderr)
        raise typer.Exit(130) from None
    where = "" if root is None else f" --data {folder}"
    say(f"look at it: groundup data show {name}{where}")


@data.command("show")
def show_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set's name.")],
    split: Annotated[str | None, typer.Option(metavar="S", help="Which split; else the first that is here.")] = None,
    count: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many items.")] = 12,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The picture to write; else NAME.png.")] = None,
    data: Data = None,
    set: Annotated[list[str] | None, typer.Option(metavar="name=value", help="Another value for the data set's reader.")] = None,
) -> None:
    """Write a contact sheet: the first items with their labels, boxes, masks and texts."""
    from groundup.data.contact_sheet import contact_sheet
    from groundup.data.described import Described

    reader, arguments, split = chosen(name, split, data, set or [])
    out = out or Path(f"{name}.png")
    dataset = reader(split=split, **arguments)
    sheet = contact_sheet(Described(dataset), count=count)
    try:
        sheet.save(out)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{out} cannot be written ({reason}): give a picture such as --out {name}.png") from error
    print(f"{out}: {min(count, len(dataset))} of the {len(dataset):,} items of {name}, {split}")


@cache
def summaries() -> dict[str, dict]:
    """The data sets by name: what `groundup list data` names, and the folders of pictures that have a name of their own."""
    from groundup.data.sources import sets

    named = {one["name"]: one for one in data_sets()}
    return named | {name: named[source.reader] for name, source in sets().items() if source.reader}


def row(name: str) -> dict:
    """A data set with where it is, in a form for JSON.

    `state` is here, part (some splits are here), fetch (it can be fetched), by hand, embedded or own (data of the user's own).
    `bytes` are those on disk, or those to fetch.
    """
    from groundup.data.fetch import by_hand
    from groundup.data.places import data_home
    from groundup.data.sources import sets

    source = sets().get(name)
    if source is None:
        own = is_own(name)
        licence = "" if own else LICENCES.get(name, "MIT")
        about = {"state": "own" if own else "embedded", "licence": licence, "folder": None, "bytes": None}
        return {"name": name} | about | {"here": [], "lacking": [], "can_be_fetched": False, "by_hand": ""}
    folder = data_home() / source.folder
    here = source.here(folder)
    lacking = [part for part in source.needs if part not in here]
    fetchable = any(map(source.can_be_fetched, lacking))
    paths = dict.fromkeys(path for found in here.values() for path in found)
    return {
        "name": name,
        "state": ("part" if lacking else "here") if here else ("fetch" if fetchable else "by hand"),
        "licence": source.licence,
        "folder": str(folder),
        "bytes": sum(map(size_of, paths)) if here else sum(file.size for file in source.files_of(None)) or None,
        "here": list(here),
        "lacking": lacking,
        "can_be_fetched": fetchable,
        "by_hand": by_hand(source, folder, lacking) if lacking else "",
    }


def told(one: dict) -> str:
    """The end of a line: where a set is, or how it comes here."""
    match one["state"]:
        case "embedded":
            return "comes with groundup and what it needs"
        case "own":
            return "data of your own: --data PATH"
        case "here":
            return one["folder"]
    fetch = f"groundup data fetch {one['name']}" if one["can_be_fetched"] else ""
    missing = "; ".join(filter(None, (fetch, one["by_hand"][0].lower() + one["by_hand"][1:])))
    return f"{one['folder']} without {', '.join(one['lacking'])}: {missing}" if one["state"] == "part" else missing


def is_own(name: str) -> bool:
    """Whether a function reads data of the user's own: it does nothing without `root`."""
    import ast

    from groundup.cli.contents import PACKAGE, tree

    module = summaries()[name]["module"]
    path = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    function = next(node for node in tree(path).body if isinstance(node, ast.FunctionDef) and node.name == name)
    required = [one.arg for one, default in zip(function.args.kwonlyargs, function.args.kw_defaults) if default is None]
    return "root" in required or name == OF_YOUR_OWN


def size_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def in_words(count: int | None) -> str:
    from groundup.data.fetch import in_bytes

    return "" if count is None else in_bytes(count)


def needless(name: str) -> str:
    """Why a set is not fetched that is in no list of files."""
    if name not in summaries():
        return str(unknown("data set", name, summaries()))
    return (
        f"{name} reads data of your own: name it with --data PATH" if is_own(name) else f"{name} is embedded: it needs no files"
    )


def say(line: str) -> None:
    print(line, flush=True)


def progress_bar(file, place: Path) -> Callable[[int], None]:
    """A bar on a terminal that follows the bytes of a file."""
    from tqdm import tqdm

    bar = tqdm(total=file.size if file.exact else None, unit="B", unit_scale=True, desc=place.name, disable=None, leave=False)
    return lambda count: bar.update(count - bar.n) and None


def chosen(name: str, split: str | None, root: Path | None, assignments: list[str]) -> tuple[Callable, dict[str, object], str]:
    """The function that reads a set, its arguments, and the split to show.

    Raises: UserError for a name that is none, arguments that the function does not have, or lacks.
    """
    import importlib
    import inspect

    from groundup.data.places import data_home
    from groundup.data.sources import sets

    if name not in summaries():
        raise unknown("data set", name, summaries())
    source = sets().get(name)
    reader_name = (source.reader if source else "") or name
    reader = getattr(importlib.import_module(summaries()[name]["module"]), reader_name)
    parameters = inspect.signature(reader).parameters
    arguments = dict(map(assigned, assignments))
    for given in arguments:
        if given not in parameters or given in ("split", "root"):
            raise unknown(
                f"argument of {reader_name}", given, [one for one in parameters if one not in ("split", "root", "options")]
            )
    if root is not None and "root" not in parameters:
        raise UserError(f"{name} is embedded and takes no --data")
    if root is not None or (source and source.reader):
        arguments["root"] = root or data_home() / source.folder
    if "length" in parameters:
        arguments.setdefault("length", LENGTH)
    for one in parameters.values():
        if one.default is one.empty and one.kind is one.KEYWORD_ONLY and one.name not in ("split", *arguments):
            raise UserError(f"{name} needs {one.name}: add {'--data PATH' if one.name == 'root' else f'--set {one.name}=VALUE'}")
    return reader, arguments, split or first_split(source, root)


def first_split(source, root: Path | None) -> str:
    """The split to look at where none is named: of sets whose parts are splits, the first that is here."""
    from groundup.data.places import data_home

    if source is None:
        return "train"
    here = source.here(root or data_home() / source.folder)
    return source.split or next(iter(here), next(iter(source.needs)))


def assigned(assignment: str) -> tuple[str, object]:
    """A name and its value: a number, true, a list as in JSON; else a text."""
    name, equals, value = assignment.partition("=")
    if not equals:
        raise UserError(f"--set takes name=value; got {assignment!r}")
    try:
        return name, json_format.loads(value)
    except ValueError:
        return name, value
