"""Questions about pictures, with their answers: VQA v2, and easy-VQA from its archive."""

import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.annotated import AnnotatedPictures, files_in, shown
from groundup.data.coco_file import entries, read_json, value
from groundup.data.decode import decode, opened
from groundup.data.lines import told
from groundup.data.places import folder_of
from groundup.errors import UserError

PARTS = {"train": "train2014", "validation": "val2014", "test": "test2015"}
LARGEST = 1 << 26  # bytes of one file in an archive
AGREED = 3  # people who give an answer make it wholly right


def vqa(*, split: str, root: str | Path | None = None) -> Dataset:
    """VQA v2: 1,105,904 open questions about 204,721 pictures of COCO, each answered by ten people.

    `split` is "train", "validation" or "test", whose answers are not public. The files lie in the folder as they were
    published: v2_OpenEnded_mscoco_train2014_questions.json, v2_mscoco_train2014_annotations.json and the pictures
    train2014/COCO_train2014_000000000009.jpg; of a part of the pictures, the questions about the others are left out and
    counted.
    Items: image (3, height, width) uint8, question, question_id; and where there are answers, answer, the most frequent, and
    answers, those of all people, in lower case and without spaces around them.
    Raises: UserError with file and entry for a question without answers, answers without a question, an id that stands twice.
    Source: Goyal et al. 2017, https://visualqa.org (annotations CC BY 4.0).
    """
    if split not in PARTS:
        raise UserError(f"vqa has the splits {', '.join(PARTS)}; got {split!r}")
    part = PARTS[split]
    asked, answered = f"v2_OpenEnded_mscoco_{part}_questions.json", f"v2_mscoco_{part}_annotations.json"
    folder = folder_of("vqa", root, [asked, part] if split == "test" else [asked, answered, part])
    repairs: Counter[str] = Counter()
    answers = None if split == "test" else read_answers(folder / answered)
    questions = read_questions(folder / asked, repairs)
    if answers is not None:
        check_paired(questions, answers, folder / asked, folder / answered)
    here = {path.name for path in files_in(folder / part)}
    found = []
    for identity, (picture, question) in questions.items():
        path = folder / part / f"COCO_{part}_{picture:012d}.jpg"
        if path.name not in here:
            repairs["questions about pictures that are not here left out"] += 1
        elif question:
            found.append({"path": path, "question": question, "question_id": identity, **answer_fields(answers, identity)})
    return AnnotatedPictures(f"vqa, {split},", found, read_question, facts={}, repairs=repairs)


def read_question(entry: dict) -> dict[str, object]:
    """An item of `vqa`."""
    return {"image": decode(entry["path"]), **{name: found for name, found in entry.items() if name != "path"}}


def read_questions(path: Path, repairs: Counter) -> dict[int, tuple[int, str]]:
    """Question's id -> picture's id and the question; an empty one stays, as no question, and is counted."""
    found: dict[int, tuple[int, str]] = {}
    for number, entry in enumerate(entries(read_json(path), "questions", path)):
        where = f"{path}, questions[{number}]"
        identity = value(entry, "question_id", int, where)
        if identity in found:
            raise UserError(f"{where} has the question_id {identity}, as another has: an answer could belong to either")
        found[identity] = (value(entry, "image_id", int, where), value(entry, "question", str, where).strip())
        repairs["empty questions dropped"] += not found[identity][1]
    return found


def read_answers(path: Path) -> dict[int, tuple[int, list[str]]]:
    """Question's id -> picture's id and the answers that people gave."""
    found: dict[int, tuple[int, list[str]]] = {}
    for number, entry in enumerate(entries(read_json(path), "annotations", path)):
        where = f"{path}, annotations[{number}]"
        identity = value(entry, "question_id", int, where)
        if identity in found:
            raise UserError(f"{where} has the question_id {identity}, as another has: keep one of the two")
        given = [value(answer, "answer", str, f"{where}.answers") for answer in entries(entry, "answers", path)]
        if not given:
            raise UserError(f"{where} has no answer to question {identity}: a question that is trained on needs one")
        found[identity] = (value(entry, "image_id", int, where), [tidy(answer) for answer in given])
    return found


def check_paired(questions: dict, answers: dict, asked: Path, answered: Path) -> None:
    """Raises: UserError where a question has no answers, answers no question, or the two are of different pictures."""
    for here, there, path, other in ((questions, answers, asked, answered), (answers, questions, answered, asked)):
        for identity, (picture, _) in here.items():
            if identity not in there:
                raise UserError(f"{path}: question {identity} is not in {other}: the two files are not of the same release")
            if there[identity][0] != picture:
                raise UserError(f"{path}: question {identity} is about picture {picture}, in {other} about {there[identity][0]}")


def answer_fields(answers: dict | None, identity: int) -> dict[str, object]:
    """The answers of an item, and the one that most people gave; of equally many, the first in the alphabet."""
    if answers is None:
        return {}
    given = answers[identity][1]
    return {"answer": by_frequency(given)[0], "answers": given}


