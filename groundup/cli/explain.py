"""`groundup explain RUN --input ...`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundup.cli.options import Checkpoint, Code, Data, Device, RunFolder, load_code
from groundup.cli.predict import files_of
from groundup.errors import UserError, unknown

if TYPE_CHECKING:
    from PIL.Image import Image

MARK = "groundup explain"  # in each file, so that it is known again
OF_MODEL = ("filters",)
OF_PICTURES = ("features", "grad_cam", "attention_rollout")
OF_DATA = ("mistakes", "calibration")
MOST = 8  # pictures of a folder that are explained

Drawn = tuple["Image", str]  # a picture, and a line that says what it shows
Plan = dict[str, Callable[[], Drawn]]


def explain(
    run: RunFolder,
    input: Annotated[str | None, typer.Option(metavar="PICTURE|FOLDER", help="What to explain; else the mistakes are.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the pictures go; by default RUN/explained.")] = None,
    of: Annotated[str | None, typer.Option(metavar="CLASS", help="The class to look for; by default the predicted one.")] = None,
    checkpoint: Checkpoint = "last",
    data: Data = None,
    device: Device = "auto",
    code: Code = None,
) -> None:
    """Draw what a classifier looks for, where it looks, and how far to believe it.

    Always its first filters; of pictures, with --input, their feature maps, Grad-CAM and attention rollout; without --input,
    or with --data, the most confident mistakes and the calibration on the evaluation data.
    """
    from groundup.engine.run import Run
    from groundup.explain.subject import NothingToShow, check_task

    if of is not None and input is None:
        raise UserError("--of says which class to look for in a picture: give one with --input PICTURE")
    restored = Run.open(run).restore(checkpoint, device=device, code=load_code(code), data=data)
    check_task(restored.task)
    if of is not None and of not in restored.task.labels:
        raise unknown("class of this run", of, restored.task.labels)
    folder = output or run / "explained"
    names = [*OF_MODEL, *(OF_PICTURES if input is not None else ()), *(OF_DATA if input is None or data is not None else ())]
    check_folder(folder, names)
    items, failures = ([], []) if input is None else read_pictures(restored.task, input)
    plan = plan_model(restored) | (plan_pictures(restored, items, of) if items else {})
    plan |= plan_data(restored) if "mistakes" in names else {}
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / f"{name}.png"
        try:
            picture, told = plan[name]()
        except NothingToShow as reason:
            print(f"{path} not made: {reason}")
            continue
        save(picture, path)
        print(f"{path}  {told}")
    for failure in failures:
        print(f"groundup: {failure}", file=sys.stderr)
    raise typer.Exit(1 if failures else 0)


def check_folder(folder: Path, names: list[str]) -> None:
    """Raises: UserError where the folder is a file, or holds a file of these names that is not explain's own."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--output {folder} is a file; give a folder")
    foreign = [path for path in (folder / f"{name}.png" for name in names) if path.exists() and not is_own(path)]
    if foreign:
        raise UserError(f"{foreign[0]} was not made by explain, and is not overwritten: move it, or give another --output")


