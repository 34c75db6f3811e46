"""Published weights by open_clip's table: which they are, where they lie, and tags that there are not."""

import pytest
import torch

from groundup.errors import UserError
from groundup.weights import official
from groundup.weights.foreign import write_weights
from groundup.weights.official import find

pytest.importorskip("open_clip")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub that has one file for every name, and the names that it was asked for."""
    asked = []
    write_weights({"logit_scale": torch.tensor(4.6)}, tmp_path / "open_clip_model.safetensors")

    def fetch(name, files):
        asked.append((name, files[0]))
        return tmp_path

    monkeypatch.setattr(official, "fetch_by_hub", fetch)
    return asked


@pytest.mark.parametrize(
    ("source", "place", "notes"),
    [
        ("open_clip", "timm/vit_base_patch32_clip_224.openai", []),
        ("open_clip:laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", ["exact GELU"]),
    ],
)
def test_weights_of_a_tag_are_fetched_and_say_which_activation_they_ask_for(hub, source, place, notes):
    found = find("clip_vit_b_32", source)
    assert hub == [(place, "open_clip_model.safetensors")]
    assert found.state["logit_scale"].item() == pytest.approx(4.6) and found.layouts == "open_clip"
    assert len(found.notes) == len(notes) and all(words in note for words, note in zip(notes, found.notes, strict=True))


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("clip_rn50", "open_clip:openia", "no tag of open_clip's RN50 is called 'openia'; did you mean openai"),
        ("resnet18", "open_clip", "open_clip has no weights of the name resnet18"),
    ],
)
def test_names_that_there_are_not_are_refused(hub, name, source, words):
    with pytest.raises(UserError, match=words):
        find(name, source)
    assert not hub
