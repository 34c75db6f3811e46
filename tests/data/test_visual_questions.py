"""Questions about pictures: each with its own picture and its own answers, or refused."""

import io
import json
import zipfile
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.places import data_home
from groundup.data.visual_questions import answer_facts, answer_scores, easy_vqa, vqa
from groundup.errors import UserError

PART = "train2014"
ASKED, ANSWERED = f"v2_OpenEnded_mscoco_{PART}_questions.json", f"v2_mscoco_{PART}_annotations.json"


def question(identity, picture, text):
    return {"question_id": identity, "image_id": picture, "question": text}


def annotation(identity, picture, *answers):
    given = [{"answer": text, "answer_confidence": "yes", "answer_id": n + 1} for n, text in enumerate(answers)]
    return {
        "question_id": identity,
        "image_id": picture,
        "answers": given,
        "multiple_choice_answer": answers[0] if answers else "",
    }


@pytest.fixture
def release(tmp_path):
    """A release of VQA v2 with two pictures; gives a function that writes other questions and annotations into it."""
    (tmp_path / PART).mkdir()
    for number in (9, 30):
        Image.new("RGB", (5, 4), (number, 0, 0)).save(tmp_path / PART / f"COCO_{PART}_{number:012d}.jpg", quality=100)

    def write(questions=None, annotations=None):
        questions = [question(91, 9, "Is it red?"), question(300, 30, "How many?")] if questions is None else questions
        if annotations is None:
            answers = [*["no"] * 4, *[" Yes "] * 5, "maybe"]
            annotations = [annotation(300, 30, *["2"] * 5, *["1"] * 5), annotation(91, 9, *answers)]
        (tmp_path / ASKED).write_text(json.dumps({"questions": questions}))
        (tmp_path / ANSWERED).write_text(json.dumps({"annotations": annotations}))
        return tmp_path

    return write


def test_each_question_has_its_picture_and_its_ten_answers(release):
    dataset = vqa(split="train", root=release())
    first, second = dataset[0], dataset[1]
    assert (first["question"], first["question_id"], second["question"]) == ("Is it red?", 91, "How many?")
    assert Counter(first["answers"]) == {"no": 4, "yes": 5, "maybe": 1}
    assert (first["answer"], second["answer"]) == ("yes", "1")  # of equally many, the first in the alphabet
    assert (first["image"].shape, first["image"].dtype) == ((3, 4, 5), torch.uint8)
    assert (first["image"][0].float().mean().item(), second["image"][0].float().mean().item()) == pytest.approx((9, 30), abs=2)


def test_a_question_without_words_or_without_its_picture_is_left_out_and_counted(release, capsys):
    questions = [question(91, 9, "Is it red?"), question(92, 9, "  "), question(80, 8, "Why?")]
    answers = [annotation(91, 9, "no"), annotation(92, 9, "no"), annotation(80, 8, "so")]
    dataset = vqa(split="train", root=release(questions, answers))
    assert len(dataset) == 1
    assert dataset.repairs == {"empty questions dropped": 1, "questions about pictures that are not here left out": 1}
    assert "empty questions dropped: 1" in capsys.readouterr().err


def test_the_test_split_has_questions_alone(release):
    root = release()
    (root / PART).rename(root / "test2015")
    for path in (root / "test2015").iterdir():
        path.rename(path.with_name(path.name.replace(PART, "test2015")))
    (root / ASKED).rename(root / ASKED.replace(PART, "test2015"))
    item = vqa(split="test", root=root)[1]
    assert item["question"] == "How many?" and "answer" not in item and "answers" not in item


RED = question(91, 9, "Is it red?")
NO = annotation(91, 9, "no")


@pytest.mark.parametrize(
    ("questions", "annotations", "message"),
    [
        ([RED, RED], [NO], r"questions\[1\] has the question_id 91, as another has"),
        ([RED], [NO, NO], r"annotations\[1\] has the question_id 91, as another has"),
        ([RED], [], "questions.json: question 91 is not in .*annotations.json"),
        ([RED], [NO, annotation(92, 9, "no")], "annotations.json: question 92 is not in .*questions.json"),
        ([RED], [annotation(91, 30, "no")], "question 91 is about picture 9, in .* about 30"),
        ([RED], [annotation(91, 9)], r"annotations\[0\] has no answer to question 91"),
        ([RED | {"question": 3}], [NO], r"questions\[0\] needs a text as 'question'; got 3"),
        ([RED | {"image_id": "9"}], [NO], r"questions\[0\] needs a whole number as 'image_id'"),
        ([RED], [NO | {"answers": ["no"]}], "needs a list of objects under 'answers'"),
        ([], [], "holds no picture"),
    ],
)
def test_files_that_do_not_fit_together_are_refused_with_their_entry(release, questions, annotations, message):
    with pytest.raises(UserError, match=message) as refusal:
        vqa(split="train", root=release(questions, annotations))
    assert "\n" not in str(refusal.value)


def test_what_is_not_there_is_named(release, tmp_path):
    with pytest.raises(UserError, match="train, validation, test; got 'val'"):
        vqa(split="val", root=tmp_path)
    with pytest.raises(UserError, match=r"vqa is not on this machine: .* lacks v2_OpenEnded_mscoco_val2014_questions.json"):
        vqa(split="validation", root=release())


def test_three_people_make_an_answer_right():
    given = [*["red"] * 4, *["blue"] * 2, *["dark red"] * 3, "pink"]
    assert answer_scores(given, ["blue", "dark red", "green", "pink", "red"]).tolist() == pytest.approx([2 / 3, 1, 0, 1 / 3, 1])
    assert answer_scores(["circle"], ["circle", "no"]).tolist() == [1, 0]
    assert answer_scores(["yes", "no"], ["yes", "no"]).tolist() == [0.5, 0.5]


