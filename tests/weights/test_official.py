"""Published weights: which they are, how their pictures are prepared, and whose layout a file is in."""

import json
from types import SimpleNamespace

import pytest
import torch

from groundup.data.decode import fitted
from groundup.data.images import normalize
from groundup.errors import UserError
from groundup.models.classification.resnet import WEIGHTS, resnet18
from groundup.weights.foreign import write_weights
from groundup.weights.layout import classes_in, faults_of, fitting, layouts_of, refuse_faults
from groundup.weights.official import distinct, find, preparation_like, read_labels, torchvision_entry, transformers_labels
from groundup.weights.preparation import (
    PIXELS,
    SSD300,
    Preparation,
    timm_preparation,
    torchvision_preparation,
    transformers_preparation,
)
from groundup.weights.rules import restore


def small(num_classes=3):
    """A narrow ResNet-18's state, every number random."""
    model = resnet18(width=2, num_classes=num_classes)
    return {name: torch.randn(value.shape).to(value) for name, value in model.state_dict().items()}


def picture(height, width):
    """Smooth waves with noise on them."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    waves = torch.stack([(rows / 9).sin(), (columns / 7).cos(), ((rows + columns) / 11).sin()]) * 90 + 128
    return (waves + torch.randn(3, height, width) * 12).clamp(0, 255).to(torch.uint8)


SIZES = [(300, 400), (257, 256), (97, 61), (224, 224), (640, 233), (256, 301)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "efficientnet_b0", "vit_l_16", "mnasnet0_5"])
def test_a_picture_is_prepared_as_torchvision_does_to_the_last_bit(name, size):
    entry = torchvision_entry(name)
    ours, image = torchvision_preparation(name, entry), picture(*size)
    _, height, width = ours.image_shape
    batch = normalize({"image": fitted(image, height, width, ours.fit)[None]}, mean=ours.mean, std=ours.std)
    theirs = entry.transforms()(image)
    assert batch["image"][0].shape == theirs.shape
    assert (batch["image"][0] - theirs).abs().max() <= 1e-6


def test_every_classifier_of_torchvision_has_a_preparation_that_is_understood():
    import torchvision
    from torchvision.models import list_models

    for name in list_models(module=torchvision.models):
        entry = torchvision_entry(name)
        ours = torchvision_preparation(name, entry)
        assert ours is not None, name
        image = picture(ours.image_shape[1] + 40, ours.image_shape[2] + 9) if ours.image_shape[1] < 400 else None
        if image is not None and name not in ("googlenet", "inception_v3"):
            pixels = fitted(image, *ours.image_shape[1:], ours.fit)[None]
            found = normalize({"image": pixels}, mean=ours.mean, std=ours.std)["image"]
            assert torch.allclose(found[0], entry.transforms()(image), atol=1e-6), name


@pytest.mark.parametrize("name", ["resnet18", "vit_base_patch16_224", "vgg16.tv_in1k"])
def test_a_picture_is_prepared_as_timm_does_but_for_the_rounding_of_its_library(name):
    from PIL import Image
    from timm import get_pretrained_cfg
    from timm.data import create_transform, resolve_data_config

    entry, image = get_pretrained_cfg(name), picture(300, 412)
    ours = timm_preparation(entry)
    transform = create_transform(**resolve_data_config({}, pretrained_cfg=entry.to_dict()))
    theirs = transform(Image.fromarray(image.permute(1, 2, 0).numpy()))
    pixels = fitted(image, *ours.image_shape[1:], ours.fit)[None]
    error = (normalize({"image": pixels}, mean=ours.mean, std=ours.std)["image"][0] - theirs).abs() * min(ours.std) * 255
    assert error.max() <= 1.01, "more than one of 256 levels"  # Pillow rounds between rows and columns too
    assert error.mean() <= 0.25


PROCESSORS = {
    "ViTImageProcessor": ({"size": {"height": 48, "width": 40}, "resample": 2, "image_mean": [0.5] * 3}, "stretch bilinear"),
    "ConvNextImageProcessor": ({"size": {"shortest_edge": 56}, "crop_pct": 0.875, "resample": 3}, "resize 64 bicubic"),
    "ConvNextImageProcessor of large pictures": (
        {"size": {"shortest_edge": 384}, "crop_pct": 0.875, "resample": 3},
        "stretch bicubic",
    ),
    "BitImageProcessor": (
        {"size": {"shortest_edge": 60}, "crop_size": {"height": 50, "width": 40}, "do_center_crop": True, "resample": 3},
        "resize 60 bicubic",
    ),
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_picture_is_prepared_as_transformers_does_but_for_rounding(name, tmp_path):
    import transformers

    document, fit = PROCESSORS[name]
    theirs = getattr(transformers, name.partition(" ")[0])(**document)
    theirs.save_pretrained(tmp_path)
    ours = transformers_preparation(json.loads((tmp_path / "preprocessor_config.json").read_text()), tmp_path)
    assert ours.fit == fit
    image = picture(100, 150)  # of which as many pixels are cut off on either side: an odd one more goes left there, right here
    pixels = fitted(image, *ours.image_shape[1:], ours.fit)[None]
    found = normalize({"image": pixels}, mean=ours.mean, std=ours.std)["image"][0]
    expected = theirs(image, return_tensors="pt")["pixel_values"][0]
    assert found.shape == expected.shape
    error = (found - expected).abs() * min(ours.std) * 255  # of 256 levels; there whole numbers are reckoned with
    assert error.max() <= 3.01 and error.mean() <= 0.3


def test_a_processor_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(UserError, match="kernel"):
        transformers_preparation({"size": 224, "resample": 0, "do_center_crop": True}, tmp_path)
    for document in ({"size": {"longest_edge": 3}}, {"size": {"shortest_edge": 3}}, {"size": "large"}):
        with pytest.raises(UserError, match="says nothing that is known here"):
            transformers_preparation(document, tmp_path)


def test_the_smallest_and_the_longest_pictures_can_be_prepared():
    for size in ((1, 1), (1, 9000), (9000, 1), (3, 5)):
        assert fitted(picture(*size), 20, 24, "resize 24 bicubic").shape == (3, 20, 24)
    bright = torch.zeros(3, 10, 1000, dtype=torch.uint8)
    bright[:, :, 480:520] = 200
    assert fitted(bright, 10, 10, "resize 10 bilinear").min() == 200, "not the middle of a long picture"
    for fit in ("resize bilinear", "resize 0 bilinear", "resize 256 nearest", "stretch  bilinear", "resize 99999 bilinear"):
        with pytest.raises(UserError, match="fit is like 'resize 256 bilinear' or 'stretch bicubic', or one of"):
            fitted(bright, 10, 10, fit)
    with pytest.raises(UserError, match="a shorter side of 20 holds no 10x24 pixels: give at least 24"):
        fitted(bright, 10, 24, "resize 20 bilinear")


@pytest.mark.parametrize("layout", ["groundup", "torchvision", "transformers"])
def test_a_file_is_read_in_the_layout_that_it_is_in(layout):
    ours = small()
    theirs = restore(ours, WEIGHTS[layout]) if layout in WEIGHTS else ours
    found = fitting(theirs, layouts_of("resnet18", WEIGHTS, ""), ours)
    assert (found.layout, found.faults, found.anew) == (layout, [], [])
    assert all(torch.equal(found.state[name], ours[name]) for name in ours)


def test_faults_are_those_of_the_nearest_layout_all_named_and_refused_in_a_line():
    asked = small()
    theirs = restore(small(), WEIGHTS["torchvision"])
    del theirs["bn1.bias"], theirs["fc.bias"]
    theirs |= {"fc.weight": torch.zeros(5, 4), "aux.weight": torch.zeros(1)}
    theirs["conv1.weight"][0, 0, 0, 0] = float("nan")
    found = fitting(theirs, layouts_of("resnet18", WEIGHTS, ""), asked)
    assert found.layout == "torchvision"
    assert found.faults == [
        "missing: norm1.bias, head.bias",
        "unexpected: aux.weight",
        "wrong shape: head.weight (asked (3, 16), came (5, 4))",
        "holds NaN: conv1.weight",
    ]
    with pytest.raises(UserError, match=r"w\.pth does not fit resnet18, nearest in the layout of torchvision: missing: norm1"):
        refuse_faults(found, "w.pth", "resnet18")
    refuse_faults(found._replace(faults=[]), "w.pth", "resnet18")
    stranger = fitting({f"x{i}": torch.zeros(1) for i in range(12)}, layouts_of("resnet18", WEIGHTS, ""), asked)
    assert stranger.faults[1] == "unexpected: x0, x1, x2, x3, x4, x5, x6, x7 and 4 more"
    assert faults_of(asked, asked) == {"missing": [], "unexpected": [], "wrong shape": [], "holds NaN": []}


def test_a_head_for_other_classes_begins_anew_and_nothing_else_does():
    there, here = small(num_classes=7), small(num_classes=2)
    found = fitting(there, {"groundup": ()}, here, keep_head=False)
    assert found.anew == [
        "head.weight: 7 classes there, 2 here: begins anew",
        "head.bias: 7 classes there, 2 here: begins anew",
    ]
    assert found.faults == [] and there.keys() - found.state.keys() == {"head.weight", "head.bias"}
    same = fitting(small(num_classes=2), {"groundup": ()}, here, keep_head=False)
    assert same.anew == [] and same.state.keys() == here.keys()
    assert "wrong shape: head.weight" in fitting(there, {"groundup": ()}, here).faults[0]
    other = fitting(there | {"conv1.weight": torch.zeros(1)}, {"groundup": ()}, here, keep_head=False)
    assert other.faults == ["wrong shape: conv1.weight (asked (2, 3, 7, 7), came (1,))"]
    wide = fitting(there | {"head.weight": torch.zeros(7, 9)}, {"groundup": ()}, here, keep_head=False)
    assert wide.anew[0] == "head.weight: (7, 9) there, (2, 16) here: begins anew"
    assert classes_in(there) == 7 and classes_in({"ahead.weight": torch.zeros(3)}) is None


def test_counters_that_old_files_lack_begin_at_zero_but_only_beside_their_averages():
    asked = small()
    old = {name: value for name, value in asked.items() if not name.endswith("num_batches_tracked")}
    found = fitting(old, {"groundup": ()}, asked)
    assert found.faults == [] and found.state["norm1.num_batches_tracked"] == 0
    del old["norm1.running_mean"]
    assert fitting(old, {"groundup": ()}, asked).faults == ["missing: norm1.running_mean, norm1.num_batches_tracked"]


def test_a_library_whose_layout_a_model_lacks_is_refused():
    with pytest.raises(UserError, match="lenet5 takes no weights from timm: it takes those in the layout of groundup"):
        layouts_of("lenet5", {}, "timm")
    both = {"transformers": [1], "transformers_base": [2], "timm": [3]}
    assert layouts_of("gpt2", both, "transformers") == {"transformers": [1], "transformers_base": [2]}
    assert layouts_of("gpt2", both, "groundup") == {"groundup": ()}


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Empty caches, and no network."""
    import huggingface_hub.constants

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("torch.hub.urlopen", lambda *_, **__: (_ for _ in ()).throw(OSError("no network")))
    return tmp_path


