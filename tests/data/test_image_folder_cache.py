"""The cache of shrunken pictures: right after every change of the sources, and never seen half-written."""

import os
import pickle

import pytest
import torch
from PIL import Image

from groundup.data import picture_cache as module
from groundup.data.decode import decode
from groundup.data.picture_cache import FOOTER, PictureCache
from groundup.data.random_crop import shrunk
from groundup.errors import UserError


@pytest.fixture
def sources(tmp_path):
    files = []
    for i in range(5):
        files.append(str(tmp_path / f"{i}.png"))
        Image.effect_mandelbrot((30 + 3 * i, 40), (-2 + i / 9, -1.5, 1, 1.5), 50).convert("RGB").save(files[-1])
    return files


@pytest.fixture
def decoded(monkeypatch):
    """The files that were decoded since, in order."""
    found = []

    def seen(path, **options):
        found.append(str(path))
        return decode(path, **options)

    monkeypatch.setattr(module, "decode", seen)
    return found


def opened(tmp_path, sources, **options):
    return PictureCache.of(tmp_path / "cache" / "a.pictures", sources, **{"short_side": 16, **options})


def is_right(cache, sources, channels=3, short_side=16):
    expected = [shrunk(decode(file, channels=channels), short_side) for file in sources]
    assert len(cache) == len(sources)
    return all(torch.equal(cache[i], image) for i, image in enumerate(expected))


def test_pictures_are_shrunk_and_decoded_once(tmp_path, sources, decoded):
    for _ in range(2):
        cache = opened(tmp_path, sources)
        assert is_right(cache, sources)
    assert decoded == sources
    assert min(cache[4].shape[1:]) == 16 and cache[4].shape[0] == 3
    assert os.listdir(tmp_path / "cache") == ["a.pictures"]


def test_changed_added_and_removed_sources_alone_are_seen_to(tmp_path, sources, decoded):
    opened(tmp_path, sources)
    decoded.clear()
    Image.new("RGB", (20, 50), "red").save(sources[2])
    assert is_right(opened(tmp_path, sources), sources)
    assert decoded == [sources[2]]
    decoded.clear()
    fewer = [sources[3], sources[0]]
    assert is_right(opened(tmp_path, fewer), fewer) and decoded == []
    assert is_right(opened(tmp_path, sources), sources) and decoded == [sources[1], sources[2], sources[4]]


def test_a_source_of_the_same_size_and_another_time_counts_as_changed(tmp_path, sources, decoded):
    opened(tmp_path, sources)
    decoded.clear()
    os.utime(sources[1], ns=(10**18, 10**18))
    opened(tmp_path, sources)
    assert decoded == [sources[1]]


@pytest.mark.parametrize("options", [dict(short_side=24), dict(channels=1)])
def test_other_settings_begin_anew(tmp_path, sources, decoded, options):
    opened(tmp_path, sources)
    decoded.clear()
    assert is_right(opened(tmp_path, sources, **options), sources, **options)
    assert decoded == sources


@pytest.mark.parametrize("keep", [0, 1, FOOTER - 1, FOOTER, 500, -1, -FOOTER, -FOOTER - 1])
def test_a_file_cut_off_anywhere_is_written_anew(tmp_path, sources, keep):
    file = opened(tmp_path, sources).file
    file.write_bytes(file.read_bytes()[:keep])
    assert is_right(opened(tmp_path, sources), sources)


@pytest.mark.parametrize("place", [-1, -FOOTER, -FOOTER + 33, -FOOTER - 5, -FOOTER - 200])
def test_a_damaged_index_is_written_anew(tmp_path, sources, place):
    file = opened(tmp_path, sources).file
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)
    assert is_right(opened(tmp_path, sources), sources)


def test_where_the_writing_fails_the_old_cache_stays_and_nothing_is_left_behind(tmp_path, sources, monkeypatch):
    file = opened(tmp_path, sources[:3]).file
    before = file.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match=r"a.pictures cannot be written after [\d,]+ bytes: No space left on device"):
            opened(tmp_path, sources)
    assert file.read_bytes() == before and os.listdir(file.parent) == ["a.pictures"]
    with open(sources[4], "r+b") as broken:
        broken.truncate(60)
    with pytest.raises(UserError, match=r"4\.png cannot be read as a picture"):
        opened(tmp_path, sources)
    assert file.read_bytes() == before and os.listdir(file.parent) == ["a.pictures"]


def test_a_worker_gets_the_name_of_the_file_and_not_the_pixels(tmp_path, sources):
    cache = opened(tmp_path, sources)
    cache[0]
    sent = pickle.dumps(cache)
    assert len(sent) < 2000
    assert is_right(pickle.loads(sent), sources)


def test_a_file_that_another_run_replaced_is_refused_not_misread(tmp_path, sources):
    late, early = opened(tmp_path, sources), opened(tmp_path, sources)
    early[0]
    opened(tmp_path, sources[::-1][:2])
    assert is_right(early, sources)  # it still has the former file
    with pytest.raises(UserError, match="was replaced while in use"):
        late[0]
    late.file.unlink()
    with pytest.raises(UserError, match="is gone or damaged while in use"):
        late[0]


def test_writing_into_a_picture_harms_nobody(tmp_path, sources):
    cache = opened(tmp_path, sources)
    cache[0].zero_()
    assert is_right(opened(tmp_path, sources), sources)
