"""Published detectors and networks for pixels from the command line: held against their library, and used."""

import csv
import json
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.decode import decode
from groundup.weights.foreign import write_weights


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("torch")


def stand_in(home, name: str, head: str, scale: float):
    """torchvision's model with random weights, neither sure of all nor of nothing, and the file that stands for its download."""
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(5)
    entry = models.get_model_weights(name).DEFAULT
    model = models.get_model(name, weights=None, weights_backbone=None, num_classes=len(entry.meta["categories"]),
                             **({"aux_loss": True} if name.startswith("fcn") else {})).eval()  # fmt: skip
    with torch.no_grad():
        for key, value in model.named_parameters():
            if head in key and value.dim() > 1:
                value *= scale
    file = home / "hub" / "checkpoints" / Path(urlsplit(entry.url).path).name
    file.parent.mkdir(parents=True, exist_ok=True)
    write_weights(model.state_dict(), file)
    return model, entry.meta["categories"]


def picture_of(folder, side: int):
    """A picture of the size at which nothing is scaled."""
    rows, columns = np.meshgrid(np.linspace(0, 9, side), np.linspace(0, 7, side), indexing="ij")
    waves = 128 + 100 * np.sin(rows[..., None] + columns[..., None] * np.array([1.0, 2.0, 3.0]))
    folder.mkdir()
    Image.fromarray(waves.astype(np.uint8)).save(folder / "waves.png")
    return folder / "waves.png"


def test_a_detector_finds_what_its_library_finds(groundup, home, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(home))
    theirs, names = stand_in(home, "ssd300_vgg16", "classification_head", 0.7)
    answer = groundup("import", "ssd300_vgg16", "--weights", "torchvision", "--out", tmp_path / "run")
    assert answer.status == 0, answer.err
    assert "checked against torchvision on 2 random pictures" in answer.out
    assert "pictures are prepared by stretch bilinear to 300x300" in answer.out
    assert json.loads((tmp_path / "run" / "facts" / "labels.json").read_text())["plain"][:2] == ["person", "bicycle"]

    picture = picture_of(tmp_path / "pictures", 300)
    assert groundup("predict", tmp_path / "run", "--input", picture, "--output", tmp_path / "out").status == 0
    rows = list(csv.DictReader((tmp_path / "out" / "predictions.csv").open()))
    with torch.no_grad():
        (found,) = theirs([decode(picture).float() / 255])
    sure = found["scores"] >= 0.4
    assert 3 <= len(rows) == int(sure.sum())
    assert found["scores"][sure].unique().numel() == len(rows), "equal scores have no order"
    for row, score, label, box in zip(rows, found["scores"], found["labels"], found["boxes"]):
        assert row["label"].partition(" (")[0] == names[label] and abs(float(row["score"]) - score) < 1e-4
        assert all(abs(float(row[key]) - value) < 0.05 for key, value in zip(("x1", "y1", "x2", "y2"), box.tolist()))

    data = tmp_path / "mine"
    (data / "annotations").mkdir(parents=True)
    (data / "val").mkdir()
    (data / "val" / "waves.png").write_bytes(picture.read_bytes())
    annotation = {"id": 1, "image_id": 1, "category_id": 4, "bbox": [10, 10, 50, 60], "area": 3000, "iscrowd": 0,
                  "segmentation": [[10, 10, 60, 10, 60, 70, 10, 70]]}  # fmt: skip
    table = {"images": [{"id": 1, "file_name": "waves.png", "width": 300, "height": 300}], "annotations": [annotation],
             "categories": [{"id": 4, "name": "dog"}, {"id": 9, "name": "person"}]}  # fmt: skip
    (data / "annotations" / "instances_val.json").write_text(json.dumps(table))
    scored = groundup("eval", tmp_path / "run", "--data", data, "--json")
    assert scored.status == 0, scored.err
    table["categories"][0]["name"] = "unicorn"
    (data / "annotations" / "instances_val.json").write_text(json.dumps(table))
    refused = groundup("eval", tmp_path / "run", "--data", data)
    assert refused.status == 2 and "classes that the model does not know: unicorn" in refused.err


def test_a_network_for_pixels_says_what_its_library_says(groundup, home, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(home))
    theirs, names = stand_in(home, "fcn_resnet50", "classifier.4", 30.0)
    answer = groundup("import", "fcn_resnet50", "--weights", "torchvision", "--out", tmp_path / "run")
    assert answer.status == 0, answer.err
    assert "checked against torchvision on 2 random pictures" in answer.out and "fitting whole to 520x520" in answer.out
    labels = json.loads((tmp_path / "run" / "facts" / "labels.json").read_text())["plain"]
    assert labels[0] == "background" and labels[1:] == list(names[1:])

    picture = picture_of(tmp_path / "pictures", 520)
    assert groundup("predict", tmp_path / "run", "--input", picture, "--output", tmp_path / "out").status == 0
    mask = torch.from_numpy(np.array(Image.open(tmp_path / "out" / "waves.mask.png"))).long()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = theirs(((decode(picture).float() / 255 - mean) / std)[None])["out"][0].argmax(0)
    assert len(expected.unique()) > 2 and (mask == expected).float().mean() > 0.9999
