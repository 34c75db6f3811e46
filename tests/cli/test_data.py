"""`groundup data` as a person meets it."""

import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from groundup.cli.contents import data_sets
from groundup.cli.data import is_own, summaries
from groundup.data import download
from groundup.data.places import data_home
from groundup.data.sources import sets
from tests.serving import served

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def empty(monkeypatch, tmp_path):
    """A folder of all data sets in which nothing is."""
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def listed(groundup):
    return {row["name"]: row for row in json.loads(groundup("data", "list", "--json").out)}


def test_list_names_every_data_set_once_in_a_line(groundup, empty):
    lines = groundup("data", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == sorted({row["name"] for row in data_sets()} | set(sets()))


def test_list_as_json_says_where_how_large_and_under_which_licence(groundup, empty):
    rows = listed(groundup)
    assert set(rows["mnist"]) == {"name", "state", "licence", "folder", "bytes", "here", "lacking", "can_be_fetched", "by_hand"}
    assert all(set(row) == set(rows["mnist"]) for row in rows.values())
    mnist = rows["mnist"]
    assert (mnist["state"], mnist["folder"], mnist["bytes"]) == ("fetch", str(empty / "mnist"), 9912422 + 28881 + 1648877 + 4542)
    assert "train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], t10k-images" in mnist["by_hand"]
    assert str(empty / "mnist") in mnist["by_hand"]
    assert rows["digits"]["state"] == rows["prose"]["state"] == rows["shapes_world_vqa"]["state"] == "embedded"
    assert rows["table"]["state"] == rows["image_folder"]["state"] == rows["word_lines"]["state"] == "own"
    assert rows["penn_fudan"]["state"] == "by hand"
    assert not empty.exists()


def test_what_is_embedded_takes_no_files(groundup):
    rows = listed(groundup)
    for name in (name for name, row in rows.items() if row["state"] == "embedded" and name != "prose"):
        function = getattr(importlib.import_module(summaries()[name]["module"]), name)
        assert "root" not in inspect.signature(function).parameters, f"{name} reads files: say in sources.py which"
    assert all(is_own(name) == (row["state"] == "own") for name, row in rows.items() if name not in sets())


def test_a_set_that_is_here_in_part_is_said_to_be(groundup, empty):
    folder = empty / "mnist"
    folder.mkdir(parents=True)
    for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"):
        (folder / name).write_bytes(b"12345")
    row = listed(groundup)["mnist"]
    assert (row["state"], row["here"], row["lacking"], row["bytes"]) == ("part", ["train"], ["test"], 10)
    assert "t10k-images-idx3-ubyte" in row["by_hand"] and "train-images" not in row["by_hand"]
    line = next(line for line in groundup("data", "list").out.splitlines() if line.startswith("mnist "))
    assert f"{folder} without test: groundup data fetch mnist; by hand: put t10k" in line


SHARED = {"mnist": 11_266_149, "airfoil": 59_984, "omniglot_one_shot": 352_787, "easy_vqa": 3_030_292}


@pytest.mark.parametrize("name", SHARED)
def test_the_sets_beside_the_checkout_are_here_with_their_sizes(groundup, name):
    row = listed(groundup)[name]
    if row["state"] != "here":
        pytest.skip(f"{name} is not in {data_home()}")
    assert row["bytes"] == SHARED[name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch", "mnits"], "no data set is called 'mnits'; did you mean mnist"),
        (["fetch", "digits"], "digits is embedded: it needs no files"),
        (["fetch", "table"], "table reads data of your own: name it with --data PATH"),
        (["fetch", "penn_fudan"], "penn_fudan cannot be fetched. By hand: put PNGImages, PedMasks into"),
        (["fetch", "mnist", "--part", "dev"], "mnist has the parts train, test; got 'dev'"),
        (["show", "mnits"], "no data set is called 'mnits'"),
        (["show", "mnist"], "fetch it with `groundup data fetch mnist`"),
        (["show", "digits", "--split", "dev"], "digits has the splits train and test; got 'dev'"),
        (["show", "digits", "--data", "/"], "digits is embedded and takes no --data"),
        (["show", "digits", "--out", "digits.docx"], "digits.docx cannot be written (unknown file extension: .docx)"),
        (["show", "digits", "--out", "no/folder.png"], "no/folder.png cannot be written (No such file or directory)"),
        (["show", "digits", "--count", "0"], "Invalid value for '--count'"),
        (["show", "table", "--set", "target=x"], "table needs root: add --data PATH"),
        (["show", "shapes_world_few_shot"], "shapes_world_few_shot needs part: add --set part=VALUE"),
        (["show", "mnist", "--set", "sise=3"], "no argument of mnist is called 'sise'"),
        (["show", "mnist", "--set", "size"], "--set takes name=value; got 'size'"),
        (["lsit"], "list"),
    ],
)
def test_a_mistake_is_answered_in_one_line_and_leaves_nothing_behind(groundup, empty, monkeypatch, arguments, message):
    monkeypatch.chdir(empty.parent)
    answer = groundup("data", *arguments)
    assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1
    assert not [path for path in empty.parent.rglob("*") if path.is_file()]


