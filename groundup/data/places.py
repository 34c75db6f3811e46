"""Where the files of a data set lie: where the user says, or in the folder of all data sets, where they are fetched to."""

import os
from collections.abc import Sequence
from pathlib import Path

from groundup.data.sources import fetching
from groundup.errors import UserError


def data_home() -> Path:
    """The folder of all data sets: GROUNDUP_DATA, or .cache/groundup in the user's home."""
    return Path(os.environ.get("GROUNDUP_DATA") or Path.home() / ".cache" / "groundup").expanduser()


def folder_of(name: str, root: str | Path | None, needs: Sequence[str | Sequence[str]]) -> Path:
    """The folder that holds the files which a data set needs: `root`, or else NAME in the folder of all data sets.

    Each of `needs` is a file's or folder's path inside it, or several of which one must be there.
    Raises: UserError where the folder or a file is not there, with what to put where.
    """
    folder = data_home() / name if root is None else Path(root).expanduser()
    for need in needs:
        choices = [need] if isinstance(need, str) else list(need)
        if not any((folder / choice).exists() for choice in choices):
            wanted = ", ".join(" or ".join([n] if isinstance(n, str) else n) for n in needs)
            fetched = fetching(name, choices)
            to = "" if root is None else f" --root {folder}"
            raise UserError(
                f"{name} is not on this machine: {folder} lacks {' or '.join(choices)}. Put {wanted} there, "
                f"{f'fetch it with `groundup data fetch {fetched}{to}`, ' if fetched else ''}or name another folder with --data"
            )
    return folder
