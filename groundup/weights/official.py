"""Published weights of a model: which they are, where they lie, and what is known about them.

Libraries know their own weights and fetch them by their own code; the files are read by `foreign` alone.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import torch

from groundup.errors import UserError, unknown
from groundup.weights import peers
from groundup.weights.foreign import Foreign, read_weights
from groundup.weights.preparation import Preparation, timm_preparation, torchvision_preparation, transformers_preparation
from groundup.weights.rules import State

THEIR_NAMES = {  # where a library does not call a size as we do
    "timm": {
        "vit_b_16": "vit_base_patch16_224",
        "vit_b_32": "vit_base_patch32_224",
        "vit_l_16": "vit_large_patch16_224",
    },
    "transformers": {
        **{f"resnet{depth}": f"microsoft/resnet-{depth}" for depth in (18, 34, 50, 101, 152)},
        "vit_b_16": "google/vit-base-patch16-224",
        "vit_l_16": "google/vit-large-patch16-224",
        "gpt2": "openai-community/gpt2",
        "gpt2_medium": "openai-community/gpt2-medium",
        "gpt2_large": "openai-community/gpt2-large",
        "gpt2_xl": "openai-community/gpt2-xl",
        "clip_vit_b_32": "openai/clip-vit-base-patch32",
        "clip_vit_b_16": "openai/clip-vit-base-patch16",
        "clip_vit_l_14": "openai/clip-vit-large-patch14",
    },
    "open_clip": {
        "clip_vit_b_32": "ViT-B-32",
        "clip_vit_b_16": "ViT-B-16",
        "clip_vit_l_14": "ViT-L-14",
        "clip_rn50": "RN50",
        "clip_rn101": "RN101",
        "clip_rn50x4": "RN50x4",
        "clip_rn50x16": "RN50x16",
        "clip_rn50x64": "RN50x64",
    },
}


@dataclass(frozen=True)
class Found:
    """Weights as they were found, and what is known about them.

    `layouts` begins the names of those layouts that they can be in; empty, they can be in any. `peer(state, num_classes)`
    is the library's own model with these weights, where it can be built.
    """

    origin: str
    state: State
    layouts: str = ""
    notes: list[str] = field(default_factory=list)
    labels: list[str] | None = None
    preparation: Preparation | None = None
    peer: Callable[[State, int], peers.Answers] | None = None


def find(name: str, source: str) -> Found:
    """The weights of a model from SOURCE: torchvision, timm, transformers, open_clip, a file or a folder.

    After a library's name and a colon may stand which of its weights: `torchvision:IMAGENET1K_V1`, `timm:resnet18.tv_in1k`,
    `transformers:microsoft/resnet-18`, `open_clip:laion2b_s34b_b79k`.
    Raises: UserError for weights that do not exist, that are not here and cannot be fetched, or that cannot be read.
    """
    library, _, which = source.partition(":")
    finders = {
        "torchvision": from_torchvision,
        "timm": from_timm,
        "transformers": from_transformers,
        "open_clip": from_open_clip,
    }
    path = Path(source).expanduser()
    if library in finders:
        return finders[library](name, which)
    if path.is_dir():
        return from_folder(path)
    if path.exists():
        found = read_weights(path)
        return Found(str(path), found.state, notes=found.notes)
    raise UserError(f"--weights {source}: it is none of {', '.join(finders)}, and there is no such file or folder")


def needed(library: str) -> None:
    """Raises: UserError where a library is not installed."""
    from importlib.util import find_spec

    if find_spec(library) is None:
        raise UserError(f"weights from {library} need it installed: pip install {library}; or name a file of the weights")


def from_torchvision(name: str, which: str = "") -> Found:
    """The entry of torchvision's table of weights, the newest unless one is named; its file lies where torch.hub keeps it."""
    needed("torchvision")
    entry = torchvision_entry(name, which)
    if entry is None:
        raise UserError(f"torchvision has no weights of the name {name}; name a file of them")
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(entry.url).path).name
    if not file.is_file():
        fetch_by_torch(entry.url, file)
    found = read_weights(file)
    return Found(
        origin=f"torchvision's {entry}",
        state=found.state,
        layouts="torchvision",
        notes=found.notes,
        labels=distinct(entry.meta["categories"]) if "categories" in entry.meta else None,
        preparation=torchvision_preparation(name, entry),
        peer=lambda state, num_classes: peers.torchvision_peer(name, entry, state, num_classes),
    )


