"""Functions by name, so that a recipe can be written to JSON and read back without running anything it should not."""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from groundup.errors import UserError, unknown


def load_file(path: Path) -> ModuleType:
    """Run a Python file of the user's own, named on this command line, and give its module.

    Raises: UserError where the file is missing, does not parse or fails as it runs.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    name = f"groundup_user_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # workers that unpickle its functions look here
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{path} fails as it is run: {type(error).__name__}: {error}") from error
    return module


def name_of(thing: Callable) -> str:
    """`groundup.ops.convolution:conv2d`, or `my.py:augment` for what stands in the user's file.

    Raises: UserError for what has no name at the top of a module: a lambda, a nested function, a bound method.
    """
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not name or not module or "." in name or "<" in name:
        raise UserError(f"a recipe is kept as names, and {thing!r} has none: define it with def at the top of a file")
    source = sys.modules.get(module)
    if getattr(source, name, None) is not thing:
        raise UserError(f"a recipe is kept as names, and {module}:{name} is not {thing!r}")
    if module.startswith("groundup_user_file_"):
        return f"{Path(source.__file__).name}:{name}"
    return f"{module}:{name}"


def resolve(name: str, code: ModuleType | None = None) -> Callable:
    """The function or class of a name that `name_of` gave: of groundup itself, or of the file that the user gave.

    Raises: UserError for every other name; nothing outside is imported.
    """
    module, _, attribute = name.partition(":")
    if code is not None and module == Path(code.__file__).name:
        if not hasattr(code, attribute):
            raise unknown(f"function of {module}", attribute, (key for key in vars(code) if not key.startswith("_")))
        return getattr(code, attribute)
    if module.endswith(".py"):
        raise UserError(f"this recipe uses {attribute} of {module}, which is not run unasked: add --code PATH/{module}")
    if not module.startswith("groundup."):
        raise UserError(f"this recipe names {name!r}: only code of groundup itself is run, or of a file given with --code")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"this recipe names {name!r}, which this version of groundup does not have") from error
    if not callable(found) or getattr(found, "__module__", None) != module:
        raise UserError(f"this recipe names {name!r}, which is not a function or class of {module}")
    return found


WORDS = {"true": True, "false": False}  # as shells and JSON write them


def parse_value(text: str) -> object:
    """A value from the command line: a Python literal where it is one, also true and false, else the text itself."""
    if text in WORDS:
        return WORDS[text]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