def is_own(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.info.get("Software") == MARK
    except OSError:
        return False


def save(picture: "Image", path: Path) -> None:
    import io

    from PIL.PngImagePlugin import PngInfo

    from groundup.engine.checkpoint import write_atomic

    info, buffer = PngInfo(), io.BytesIO()
    info.add_text("Software", MARK)
    picture.save(buffer, "PNG", optimize=True, pnginfo=info)
    write_atomic(path, buffer.getvalue())


def read_pictures(task, source: str) -> tuple[list[dict], list[str]]:
    """The first pictures that the source names, and a line for each file before them that cannot be read.

    Raises: UserError where there is none that can be read.
    """
    items, failures = [], []
    for path in files_of(source):
        try:
            items += task.read(path) if len(items) < MOST else []
        except UserError as error:
            failures.append(str(error))
    if not items:
        raise UserError(failures[0] if failures else f"{source} holds no picture")
    return items, failures


def plan_model(restored) -> Plan:
    """What needs the model alone."""
    from groundup.explain.filters import draw_filters, first_kernels

    def filters() -> Drawn:
        kernels = first_kernels(restored.model)
        return draw_filters(kernels), f"the {len(kernels.weight)} kernels of {kernels.name}, the first convolution"

    return {"filters": filters}


def plan_pictures(restored, items: list[dict], of: str | None) -> Plan:
    """What is drawn of pictures."""
    from groundup.explain.attention_rollout import attention_rollout, draw_rollout
    from groundup.explain.feature_maps import draw_features, feature_maps
    from groundup.explain.grad_cam import draw_grad_cam, grad_cam, places
    from groundup.explain.sheet import picture_of
    from groundup.ops.softmax import softmax

    labels = restored.task.labels
    batch, said = restored.predict(items)
    (images,) = restored.task.inputs(batch)
    classes = said["label"] if of is None else said["label"].new_full((len(items),), labels.index(of))
    shares = softmax(said["logits"], dim=-1).tolist()
    words, predicted = (
        [f"{labels[number]}, {share[number]:.1%}" for number, share in zip(chosen.tolist(), shares, strict=True)]
        for chosen in (classes, said["label"])
    )
    pictures = [picture_of(item["image"]) for item in items]
    first = Path(str(items[0]["source"])).name

    def features() -> Drawn:
        with restored.numerics.autocast():
            maps = feature_maps(restored.model, images[:1])
        sizes = ", ".join("x".join(map(str, part.output.shape[2:])) for part in maps)
        return draw_features(pictures[0], maps, said=predicted[0]), f"what the network makes of {first}, in maps of {sizes}"

    def cam() -> Drawn:
        with restored.numerics.autocast():
            found = places(restored.model, images)[:2]
            heats = [(place, grad_cam(restored.model, images, classes, place)) for place in found]
        title = f"Grad-CAM: what speaks for {'the predicted class' if of is None else of}"
        told = f"what speaks for {words[0]}, in {first}" + (f" and so in {len(items) - 1} more" if len(items) > 1 else "")
        return draw_grad_cam(pictures, heats, words, title=title), told

    def rollout() -> Drawn:
        with restored.numerics.autocast():
            grid = feature_maps(restored.model, images[:1])[-1].output.shape[2:]
            heat = attention_rollout(restored.model, images, tuple(grid))
        return draw_rollout(pictures, heat, predicted), f"what has come to the class token through {len(heat)} blocks"

    return {"features": features, "grad_cam": cam, "attention_rollout": rollout}


def plan_data(restored) -> Plan:
    """What is drawn of the evaluation data."""
    from groundup.engine.batches import in_order, take
    from groundup.engine.recipe import build
    from groundup.explain import mistakes as wrong
    from groundup.explain.calibration import draw_calibration, reliability
    from groundup.explain.sheet import picture_of
    from groundup.explain.subject import NothingToShow

    dataset = build(restored.recipe.eval_data, restored.facts)
    batches = map(restored.prepared, in_order(dataset, restored.collate, restored.recipe.run.batch_size))
    with restored.numerics.autocast():
        found = wrong.answers(restored.model, restored.task, batches)

    def mistakes() -> Drawn:
        chosen = wrong.confident_mistakes(found, wrong.MOST)
        if not len(chosen):
            raise NothingToShow(f"all {len(found.truth)} pictures are answered rightly")
        pictures = [picture_of(image) for image in take(dataset, chosen, restored.collate)["image"]]
        told = f"{len(chosen)} of {int((~found.right).sum())} mistakes among {len(found.truth)} pictures, the surest first"
        return wrong.draw_mistakes(pictures, found, chosen, restored.task.labels), told

    def calibration() -> Drawn:
        measured = reliability(found.confidence, found.right)
        told = f"{measured.mean_accuracy:.4f} right, {measured.mean_confidence:.4f} sure, calibration error {measured.error:.4f}"
        return draw_calibration(measured), told

    return {"mistakes": mistakes, "calibration": calibration}