def torchvision_entry(name: str, which: str = ""):
    """torchvision's entry for a model; None where it has none.

    Raises: UserError for a name of weights that the model has not, with those that it has.
    """
    from torchvision.models import get_model_weights

    try:
        entries = get_model_weights(name)
    except ValueError:
        return None
    if which and which not in entries.__members__:
        raise unknown(f"entry of torchvision's weights of {name}", which, entries.__members__)
    return entries[which or "DEFAULT"]


def fetch_by_torch(url: str, file: Path) -> None:
    """Download into torch.hub's folder by its own code, which checks the hash in the file's name.

    Raises: UserError that says where to put the file by hand.
    """
    stated = torch.hub.HASH_REGEX.search(file.name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        print(f"fetching {url}")
        torch.hub.download_url_to_file(url, str(file), stated[1] if stated else None, progress=True)
    except (OSError, RuntimeError) as error:
        raise UserError(f"{url} could not be fetched ({error}): fetch it elsewhere and put it there as {file}") from error


def from_timm(name: str, which: str = "") -> Found:
    """The weights that timm calls its own for a model, unless others are named."""
    needed("timm")
    from timm import get_pretrained_cfg

    theirs = which or THEIR_NAMES["timm"].get(name, name)
    entry = get_pretrained_cfg(theirs)
    if entry is None or not entry.has_weights:
        raise UserError(f"timm has no weights of the name {theirs}; name others as timm:NAME, or a file of them")
    origin = f"timm's {theirs}" if "." in theirs or not entry.tag else f"timm's {theirs}.{entry.tag}"
    if entry.hf_hub_id:
        found = read_weights(fetch_by_hub(entry.hf_hub_id, ["config.json", *hub_files(entry.hf_hub_filename)]))
    else:
        file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(entry.url).path).name
        if not file.is_file():
            fetch_by_torch(entry.url, file)
        found = read_weights(file)
    return Found(
        origin=origin,
        state=found.state,
        layouts="timm",
        notes=found.notes,
        labels=timm_labels(entry),
        preparation=timm_preparation(entry),
        peer=lambda state, num_classes: peers.timm_peer(theirs, state, num_classes),
    )


def hub_files(name: str | None) -> list[str]:
    return [name] if name else ["model.safetensors", "pytorch_model.bin"]


def timm_labels(entry) -> list[str] | None:
    """The names of the classes, where timm has them."""
    from timm.data import ImageNetInfo, infer_imagenet_subset

    if entry.label_names:
        descriptions = entry.label_descriptions or {}
        return distinct(descriptions.get(name, name) for name in entry.label_names)
    subset = infer_imagenet_subset(entry)
    if subset is None:
        return None
    table = ImageNetInfo(subset)
    return distinct(table.index_to_description(index) for index in range(table.num_classes()))


def from_transformers(name: str, which: str = "") -> Found:
    """The folder of a model on the Hub, fetched into the Hub's own cache."""
    needed("transformers")
    theirs = which or THEIR_NAMES["transformers"].get(name)
    if theirs is None:
        raise UserError(f"which weights of {name}? Name them as transformers:OWNER/NAME, or a folder that holds them")
    files = ["config.json", "preprocessor_config.json", "*.index.json", "model*.safetensors", "pytorch_model*.bin"]
    return from_folder(fetch_by_hub(theirs, files), origin=f"transformers' {theirs}")


def from_open_clip(name: str, which: str = "") -> Found:
    """The weights of a tag of open_clip's table, OpenAI's unless another is named, fetched into the Hub's own cache."""
    needed("open_clip")
    from open_clip import get_pretrained_cfg, list_pretrained_tags_by_model

    theirs, tag = THEIR_NAMES["open_clip"].get(name), which or "openai"
    if theirs is None:
        raise UserError(f"open_clip has no weights of the name {name}; name a file of them")
    entry = get_pretrained_cfg(theirs, tag) or {}
    place = entry.get("hf_hub", "").strip("/")
    if not place:
        raise unknown(f"tag of open_clip's {theirs}", tag, list_pretrained_tags_by_model(theirs))
    files = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]
    folder = fetch_by_hub(place, files)
    found = read_weights(next((folder / file for file in files if (folder / file).is_file()), folder))
    exact = [] if entry.get("quick_gelu") else ["they were trained with the exact GELU: --set model.quick_gelu=False"]
    return Found(origin=f"open_clip's {theirs}:{tag}", state=found.state, layouts="open_clip", notes=[*found.notes, *exact])