def test_show_writes_a_sheet_of_any_set(groundup, empty, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert groundup("data", "show", "digits", "--count", 5).out == "digits.png: 5 of the 1,437 items of digits, train\n"
    assert Image.open("digits.png").size[0] == 956  # four in a row
    answer = groundup("data", "show", "shapes_world_few_shot", "--set", "part=base", "--count", 2, "--out", "few.jpg")
    assert answer.status == 0 and Image.open("few.jpg").format == "JPEG"
    Path("mine.tsv").write_text("text\tlabel\n" + "".join(f"sentence {i}\t{'ab'[i % 2]}\n" for i in range(40)))
    assert groundup("data", "show", "labelled_texts", "--data", "mine.tsv").out.startswith("labelled_texts.png: 12 of the ")
    Path("mine.csv").write_text("x,y\n" + "1,2\n3,4\n" * 10)
    assert groundup("data", "show", "table", "--data", "mine.csv", "--set", "target=y").status == 0
    rows = Image.open("table.png").convert("L")
    assert rows.point(lambda value: 255 * (value < 100)).getbbox() is not None  # something is written


def test_show_takes_the_first_split_that_is_here(groundup, empty, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (empty / "lm_text" / "wikitext-2").mkdir(parents=True)
    (empty / "lm_text" / "wikitext-2" / "wiki.test.tokens").write_text("a b c\n" * 500)
    assert "items of wikitext2, test" in groundup("data", "show", "wikitext2").out


@pytest.fixture
def internet(monkeypatch):
    """A server that stands for all others."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served() as running:
        asked = download.request_for

        def rerouted(url, start):
            return asked(f"{running.url}/{urlsplit(url).netloc}{urlsplit(url).path}", start)

        monkeypatch.setattr(download, "request_for", rerouted)
        yield running


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_fetch_brings_a_set_which_is_then_listed_and_shown(groundup, empty, internet, monkeypatch, tmp_path):
    source = REPOSITORY.parent / "shared" / "data" / "airfoil" / "airfoil_self_noise.dat"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    monkeypatch.chdir(tmp_path)
    internet.add("/d2l-data.s3-accelerate.amazonaws.com/airfoil_self_noise.dat", source.read_bytes())
    answer = groundup("data", "fetch", "airfoil")
    assert answer.status == 0 and answer.out.splitlines() == [
        "fetching airfoil_self_noise.dat (60.0 kB)",
        f"airfoil is in {empty / 'airfoil'}",
        "look at it: groundup data show airfoil",
    ]
    assert listed(groundup)["airfoil"]["state"] == "here"
    assert groundup("data", "show", "airfoil").out.endswith("items of airfoil, train\n")
    assert groundup("data", "fetch", "airfoil", "--root", tmp_path / "elsewhere").out.endswith(
        f"look at it: groundup data show airfoil --data {tmp_path / 'elsewhere'}\n"
    )


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_without_the_network_one_line_says_what_to_put_where(groundup, empty, internet):
    internet.answers.clear()
    answer = groundup("data", "fetch", "mnist")
    assert answer.status == 2 and len(answer.err.splitlines()) == 1
    assert "mnist was not fetched: train-images-idx3-ubyte.gz could not be fetched (ossci-datasets" in answer.err
    assert "By hand: put train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], t10k-images-idx3-ubyte[.gz]" in answer.err
    assert str(empty / "mnist") in answer.err


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.skipif(os.name == "nt", reason="another signal")
def test_ctrl_c_is_answered_in_one_line_and_what_came_is_kept(tmp_path):
    content = bytes(range(256)) * 2**16
    with served() as running:
        running.add("/f", content, endless=True, announce=False)
        environment = os.environ | {"GROUNDUP_DATA": str(tmp_path), "no_proxy": "127.0.0.1"}
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, running.url], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        part = tmp_path / "imdb" / "aclImdb_v1.tar.gz.part"
        until = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and "Traceback" not in err
    assert err.strip() == "stopped; what has come is kept: the same command goes on from there"
    kept = part.read_bytes()
    assert kept and kept[: len(content)] == content[: len(kept)]


CODE = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started deaf to it
from groundup.data import download
asked = download.request_for
download.request_for = lambda url, start: asked(sys.argv[1] + "/f", start)
from groundup.data import archives, fetch, sources_text
object.__setattr__(sources_text.IMDB, "size", 2**40)
fetch.check_room = lambda files, folder: None
def slow(count):
    import time
    time.sleep(0.05)
from groundup.cli import data
data.progress_bar = lambda file, place: slow
from groundup.cli.main import main
main(["data", "fetch", "imdb"])
"""
