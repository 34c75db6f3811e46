"""Picture files become the pixels that a person sees, by whichever library, or one line that names the file."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data import decode as module
from groundup.data.decode import decode, fitted, jpeg_frame, kind_of, read_picture
from groundup.errors import UserError

RED, GREEN, BLUE, WHITE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (128, 128, 128)


def scene(height=40, width=60):
    """A smooth picture whose corners all differ."""
    rows, columns = np.mgrid[:height, :width]
    planes = [rows * 255 // (height - 1), columns * 255 // (width - 1), (rows + columns) % 64 + 60]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def pixels(picture):
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def content(picture, kind="PNG", **options):
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def oriented(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


def without_torchvision(monkeypatch):
    monkeypatch.setattr(module, "torchvision_decoder", lambda: None)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 95, "subsampling": 0}, {"optimize": True}])
@pytest.mark.parametrize("number", [None, 1, 2, 3, 4, 5, 6, 7, 8])
def test_both_libraries_give_the_same_pixels_of_a_jpeg_however_it_was_held(tmp_path, monkeypatch, mode, options, number):
    exif = {} if number is None else {"exif": oriented(number)}
    path = tmp_path / "a.jpg"
    path.write_bytes(content(scene().convert(mode), "JPEG", **options, **exif))
    assert module.decode_jpeg(bytearray(path.read_bytes())) is not None, "it did not go through torchvision"
    fast = decode(path)
    without_torchvision(monkeypatch)
    slow = decode(path)
    assert fast.shape == slow.shape == ((3, 60, 40) if number and number >= 5 else (3, 40, 60))
    assert (fast.int() - slow.int()).abs().max() <= 1


HELD = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[:, ::-1],  # the camera's first row is the picture's right side
    7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda a: a.transpose(1, 0, 2)[::-1],
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("number", sorted(HELD))
def test_a_rotated_picture_stands_upright(tmp_path, kind, number):
    path = tmp_path / "a"
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 98, "subsampling": 0}}.get(kind, {})
    path.write_bytes(content(scene(), kind, exif=oriented(number), **options))
    expected = torch.from_numpy(HELD[number](np.array(scene())).copy()).permute(2, 0, 1)
    assert (decode(path).int() - expected.int()).abs().max() <= (8 if kind == "JPEG" else 0)


def test_rotation_that_only_xmp_tells_is_left_to_pillow(tmp_path):
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6"/></x:xmpmeta>'
    plain = content(scene(), "JPEG")
    data = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + plain[2:]
    (tmp_path / "a.jpg").write_bytes(data)
    assert jpeg_frame(data) is None
    assert jpeg_frame(plain) == (40, 60, 3)
    assert decode(tmp_path / "a.jpg").shape == (3, 60, 40)


def test_damaged_exif_counts_as_none(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(content(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(40)))
    fast = decode(tmp_path / "a.jpg")
    without_torchvision(monkeypatch)
    assert torch.equal(decode(tmp_path / "a.jpg"), fast)
    assert fast.shape == (3, 40, 60)


def one_colour(mode, colour):
    return Image.new(mode, (8, 8), colour)


def palette(transparent):
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([*WHITE, *RED] + [0] * 750)
    return content(picture, transparency=1) if transparent else content(picture)


@pytest.mark.parametrize(
    ("data", "colour", "tolerance"),
    [
        (content(one_colour("RGBA", (*RED, 255))), RED, 0),
        (content(one_colour("RGBA", (*BLUE, 0))), WHITE, 0),
        (content(one_colour("RGBA", (0, 0, 0, 127))), GREY, 0),
        (content(one_colour("LA", (0, 127))), GREY, 0),
        (content(one_colour("RGB", GREEN), transparency=GREEN), WHITE, 0),
        (palette(transparent=False), RED, 0),
        (palette(transparent=True), WHITE, 0),
        (content(one_colour("1", 1)), WHITE, 0),
        (content(one_colour("I;16", 128 * 256 + 7)), GREY, 0),
        (content(one_colour("I;16", 65535), "TIFF"), WHITE, 0),
        (content(one_colour("I;16B", 128 * 256), "TIFF"), GREY, 0),
        (b"P5 8 8 65535\n" + b"\x80\x01" * 64, GREY, 0),
        (b"P6 8 8 255\n" + bytes(RED) * 64, RED, 0),
        (content(one_colour("CMYK", (0, 255, 255, 0)), "JPEG"), RED, 3),
        (content(one_colour("CMYK", (0, 255, 255, 0)), "TIFF"), RED, 0),
        (content(one_colour("YCbCr", (128, 128, 128)), "JPEG"), GREY, 1),
        (content(one_colour("LAB", (255, 128, 128)), "TIFF"), WHITE, 3),
        (content(one_colour("RGB", RED), "BMP"), RED, 0),
        (content(one_colour("RGB", BLUE), "GIF", save_all=True, append_images=[one_colour("RGB", RED)]), BLUE, 0),
        (content(one_colour("RGB", BLUE), "PNG", save_all=True, append_images=[one_colour("RGB", RED)]), BLUE, 0),
        (content(one_colour("RGB", BLUE), "WEBP", lossless=True, save_all=True, append_images=[one_colour("RGB", RED)]), BLUE, 0),
        (content(one_colour("RGB", BLUE), "MPO", save_all=True, append_images=[one_colour("RGB", RED)]), BLUE, 3),
    ],
)
def test_every_mode_becomes_the_colour_that_is_seen_on_white(tmp_path, data, colour, tolerance):
    path = tmp_path / "named.wrongly"
    path.write_bytes(data)
    image = decode(path)
    assert image.dtype == torch.uint8 and image.shape == (3, 8, 8)
    assert (image.int() - torch.tensor(colour).view(3, 1, 1)).abs().max() <= tolerance
    grey = decode(path, channels=1)
    luma = round(sum(share * value for share, value in zip((0.299, 0.587, 0.114), colour, strict=True)))
    assert grey.shape == (1, 8, 8) and (grey.int() - luma).abs().max() <= max(tolerance, 1)


def test_16_bit_colour_keeps_its_upper_8(tmp_path):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    row = b"\0" + struct.pack(">3H", 0x8011, 0xFF00, 0x01FF) * 4
    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 4)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data)
    assert decode(tmp_path / "a.png")[:, 0, 0].tolist() == [0x80, 0xFF, 0x01]


def bomb(width, height):
    """A PNG of a few bytes that claims to be this large."""
    whole = content(one_colour("L", 0))
    header = b"IHDR" + struct.pack(">II", width, height) + whole[24:29]
    return whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]


def jpeg_bomb(width, height):
    """A JPEG that claims to be this large."""
    data = bytearray(content(scene(), "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (HEIC, r"a.jpg is a HEIC picture, which is not read here: save it as JPEG .*iPhone"),
        (HEIC.replace(b"ftypheic", b"ftypmif1"), "is a HEIC picture"),
        (b"", "a.jpg cannot be read as a picture: it is empty"),
        (b"<html>404 Not Found</html>", "a.jpg cannot be read as a picture: its content is of no known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no known format"),
        (content(scene(), "JPEG")[:-400], "a.jpg cannot be read as a picture: .*[tT]runcated"),
        (content(scene())[:-400], "a.jpg cannot be read as a picture"),
        (b"\xff\xd8\xff", "a.jpg cannot be read as a picture"),
        (content(one_colour("F", 0.5), "TIFF"), "32-bit numbers .* save it with 8 or 16 bits"),
        (bomb(40_000, 40_000), r"a.jpg is too large a picture to be opened safely: .*1600000000 pixels"),
        (bomb(10_000, 10_000), "too large a picture"),  # Pillow itself would only warn
        (jpeg_bomb(60_000, 60_000), "too large a picture"),
        (jpeg_bomb(10_000, 10_000), "too large a picture"),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_cannot_be_read_is_named_in_one_line(tmp_path, data, message, channels):
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(UserError, match=message) as refusal:
        decode(tmp_path / "a.jpg", channels=channels)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(UserError, match=r"gone.png cannot be read as a picture: No such file"):
        decode(tmp_path / "gone.png")
    with pytest.raises(UserError, match="cannot be read as a picture: Is a directory"):
        decode(tmp_path)


def test_avif_is_not_taken_for_heic():
    assert kind_of(b"\0\0\0\x20ftypavif\0\0\0\0mif1avif") == "avif"
    assert kind_of(b"\0\0\0\x20ftypmif1\0\0\0\0avifmif1") == "avif"
    assert kind_of(b"\0\0\0\x20ftypmp42\0\0\0\0isommp42") is None  # a film


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_damaged_file_gives_pixels_or_one_line_and_nothing_else(tmp_path, kind):
    chance, whole, path = random.Random(kind), content(scene(), kind), tmp_path / "a.jpg"
    refused = 0
    for _ in range(40):
        data = bytearray(whole)
        if chance.random() < 0.4:
            data = data[: chance.randrange(len(data))]
        else:
            for _ in range(chance.choice((1, 3, 30))):
                data[int(len(data) * chance.random() ** 2)] = chance.randrange(256)
        path.write_bytes(data)
        try:
            image = decode(path)
        except UserError as error:
            refused += 1
            assert "\n" not in str(error) and "a.jpg" in str(error)
        else:
            assert image.dtype == torch.uint8 and image.ndim == 3 and len(image) == 3
    assert refused > 0


def test_a_cut_off_jpeg_is_refused_by_both_libraries_alike(tmp_path, monkeypatch):
    whole, path = content(scene(200, 300), "JPEG"), tmp_path / "a.jpg"
    cuts = [len(whole) * share // 100 for share in range(1, 100, 7)]

    def verdicts():
        found = []
        for cut in cuts:
            path.write_bytes(whole[:cut])
            try:
                found.append(decode(path).float().mean().item())
            except UserError:
                found.append(None)
        return found

    fast = verdicts()
    without_torchvision(monkeypatch)
    assert fast == verdicts() == [None] * len(cuts)


def test_a_picture_is_brought_to_size_whole_or_by_its_middle():
    image = torch.zeros(3, 4, 12, dtype=torch.uint8)
    image[:, :, 4:8] = 200  # the middle square
    assert fitted(image, 2, 2, "crop").unique().tolist() == [200]
    assert fitted(image, 1, 3, "stretch")[0].tolist() == [[0, 200, 0]]
    assert torch.equal(fitted(image, 4, 12, "stretch"), image)
    tall = image.transpose(1, 2).contiguous()
    assert fitted(tall, 2, 2, "crop").unique().tolist() == [200]
    with pytest.raises(UserError, match="stretch, crop; got 'pad'"):
        fitted(image, 2, 2, "pad")


def test_read_picture_gives_the_shape_asked_for(tmp_path):
    (tmp_path / "a.png").write_bytes(content(scene()))
    for shape in ((3, 32, 32), (1, 8, 16), (3, 100, 20)):
        assert read_picture(tmp_path / "a.png", shape).shape == shape
    assert torch.equal(read_picture(tmp_path / "a.png", (3, 40, 60)), pixels(scene()))