def refusal(name, source):
    with pytest.raises(UserError) as error:
        find(name, source)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_without_a_network_it_is_said_which_file_to_put_where(offline):
    message = refusal("resnet18", "torchvision")
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth could not be fetched (no network)" in message
    assert message.endswith(f"put it there as {offline}/torch/hub/checkpoints/resnet18-f37072fd.pth")
    assert "timm/resnet18.a1_in1k are not on this machine" in refusal("resnet18", "timm")
    assert "https://huggingface.co/microsoft/resnet-18 elsewhere" in refusal("resnet18", "transformers")
    assert not [path for path in offline.rglob("*") if path.is_file()]


def test_weights_that_no_one_has_are_refused(offline):
    assert "torchvision has no weights of the name lenet5" in refusal("lenet5", "torchvision")
    assert "IMAGENET1K_V1" in refusal("resnet18", "torchvision:IMAGENET1K_V7")
    assert "timm has no weights of the name lenet5" in refusal("lenet5", "timm")
    assert "transformers:OWNER/NAME" in refusal("lenet5", "transformers")
    assert "none of torchvision, timm, transformers, open_clip, and there is no such file" in refusal("resnet18", "torchvison")


def hub(root, name, files):
    """A model of the Hub as its library keeps it."""
    model = root / "hub" / f"models--{name.replace('/', '--')}"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("0" * 40)
    folder = model / "snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    for file, content in files.items():
        write_weights(content, folder / file) if file.endswith("safetensors") else (folder / file).write_text(json.dumps(content))


