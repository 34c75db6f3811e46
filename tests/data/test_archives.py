"""Archives: what they hold comes out unchanged, and what an attacker puts into one does not come out at all."""

import gzip
import io
import random
import stat
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest

from groundup.data.archives import repack, unpack
from groundup.errors import UserError

CONTENT = {"a/one.txt": b"one", "a/b/two.bin": random.Random(0).randbytes(300_000), "a/empty": b"", "three": b"3" * 70_000}
KINDS = [".zip", ".tar", ".tar.gz", ".tgz", ".whl"]
MOST = 2**20


def packed(path, contents):
    """An archive of these names and contents, by the library that the reader does not use to write."""
    if path.suffix in (".zip", ".whl"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in contents:
                file.writestr(name, content)
    else:
        with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as file:
            for name, content in contents:
                add(file, name, content)
    return path


def add(file, name, content=b"", kind=tarfile.REGTYPE, link=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, len(content)
    file.addfile(member, io.BytesIO(content))


def all_files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive, tmp_path, message, **bounds):
    """The archive is refused, in one line that names it, and nothing of it is anywhere."""
    folder = tmp_path / "into"
    folder.mkdir()
    (folder / "mine").write_bytes(b"mine")
    before = all_files(tmp_path)
    with pytest.raises(UserError, match=message) as caught:
        unpack(archive, folder, **({"most": MOST} | bounds))
    assert all_files(tmp_path) == before and [path.name for path in folder.iterdir()] == ["mine"]
    assert str(archive) in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 600


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_packed_comes_out(tmp_path, kind):
    written = unpack(packed(tmp_path / f"x{kind}", CONTENT.items()), tmp_path / "into", most=MOST)
    assert all_files(tmp_path / "into") == CONTENT
    assert sorted(written) == sorted(tmp_path / "into" / name for name in CONTENT)


def test_a_single_file_comes_out_under_its_name(tmp_path):
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress(b"text"))
    assert unpack(tmp_path / "x.txt.gz", tmp_path / "into", most=4) == [tmp_path / "into" / "x.txt"]
    assert all_files(tmp_path / "into") == {"x.txt": b"text"}


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_chosen_and_changed(tmp_path, kind):
    archive = packed(tmp_path / f"x{kind}", CONTENT.items())
    unpack(archive, tmp_path / "into", most=MOST, place=lambda name: name[2:] if name.startswith("a/") else None)
    assert set(all_files(tmp_path / "into")) == {"one.txt", "b/two.bin", "empty"}


@pytest.mark.parametrize("kind", [".zip", ".tar.gz"])
def test_folders_that_are_there_are_added_to_and_their_files_never_replaced(tmp_path, kind):
    (tmp_path / "into" / "a").mkdir(parents=True)
    (tmp_path / "into" / "a" / "mine").write_bytes(b"mine")
    unpack(packed(tmp_path / f"x{kind}", CONTENT.items()), tmp_path / "into", most=MOST)
    assert all_files(tmp_path / "into") == CONTENT | {"a/mine": b"mine"}
    before = all_files(tmp_path / "into")
    with pytest.raises(UserError, match="is there already"):
        unpack(packed(tmp_path / f"y{kind}", [("new", b"new"), ("a/one.txt", b"other")]), tmp_path / "into", most=MOST)
    assert all_files(tmp_path / "into") == before


ESCAPES = ["../out", "a/../../out", "/tmp/out", "..", "a/..", "\\out", "..\\out", "C:\\out", "c:out", "//host/out"]


@pytest.mark.parametrize("kind", [".zip", ".tar", ".tar.gz"])
@pytest.mark.parametrize("name", ESCAPES)
def test_no_name_leads_out(tmp_path, kind, name):
    refused(packed(tmp_path / f"x{kind}", [("fine", b"1"), (name, b"2")]), tmp_path, "leads out of the archive")


