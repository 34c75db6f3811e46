"""Downloads, from a server on this machine: what is kept, what is refused, and what nobody is told."""

import errno
import hashlib
import os
import random

import pytest

from groundup.data import download as module
from groundup.data.download import download, request_for
from groundup.errors import UserError
from tests.serving import served

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
CONTENT = random.Random(0).randbytes(1_000_000)
CHECKSUM = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
KNOWN = dict(checksum=CHECKSUM, size=len(CONTENT))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("HF_ENDPOINT", "HF_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server():
    with served() as running:
        yield running


@pytest.fixture
def other():
    with served() as running:
        yield running


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_comes_whole_and_nothing_else_is_left(server, tmp_path):
    counts = []
    found = download([server.add("/f", CONTENT)], tmp_path / "new" / "f.bin", **KNOWN, progress=counts.append)
    assert found.read_bytes() == CONTENT and files(tmp_path) == ["f.bin"]
    assert counts == sorted(counts) and counts[-1] == len(CONTENT)
    assert server.asked[0][1]["accept-encoding"] == "identity"


def test_after_a_cut_only_the_rest_is_asked_for(server, tmp_path):
    url = server.add("/f", CONTENT, cuts=[300_000, 200_000])
    assert download([url], tmp_path / "f", **KNOWN).read_bytes() == CONTENT
    assert [headers.get("range") for _, headers in server.asked] == [None, "bytes=300000-", "bytes=500000-"]


def test_a_download_that_was_stopped_goes_on_at_the_next_start(server, tmp_path, monkeypatch):
    def stop(count):
        if count >= 2**19:
            raise KeyboardInterrupt

    url = server.add("/f", CONTENT)
    with pytest.raises(KeyboardInterrupt):
        download([url], tmp_path / "f", **KNOWN, progress=stop)
    kept = (tmp_path / "f.part").read_bytes()
    assert files(tmp_path) == ["f.part"] and len(kept) >= 2**19 and CONTENT.startswith(kept)
    download([url], tmp_path / "f", **KNOWN)
    assert server.asked[-1][1]["range"] == f"bytes={len(kept)}-"
    assert (tmp_path / "f").read_bytes() == CONTENT and files(tmp_path) == ["f"]


def test_what_came_from_one_address_is_completed_from_the_next(server, other, tmp_path):
    urls = [server.add("/f", CONTENT, cuts=[100_000] + [0] * 5), other.add("/f", CONTENT)]
    assert download(urls, tmp_path / "f", **KNOWN).read_bytes() == CONTENT
    assert other.asked[0][1]["range"] == "bytes=100000-"


def test_a_server_that_knows_no_ranges_sends_all_again(server, tmp_path):
    (tmp_path / "f.part").write_bytes(CONTENT[:5000])
    assert download([server.add("/f", CONTENT, ranges=False)], tmp_path / "f", **KNOWN).read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [b"?" * 5000, b"?" * len(CONTENT), b"?" * (len(CONTENT) + 7), CONTENT[:-1] + b"?"])
def test_a_wrong_beginning_is_thrown_away_and_the_file_fetched_anew(server, tmp_path, wrong):
    (tmp_path / "f.part").write_bytes(wrong)
    assert download([server.add("/f", CONTENT)], tmp_path / "f", **KNOWN).read_bytes() == CONTENT
    assert len(server.asked) <= 2


def test_a_whole_file_that_was_only_not_renamed_needs_no_network(tmp_path):
    (tmp_path / "f.part").write_bytes(CONTENT)
    assert download([], tmp_path / "f", **KNOWN).read_bytes() == CONTENT


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_a_file_with_another_checksum_never_gets_its_name(server, tmp_path, algorithm):
    other = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    checksum = f"{algorithm}:{hashlib.new(algorithm, CONTENT).hexdigest()}"
    with pytest.raises(UserError, match=r"127\.0\.0\.1: what it sends is not what was published") as caught:
        download([server.add("/f", other)], tmp_path / "f", checksum=checksum, size=len(CONTENT))
    assert files(tmp_path) == [] and "\n" not in str(caught.value)
    assert download([server.add("/f", CONTENT)], tmp_path / "f", checksum=checksum, size=len(CONTENT)).exists()


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_after_an_error_the_next_address_is_asked(server, other, tmp_path, status):
    urls = [server.add("/gone", b"<html>", status=status), other.add("/f", CONTENT)]
    assert download(urls, tmp_path / "f", **KNOWN).read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_when_no_address_has_it_each_reason_is_told_in_one_line(server, tmp_path):
    urls = [server.url + "/none", server.add("/page", b"<html>login</html>"), "http://127.0.0.1:1/f", "http:///nowhere"]
    with pytest.raises(UserError) as caught:
        download(urls, tmp_path / "f", **KNOWN)
    message = str(caught.value)
    assert "127.0.0.1: 404 Not Found" in message and "announces 18 bytes, and the file has 1,000,000" in message
    assert "Connection refused" in message and "\n" not in message
    assert files(tmp_path) == []


