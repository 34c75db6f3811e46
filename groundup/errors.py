"""The one error that is the user's to mend."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake that the person who called can mend: the message says what was asked, what came and what to do.

    The command line prints it as one line and exits with status 2. What is not printable, as in names of files from strangers,
    is shown by its code: it may not reach a terminal that would obey it.
    """

    def __str__(self) -> str:
        return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in super().__str__())


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist, with the nearest ones that do."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known) or 'none'}"
    return UserError(f"no {kind} is called {name!r}; {hint}")
