"""ShapesWorld: a world of coloured shapes for every task that looks at pictures. It needs no file and no download.

An item is a pure function of (VERSION, split, seed, index): the same bytes on every machine, whichever items were made before it
and whatever batch it is made in. The scene is the same at every size and in every domain; only the pixels differ.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.shapes import annotations, asking, telling
from groundup.data.shapes.bits import Draws
from groundup.data.shapes.drawing import draw
from groundup.data.shapes.scene import BASE, COLOURS, COMBINATIONS, DOMAINS, NOVEL, SHAPES, Plan, Scenes, compose, plan_of
from groundup.errors import UserError

VERSION = 1  # what is drawn or said for a seed and an index changes only with it
SPLITS = {"train": 10_000, "validation": 1_000, "test": 2_000}  # and how many items each has unless one asks for more
SIZES = range(32, 225)  # pixels along each side

Annotate = Callable[[Scenes, np.ndarray], annotations.Columns]


class ShapesWorld(Dataset):
    """Pictures of a plan, with the columns that the annotations give.

    `labels` are the names of the classes, where there are classes. `change`, where given, is the index from which on items
    belong to `domain`; those before it belong to the day.
    Shapes: image (3, size, size) uint8; see the annotations for the others.
    Raises: UserError for a split, size, domain, seed or number of items that cannot be.
    """

    def __init__(
        self,
        plan: Plan,
        annotate: Sequence[Annotate],
        *,
        split: str,
        size: int = 64,
        seed: int = 0,
        count: int | None = None,
        domain: str = "day",
        change: int = 0,
        labels: Sequence[str] = (),
    ):
        if split not in SPLITS:
            raise UserError(f"ShapesWorld has the splits {', '.join(SPLITS)}; got {split!r}")
        if size not in SIZES:
            raise UserError(f"ShapesWorld is drawn at {SIZES[0]} to {SIZES[-1]} pixels; got size={size}")
        if domain not in DOMAINS:
            raise UserError(f"ShapesWorld has the domains {', '.join(DOMAINS)}; got {domain!r}")
        if not 0 <= seed < 2**63:
            raise UserError(f"a seed lies between 0 and 2^63 - 1; got seed={seed}")
        self.count = SPLITS[split] if count is None else count
        if self.count < 1:
            raise UserError(f"ShapesWorld needs at least one item; got count={count}")
        self.plan, self.annotate, self.split, self.size, self.seed = plan, tuple(annotate), split, size, seed
        self.domain, self.change, self.labels = domain, change, list(labels)

    def __len__(self) -> int:
        return self.count

    def scenes(self, indices: np.ndarray) -> Scenes:
        """What is in the pictures of these indices."""
        draws = Draws.at(indices, VERSION, list(SPLITS).index(self.split), self.seed)
        return compose(draws, self.plan, np.where(indices >= self.change, DOMAINS.index(self.domain), 0))

    def batch(self, indices: Tensor | Sequence[int]) -> annotations.Columns:
        """The items of these indices: tensors where items agree in shape, else lists.

        Raises: IndexError for an index outside.
        """
        places = np.asarray(indices, dtype=np.int64).reshape(-1)
        if len(places) and not -self.count <= places.min() <= places.max() < self.count:
            raise IndexError(f"ShapesWorld: {len(self)} items have no index {places.min()} or {places.max()}")
        scenes = self.scenes(np.where(places < 0, places + self.count, places))
        pictures, owners = draw(scenes, self.size)
        columns: annotations.Columns = {"image": torch.from_numpy(pictures)}
        for annotate in self.annotate:
            columns |= annotate(scenes, owners)
        return columns

    def __getitem__(self, index: int) -> dict[str, object]:
        return {name: column[0] for name, column in self.batch([index]).items()}


def one_thing(**changes: object) -> Plan:
    """The plan of pictures with one thing."""
    return Plan(fewest=1, most=1, distance=18, clutter=0, **changes)


def shapes_world(*, split: str, difficulty: str = "medium", language: str = "en", **options: object) -> Dataset:
    """Everything there is to a picture: boxes, masks, segments, attributes, captions, a phrase, a question.

    `difficulty` is "easy" (1 to 3 things), "medium" (2 to 5) or "hard" (4 to 8, which cover each other, on a ground with
    specks); a thing that finds no room is left out. `options` are those of ShapesWorld: size, seed, count, domain, change.
    Shapes: see the functions of each task below. Here `mask` is the shape of each pixel and `phrase_mask` that of the phrase,
    and the number of the answer is `answer_label`.
    """
    annotate = (
        annotations.which_are_there,
        annotations.boxes_and_masks,
        annotations.attributes,
        annotations.segments,
        partial(telling.captions, languages=(language, *(name for name in telling.LANGUAGES if name != language))),
        partial(telling.phrases, language=telling.check_language(language), mask="phrase_mask"),
        partial(asking.questions, language=language, label="answer_label"),
        annotations.shape_of_each_pixel,
    )
    return ShapesWorld(plan_of(difficulty), annotate, split=split, labels=SHAPES, **options)


def shapes_world_labels(*, split: str, target: str = "shape", classes: Sequence[str] | None = None, **options: object) -> Dataset:
    """One thing a picture, and its class: the simplest task there is.

    `target` is "shape" (8 classes), "colour" (8) or "combination" (64). `classes`, names of some of them, keeps only those,
    numbered in that order: class after class, for learning that continues. `options` are those of ShapesWorld.
    Shapes: image (3, size, size) uint8, label () int64.
    Raises: UserError for a target or a class that there is not.
    """
    if target not in annotations.TARGETS:
        raise UserError(f"ShapesWorld has the targets {', '.join(annotations.TARGETS)}; got {target!r}")
    every = {"shape": SHAPES, "colour": COLOURS, "combination": COMBINATIONS}[target]
    names = every if classes is None else tuple(classes)
    wrong = [name for name in names if name not in every]
    if wrong or not names or len(set(names)) < len(names):
        raise UserError(f"ShapesWorld has the {target}s {', '.join(every)}, each to be named once; got {', '.join(names)}")
    chosen = tuple(every.index(name) for name in names)
    has = {"shape": lambda n: n // 8, "colour": lambda n: n % 8, "combination": lambda n: n}[target]
    plan = one_thing(combinations=tuple(n for n in range(len(COMBINATIONS)) if has(n) in chosen))
    annotate = partial(annotations.first_thing, target=target, classes=chosen)
    return ShapesWorld(plan, (annotate,), split=split, labels=names, **options)


def shapes_world_few_shot(*, split: str, part: str, **options: object) -> Dataset:
    """One thing a picture; its class is its colour and shape together, and some classes are kept back.

    `part` is "base" (48 classes to learn from) or "novel" (16 that are in none of those pictures, though each of their shapes
    and colours is). `options` are those of ShapesWorld.
    Shapes: image (3, size, size) uint8, label () int64, counted within the part.
    Raises: UserError for another part.
    """
    if part not in ("base", "novel"):
        raise UserError(f"shapes_world_few_shot has the parts base and novel; got {part!r}")
    names = [COMBINATIONS[n] for n in (BASE if part == "base" else NOVEL)]
    return shapes_world_labels(split=split, target="combination", classes=names, **options)


def shapes_world_drift(*, split: str, domain: str, change: int, **options: object) -> Dataset:
    """One thing a picture, and its shape; from index `change` on the world looks different, and nothing says so.

    `domain` is "dusk", "night", "fog", "noise" or "brick"; for whole sets of a domain, for learning that continues, give
    `domain` to any other set here. `options` are those of ShapesWorld.
    Shapes: image (3, size, size) uint8, label () int64.
    """
    return shapes_world_labels(split=split, domain=domain, change=change, **options)


def shapes_world_multi_label(*, split: str, difficulty: str = "medium", **options: object) -> Dataset:
    """Several things a picture, and which shapes and colours are there. `options` are those of ShapesWorld.

    Shapes: image (3, size, size) uint8, present (16) bool: the eight shapes, then the eight colours.
    """
    annotate = (annotations.which_are_there,)
    return ShapesWorld(plan_of(difficulty), annotate, split=split, labels=SHAPES + COLOURS, **options)


def shapes_world_detection(*, split: str, difficulty: str = "medium", **options: object) -> Dataset:
    """Several things a picture, with a box round each. `options` are those of ShapesWorld.

    Shapes: image (3, size, size) uint8, boxes (things, 4) float32, x1 y1 x2 y2 in pixels, labels (things) int64.
    """
    return ShapesWorld(plan_of(difficulty), (annotations.boxes_and_labels,), split=split, labels=SHAPES, **options)


def shapes_world_instances(*, split: str, difficulty: str = "medium", **options: object) -> Dataset:
    """Several things a picture, with a box and a mask of each. `options` are those of ShapesWorld.

    Shapes: as detection, and masks (things, size, size) bool.
    """
    return ShapesWorld(plan_of(difficulty), (annotations.boxes_and_masks,), split=split, labels=SHAPES, **options)


def shapes_world_segmentation(*, split: str, difficulty: str = "medium", **options: object) -> Dataset:
    """Several things a picture, and what every pixel belongs to. `options` are those of ShapesWorld.

    Shapes: image (3, size, size) uint8, mask (size, size) int64: 0 is the ground.
    """
    labels = ("ground", *SHAPES)
    return ShapesWorld(plan_of(difficulty), (annotations.shape_of_each_pixel,), split=split, labels=labels, **options)


def shapes_world_panoptic(*, split: str, difficulty: str = "medium", **options: object) -> Dataset:
    """Several things a picture, every pixel in one segment, the ground among them. `options` are those of ShapesWorld.

    Shapes: image (3, size, size) uint8, segment_ids (size, size) int64; segments is a list of dicts as COCO's.
    """
    labels = ("ground", *SHAPES)
    return ShapesWorld(plan_of(difficulty), (annotations.segments,), split=split, labels=labels, **options)


def shapes_world_captions(*, split: str, language: str = "en", difficulty: str = "medium", **options: object) -> Dataset:
    """Pictures with five captions each. `language` is "en" or "zh"; "en zh" gives both, as translations of each other.

    `options` are those of ShapesWorld.
    Shapes: image (3, size, size) uint8; captions is a list of five texts, and captions_xx that of a further language xx.
    """
    languages = [telling.check_language(name) for name in language.split() or [language]]
    annotate = (partial(telling.captions, languages=languages),)
    return ShapesWorld(plan_of(difficulty), annotate, split=split, **options)


def shapes_world_text_to_image(*, split: str, language: str = "en", difficulty: str = "easy", **options: object) -> Dataset:
    """Pictures with one caption that says everything that is in them and where it is. `options` are those of ShapesWorld.

    Shapes: image (3, size, size) uint8; caption is a text.
    """
    annotate = (partial(telling.whole_picture, language=telling.check_language(language)),)
    return ShapesWorld(plan_of(difficulty), annotate, split=split, **options)


def shapes_world_vqa(
    *, split: str, language: str = "en", kinds: Sequence[str] = asking.KINDS, difficulty: str = "medium", **options: object
) -> Dataset:
    """A picture, a question and its answer; kinds are existence, count, colour, shape, comparison. `options` as ShapesWorld's.

    Shapes: image (3, size, size) uint8, label () int64, the answer's place in `labels`; question, answer and kind are texts.
    """
    annotate = (partial(asking.questions, language=telling.check_language(language), kinds=asking.check_kinds(kinds)),)
    labels = telling.LANGUAGES[language].ANSWERS
    return ShapesWorld(plan_of(difficulty), annotate, split=split, labels=labels, **options)


def shapes_world_referring(*, split: str, language: str = "en", difficulty: str = "medium", **options: object) -> Dataset:
    """A picture, a phrase that fits one thing in it alone, and where that is. `options` are those of ShapesWorld.

    Shapes: image (3, size, size) uint8, box (4) float32, x1 y1 x2 y2 in pixels, mask (size, size) int64; phrase is a text.
    """
    annotate = (partial(telling.phrases, language=telling.check_language(language)),)
    return ShapesWorld(plan_of(difficulty), annotate, split=split, **options)
