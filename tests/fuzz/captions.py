"""Pictures with words: captions in every form in which they are handed round, and questions with answers."""

import csv
import json
import zipfile
from collections.abc import Iterator

from groundup.data.image_text import captioned_pictures
from groundup.data.visual_questions import easy_vqa, vqa
from tests.fuzz.case import Case, Format, Known
from tests.fuzz.damage import ANY_FILE
from tests.fuzz.json_damage import JSON
from tests.fuzz.objects import SIZE
from tests.fuzz.pictures import bomb, colour, encoded, in_another_form, made_a_bomb, of_another_size, recognised
from tests.fuzz.text_damage import TEXT, cells_changed

COUNT = 8
NAMES = ("captions.json", "captions.jsonl", "captions.csv", "captions.txt", "results.csv", "Flickr8k.token.txt")


def captions_of(number: int) -> tuple[str, ...]:
    return tuple(f"Caption {k} of picture {number}{', with a comma' * (number % 2)}." for k in range(1 + number % 3))


def write_captions(case: Case) -> None:
    case.choice = case.chance.choice(NAMES)
    for n in range(COUNT):
        path = case.folder / "images" / f"n{n:02d}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encoded(colour(n, *SIZE), "JPEG", quality=95))
        case.contents[path] = n
        case.known[n] = {captions_of(n)}
    pairs = [(f"n{n:02d}.jpg", text) for n in range(COUNT) for text in captions_of(n)]
    path = case.folder / case.choice
    if case.choice == "captions.json":
        images = [{"id": 10 + n, "file_name": f"n{n:02d}.jpg"} for n in range(COUNT)]
        notes = [{"image_id": 10 + int(name[1:3]), "caption": text} for name, text in pairs]
        path.write_text(json.dumps({"images": images, "annotations": notes}))
    elif case.choice == "captions.jsonl":
        case.notes["lines"] = True
        path.write_text("".join(json.dumps({"image": f"n{n:02d}.jpg", "captions": captions_of(n)}) + "\n" for n in range(COUNT)))
    elif case.choice == "results.csv":
        path.write_text("image_name| comment_number| comment\n" + "".join(f"{a}| {k}| {b}\n" for k, (a, b) in enumerate(pairs)))
    elif case.choice == "Flickr8k.token.txt":
        path.write_text("".join(f"{name}#{k}\t{text}\n" for k, (name, text) in enumerate(pairs)))
    else:
        with path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("image", "caption"), *pairs])
    case.texts, case.naive = [path], naive_captions


def read_captions(case: Case) -> Iterator[tuple]:
    for item in case.each(captioned_pictures(split="all", root=case.folder)):
        yield recognised(item["image"]), tuple(item["captions"])


