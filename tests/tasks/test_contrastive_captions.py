"""CLIP's task: its loss, what it says of a user's picture, its scale, and what is refused."""

import math

import pytest
import torch
from PIL import Image

from groundup.data.captions import caption_batch
from groundup.data.tokenizers.clip import ClipTokenizer
from groundup.errors import UserError
from groundup.models.multimodal.clip import clip_vit_b_32
from groundup.tasks.contrastive_captions import ClampedScale, ContrastiveCaptions
from groundup.tasks.zero_shot import ZeroShot

TOKENIZER = ClipTokenizer.fit(["a red star", "two blue hearts"], vocab_size=530)
SHARED = dict(tokenizer=TOKENIZER, max_seq_len=16, image_shape=(3, 8, 8))
SIZE = dict(projection_dim=8, image_size=8, patch_size=4, vision_dim=16, vision_layers=1, vision_heads=2)
LABELS = ["star", "heart", "moon"]


def model():
    words = dict(vocab_size=TOKENIZER.vocab_size, max_seq_len=16, text_dim=16, text_layers=1, text_heads=2)
    return clip_vit_b_32(**SIZE, **words).double()


def batch(*captions):
    items = [{"image": torch.randn(3, 8, 8, dtype=torch.float64), "captions": list(texts)} for texts in captions]
    return caption_batch(items, tokenizer=TOKENIZER, max_seq_len=16)


PAIRS = (["a red star"], ["two blue hearts"], ["a moon"])


def test_the_loss_is_that_of_transformers_with_each_picture_and_its_caption():
    clip = pytest.importorskip("transformers.models.clip.modeling_clip")
    task, network, given = ContrastiveCaptions(**SHARED), model(), batch(*PAIRS)
    loss, logs = task.loss(network, given)
    found = network(given["image"], given["tokens"])
    logits = found.logit_scale.exp() * found.text_embeds @ found.image_embeds.T
    assert loss.item() == pytest.approx(clip.image_text_contrastive_loss(logits).item())
    assert logs["scale"].item() == pytest.approx(1 / 0.07)


def test_a_prediction_keeps_which_picture_each_caption_belongs_to():
    task = ContrastiveCaptions(**SHARED)
    found = task.predict(model(), batch(["a", "a star"], ["a heart"]))
    assert found["owner"].tolist() == [0, 0, 1]
    assert found["image_embeds"].shape == (2, 8) and found["text_embeds"].shape == (3, 8)
    assert set(task.metrics()) == {"loss", "retrieval"}


def test_zero_shot_logits_are_scaled_cosines_with_the_mean_of_each_labels_prompts():
    task, network = ZeroShot(**SHARED, labels=LABELS, templates=("a {}", "the {} there")), model()
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    logits = task.predict(network, {"image": images})["logits"]
    for row, image in enumerate(images):
        for column, label in enumerate(LABELS):
            prompts = caption_batch(
                [{"captions": [f"a {label}", f"the {label} there"], "image": image}], tokenizer=TOKENIZER, max_seq_len=16
            )
            mean = network.embed_texts(prompts["tokens"]).mean(0)
            cosine = torch.cosine_similarity(network.embed_images(image[None])[0], mean, dim=0)
            assert logits[row, column].item() == pytest.approx(cosine.item() / 0.07, rel=1e-5)


def test_a_users_picture_gets_the_label_that_fits_it_best(tmp_path):
    task, network = ContrastiveCaptions(**SHARED, labels=LABELS, top=2), model()
    Image.new("RGB", (20, 12), (200, 30, 30)).save(tmp_path / "red.png")
    items = task.read(tmp_path / "red.png")
    given = {"image": torch.stack([item["image"] for item in items]).double() / 255, "source": [items[0]["source"]]}
    prediction = task.predict(network, given)
    (row,) = task.write(prediction, tmp_path)
    best = prediction["logits"][0].argsort(descending=True).tolist()
    assert (row["label"], row["label_2"]) == (LABELS[best[0]], LABELS[best[1]])
    assert row["file"].endswith("red.png") and 1 > row["confidence"] > row["confidence_2"] > 0
    assert task.picture(given, prediction).width > 200


@pytest.mark.parametrize("written", ["dog, a cat ,two people", ["dog", "a cat", "two people"], "FILE"])
def test_labels_come_as_a_list_with_commas_or_in_a_file(tmp_path, written):
    if written == "FILE":
        path = tmp_path / "labels.txt"
        path.write_text("dog\n a cat\ntwo people\n", encoding="utf-8")
        written = str(path)
    assert ContrastiveCaptions(**SHARED, labels=written).zero_shot.labels == ["dog", "a cat", "two people"]


def test_what_a_picture_may_be_has_to_be_said():
    with pytest.raises(UserError, match=r"--set task\.labels='a dog,a cat', or a \.txt file"):
        ContrastiveCaptions(**SHARED).read("picture.png")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": "dog,,cat"}, "one is empty"),
        ({"labels": ""}, "one is empty"),
        ({"labels": ["dog", " dog"]}, "'dog' comes twice"),
        ({"labels": "dog"}, "there is 1"),
        ({"labels": "nowhere.txt"}, "nowhere.txt"),
        ({"labels": LABELS, "templates": ("a photo",)}, "has {} where the label goes.*got 'a photo'"),
        ({"labels": LABELS, "templates": ()}, "has {} where the label goes"),
        ({"labels": LABELS, "templates": "{}" + " very" * 20, "overlong": "refuse"}, "the model reads 16"),
        ({"labels": LABELS, "overlong": "wrap"}, "overlong is cut or refuse"),
        ({"among": 1}, "2 or more; got 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(options, words):
    with pytest.raises(UserError, match=words) as caught:
        ContrastiveCaptions(**SHARED, **options)
    assert "\n" not in str(caught.value)


def test_the_scale_never_passes_a_hundred_however_training_pulls():
    network = model()
    with torch.no_grad():
        network.logit_scale.fill_(4.6)
    task, given = ContrastiveCaptions(**SHARED), batch(*PAIRS)

    def update(loss):
        with torch.no_grad():
            network.logit_scale += 0.5

    logs = ClampedScale(task, update)(network, given)
    assert network.logit_scale.item() == math.log(100)
    assert set(logs) == {"loss", "scale"}


def test_the_sheet_shows_each_picture_with_the_caption_that_fits_it_best():
    task, network, given = ContrastiveCaptions(**SHARED), model(), batch(*PAIRS)
    picture = task.picture(given, task.predict(network, given))
    assert picture.width == 12 + 3 * (224 + 12)


def test_the_example_batch_is_a_batch_that_the_task_takes():
    task, network = ContrastiveCaptions(**SHARED), model()
    given = task.example_batch(3)
    given["image"] = given["image"].double()
    assert torch.isfinite(task.loss(network, given)[0])
    assert network.text(given["tokens"]).shape == (3, 8)