def tidy(answer: str) -> str:
    return " ".join(answer.lower().split())


def by_frequency(answers: Sequence[str]) -> list[str]:
    """Each answer once, the most frequent first; equally frequent ones by the alphabet."""
    counts = Counter(answers)
    return sorted(counts, key=lambda answer: (-counts[answer], answer))


def easy_vqa(*, split: str, root: str | Path | None = None) -> Dataset:
    """easy-VQA: 48,248 questions about 5,000 pictures of one coloured shape each, with 13 different answers.

    Read from easy_vqa.zip without unpacking it. `split` is "train" (38,575 questions, 4,000 pictures) or "test" (9,673 and
    1,000).
    Items: image (3, 64, 64) uint8, question, answer, answers (a list of the one), source, the picture's name in the archive.
    Raises: UserError with file and entry for a question without a picture, an answer that is not among answers.txt.
    Source: Victor Zhou, https://github.com/vzhou842/easy-VQA (MIT).
    """
    if split not in ("train", "test"):
        raise UserError(f"easy_vqa has the splits train and test; got {split!r}")
    path = folder_of("easy_vqa", root, ["easy_vqa.zip"]) / "easy_vqa.zip"
    place, repairs, found, pictures = f"{path}, {split}/questions.json", Counter(), [], {}
    try:
        with zipfile.ZipFile(path) as archive:
            answers = set(member(archive, "easy_vqa/answers.txt").decode().split())
            questions = json.loads(member(archive, f"easy_vqa/{split}/questions.json"))
            if not isinstance(questions, list):
                raise UserError(f"{place} has to be a list of questions; got {shown(questions)}")
            for number, entry in enumerate(questions):
                question, answer, picture = checked_entry(entry, answers, f"{place}, [{number}]")
                name = f"easy_vqa/{split}/images/{picture}.png"
                if name not in pictures:
                    pictures[name] = member(archive, name)
                if question:
                    row = {"question": question, "answer": answer, "answers": [answer], "source": name}
                    found.append((pictures[name], row))
                repairs["empty questions dropped"] += not question
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, zlib.error) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} cannot be read as the archive of easy-VQA: {told(error)}") from error
    return AnnotatedPictures(f"easy_vqa, {split},", found, read_packed, facts={}, repairs=repairs)


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a file in an archive; nothing is written to the disk.

    Raises: UserError for a file that is not there, or that says it is larger than 64 MiB.
    """
    if name not in archive.NameToInfo:
        raise UserError(f"{archive.filename} has no {name}: fetch the archive again")
    if archive.getinfo(name).file_size > LARGEST:
        raise UserError(f"{archive.filename}: {name} unpacks to more than {LARGEST:,} bytes, which no file of this set does")
    return archive.read(name)


def checked_entry(entry: object, answers: set[str], where: str) -> tuple[str, str, int]:
    """Question, answer and the picture's number.

    Raises: UserError for an entry of another form, and for an unknown answer.
    """
    if not isinstance(entry, list) or [type(part) for part in entry] != [str, str, int]:
        raise UserError(f"{where} has to be a question, an answer and a picture's number; got {shown(entry)}")
    question, answer, picture = entry
    if answer not in answers:
        raise UserError(f"{where} is answered {answer!r}, which is not among the answers in answers.txt: mend it")
    return question.strip(), answer, picture


def read_packed(entry: tuple[bytes, dict]) -> dict[str, object]:
    """An item of `easy_vqa`."""
    data, row = entry
    try:
        with opened(BytesIO(data), ("PNG",)) as picture:
            array = np.array(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(f"easy_vqa.zip, {row['source']} cannot be read as a picture: {error}") from error
    return {"image": torch.from_numpy(array).permute(2, 0, 1).contiguous(), **row}


def answer_facts(dataset: AnnotatedPictures, *, most: int = 3129) -> dict[str, object]:
    """`answers`, the most frequent answers of the training split, which a model chooses from, and `num_answers`.

    3,129 answers of VQA v2 are those that more than eight questions have: https://arxiv.org/abs/1708.02711.
    """
    rows = (entry[1] if isinstance(entry, tuple) else entry for entry in dataset.entries)
    answers = by_frequency([row["answer"] for row in rows])[:most]
    return {"answers": answers, "num_answers": len(answers)}


def answer_scores(given: Sequence[str], answers: Sequence[str]) -> Tensor:
    """How right each of the known answers is, by what people said: min(count / 3, 1), so that three of ten people suffice.

    Where fewer than three were asked, all have to agree.
    Shapes: -> (num_answers,), 0.0 to 1.0; all zeros where nobody gave a known answer.
    """
    counts, enough = Counter(given), max(1, min(AGREED, len(given)))
    return torch.tensor([min(counts[answer] / enough, 1.0) for answer in answers])
