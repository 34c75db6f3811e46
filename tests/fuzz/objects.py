"""Pictures with objects: COCO's instances, people and captions, Pascal VOC's XML, and tables of boxes."""

import csv
import json
import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import numpy as np
from PIL import Image

from groundup.data.boxes_csv import boxes_csv
from groundup.data.coco import coco_captions, coco_instances, coco_keypoints
from groundup.data.voc import voc_detection
from tests.fuzz.case import Case, Format, Known
from tests.fuzz.damage import ANY_FILE
from tests.fuzz.json_damage import JSON
from tests.fuzz.pictures import colour, encoded, in_another_form, made_a_bomb, of_another_size, recognised
from tests.fuzz.text_damage import TEXT, cells_changed, on_lines

SIZE = (48, 64)  # height, width
COUNT = 6
NAMES = ("cat", "dog", "rare bird")
IDS = (3, 7, 90)  # with gaps, as COCO's
POINTS = ["nose", "left_eye", "right_eye"]


def objects_of(number: int) -> list[tuple[str, tuple[int, int, int, int]]]:
    """The objects of a picture: name and box x y width height. Every box of the set is another."""
    first = (NAMES[number % 3], (number, number + 1, 20 + number, 15))
    return [first, (NAMES[(number + 1) % 3], (30 + number, 5, 10, 21 + number))][: 1 + number % 2]


def write_pictures(case: Case, folder: str, numbers=range(COUNT)) -> None:
    for number in numbers:
        path = case.folder / folder / f"n{number:02d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(colour(number, *SIZE), "JPEG", quality=95))
        case.contents[path] = number


def runs(box: tuple[int, int, int, int]) -> list[int]:
    """The mask of a box as run lengths, column by column."""
    x, y, width, height = box
    counts = [x * SIZE[0] + y, height]
    counts += [SIZE[0] - height, height] * (width - 1)
    return [*counts, SIZE[0] * SIZE[1] - sum(counts)]


def rectangle(box) -> bytes:
    x, y, width, height = box
    mask = np.zeros(SIZE, dtype=bool)
    mask[y : y + height, x : x + width] = True
    return mask.tobytes()


def corners(box) -> tuple[float, ...]:
    x, y, width, height = map(float, box)
    return (x, y, x + width, y + height)


def write_coco(case: Case, kind: str) -> None:
    case.choice = kind
    write_pictures(case, "val2017")
    images = [
        {"id": 100 + n, "file_name": f"n{n:02d}.jpg", "width": SIZE[1], "height": SIZE[0], "license": 1} for n in range(COUNT)
    ]
    names = ["person"] if kind == "person_keypoints" else NAMES
    categories = [{"id": key, "name": name, "supercategory": "thing"} for key, name in zip(IDS, names)]
    annotations = []
    for n in range(COUNT):
        for name, box in objects_of(n):
            entry = {"id": 1000 + len(annotations), "image_id": 100 + n}
            if kind == "captions":
                entry["caption"] = f"Picture {n} shows a {name} at {box[0]}."
            else:
                key = IDS[names.index(name)] if kind == "instances" else IDS[0]
                entry |= {"category_id": key, "bbox": list(box), "area": box[2] * box[3], "iscrowd": n % 2}
                entry["segmentation"] = {"size": list(SIZE), "counts": runs(box)}
            if kind == "person_keypoints":
                entry |= {"keypoints": [box[0], box[1], 2, 0, 0, 0, box[0] + 1, n, 1], "num_keypoints": 2}
                categories[0] |= {"keypoints": POINTS, "skeleton": [[1, 2], [1, 3]]}
            annotations.append(entry)
    document = {"info": {"year": 2017}, "images": images, "annotations": annotations, "categories": categories}
    path = case.folder / "annotations" / f"{kind}_val2017.json"
    path.parent.mkdir()
    path.write_text(json.dumps(document, indent=case.chance.choice((None, 1)), ensure_ascii=False), encoding="utf-8")
    case.texts, case.naive = [path], naive_coco
    case.known = naive_coco(case)


def read_coco(case: Case) -> Iterator[tuple]:
    reader = {"instances": coco_instances, "person_keypoints": coco_keypoints, "captions": coco_captions}[case.choice]
    dataset = reader(split="val", root=case.folder)
    for item in case.each(dataset):
        if case.choice == "captions":
            yield recognised(item["image"]), tuple(item["captions"])
            continue
        names = [dataset.labels[label] for label in item["labels"]]
        boxes = [tuple(box) for box in item["boxes"].tolist()]
        if case.choice == "instances":
            rest = [mask.numpy().tobytes() for mask in item["masks"]]
        else:
            rest = [tuple(points.flatten().tolist()) for points in item["keypoints"]]
        yield recognised(item["image"]), tuple(zip(names, boxes, rest, item["iscrowd"].tolist(), strict=True))