def fetch_by_hub(name: str, files: list[str]) -> Path:
    """The folder of these files of a model on the Hub, by its own library; pickles are left out where there is another form.

    Raises: UserError where they are not here and cannot be fetched.
    """
    needed("huggingface_hub")
    from huggingface_hub import snapshot_download

    safe = [file for file in files if not file.endswith(".bin")]
    try:
        folder = Path(snapshot_download(name, allow_patterns=safe))
        if not any(path.suffix == ".safetensors" for path in folder.iterdir()):
            folder = Path(snapshot_download(name, allow_patterns=files))
    except (OSError, ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())[:160]
        raise UserError(
            f"the weights {name} are not on this machine and could not be fetched ({said}): fetch {' '.join(files)} of "
            f"https://huggingface.co/{name} elsewhere, and name their folder"
        ) from error
    return folder


def from_folder(folder: Path, origin: str | None = None) -> Found:
    """The weights of a folder as transformers writes it: config.json and preprocessor_config.json may stand beside them."""
    found: Foreign = read_weights(folder)
    config, preprocessor = read_json(folder / "config.json"), read_json(folder / "preprocessor_config.json")
    official = bool(config.get("model_type"))
    return Found(
        origin=origin or str(folder),
        state=found.state,
        layouts="transformers" if official else "",
        notes=found.notes,
        labels=transformers_labels(config, folder),
        preparation=transformers_preparation(preprocessor, folder) if preprocessor else None,
        peer=(lambda state, num_classes: peers.transformers_peer(folder, state)) if official else None,
    )


def read_json(path: Path) -> dict:
    """The document of a file; empty where there is none.

    Raises: UserError for a damaged one.
    """
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is damaged: {error}") from error
    if not isinstance(document, dict):
        raise UserError(f"{path} is damaged: it holds no JSON object")
    return document


def transformers_labels(config: dict, folder: Path) -> list[str] | None:
    """The names of the classes; None where a config has none but LABEL_0, LABEL_1 ..."""
    names = config.get("id2label") or {}
    try:
        labels = [str(names[key]) for key in sorted(names, key=int)]
        complete = sorted(map(int, names)) == list(range(len(names)))
    except (ValueError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise UserError(f"{folder / 'config.json'} is damaged: its id2label does not number the classes from 0")
    unnamed = [f"LABEL_{index}" for index in range(len(labels))]
    return None if labels == unnamed else distinct(labels)


def preparation_like(name: str, layout: str) -> tuple[Preparation, str] | None:
    """The preparation of a model whose file does not tell: that of the library whose layout it has, and in words whose."""
    from importlib.util import find_spec

    if layout == "timm" and find_spec("timm"):
        from timm import get_pretrained_cfg

        theirs = THEIR_NAMES["timm"].get(name, name)
        entry = get_pretrained_cfg(theirs)
        if entry is not None:
            return timm_preparation(entry), f"timm's {theirs}"
    entry = torchvision_entry(name) if find_spec("torchvision") else None
    preparation = None if entry is None else torchvision_preparation(name, entry)
    return None if preparation is None else (preparation, f"torchvision's {entry}")


def peer_like(name: str, layout: str) -> Callable[[State, int], peers.Answers] | None:
    """The library's own model for a file in its layout; None where it has none, or where only a config would tell its size."""
    from importlib.util import find_spec

    if layout == "torchvision" and find_spec("torchvision") and torchvision_entry(name) is not None:
        return lambda state, num_classes: peers.torchvision_peer(name, None, state, num_classes)
    if layout == "timm" and find_spec("timm"):
        theirs = THEIR_NAMES["timm"].get(name, name)
        return lambda state, num_classes: peers.timm_peer(theirs, state, num_classes)
    return None


def distinct(names: Iterable[str]) -> list[str]:
    """The names, of which those that come again are numbered: "crane", "crane (2)"."""
    counts: Counter[str] = Counter()
    labels = []
    for name in names:
        counts[name] += 1
        labels.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return labels


def read_labels(path: Path) -> list[str]:
    """The names of classes from a text file, one a line.

    Raises: UserError where it cannot be read, or a name is empty or comes twice.
    """
    try:
        labels = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--labels {path} cannot be read: {error}") from error
    empty = next((number for number, label in enumerate(labels, start=1) if not label), None)
    if not labels or empty:
        raise UserError(f"--labels {path}: {f'line {empty} is empty' if labels else 'it is empty'}; write a class a line")
    twice = next((label for label, count in Counter(labels).items() if count > 1), None)
    if twice is not None:
        raise UserError(f"--labels {path} names {twice!r} twice")
    return labels