def test_the_most_frequent_answers_become_the_classes(release):
    questions = [question(n, 9, "?") for n in range(6)]
    answers = [annotation(n, 9, text) for n, text in enumerate(["b", "c", "a", "c", "b", "d"])]
    dataset = vqa(split="train", root=release(questions, answers))
    assert answer_facts(dataset) == {"answers": ["b", "c", "a", "d"], "num_answers": 4}
    assert answer_facts(dataset, most=3)["answers"] == ["b", "c", "a"]


@pytest.fixture
def archive(tmp_path):
    """Writes an archive of easy-VQA; `files` replaces or, with None, takes out some of it."""

    def write(questions=(("what colour?", "red", 1), ("a circle?", "yes", 0)), **files):
        members = {"answers.txt": b"red\nyes\n", "train/questions.json": json.dumps(questions).encode()}
        for number in range(2):
            data = io.BytesIO()
            Image.new("RGB", (3, 2), (0, 0, 50 * number)).save(data, format="PNG")
            members[f"train/images/{number}.png"] = data.getvalue()
        with zipfile.ZipFile(tmp_path / "easy_vqa.zip", "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in (members | files).items():
                if content is not None:
                    file.writestr(f"easy_vqa/{name}", content)
        return tmp_path

    return write


def test_an_archive_is_read_where_it_lies(archive):
    root = archive()
    dataset = easy_vqa(split="train", root=root)
    first = dataset[0]
    assert {name: value for name, value in first.items() if name != "image"} == {
        **{"question": "what colour?", "answer": "red", "answers": ["red"], "source": "easy_vqa/train/images/1.png"}
    }
    assert (first["image"].shape, first["image"][2, 0, 0].item(), dataset[1]["image"].max().item()) == ((3, 2, 3), 50, 0)
    assert [path.name for path in root.iterdir()] == ["easy_vqa.zip"]


@pytest.mark.parametrize(
    ("questions", "files", "message"),
    [
        ([["?", "blue", 0]], {}, r"train/questions.json, \[0\] is answered 'blue', which is not among the answers"),
        ([["?", "red", 7]], {}, "easy_vqa.zip has no easy_vqa/train/images/7.png"),
        ([["?", "red"]], {}, r"\[0\] has to be a question, an answer and a picture's number"),
        ([["?", "red", True]], {}, r"\[0\] has to be"),
        ({"a": 1}, {}, "has to be a list of questions"),
        ([], {"answers.txt": None}, "has no easy_vqa/answers.txt"),
        ([], {"train/questions.json": b"[["}, "cannot be read as the archive of easy-VQA"),
        ([], {"train/questions.json": b"\xff"}, "cannot be read as the archive of easy-VQA"),
        ([], {"train/questions.json": b"[" * 100_000}, "cannot be read as the archive of easy-VQA"),
        ([], {"train/questions.json": b" " * (2**26 + 1)}, "unpacks to more than 67,108,864 bytes"),
    ],
)
def test_an_archive_that_does_not_fit_is_refused(archive, questions, files, message):
    with pytest.raises(UserError, match=message) as refusal:
        easy_vqa(split="train", root=archive(questions, **files))
    assert "\n" not in str(refusal.value)


def test_a_picture_that_is_none_is_named_when_it_is_asked_for(archive):
    dataset = easy_vqa(split="train", root=archive(**{"train/images/0.png": b"GIF89a"}))
    with pytest.raises(UserError, match=r"easy_vqa/train/images/0.png cannot be read as a picture"):
        dataset[1]


def test_a_damaged_archive_gives_what_it_holds_or_a_refusal(archive):
    root = archive([["what colour?", "red", 1]] * 50)
    path, generator = root / "easy_vqa.zip", np.random.default_rng(0)
    whole, refused = path.read_bytes(), 0
    for _ in range(300):
        damaged = bytearray(whole[: generator.integers(1, len(whole) + 1)] if generator.random() < 0.2 else whole)
        for _ in range(generator.integers(1, 4)):
            damaged[generator.integers(len(damaged))] = generator.integers(256)
        path.write_bytes(damaged)
        try:
            dataset = easy_vqa(split="train", root=root)
            assert all(dataset[i]["answer"] == "red" for i in range(len(dataset)))
        except UserError:
            refused += 1
    assert 100 < refused < 300


@pytest.mark.parametrize(("split", "questions", "pictures"), [("train", 38_575, 4000), ("test", 9673, 1000)])
def test_the_counts_of_easy_vqa_are_those_of_its_readme(split, questions, pictures):
    if not (data_home() / "easy_vqa").is_dir():
        pytest.skip("easy_vqa is not on this machine")
    dataset = easy_vqa(split=split)
    assert len(dataset) == questions
    assert len({row["source"] for _, row in dataset.entries}) == pictures
    counts = Counter(row["answer"] for _, row in dataset.entries)
    yes, no, rectangle = (14229, 14178, 1701) if split == "train" else (3611, 3525, 450)
    assert (len(counts), counts["yes"], counts["no"], counts["rectangle"]) == (13, yes, no, rectangle)
    assert answer_facts(dataset)["num_answers"] == 13
    with zipfile.ZipFile(data_home() / "easy_vqa" / "easy_vqa.zip") as archive:
        asked = json.loads(archive.read(f"easy_vqa/{split}/questions.json"))
        for index in range(0, questions, 997):
            item, (text, answer, number) = dataset[index], asked[index]
            picture = Image.open(io.BytesIO(archive.read(f"easy_vqa/{split}/images/{number}.png"))).convert("RGB")
            assert (item["question"], item["answer"]) == (text, answer)
            assert np.array_equal(item["image"].permute(1, 2, 0), np.asarray(picture))