def naive_coco(case: Case) -> Known:
    """The file as it stands: every annotation at its picture, boxes cut at the border, and those that are none left out."""
    document = json.loads(case.texts[0].read_bytes().decode("utf-8-sig"))
    names = {} if case.choice == "captions" else {entry["id"]: entry["name"] for entry in document["categories"]}
    known: Known = {}
    for image in document["images"]:
        entries = [entry for entry in document["annotations"] if entry["image_id"] == image["id"]]
        once = [entry for place, entry in enumerate(entries) if entry not in entries[:place]]
        size = image["width"], image["height"]
        try:
            found = [naive_object(case.choice, entry, names, size) for entry in once]
            known[int(image["file_name"][1:3])] = {tuple(stated for stated in found if stated is not None)}
        except (ValueError, KeyError, TypeError, OverflowError):
            known[int(image["file_name"][1:3])] = set()  # has to be refused
    return known


def naive_object(kind: str, entry: dict, names: dict, size: tuple[int, int]) -> object:
    if kind == "captions":
        return entry["caption"].strip() or None
    x, y, width, height = entry["bbox"]
    box = naive_box((x, y, x + width, y + height), size)
    if box is None:
        return None
    if kind == "instances":
        counts = entry["segmentation"]["counts"]
        flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
        rest = flat.reshape(size).T.tobytes()
    else:
        with np.errstate(over="ignore"):
            rest = tuple(np.float32(entry["keypoints"]).tolist())
    return names[entry["category_id"]], box, rest, bool(entry.get("iscrowd", 0))


def naive_box(box, size: tuple[int, int]) -> tuple[float, ...] | None:
    x1, y1, x2, y2 = box
    if not all(math.isfinite(value) for value in box):
        raise ValueError("no box")
    cut = (max(x1, 0), max(y1, 0), min(x2, size[0]), min(y2, size[1]))
    return tuple(np.float32(cut).tolist()) if cut[0] < cut[2] and cut[1] < cut[3] else None


def coco(kind: str, name: str) -> Format:
    def write(case: Case) -> None:
        write_coco(case, kind)

    return Format(name, write, read_coco, (*ANY_FILE, *TEXT, *JSON * 8, in_another_form(SIZE), made_a_bomb, of_another_size))


def write_voc(case: Case) -> None:
    write_pictures(case, "JPEGImages")
    official = case.chance.random() < 0.3
    case.notes["first"] = first = 1 if official else 0
    source = "<source><database>The VOC2007 Database</database></source>" if official else ""
    (case.folder / "Annotations").mkdir()
    for n in range(COUNT):
        body = ""
        for name, (x, y, width, height) in objects_of(n):
            limits = zip(("xmin", "ymin", "xmax", "ymax"), (x + first, y + first, x + width, y + height))
            frame = "".join(f"<{key}>{value}</{key}>" for key, value in limits)
            body += f"<object>\n<name>{name}</name><difficult>{n % 2}</difficult>\n<bndbox>{frame}</bndbox></object>\n"
        size = f"<size><width>{SIZE[1]}</width><height>{SIZE[0]}</height><depth>3</depth></size>\n"
        path = case.folder / "Annotations" / f"n{n:02d}.xml"
        path.write_text(f"<annotation>{source}\n<filename>n{n:02d}.jpg</filename>\n{size}{body}</annotation>\n")
        case.texts.append(path)
    listed = case.folder / "ImageSets" / "Main" / "train.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("".join(f"n{n:02d}\n" for n in range(COUNT)))
    case.texts.append(listed)
    if case.chance.random() < 0.5:
        (case.folder / "class_names.txt").write_text("\n".join(NAMES) + "\n")
        case.texts.append(case.folder / "class_names.txt")
    case.naive = naive_voc
    case.known = naive_voc(case)


def read_voc(case: Case) -> Iterator[tuple]:
    dataset = voc_detection(split="train", root=case.folder)
    for item in case.each(dataset):
        names = [dataset.labels[label] for label in item["labels"]]
        boxes = [tuple(box) for box in item["boxes"].tolist()]
        yield recognised(item["image"]), tuple(zip(names, boxes, item["difficult"].tolist(), strict=True))


