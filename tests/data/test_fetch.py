"""Fetching data sets: the table of sources fits the readers, the real files and the layouts that are published."""

import fnmatch
import gzip
import hashlib
import io
import json
import re
import tarfile
import zipfile
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from PIL import Image

from groundup.cli.data import chosen
from groundup.data import download
from groundup.data import fetch as module
from groundup.data.download import request_for
from groundup.data.fetch import fetch, in_bytes
from groundup.data.places import data_home
from groundup.data.sources import choices, fetching, sets
from groundup.errors import UserError
from tests.serving import served

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
SETS = sets()
PARTS = [(name, part) for name, source in SETS.items() for part in source.needs if source.can_be_fetched(part)]
SHARED = data_home()


@pytest.fixture
def internet(monkeypatch):
    """A server that stands for all others: what is asked of https://HOST/PATH is asked of it as /HOST/PATH."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with served() as running:

        def rerouted(url, start):
            return request_for(f"{running.url}/{urlsplit(url).netloc}{urlsplit(url).path}", start)

        monkeypatch.setattr(download, "request_for", rerouted)
        yield running


def offer(internet, file, content, address=0):
    url = urlsplit(file.urls[address])
    internet.add(f"/{url.netloc}{url.path}", content)


def read(name, root, part, **arguments):
    """The set as its reader reads it from this folder."""
    reader, known, split = chosen(name, None, root, [])
    return reader(split=part if part in ("train", "validation", "test") else split, **(known | arguments))


# The table.


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_the_files_of_a_part_are_what_its_reader_needs(name, part):
    source = SETS[name]
    gives = [path for file in source.files_of(part) for path in file.gives()]
    for need in source.needs[part]:
        known = choices(need)
        assert any(path == known_path or fnmatch.fnmatch(path, known_path) or known_path.startswith(f"{path}/")
                   for path in gives for known_path in known), need  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_every_file_has_a_checksum_a_bound_and_addresses(name):
    for file in SETS[name].files_of(None):
        algorithm, _, digest = file.checksum.partition(":")
        assert re.fullmatch({"sha256": "[0-9a-f]{64}", "sha1": "[0-9a-f]{40}"}[algorithm], digest)
        assert file.size > 0 and file.urls and len(set(file.urls)) == len(file.urls)
        assert not file.path.startswith("/") and ".." not in file.path
        for url in file.urls:
            assert url.startswith("https://") or "cocodataset" in url or "s3-website" in url  # these two have no certificate
    assert SETS[name].licence and SETS[name].home.startswith("http")


NOT_BY_PLACES = {"coco_instances", "coco_keypoints", "coco_captions", "boxes_csv", "hotdog"}  # these say themselves what lacks


@pytest.mark.parametrize(("name", "part"), [pair for pair in PARTS if pair[0] not in NOT_BY_PLACES])
def test_a_reader_that_misses_its_files_names_the_command_that_fetches_them(name, part, tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path))
    arguments = {"target": part} if name == "tatoeba" else {}
    reader, known, first = chosen(name, None, None, [])
    split = part if part not in ("all", "fra", "cmn") else first
    with pytest.raises(UserError, match="fetch it with `groundup data fetch ") as caught:
        reader(split=split, **(known | arguments))
    named = re.search(r"groundup data fetch (\w+)", str(caught.value))[1]
    assert set(SETS[name].files_of(part)) <= set(SETS[named].files_of(None))
    assert "or name another folder with --data" in str(caught.value)


def test_a_reader_whose_files_cannot_be_fetched_names_no_command(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path))
    with pytest.raises(UserError, match="is not on this machine") as caught:
        read("tatoeba", None, "train", target="fra")
    assert "groundup data fetch" not in str(caught.value)
    assert fetching("mnist", ["train-images-idx3-ubyte.gz"]) == "mnist" and fetching("mnist", ["other"]) is None


def test_the_command_that_is_named_fetches_into_the_folder_that_was_asked_for(tmp_path):
    with pytest.raises(UserError, match=re.escape(f"`groundup data fetch mnist --root {tmp_path}`")):
        read("mnist", tmp_path, "train")


# The real files, where they lie beside the checkout: the table's checksums and sizes are theirs.

REAL = {  # part -> how the published file's bytes come from the file that is there
    "multi30k": ("train", "validation", "test", "test_2017"),
    "omniglot": ("background_small1", "background_small2"),
    "omniglot_one_shot": ("all",),
    "penn_treebank": ("train", "validation", "test"),
    "tiny_shakespeare": ("all",),
    "time_machine": ("all",),
    "counterfactual_nli": ("train", "validation", "test"),
    "sick": ("train", "validation", "test"),
    "sst2": ("train", "validation", "test"),
    "house_prices": ("train", "test"),
    "airfoil": ("all",),
    "tatoeba": ("cmn",),
}


@pytest.mark.parametrize(("name", "part"), [(name, part) for name, parts in REAL.items() for part in parts])
def test_the_published_files_are_fetched_and_read_as_those_that_are_here(internet, tmp_path, name, part):
    source = SETS[name]
    if part not in source.here(SHARED / source.folder):
        pytest.skip(f"{name}, {part}, is not in {SHARED}")
    for file in source.files_of(part):
        path = SHARED / source.folder / file.path
        content = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
        assert len(content) == file.size and file.exact
        offer(internet, file, content, address=len(file.urls) - 1)  # the last: the others answer 404
    fetch(name, root=tmp_path / "new", part=part, say=str)
    assert part in source.here(tmp_path / "new")
    if (name, part) in {("sst2", "test"), ("sick", "validation"), ("multi30k", "validation"), ("house_prices", "train")}:
        ours, theirs = read(name, tmp_path / "new", part), read(name, SHARED / source.folder, part)
        assert len(ours) == len(theirs)
        assert [str(value) for value in list(ours[7].values())[:1]] == [str(value) for value in list(theirs[7].values())[:1]]


# Miniatures in the layout in which the archives are published.


def zipped(contents):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in contents.items():
            file.writestr(name, content)
    return stream.getvalue()


def picture(mode="RGB", size=(8, 6), kind="JPEG", value=0):
    stream = io.BytesIO()
    image = Image.new(mode, size, value if mode != "RGB" else (value, 9, 9))
    if mode == "P":
        image.putpalette([0, 0, 0, 128, 0, 0] + [0] * 762)
    image.save(stream, kind)
    return stream.getvalue()


LEFT_BEHIND = {"__MACOSX/x": b"?", "snli_1.0/.DS_Store": b"?", "snli_1.0/Icon\r": b"?"}
SNLI = b"gold_label\tsentence1\tsentence2\nneutral\tA dog runs.\tAn animal.\nentailment\tA cat sits.\tA cat.\n"
WORDS = "a b c\n" * 300
BOXES = "img_name,label,xmin,ymin,xmax,ymax\n0.png,0,1,1,4,4\n"
COCO = {
    "images": [{"id": 1, "file_name": "1.jpg", "width": 8, "height": 6}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 3, 3], "area": 9, "iscrowd": 0,
                     "segmentation": [[1, 1, 4, 1, 4, 4, 1, 4]], "caption": "a thing"}],
    "categories": [{"id": 3, "name": "thing"}],
}  # fmt: skip
COCO_ZIP = {f"annotations/{kind}_{split}2017.json": json.dumps(COCO)
            for kind in ("instances", "captions", "person_keypoints") for split in ("train", "val")}  # fmt: skip
QUESTIONS = {"questions": [{"image_id": 9, "question_id": 1, "question": "What is it?"}]}
ANSWERS = {
    "annotations": [
        {"question_id": 1, "image_id": 9, "answers": [{"answer": "red", "answer_id": i} for i in range(1, 11)],
         "multiple_choice_answer": "red", "question_type": "what", "answer_type": "other"}
    ]
}  # fmt: skip
MINIATURES = {
    "snli_1.0.zip": lambda: zipped({f"snli_1.0/snli_1.0_{n}.txt": SNLI for n in ("train", "dev", "test")} | LEFT_BEHIND),
    "wikitext-2-v1.zip": lambda: zipped({f"wikitext-2/wiki.{n}.tokens": WORDS for n in ("train", "valid", "test")} | LEFT_BEHIND),
    "easy_vqa-1.0-py3-none-any.whl": lambda: zipped(
        {"easy_vqa/__init__.py": b"", "easy_vqa/data/answers.txt": b"red\nblue", "easy_vqa/data/.DS_Store": b"?"}
        | {f"easy_vqa/data/{s}/questions.json": json.dumps([["What colour?", "red", 0]]) for s in ("train", "test")}
        | {f"easy_vqa/data/{s}/images/0.png": picture(size=(64, 64), kind="PNG") for s in ("train", "test")}
    ),
    "banana-detection.zip": lambda: zipped(
        {f"banana-detection/bananas_{s}/label.csv": BOXES for s in ("train", "val")}
        | {f"banana-detection/bananas_{s}/images/0.png": picture(kind="PNG") for s in ("train", "val")}
    ),
    "hotdog.zip": lambda: zipped(
        {f"hotdog/{s}/{c}/{i}.png": picture(kind="PNG", size=(20, 20), value=20 * i)
         for s in ("train", "test") for c in ("hotdog", "not-hotdog") for i in range(2)}
    ),
    "annotations_trainval2017.zip": lambda: zipped(COCO_ZIP),
    "train2017.zip": lambda: zipped({"train2017/": b"", "train2017/1.jpg": picture()}),
    "val2017.zip": lambda: zipped({"val2017/1.jpg": picture()}),
    "v2_Questions_Train_mscoco.zip": lambda: zipped({"v2_OpenEnded_mscoco_train2014_questions.json": json.dumps(QUESTIONS)}),
    "v2_Annotations_Train_mscoco.zip": lambda: zipped({"v2_mscoco_train2014_annotations.json": json.dumps(ANSWERS)}),
    "train2014.zip": lambda: zipped({"train2014/COCO_train2014_000000000009.jpg": picture()}),
    "VOCtrainval_11-May-2012.tar": lambda: voc(),
    "aclImdb_v1.tar.gz": lambda: tarred(
        {f"aclImdb/{s}/{c}/0_{n}.txt": b"text" for s in ("train", "test") for c, n in (("pos", 9), ("neg", 2))}, "w:gz"
    ),
}  # fmt: skip


def tarred(contents, mode="w"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as file:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def voc():
    xml = ("<annotation><filename>1.jpg</filename><source><database>The VOC2012 Database</database></source>"
           "<size><width>8</width><height>6</height><depth>3</depth></size><object><name>cat</name><difficult>0</difficult>"
           "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>4</xmax><ymax>4</ymax></bndbox></object></annotation>")  # fmt: skip
    masks = {f"VOCdevkit/VOC2012/Segmentation{kind}/1.png": picture("P", kind="PNG", value=1) for kind in ("Class", "Object")}
    lists = {f"VOCdevkit/VOC2012/ImageSets/{kind}/{s}.txt": b"1\n" for kind in ("Main", "Segmentation") for s in ("train", "val")}
    pictures = {"VOCdevkit/VOC2012/JPEGImages/1.jpg": picture(), "VOCdevkit/VOC2012/Annotations/1.xml": xml.encode()}
    return tarred(pictures | masks | lists)


def shrunken(monkeypatch, internet, name, part):
    """A part with miniatures for its files, which the internet has; the contents by path."""
    contents = {}

    def smaller(file):
        content = MINIATURES[file.path]()
        contents[file.path] = content
        offer(internet, file, content)
        return replace(file, checksum="sha256:" + hashlib.sha256(content).hexdigest(), size=len(content))

    source = replace(SETS[name], files={part: [smaller(file) for file in SETS[name].files[part]]})
    monkeypatch.setattr(module, "sets", lambda: {name: source})
    return contents


ARCHIVED = [
    *(("snli", "train"), ("snli", "validation"), ("wikitext2", "train"), ("wikitext2", "test"), ("easy_vqa", "all")),
    *(("boxes_csv", "train"), ("hotdog", "all"), ("coco_instances", "train"), ("coco_captions", "val"), ("vqa", "train")),
    *(("voc_detection", "all"), ("voc_segmentation", "all"), ("voc_instances", "all"), ("imdb", "all")),
]


@pytest.mark.parametrize(("name", "part"), ARCHIVED)
def test_an_archive_in_its_published_layout_is_read_when_it_was_fetched(internet, tmp_path, monkeypatch, name, part):
    contents = shrunken(monkeypatch, internet, name, part)
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path))
    folder = fetch(name, part=part, say=str)
    assert folder == tmp_path / SETS[name].folder and part in SETS[name].here(folder)
    reader, known, _ = chosen(name, None, None, [])
    split = {"all": SETS[name].split}.get(part, part)
    dataset = reader(split=split, **(known | ({"length": 20} if name == "wikitext2" else {})))
    assert len(dataset) >= 1 and isinstance(dataset[0], dict)
    kept = set(contents) if name == "imdb" else set()  # its reader reads the archive
    assert {path.name for path in folder.rglob("*")} & set(contents) == kept
    assert not [path for path in folder.rglob("*") if path.name.startswith((".unp", "__MAC", "._", ".DS", "Icon"))]


def test_an_archive_that_was_put_there_by_hand_is_unpacked_and_left(internet, tmp_path, monkeypatch):
    contents = shrunken(monkeypatch, internet, "snli", "train")
    internet.answers.clear()
    (tmp_path / "snli_1.0.zip").write_bytes(contents["snli_1.0.zip"])
    fetch("snli", root=tmp_path, part="train", say=str)
    assert {path.name for path in tmp_path.iterdir()} - {".fetch.lock"} == {
        *("snli_1.0.zip", "snli_1.0_train.txt", "snli_1.0_dev.txt", "snli_1.0_test.txt")
    }
    assert internet.asked == []


# What a person meets.


def test_what_is_here_is_not_fetched_again_and_what_is_damaged_is_said(internet, tmp_path, monkeypatch):
    contents = shrunken_text(monkeypatch, internet)
    said = []
    fetch("airfoil", root=tmp_path, say=said.append)
    assert said[0].startswith("fetching airfoil_self_noise.dat (") and said[-1] == f"airfoil is in {tmp_path}"
    count = len(internet.asked)
    fetch("airfoil", root=tmp_path, say=said.append)
    assert len(internet.asked) == count and "is here already" in said[-1] and "damaged" not in said[-1]
    (tmp_path / "airfoil_self_noise.dat").write_bytes(contents[:-1])
    fetch("airfoil", root=tmp_path, say=said.append)
    assert "or damaged: airfoil_self_noise.dat" in said[-1] and len(internet.asked) == count


def shrunken_text(monkeypatch, internet, name="airfoil", part="all", content=b"1\t2\t3\t4\t5\t6\n" * 50):
    (file,) = SETS[name].files[part]
    offer(internet, file, content)
    file = replace(file, checksum="sha256:" + hashlib.sha256(content).hexdigest(), size=len(content))
    monkeypatch.setattr(module, "sets", lambda: {name: replace(SETS[name], files={part: [file]})})
    return content


def test_without_a_network_the_files_and_their_folder_are_named_in_one_line(internet, tmp_path):
    with pytest.raises(UserError) as caught:
        fetch("mnist", root=tmp_path / "new", part="test", say=str)
    message = str(caught.value)
    assert "ossci-datasets.s3.amazonaws.com: 404 Not Found; storage.googleapis.com: 404 Not Found" in message
    assert f"By hand: put t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz] into {tmp_path / 'new'}" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "part", "message"),
    [
        ("mnist", "valid", "mnist has the parts train, test; got 'valid'"),
        ("penn_fudan", None, "penn_fudan cannot be fetched. By hand: put PNGImages, PedMasks into"),
        ("tatoeba", "fra", "tatoeba cannot be fetched. By hand: put fra-eng/fra.txt"),
    ],
)
def test_what_cannot_be_fetched_is_said_with_what_to_do(tmp_path, name, part, message):
    with pytest.raises(UserError, match=re.escape(message)):
        fetch(name, root=tmp_path / "new", part=part, say=str)
    assert not (tmp_path / "new").exists()


def test_a_hostile_archive_leaves_nothing_although_its_checksum_is_right(internet, tmp_path, monkeypatch):
    monkeypatch.setitem(MINIATURES, "snli_1.0.zip", lambda: zipped({"snli_1.0/snli_1.0_train.txt": SNLI, "../out": b"!"}))
    shrunken(monkeypatch, internet, "snli", "train")
    with pytest.raises(UserError, match="leads out of the archive"):
        fetch("snli", root=tmp_path / "a" / "b", part="train", say=str)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} - {".fetch.lock"} == {"snli_1.0.zip"}


def test_another_process_at_work_is_noticed(tmp_path, monkeypatch, internet):
    shrunken_text(monkeypatch, internet)
    with module.held(tmp_path, "airfoil"), pytest.raises(UserError, match="another process is fetching into"):
        fetch("airfoil", root=tmp_path, say=str)
    fetch("airfoil", root=tmp_path, say=str)


def test_a_disk_without_room_is_noticed_before_anything_is_fetched(internet, tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda folder: SimpleNamespace(free=10**6))
    with pytest.raises(UserError, match=r"is on a disk with 1\.0 MB free, and 4\.0 GB are needed"):
        fetch("voc_detection", root=tmp_path, say=str)  # the archive and what is in it
    assert internet.asked == []


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (170498071, "170 MB"), (2e12, "2000 GB")]
)
def test_sizes_are_said_as_people_say_them(count, words):
    assert in_bytes(count) == words