def test_timms_weights_come_from_the_hubs_cache_with_names_and_preparation(offline):
    state = small()
    hub(offline, "timm/resnet18.a1_in1k", {"model.safetensors": state, "config.json": {"architecture": "resnet18"}})
    found = find("resnet18", "timm")
    assert found.origin == "timm's resnet18.a1_in1k" and found.state.keys() == state.keys()
    assert (len(found.labels), found.labels[0]) == (1000, "tench, Tinca tinca") and len(set(found.labels)) == 1000
    assert found.preparation == Preparation(fit="resize 235 bicubic") and found.layouts == "timm"
    hub(offline, "timm/resnet18.tv_in1k", {"model.safetensors": state})
    assert find("resnet18", "timm:resnet18.tv_in1k").preparation.fit == "resize 256 bilinear"


def test_transformers_weights_come_from_the_hubs_cache_with_names_and_preparation(offline):
    config = {"model_type": "resnet", "id2label": {"1": "bee", "0": "ant", "2": "wasp"}}
    processor = {"size": {"shortest_edge": 224}, "crop_pct": 0.875, "resample": 3, "image_mean": [0.1, 0.2, 0.3]}
    files = {"model.safetensors": small(), "config.json": config, "preprocessor_config.json": processor}
    hub(offline, "microsoft/resnet-18", files)
    found = find("resnet18", "transformers")
    assert found.labels == ["ant", "bee", "wasp"] and found.layouts == "transformers"
    assert found.preparation == Preparation(fit="resize 256 bicubic", mean=(0.1, 0.2, 0.3), std=(0.5, 0.5, 0.5))