def naive_voc(case: Case) -> Known:
    known: Known = {}
    for name in (case.folder / "ImageSets" / "Main" / "train.txt").read_text(errors="replace").split():
        tree = ET.fromstring((case.folder / "Annotations" / f"{name}.xml").read_bytes())
        size = (
            [float(tree.findtext(f"size/{side}", "0")) for side in ("width", "height")] if tree.find("size") is not None else []
        )
        size = size if size and min(size) >= 1 else SIZE[::-1]
        official = tree.findtext("source/database", "").strip() == "The VOC2007 Database"
        found = []
        for entry in tree.findall("object"):
            x1, y1, x2, y2 = (float(entry.findtext(f"bndbox/{corner}").strip()) for corner in ("xmin", "ymin", "xmax", "ymax"))
            box = naive_box((x1 - official, y1 - official, x2, y2), tuple(size))
            difficult = (entry.findtext("difficult") or "").strip() == "1"
            found += [(entry.findtext("name").strip(), box, difficult)] if box is not None else []
        known[int(name[1:])] = {tuple(found)}
    return known


def element_changed(case: Case, lines: list[bytes]) -> list[bytes]:
    """What stands between two tags is replaced."""
    from tests.fuzz.damage import HOSTILE

    at = case.chance.randrange(len(lines))
    parts = lines[at].split(b">")
    place = case.chance.randrange(len(parts))
    _, sign, closing = parts[place].partition(b"<")
    parts[place] = case.chance.choice((*HOSTILE, "65", "-5", "0", "12.5", "1e3")).encode() + sign + closing
    return [*lines[:at], b">".join(parts), *lines[at + 1 :]]


def element_lost(case: Case, lines: list[bytes]) -> list[bytes]:
    at = case.chance.randrange(len(lines))
    tags = lines[at].split(b"</")
    return [*lines[:at], b"</".join(tags[: case.chance.randrange(len(tags))]), *lines[at + 1 :]]


def document_type(case: Case, lines: list[bytes]) -> list[bytes]:
    """Entities that grow without end, or that read a file of the reader's."""
    inner = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi"))
    kinds = (f'<!DOCTYPE x [<!ENTITY a "cat">{inner}]>', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>')
    return [case.chance.choice(kinds).encode(), lines[0].replace(b"<annotation>", b"<annotation>&a;"), *lines[1:]]


def write_boxes(case: Case) -> None:
    case.choice = case.chance.choice(("bananas_train", "train"))
    write_pictures(case, f"{case.choice}/images")
    lines = ["img_name,label,xmin,ymin,xmax,ymax,note"]
    for n in range(COUNT):
        for name, box in objects_of(n):
            lines.append(f"n{n:02d}.jpg,{name},{','.join(str(int(corner)) for corner in corners(box))},-")
    table = case.folder / case.choice / "label.csv"
    table.write_text("\n".join(lines) + "\n")
    case.texts, case.naive = [table], naive_boxes
    case.known = naive_boxes(case)


def read_boxes(case: Case) -> Iterator[tuple]:
    dataset = boxes_csv(split="train", root=case.folder)
    for item in case.each(dataset):
        names = [dataset.labels[label] for label in item["labels"]]
        boxes = [tuple(box) for box in item["boxes"].tolist()]
        yield recognised(item["image"]), frozenset(zip(names, boxes, strict=True))


def naive_boxes(case: Case) -> Known:
    text = case.texts[0].read_bytes().decode("utf-8-sig")
    header, *rows = csv.reader(text.splitlines(keepends=True), strict=True)
    places = [[name.strip() for name in header].index(name) for name in ("img_name", "label", "xmin", "ymin", "xmax", "ymax")]
    found: dict[int, set] = {}
    for row in rows:
        if row:
            name, label, *box = (row[place].strip() for place in places)
            with Image.open(case.texts[0].parent / "images" / name) as picture:
                cut = naive_box([float(corner) for corner in box], picture.size)
            found.setdefault(int(name[1:3]), set()).update({(label, cut)} if cut else ())
    return {number: {frozenset(stated)} for number, stated in found.items()}


# a table of boxes does not say whether they are of the stored or of the upright picture
UNTURNED = (in_another_form(SIZE, lambda kind: "rotated" not in kind), made_a_bomb, of_another_size)
FORMS = (in_another_form(SIZE), made_a_bomb, of_another_size)
XML = tuple(map(on_lines, (element_changed, element_lost, document_type)))
FORMATS = (
    coco("instances", "coco_instances"),
    coco("person_keypoints", "coco_keypoints"),
    coco("captions", "coco_captions"),
    Format("voc_detection", write_voc, read_voc, (*ANY_FILE, *TEXT, *FORMS, *XML * 4)),
    Format("boxes_csv", write_boxes, read_boxes, (*ANY_FILE, *TEXT, *UNTURNED, *cells_changed(",") * 4)),
)
