"""Facts: what is learnt from the training split before training, and kept with the run.

Labels, a vocabulary, a tokenizer, statistics: fitted once, saved under `facts/`, and handed to every part whose signature
names them, in training and in prediction alike.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from torch import Tensor
from torch.utils.data import Dataset

from groundup.engine.checkpoint import read_tensors, tensor_bytes, write_atomic
from groundup.engine.names import name_of, resolve
from groundup.engine.recipe import Part, bind, label
from groundup.errors import UserError


@runtime_checkable
class Fact(Protocol):
    """A fact that is more than plain values: it is kept as plain values and tensors."""

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]: ...

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self: ...


def fit_facts(fitters: Iterable[Part], train_data: Dataset) -> dict[str, object]:
    """Every fitter in its order, on the training split; each may name the facts before it."""
    facts: dict[str, object] = {}
    for fitter in fitters:
        found = bind(fitter, facts)(train_data)
        if found.keys() & facts.keys():
            raise UserError(f"{label(fitter)} fits {', '.join(sorted(found.keys() & facts.keys()))}, which was fitted already")
        facts |= found
    return facts


def save_facts(facts: Mapping[str, object], folder: Path) -> None:
    """Write each fact as NAME.json, and its tensors as NAME.safetensors beside it; last of all the list of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, fact in facts.items():
        if isinstance(fact, Fact):
            plain, tensors = fact.to_fact()
            write_atomic(folder / f"{name}.safetensors", tensor_bytes(tensors))
            document = {"class": name_of(type(fact)), "plain": plain}
        else:
            document = {"plain": fact}
        write_atomic(folder / f"{name}.json", json.dumps(document, ensure_ascii=False).encode())
    write_atomic(folder / "facts.json", json.dumps(sorted(facts)).encode())


def load_facts(folder: Path, code=None) -> dict[str, object] | None:
    """The facts that `save_facts` wrote; None where it was never finished.

    Raises: UserError for files that are damaged, or that name code outside groundup.
    """
    if not (folder / "facts.json").is_file():
        return None
    facts: dict[str, object] = {}
    try:
        for name in json.loads((folder / "facts.json").read_bytes()):
            document = json.loads((folder / f"{name}.json").read_bytes())
            if "class" in document:
                kind = resolve(document["class"], code)
                facts[name] = kind.from_fact(document["plain"], read_tensors((folder / f"{name}.safetensors").read_bytes()))
            else:
                facts[name] = document["plain"]
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise UserError(f"the facts in {folder} are damaged ({error}): restore the folder from a copy, or train anew") from error
    return facts