def test_a_folder_without_a_config_is_of_any_layout_and_names_nothing(tmp_path):
    write_weights(small(), tmp_path / "model.safetensors")
    found = find("resnet18", str(tmp_path))
    assert (found.layouts, found.labels, found.preparation, found.peer) == ("", None, None, None)
    (tmp_path / "config.json").write_text("[1]")
    assert "holds no JSON object" in refusal("resnet18", str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    assert "config.json is damaged" in refusal("resnet18", str(tmp_path))


def test_labels_of_a_config_are_in_their_order_or_refused(tmp_path):
    assert transformers_labels({}, tmp_path) is None
    assert transformers_labels({"id2label": {str(i): f"LABEL_{i}" for i in range(12)}}, tmp_path) is None
    assert transformers_labels({"id2label": {str(i): f"c{i}" for i in range(11)}}, tmp_path)[10] == "c10"
    for names in ({"0": "a", "2": "b"}, {"zero": "a"}, ["a"]):
        with pytest.raises(UserError, match="does not number the classes from 0"):
            transformers_labels({"id2label": names}, tmp_path)


def test_names_that_come_twice_are_told_apart():
    assert distinct(["crane", "heron", "crane", "crane"]) == ["crane", "heron", "crane (2)", "crane (3)"]


def test_labels_of_a_file_are_its_lines_or_refused(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_bytes("\ufeffant\r\n bee \r\n".encode())
    assert read_labels(file) == ["ant", "bee"]
    for content, message in ((b"", "is empty"), (b"a\n\nb\n", "line 2 is empty"), (b"a\na\n", "'a' twice"), (b"\xff", "read")):
        file.write_bytes(content)
        with pytest.raises(UserError, match=message):
            read_labels(file)
    with pytest.raises(UserError, match="No such file"):
        read_labels(tmp_path / "nowhere")


def test_a_file_that_does_not_tell_is_prepared_as_its_library_would():
    preparation, whose = preparation_like("resnet50", "torchvision")
    assert (preparation.fit, whose) == ("resize 232 bilinear", "torchvision's ResNet50_Weights.IMAGENET1K_V2")
    assert preparation_like("vit_b_16", "timm")[1] == "timm's vit_base_patch16_224"
    assert preparation_like("lenet5", "groundup") is None


def test_timms_way_of_cropping_is_known_or_refused():
    config = {"input_size": (3, 224, 224), "interpolation": "bicubic", "mean": (0.5,), "std": (0.5,), "crop_pct": 0.9}
    entry = SimpleNamespace(architecture="odd", to_dict=lambda: config | {"crop_mode": "border"})
    with pytest.raises(UserError, match="odd is prepared with timm's crop_mode border"):
        timm_preparation(entry)


def test_other_tasks_have_preparations_of_their_own_or_none():
    for name in ("fasterrcnn_resnet50_fpn", "raft_small", "r3d_18", "mvit_v1_b"):
        assert torchvision_preparation(name, torchvision_entry(name)) is None
    assert torchvision_preparation("fcn_resnet50", torchvision_entry("fcn_resnet50")) == PIXELS
    assert torchvision_preparation("ssd300_vgg16", torchvision_entry("ssd300_vgg16")) == SSD300


def test_two_networks_that_take_other_statistics_get_them():
    """They bring what they get from ImageNet's statistics to a mean and deviation of a half themselves; ours does not."""
    from torchvision.models import GoogLeNet

    model = GoogLeNet(init_weights=False, transform_input=True, aux_logits=False)
    entry = torchvision_entry("googlenet")
    ours, image = torchvision_preparation("googlenet", entry), picture(260, 300)
    pixels = fitted(image, *ours.image_shape[1:], ours.fit)[None]
    found = normalize({"image": pixels}, mean=ours.mean, std=ours.std)["image"]
    assert torch.allclose(found, model._transform_input(entry.transforms()(image)[None]), atol=1e-5)


def test_a_preparation_is_told_in_a_line():
    told = "resize 256 bilinear to 224x224, mean 0.485 0.456 0.406, std 0.229 0.224 0.225"
    assert str(Preparation()) == told
