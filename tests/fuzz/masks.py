"""Pictures with masks: Pascal VOC's of classes and of objects, CamVid's, PennFudan's, COCO's panoptic ones."""

import io
import json
import os
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from groundup.data.camvid import CLASSES, camvid
from groundup.data.coco_panoptic import coco_panoptic
from groundup.data.mask_folder import penn_fudan
from groundup.data.palette import voc_colours
from groundup.data.voc_masks import voc_instances, voc_segmentation
from tests.fuzz.case import Case, Format, Known
from tests.fuzz.damage import ANY_FILE
from tests.fuzz.json_damage import JSON
from tests.fuzz.objects import COUNT, SIZE, write_pictures
from tests.fuzz.pictures import encoded, in_another_form, made_a_bomb, of_another_size, recognised
from tests.fuzz.text_damage import TEXT

PALETTE = np.array(voc_colours(), dtype=np.uint8)


def class_mask_of(number: int) -> np.ndarray:
    """Two rectangles of two classes; each picture's masks are its own."""
    mask = np.zeros(SIZE, dtype=np.uint8)
    mask[number : number + 20, 3 : 20 + number] = 1 + number % 3
    mask[30:45, 40 - number : 60] = 4
    return mask


def object_mask_of(number: int) -> np.ndarray:
    """The same rectangles, numbered."""
    mask = class_mask_of(number)
    return np.where(mask == 4, 2, mask > 0).astype(np.uint8)


def with_palette(mask: np.ndarray) -> Image.Image:
    picture = Image.fromarray(mask)
    picture.putpalette(PALETTE.tobytes())
    return picture


def write_mask(case: Case, name: str, mask: np.ndarray, colours: np.ndarray | None = None) -> None:
    """A mask in one of the forms in which masks are handed round."""
    path = case.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    form = case.chance.choice(("grey", "palette", "colours")) if colours is not None else "palette"
    picture = Image.fromarray(mask) if form == "grey" else with_palette(mask)
    if form == "colours" or (form == "palette" and colours is not PALETTE and colours is not None):
        picture = Image.fromarray(colours[mask])
    path.write_bytes(encoded(picture, "PNG"))
    case.packed.append(path)


def write_voc(case: Case) -> None:
    write_pictures(case, "JPEGImages")
    for number in range(COUNT):
        write_mask(case, f"SegmentationClass/n{number:02d}.png", class_mask_of(number), PALETTE)
        write_mask(case, f"SegmentationObject/n{number:02d}.png", object_mask_of(number))
        case.known[number] = {class_mask_of(number).astype(np.int64).tobytes()}
    listed = case.folder / "ImageSets" / "Segmentation" / "train.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("".join(f"n{number:02d}\n" for number in range(COUNT)))
    case.texts = [listed]


def read_voc(case: Case) -> Iterator[tuple]:
    for item in case.each(voc_segmentation(split=case.chance.choice(("train", "all")), root=case.folder)):
        yield recognised(item["image"]), item["mask"].numpy().tobytes()


def write_voc_instances(case: Case) -> None:
    write_voc(case)
    for number in range(COUNT):
        objects = [(object_mask_of(number) == k).tobytes() for k in (1, 2)]
        case.known[number] = {tuple(zip(objects, (number % 3, 3), strict=True))}


def read_voc_instances(case: Case) -> Iterator[tuple]:
    for item in case.each(voc_instances(split="train", root=case.folder)):
        masks = [mask.numpy().tobytes() for mask in item["masks"]]
        yield recognised(item["image"]), tuple(zip(masks, item["labels"].tolist(), strict=True))


def write_camvid(case: Case) -> None:
    names = [*CLASSES, "Void"]
    colours = np.array([*CLASSES.values(), (0, 0, 0)], dtype=np.uint8)
    if case.chance.random() < 0.5:  # in another order
        order = case.chance.sample(range(len(names)), len(names))
        names, colours = [names[k] for k in order], colours[order]
        lines = [f"{' '.join(map(str, colour))} {name}" for name, colour in zip(names, colours.tolist())]
        (case.folder / "label_colors.txt").write_text("\n".join(lines) + "\n")
        case.texts = [case.folder / "label_colors.txt"]
    void = names.index("Void")
    numbers = [name for name in names if name != "Void"] + ["Void"]
    write_pictures(case, "train")
    style = case.chance.choice(("train_labels/n{:02d}_L.png", "trainannot/n{:02d}.png"))
    for number in range(COUNT):
        mask = class_mask_of(number)
        mask[:2] = void
        stated = np.vectorize(names.__getitem__)(mask)
        case.known[number] = {canonical(stated.flatten().tolist())}
        if case.chance.random() < 0.5:  # the numbers of the labels, which leave out Void
            mask = np.vectorize(numbers.index)(stated).astype(np.uint8)
            path = case.folder / style.format(number)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encoded(mask, "PNG"))
            case.packed.append(path)
        else:
            path = case.folder / style.format(number)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encoded(colours[mask], "PNG"))
            case.packed.append(path)
    case.naive = naive_camvid if case.texts else None