def naive_captions(case: Case) -> Known:
    text = case.texts[0].read_bytes().decode("utf-8-sig")
    pairs = []
    if case.choice == "captions.json":
        document = json.loads(text)
        names = {image["id"]: image["file_name"] for image in document["images"]}
        pairs = [(names[note["image_id"]], note["caption"]) for note in document["annotations"]]
    elif case.choice == "captions.jsonl":
        for line in filter(str.strip, text.split("\n")):
            entry = json.loads(line)
            found = entry["captions"] if "captions" in entry else entry["caption"]
            pairs += [(entry["image"], caption) for caption in ([found] if isinstance(found, str) else found)]
    elif case.choice == "results.csv":
        rows = [[cell.strip() for cell in line.split("|")] for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
        names = [name.lower().strip('"') for name in rows[0]]
        pairs = [naive_bar(row, names) for row in rows[1:]]
    elif case.choice == "Flickr8k.token.txt":
        for line in filter(str.strip, text.replace("\r\n", "\n").split("\n")):
            place, caption = line.split("\t", 1)
            pairs.append((place.rpartition("#")[0], caption))
    else:
        lines = [line + "\n" for line in text.split("\n")]
        header, *rows = csv.reader(lines, strict=True)
        names = [name.strip().lower().strip('"') for name in header]
        pairs = [(row[names.index("image")], row[names.index("caption")]) for row in rows if "".join(row)]
    found: dict[int, list[str]] = {}
    for name, caption in pairs:
        found.setdefault(int(name.strip().rpartition("/")[2][1:3]), []).extend([caption.strip()] * bool(caption.strip()))
    return {number: {tuple(captions)} for number, captions in found.items() if captions}


def naive_bar(row: list[str], names: list[str]) -> tuple[str, str]:
    """Where the sign behind the number is missing, the number is no part of the caption."""
    if len(row) == 2 == len(names) - 1:
        return row[0], row[1].split(None, 1)[1]
    return row[names.index("image_name")], row[names.index("comment")]


ANSWERS = ("yes", "no", "two dogs")


def write_vqa(case: Case) -> None:
    questions, annotations = [], []
    for n in range(COUNT):
        path = case.folder / "train2014" / f"COCO_train2014_{n:012d}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encoded(colour(n, *SIZE), "JPEG", quality=95))
        case.contents[path] = n
        given = [ANSWERS[n % 3]] * 2 + [ANSWERS[(n + 1) % 3]]
        questions.append({"image_id": n, "question": f"What is {n}?", "question_id": 50 + n})
        answers = [{"answer": answer, "answer_id": k, "answer_confidence": "yes"} for k, answer in enumerate(given)]
        annotations.append({"image_id": n, "question_id": 50 + n, "answers": answers, "multiple_choice_answer": given[0]})
    asked = case.folder / "v2_OpenEnded_mscoco_train2014_questions.json"
    answered = case.folder / "v2_mscoco_train2014_annotations.json"
    asked.write_text(json.dumps({"questions": questions}))
    answered.write_text(json.dumps({"annotations": annotations}))
    case.texts, case.naive = [asked, answered], naive_vqa
    case.known = naive_vqa(case)


def read_vqa(case: Case) -> Iterator[tuple]:
    for item in case.each(vqa(split="train", root=case.folder)):
        yield recognised(item["image"]), (item["question"], item["answer"], tuple(item["answers"]))


def naive_vqa(case: Case) -> Known:
    questions, annotations = (json.loads(path.read_bytes().decode("utf-8-sig")) for path in case.texts)
    given = {note["question_id"]: note for note in annotations["annotations"]}
    known: Known = {}
    for entry in questions["questions"]:
        answers = [" ".join(answer["answer"].lower().split()) for answer in given[entry["question_id"]]["answers"]]
        most = min(answers, key=lambda answer: (-answers.count(answer), answer))
        known.setdefault(entry["image_id"], set()).add((entry["question"].strip(), most, tuple(answers)))
    return known


def write_easy(case: Case) -> None:
    rows = [[f"Is there {n}?", ANSWERS[n % 2], n] for n in range(COUNT)]
    case.known = {(n, question): {(answer, (answer,))} for question, answer, n in rows}
    entries = {f"easy_vqa/train/images/{n}.png": encoded(colour(n, 64, 64), "PNG") for n in range(COUNT)}
    entries["easy_vqa/train/questions.json"] = json.dumps(rows).encode()
    entries["easy_vqa/answers.txt"] = b"yes\nno\n"
    case.notes["entries"], case.packed = entries, [case.folder / "easy_vqa.zip"]
    write_zip(case)


def write_zip(case: Case) -> None:
    with zipfile.ZipFile(case.packed[0], "w", case.chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, data in case.notes["entries"].items():
            archive.writestr(name, data)


def read_easy(case: Case) -> Iterator[tuple]:
    for item in case.each(easy_vqa(split="train", root=case.folder)):
        yield (recognised(item["image"]), item["question"]), (item["answer"], tuple(item["answers"]))


def entry_changed(case: Case) -> str | None:
    """A file of the archive is another, and its checksum right."""
    if not case.packed[0].is_file():
        return None
    entries = case.notes["entries"]
    name = case.chance.choice((*sorted(entries), "easy_vqa/train/questions.json", "easy_vqa/answers.txt"))
    kind = case.chance.choice(("bomb", "nothing", "lost", "list", "number", "answer", "bytes", "deep", "twice"))
    data = entries.pop(name, b"")
    if kind != "lost":
        changed = {
            "bomb": bomb(10_000, 12_000),
            "nothing": b"",
            "list": b"[1, [2]]",
            "deep": b"[" * 100_000,
            "bytes": b"\xff\xfe",
        }
        changed |= {"number": data.replace(b", 3]", b", 30]"), "answer": data.replace(b'"no"', b'"maybe"'), "twice": data + data}
        entries[name] = changed[kind]
    write_zip(case)
    return f"{name}: {kind}"


FORMS = (in_another_form(SIZE), made_a_bomb, of_another_size)
FORMATS = (
    Format("captions", write_captions, read_captions, (*ANY_FILE, *TEXT * 2, *JSON, *cells_changed(","), *FORMS)),
    Format("vqa", write_vqa, read_vqa, (*ANY_FILE, *TEXT, *JSON * 3, *FORMS)),
    Format("easy_vqa", write_easy, read_easy, (*ANY_FILE, *(entry_changed,) * 8)),
)