@pytest.mark.parametrize("exact", [True, False])
def test_a_body_without_end_is_stopped_at_the_bound(server, tmp_path, exact):
    with pytest.raises(UserError, match="sends more than the 1,000,000 bytes"):
        download([server.add("/f", endless=True)], tmp_path / "f", **KNOWN, exact=exact)
    assert files(tmp_path) == []


def test_a_body_that_announces_too_much_is_not_read(server, tmp_path):
    with pytest.raises(UserError, match="announces 2,000,000 bytes, and the file has at most 1,000,000"):
        download([server.add("/f", CONTENT * 2)], tmp_path / "f", **KNOWN, exact=False)


def test_a_body_of_unknown_length_is_complete_when_its_checksum_is_right(server, tmp_path):
    url = server.add("/f", CONTENT, announce=False)
    assert download([url], tmp_path / "f", checksum=CHECKSUM, size=2**21, exact=False).read_bytes() == CONTENT


def test_a_redirection_to_another_host_takes_no_token_along(server, other, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setattr(module, "HUB", server.url)
    server.add("/here", status=302, location="/there")
    server.add("/there", status=302, location=other.add("/f", CONTENT))
    download([server.url + "/here"], tmp_path / "f", **KNOWN)
    assert [headers.get("authorization") for _, headers in server.asked] == ["Bearer secret", "Bearer secret"]
    assert [headers.get("authorization") for _, headers in other.asked] == [None]


def test_a_redirection_to_a_file_of_this_machine_is_not_followed(server, tmp_path):
    (tmp_path / "secret").write_bytes(CONTENT)
    with pytest.raises(UserError, match="f could not be fetched"):
        download([server.add("/f", status=302, location=f"file://{tmp_path}/secret")], tmp_path / "f", **KNOWN)


def test_files_of_the_hub_are_asked_for_at_its_mirror_which_gets_no_token(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HF_ENDPOINT", server.url + "/")
    server.add("/datasets/a/b/resolve/main/f", CONTENT)
    download(["https://huggingface.co/datasets/a/b/resolve/main/f"], tmp_path / "f", **KNOWN)
    assert [headers.get("authorization") for _, headers in server.asked] == [None]


def test_the_token_is_for_the_hub_alone(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert request_for("https://huggingface.co/f", 0).get_header("Authorization") == "Bearer secret"
    for url in (
        "http://huggingface.co/f",
        "https://huggingface.co.evil.org/f",
        "https://huggingface.co:8443/f",
        "https://a.org/f",
    ):
        assert request_for(url, 0).get_header("Authorization") is None


def test_downloads_go_through_the_proxy_of_the_environment(server, tmp_path, monkeypatch):
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", server.url)
    server.add("http://far.example/f", CONTENT)
    assert download(["http://far.example/f"], tmp_path / "f", **KNOWN).read_bytes() == CONTENT


class FullDisk:
    """A file on which nothing can be written any more."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Nothing is left open."""

    def write(self, block):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_in_one_line_and_what_came_is_kept(server, tmp_path, monkeypatch):
    (tmp_path / "f.part").write_bytes(CONTENT[:1000])
    real = type(tmp_path).open
    monkeypatch.setattr(type(tmp_path), "open", lambda path, mode="r": FullDisk(path) if mode[0] in "aw" else real(path, mode))
    with pytest.raises(UserError, match=r"f\.part does not fit on its disk: make room and repeat") as caught:
        download([server.add("/f", CONTENT)], tmp_path / "f", **KNOWN)
    monkeypatch.undo()
    assert (tmp_path / "f.part").read_bytes() == CONTENT[:1000] and "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_told_in_one_line(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"file.* cannot be used: (Not a directory|File exists)"):
        download([server.add("/f", CONTENT)], tmp_path / "file" / "f", **KNOWN)
    assert server.asked == []
