"""What a task's settings may be: they can be typed on a command line, so anything may come."""

import math
from collections.abc import Sequence

from groundup.errors import UserError


def is_number(value: object) -> bool:
    """Whether a setting is a finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def one_of(name: str, value: object, choices: Sequence[str]) -> None:
    """Raises: UserError with the choices."""
    if not isinstance(value, str) or value not in choices:
        raise UserError(f"{name} is one of {', '.join(choices)}; got {value!r}")


def whole(name: str, value: object, least: int, most: int) -> None:
    """Raises: UserError with the range."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UserError(f"{name} is a whole number from {least} to {most}; got {value!r}")


def within(name: str, value: object, least: float, most: float) -> None:
    """Raises: UserError with the range."""
    if not is_number(value) or not least <= value <= most:
        raise UserError(f"{name} is a number from {least:g} to {most:g}; got {value!r}")