@pytest.mark.parametrize("kind", [".tar", ".tar.gz"])
@pytest.mark.parametrize("special", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
@pytest.mark.parametrize("target", ["fine", "/etc/passwd", "../../out"])
def test_no_link_and_no_device_comes_out_of_a_tar(tmp_path, kind, special, target):
    path = tmp_path / f"x{kind}"
    with tarfile.open(path, "w" if kind == ".tar" else "w:gz") as file:
        add(file, "fine", b"1")
        add(file, "special", kind=special, link=target)
        add(file, "special/through", b"2")
    refused(path, tmp_path, "is a link or a device")


def test_a_sparse_file_is_refused(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as file:
        add(file, "holes", b"1" * 512, kind=tarfile.GNUTYPE_SPARSE)
    refused(path, tmp_path, "is a link or a device|is damaged")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_no_link_and_no_device_comes_out_of_a_zip(tmp_path, kind):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("fine", b"1")
        entry = zipfile.ZipInfo("special")
        entry.external_attr = (kind | 0o777) << 16
        file.writestr(entry, b"/etc/passwd")
    refused(path, tmp_path, "is a link or a device")


@pytest.mark.parametrize("kind", [".zip", ".tar", ".tar.gz"])
def test_more_bytes_than_there_may_be_are_refused(tmp_path, kind):
    refused(packed(tmp_path / f"x{kind}", CONTENT.items()), tmp_path, "unpacks to more than 300,000 bytes", most=300_000)


@pytest.mark.parametrize("kind", [".zip", ".tar.gz", ".gz"])
def test_a_bomb_is_refused_in_little_memory(tmp_path, kind):
    path = tmp_path / f"x{kind}"
    if kind == ".gz":
        path.write_bytes(gzip.compress(bytes(2**27)))
    else:
        packed(path, [("zeros", bytes(2**27))])
    assert path.stat().st_size < 2**18
    tracemalloc.start()
    try:
        refused(path, tmp_path, "unpacks to more than 1,048,576 bytes")
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_a_bomb_in_a_name_is_refused(tmp_path):
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as file:
        member = tarfile.TarInfo("fine")
        member.pax_headers = {"comment": "0" * 2**24}
        file.addfile(member)
    refused(path, tmp_path, "unpacks to more than")


def test_a_zip_that_understates_its_size_gives_no_byte_more(tmp_path):
    path = packed(tmp_path / "x.zip", [("zeros", bytes(2**22))])
    raw = path.read_bytes()
    assert raw.count((2**22).to_bytes(4, "little")) == 2
    path.write_bytes(raw.replace((2**22).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    refused(path, tmp_path, "is damaged")


@pytest.mark.parametrize("kind", [".zip", ".tar", ".tar.gz"])
def test_more_files_than_there_may_be_are_refused(tmp_path, kind):
    refused(packed(tmp_path / f"x{kind}", [(f"{i}", b"") for i in range(6)]), tmp_path, "holds more than 5 files", count=5)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", [".zip", ".tar", ".tar.gz"])
@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "a/b"), ("a/b", "a")])
def test_a_name_that_stands_twice_is_refused(tmp_path, kind, names):
    path = packed(tmp_path / f"x{kind}", [(name, b"1") for name in names])
    folder = tmp_path / "into"
    with pytest.raises(UserError, match=r"twice|cannot be used"):
        unpack(path, folder, most=MOST)
    assert list(folder.iterdir()) == []


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = packed(tmp_path / "x.zip", [("secret", b"1")])
    raw = bytearray(path.read_bytes())
    raw[6] |= 1  # the flag in the entry's own header, and in the list at the end
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    refused(path, tmp_path, "is damaged .*encrypted")


@pytest.mark.parametrize("kind", [".zip", ".tar", ".tar.gz", ".gz"])
def test_what_is_cut_off_or_no_archive_is_refused(tmp_path, kind):
    path = tmp_path / f"x{kind}"
    whole = gzip.compress(CONTENT["a/b/two.bin"]) if kind == ".gz" else packed(path, CONTENT.items()).read_bytes()
    for number, raw in enumerate((b"<html>", whole[: len(whole) // 2], whole[:300])):
        path.write_bytes(raw)
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(UserError, match="is damaged"):
            unpack(path, folder, most=MOST)
        assert list(folder.iterdir()) == []


def test_three_hundred_damaged_archives_end_in_one_line_or_in_what_was_packed(tmp_path):
    """Whatever a byte is changed to: no other exception, no file outside, and no file where the archive is refused."""
    generator = random.Random(0)
    whole = {kind: packed(tmp_path / f"x{kind}", [("a/one.txt", b"one"), ("b", b"2")]).read_bytes() for kind in KINDS[:3]}
    outcomes = []
    for number in range(300):
        kind = KINDS[number % 3]
        raw = bytearray(whole[kind])
        for _ in range(generator.randrange(1, 4)):
            raw[generator.randrange(min(len(raw), 2048))] = generator.randrange(256)
        path, folder = tmp_path / f"y{kind}", tmp_path / "in" / "to"
        path.write_bytes(raw)
        try:
            unpack(path, folder, most=MOST)
            outcomes.append("unpacked")
        except UserError:
            outcomes.append("refused")
            assert list(folder.iterdir()) == []
        assert [one.name for one in folder.parent.iterdir()] == ["to"]
        for one in sorted(folder.rglob("*"), reverse=True):
            one.unlink() if one.is_file() else one.rmdir()
    assert outcomes.count("refused") > 50 and outcomes.count("unpacked") > 20


def test_an_archive_is_packed_anew_under_other_names(tmp_path):
    archive = packed(tmp_path / "x.whl", CONTENT.items())
    found = repack(archive, tmp_path / "y.zip", most=MOST, place=lambda name: f"y/{name[2:]}" if name.startswith("a/") else None)
    with zipfile.ZipFile(found) as file:
        assert {name: file.read(name) for name in file.namelist()} == {
            "y/" + name[2:]: content for name, content in CONTENT.items() if name.startswith("a/")
        }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.whl", "y.zip"]


def test_modes_are_not_taken_over(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as file:
        member = tarfile.TarInfo("run")
        member.mode, member.size = 0o6777, 1
        file.addfile(member, io.BytesIO(b"1"))
    (written,) = unpack(path, tmp_path / "into", most=MOST)
    assert not written.stat().st_mode & 0o7111


def test_a_name_without_a_known_ending_is_refused(tmp_path):
    (tmp_path / "x.rar").write_bytes(zlib.compress(b"1"))
    refused(tmp_path / "x.rar", tmp_path, "is no archive by its name")
