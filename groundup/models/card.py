"""A model's card: the literal at the foot of its file, read without running the file."""

import ast
from dataclasses import dataclass
from pathlib import Path

MODELS = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model file says of itself.

    `sizes` maps each size function to one line about it; `ancestor` is the model that the file is a change of; `references`
    are the independent implementations that its case holds it against.
    """

    title: str
    paper: str
    year: int
    family: str
    sizes: dict[str, str]
    references: tuple[str, ...]
    ancestor: str | None = None
    module: str


def read_card(path: Path) -> Card:
    """The card at the foot of a model file.

    Raises: ValueError for a file without `CARD = {...}` as its last statement, or with other fields than Card's.
    """
    text = path.read_text(encoding="utf-8")
    start = text.rfind("\nCARD = ")
    if start < 0:
        raise ValueError(f"{path.name} has no CARD: end the file with CARD = dict of {', '.join(Card.__annotations__)}")
    module = ".".join(("groundup", "models", *path.relative_to(MODELS).with_suffix("").parts))
    return Card(**ast.literal_eval(text[start + len("\nCARD = ") :].strip()), module=module)


def read_cards() -> list[Card]:
    """The cards of all models, in the order of their years."""
    files = [path for path in MODELS.glob("*/*.py") if path.name != "__init__.py"]
    return sorted((read_card(path) for path in files), key=lambda card: (card.year, card.title))