def naive_camvid(case: Case) -> Known:
    """Masks of colours mean what the table says of their colours now; of numbers, what it says in their order.

    Without the table, CamVid's own holds.
    """
    table = {colour: name for name, colour in CLASSES.items()} | {(0, 0, 0): "Void"}
    if os.path.lexists(case.texts[0]):
        lines = case.texts[0].read_bytes().decode("utf-8-sig", "replace").splitlines()
        rows = [line.split(None, 3) for line in lines if line.strip()]
        table = {tuple(map(int, row[:3])): row[3].strip() for row in rows}
    names = [name for name in table.values() if name.lower() not in ("void", "unlabelled", "unlabeled")]
    known: Known = {}
    for path in case.packed:
        number = int(path.name[1:3])
        known[number] = set()
        try:
            pixels = np.array(Image.open(path))
            if pixels.ndim == 3:
                cells = [table[tuple(pixel)] for pixel in pixels.reshape(-1, 3).tolist()]
            else:
                cells = [[*names, "Void"][value] for value in pixels.flatten().tolist()]
            known[number] = {canonical(cells)}
        except (OSError, KeyError, IndexError, SyntaxError):
            continue
    return known


def canonical(cells: list[str]) -> bytes:
    void = ("void", "unlabelled", "unlabeled")
    wide = np.array(["Void" if name.lower() in void else name[:64] for name in cells])
    return wide.astype("<U64").tobytes()


def read_camvid(case: Case) -> Iterator[tuple]:
    dataset = camvid(split="train", root=case.folder)
    for item in case.each(dataset):
        cells = ["Void" if value == 255 else dataset.labels[value] for value in item["mask"].flatten().tolist()]
        yield recognised(item["image"]), canonical(cells)


def write_fudan(case: Case) -> None:
    case.choice = "object numbers, which no palette changes"
    write_pictures(case, "PNGImages")
    for number in range(COUNT):
        name = case.chance.choice(("n{:02d}_mask.png", "n{:02d}.png")).format(number)
        write_mask(case, f"PedMasks/{name}", object_mask_of(number))
        case.known[number] = {tuple((object_mask_of(number) == k).tobytes() for k in (1, 2))}


def read_fudan(case: Case) -> Iterator[tuple]:
    for item in case.each(penn_fudan(split="all", root=case.folder)):
        yield recognised(item["image"]), tuple(mask.numpy().tobytes() for mask in item["masks"])


def write_panoptic(case: Case) -> None:
    """Segments are numbered by their colours; the number of each is its own."""
    write_pictures(case, "val2017")
    images, annotations = [], []
    categories = [{"id": 3 * k + 1, "name": f"class {k}", "isthing": k % 2} for k in range(5)]
    for number in range(COUNT):
        mask, listed = class_mask_of(number), []
        colours = np.zeros((256, 3), dtype=np.uint8)
        for k in sorted(set(mask.flatten().tolist()) - {0}):
            segment = 70_000 * k + 300 * number + k
            colours[k] = (segment % 256, segment // 256 % 256, segment // 65536)
            listed.append({"id": segment, "category_id": 3 * k + 1, "iscrowd": 0, "area": int((mask == k).sum())})
        name = f"n{number:02d}"
        path = case.folder / "annotations" / "panoptic_val2017" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(colours[mask], "PNG"))
        case.packed.append(path)
        images.append({"id": number, "file_name": f"{name}.jpg", "width": SIZE[1], "height": SIZE[0]})
        annotations.append({"image_id": number, "file_name": f"{name}.png", "segments_info": listed})
    document = {"images": images, "annotations": annotations, "categories": categories}
    path = case.folder / "annotations" / "panoptic_val2017.json"
    path.write_text(json.dumps(document))
    case.texts, case.naive = [path], naive_panoptic
    case.known = naive_panoptic(case)


def naive_panoptic(case: Case) -> Known:
    """Each pixel's number is looked up in the list of its picture."""
    document = json.loads(case.texts[0].read_bytes().decode("utf-8-sig"))
    names = {category["id"]: category["name"] for category in document["categories"]}
    known: Known = {}
    for image in document["images"]:
        number = int(image["file_name"][1:3])
        known[number] = set()
        listed = [entry for entry in document["annotations"] if entry["image_id"] == image["id"]]
        try:
            file = case.texts[0].with_suffix("") / listed[0]["file_name"]
            pixels = np.array(Image.open(io.BytesIO(file.read_bytes())).convert("RGB")).astype(np.int64) @ np.array(
                [1, 256, 65536]
            )
            labels = {entry["id"]: names[entry["category_id"]] for entry in listed[0]["segments_info"]} | {0: "nothing"}
            known[number] = {canonical([labels[value] for value in pixels.flatten().tolist()])}
        except (OSError, KeyError, IndexError, ValueError, TypeError, SyntaxError):
            continue
    return known


