"""Reviews in folders or in an archive: the same items from both, and nothing of a hostile archive."""

import gzip
import io
import os
import tarfile

import pytest

from groundup.data import reviews as module
from groundup.data.places import data_home
from groundup.data.reviews import imdb
from groundup.errors import UserError

REVIEWS = {
    "aclImdb/train/neg/0_3.txt": b"dull",
    "aclImdb/train/neg/1_1.txt": "schlecht für mich".encode(),
    "aclImdb/train/pos/0_9.txt": b"fine<br />film",
    "aclImdb/train/pos/._0_9.txt": b"\x00\x05\x16\x07\xff",
    "aclImdb/train/unsup/0_0.txt": b"no label",
    "aclImdb/train/labeledBow.feat": b"9 0:1",
    "aclImdb/test/neg/0_4.txt": b"bad",
    "aclImdb/test/pos/my own.txt": b"good",
    "aclImdb/README": b"about",
}


def folder(tmp_path, reviews):
    for name, content in reviews.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def archive(tmp_path, reviews, *others):
    path = tmp_path / "aclImdb_v1.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in reviews.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in others:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def entry(name, kind=tarfile.REGTYPE, target="", size=0):
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, target, size
    return member


def items(dataset):
    return [(item["text"], int(item["label"])) for item in dataset]


TRAIN = [("dull", 0), ("schlecht für mich", 0), ("fine<br />film", 1)]


@pytest.mark.skipif(not (data_home() / "imdb").is_dir(), reason="the set imdb is not on this machine")
@pytest.mark.parametrize(("split", "count"), [("train", 4000), ("test", 2000)])
def test_imdb_holds_the_reviews_that_the_shell_finds_in_it(split, count):
    dataset = imdb(split=split)
    with tarfile.open(data_home() / "imdb" / "aclImdb_subset.tar.gz") as tar:
        members = sorted((m for m in tar if m.isfile() and f"/{split}/" in m.name), key=lambda m: m.name)
        theirs = [(tar.extractfile(m).read().decode("utf8"), int("/pos/" in m.name)) for m in members]
    assert items(dataset) == theirs
    assert [label for _, label in theirs].count(0) == [label for _, label in theirs].count(1) == count
    assert dataset.labels == ["negative", "positive"]


def test_the_same_reviews_come_from_a_folder_and_from_an_archive(tmp_path):
    path = archive(tmp_path, REVIEWS)
    (tmp_path / "open").mkdir()
    place = folder(tmp_path / "open", REVIEWS)
    for root in (path, tmp_path, place, place / "aclImdb"):
        assert items(imdb(split="train", root=root)) == TRAIN
        assert items(imdb(split="test", root=root)) == [("bad", 0), ("good", 1)]
    assert sorted(os.listdir(tmp_path)) == ["aclImdb_v1.tar.gz", "open"]  # nothing was unpacked


def test_of_two_entries_of_one_name_the_last_counts_as_if_it_were_unpacked(tmp_path):
    last = entry("aclImdb/train/pos/0_9.txt", size=3)
    assert items(imdb(split="train", root=archive(tmp_path, REVIEWS, last)))[-1] == ("\0\0\0", 1)


def test_an_empty_review_is_left_out_and_counted(tmp_path, capsys):
    dataset = imdb(split="train", root=archive(tmp_path, REVIEWS | {"aclImdb/train/pos/7_8.txt": b" \n"}))
    assert items(dataset) == TRAIN
    assert dataset.repairs == {"items with an empty text": 1}
    assert "left out 1 items with an empty text" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("aclImdb/train/pos/5_4.txt", b"x", r"5_4\.txt: 4 stars do not fit the folder pos"),
        ("aclImdb/train/neg/5_7.txt", b"x", r"5_7\.txt: 7 stars do not fit the folder neg"),
        ("aclImdb/train/neg/5_0.txt", b"x", r"5_0\.txt: 0 stars do not fit the folder neg"),
        ("aclImdb/train/pos/5_9.txt", b"x\n\xff", r"5_9\.txt, line 2: byte 0xff is not UTF-8"),
    ],
)
def test_a_review_in_the_wrong_folder_or_no_text_is_refused(tmp_path, name, content, message):
    for root in (archive(tmp_path, REVIEWS | {name: content}), folder(tmp_path / "open", REVIEWS | {name: content})):
        with pytest.raises(UserError, match=message):
            imdb(split="train", root=root)


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (entry("aclImdb/train/pos/9_9.txt", tarfile.SYMTYPE, "/etc/passwd"), "9_9.txt' is a link or a device"),
        (entry("aclImdb/train/pos/9_9.txt", tarfile.LNKTYPE, "../../x"), "is a link or a device"),
        (entry("aclImdb/pipe", tarfile.FIFOTYPE), "is a link or a device"),
        (entry("../train/pos/9_9.txt"), "leads out of the archive"),
        (entry("/aclImdb/train/pos/9_9.txt"), "leads out of the archive"),
        (entry("a\\..\\train/pos/9_9.txt"), "leads out of the archive"),
        (entry("C:/train/pos/9_9.txt"), "leads out of the archive"),
        (entry("aclImdb/zeros", size=5000), "unpacks to more than 4,000 bytes"),
    ],
)
def test_a_hostile_archive_is_refused_and_writes_nothing(tmp_path, monkeypatch, member, message):
    monkeypatch.setattr(module, "LARGEST", 4000)
    path = archive(tmp_path, REVIEWS, member)
    with pytest.raises(UserError, match=message) as refusal:
        imdb(split="train", root=path)
    assert "\n" not in str(refusal.value) and "not a whole" not in str(refusal.value)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("cut", [40, 150, 300])
def test_a_damaged_archive_is_refused(tmp_path, cut):
    path = archive(tmp_path, REVIEWS)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"is not a whole \.tar\.gz archive"):
        imdb(split="train", root=path)


def test_one_class_alone_is_refused(tmp_path):
    one = {name: content for name, content in REVIEWS.items() if "/pos/" not in name}
    for root in (archive(tmp_path, one), folder(tmp_path / "open", one)):
        with pytest.raises(UserError, match="holds no reviews in train/pos"):
            imdb(split="train", root=root)
    with pytest.raises(UserError, match=r"imdb is not on this machine: .* lacks aclImdb or"):
        imdb(split="train", root=tmp_path / "nowhere")
    with pytest.raises(UserError, match="train, test; got 'validation'"):
        imdb(split="validation")


def test_no_changed_byte_of_an_archive_becomes_a_review(tmp_path):
    """What stands behind the last entry is the checksum, which has to be read."""
    path = archive(tmp_path, REVIEWS)
    stored = gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=0)
    path.write_bytes(stored)
    assert items(imdb(split="train", root=path)) == TRAIN
    path.write_bytes(stored.replace(b"dull", b"full"))
    with pytest.raises(UserError, match=r"aclImdb_v1\.tar\.gz is not a whole .* \(CRC check failed"):
        imdb(split="train", root=path)


def test_zeros_without_end_behind_an_archive_are_refused(tmp_path, monkeypatch):
    path = archive(tmp_path, REVIEWS)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + bytes(2**22)))
    monkeypatch.setattr(module, "LARGEST", 2**21)
    with pytest.raises(UserError, match=r"aclImdb_v1\.tar\.gz goes on for more than 2,097,152 bytes behind its end"):
        imdb(split="train", root=path)