def read_panoptic(case: Case) -> Iterator[tuple]:
    dataset = coco_panoptic(split="val", root=case.folder)
    for item in case.each(dataset):
        names = ["nothing" if value == 255 else dataset.labels[value] for value in item["mask"].flatten().tolist()]
        yield recognised(item["image"]), canonical(names)


def mask_in_another_form(case: Case) -> str | None:
    """The very mask with its palette dealt anew, in other modes, or as a JPEG, of which nothing exact can be read."""
    path = case.pick(case.packed)
    if path is None:
        return None
    try:
        mask = Image.open(path)
        mask.load()
    except (OSError, SyntaxError):
        return None
    kind = case.chance.choice(
        (
            "interlaced" if "object numbers" in case.choice else "dealt anew",
            "32 bits",
            "as a JPEG",
            "in colours",
            "with alpha",
            "interlaced",
            "16 bits",
        )
    )
    if kind == "dealt anew" and mask.mode == "P":
        mask = mask.remap_palette(case.chance.sample(range(256), 256))
    elif kind == "32 bits" and mask.mode == "L":
        mask = mask.convert("I")
    elif kind == "16 bits" and mask.mode == "L":
        mask = mask.convert("I;16")
    elif kind == "in colours":
        mask = mask.convert("RGB") if mask.mode == "P" else mask
    elif kind == "with alpha":
        mask = mask.convert("RGBA") if mask.mode != "L" else mask
    path.write_bytes(encoded(mask.convert("RGB"), "JPEG") if kind == "as a JPEG" else encoded(mask, "PNG"))
    return f"{path.name}: {kind}"


def mask_of_another_size(case: Case) -> str | None:
    path = case.pick(case.packed)
    if path is None:
        return None
    size = case.chance.choice(((32, 24), (128, 96), (48, 64), (64, 47), (1, 1)))
    with Image.open(path) as mask:
        path.write_bytes(encoded(mask.resize(size, Image.Resampling.NEAREST), "PNG"))
    return f"{path.name}: {size[0]}x{size[1]}"


def pixel_changed(case: Case) -> str | None:
    """One pixel is another, and the checksum behind the pixels is the old one."""
    path = case.pick(case.packed)
    if path is None:
        return None
    with Image.open(path) as mask:
        data = encoded(mask, "PNG")
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    pixels = bytearray(zlib.decompress(data[start + 4 : start + 4 + length]))
    at = case.chance.randrange(len(pixels))
    pixels[at] ^= 1
    packed = zlib.compress(pixels)
    path.write_bytes(data[: start - 4] + len(packed).to_bytes(4, "big") + b"IDAT" + packed + data[start + 4 + length :])
    return f"{path.name}: byte {at}"


def unknown_class(case: Case) -> str | None:
    """A few pixels of a number or a colour that no class has."""
    path = case.pick(path for path in case.packed if path.parent.name != "SegmentationObject")
    if path is None:
        return None
    with Image.open(path) as mask:
        changed = mask.copy()
    for row in range(case.chance.choice((1, 5))):
        changed.putpixel((5, row), 200 if changed.mode in ("L", "P") else (201, 202, 203))
    path.write_bytes(encoded(changed, "PNG"))
    case.known[int(path.name[1:3])] = set()
    return path.name


UNTURNED = in_another_form(SIZE, lambda kind: "rotated" not in kind)  # masks fit the stored pixels
PICTURES = (UNTURNED, made_a_bomb, of_another_size)
MASKS = (mask_in_another_form, mask_of_another_size, pixel_changed) * 3
FORMATS = (
    Format("voc_segmentation", write_voc, read_voc, (*ANY_FILE, *TEXT, *PICTURES, *MASKS, unknown_class, unknown_class)),
    Format("voc_instances", write_voc_instances, read_voc_instances, (*ANY_FILE, *TEXT, *PICTURES, *MASKS)),
    Format("camvid", write_camvid, read_camvid, (*ANY_FILE, *TEXT, *PICTURES, *MASKS, unknown_class, unknown_class)),
    Format("penn_fudan", write_fudan, read_fudan, (*ANY_FILE, *PICTURES, *MASKS)),
    Format("coco_panoptic", write_panoptic, read_panoptic, (*ANY_FILE, *TEXT, *JSON * 3, *PICTURES, *MASKS, unknown_class)),
)
