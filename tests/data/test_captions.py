"""Pictures with captions as batches: one caption at a time in training, all in evaluation, and what does not fit."""

import pytest
import torch

from groundup.data import captions as module
from groundup.data.captions import Captioned, caption_batch, caption_facts, caption_tokens
from groundup.data.shapes_world import shapes_world_labels, shapes_world_text_to_image
from groundup.data.tokenizers.clip import ClipTokenizer
from groundup.engine.batches import TrainingBatches
from groundup.errors import UserError

TOKENIZER = ClipTokenizer.fit(["a red star", "two blue hearts"], vocab_size=520)


class Photographs(torch.utils.data.Dataset):
    """Four pictures of different sizes with two or three captions each; it counts how often one is read."""

    def __init__(self):
        self.read = 0

    def __len__(self):
        return 4

    def __getitem__(self, index):
        if not 0 <= index < 4:
            raise IndexError(index)
        self.read += 1
        image = torch.full((3, 20 + index, 30), 10 * index, dtype=torch.uint8)
        return {"image": image, "captions": [f"picture {index}, text {n}" for n in range(2 + index % 2)]}


def test_training_takes_one_caption_of_each_picture_and_in_time_every_one():
    found = [item for epoch in range(20) for item in epoch_of(Captioned(dataset=Photographs(), size=16), epoch)]
    assert {len(item["captions"]) for item in found} == {1}
    assert {item["captions"][0] for item in found} == {f"picture {i}, text {n}" for i in range(4) for n in range(2 + i % 2)}


def epoch_of(dataset, epoch):
    batches = TrainingBatches(dataset, lambda items: {"items": items}, batch_size=2, seed=0)
    return [item for batch in batches.epoch(epoch, 0) for item in batch["items"]]


def test_the_caption_of_a_moment_in_training_is_always_the_same():
    dataset = Captioned(dataset=Photographs(), size=16)
    texts = [[item["captions"] for item in epoch_of(dataset, epoch)] for epoch in (0, 1, 0)]
    assert texts[0] == texts[2] != texts[1]


def test_evaluation_gets_all_captions_and_pictures_of_one_size():
    items = [Captioned(dataset=Photographs(), size=16)[i] for i in range(4)]
    assert [len(item["captions"]) for item in items] == [2, 3, 2, 3]
    assert {tuple(item["image"].shape) for item in items} == {(3, 16, 16)}
    batch = caption_batch(items, tokenizer=TOKENIZER, max_seq_len=40)
    assert batch["image"].shape == (4, 3, 16, 16)
    assert batch["owner"].tolist() == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]
    assert batch["captions"][4] == "picture 1, text 2" and len(batch["tokens"]) == 10


@pytest.mark.parametrize(("held", "reads"), [(True, 4), (False, 13)])
def test_pictures_that_are_held_are_read_once(held, reads):
    photographs = Photographs()
    dataset = Captioned(dataset=photographs, size=16, held=held)
    for _ in range(3):
        for index in range(4):
            dataset[index]
    assert photographs.read == reads


def test_a_generator_gives_the_same_pictures_and_captions_as_one_by_one():
    world = shapes_world_text_to_image(split="train", size=32, count=6)
    held = Captioned(dataset=world, size=32)
    for index in range(6):
        assert torch.equal(held[index]["image"], world[index]["image"])
        assert held[index]["captions"] == [world[index]["caption"]]


def test_only_the_kinds_of_captions_that_are_kept_are_seen():
    dataset = Captioned(dataset=Photographs(), size=16, kept=(1,))
    assert [dataset[index]["captions"] for index in range(4)] == [[f"picture {index}, text 1"] for index in range(4)]
    with pytest.raises(UserError, match=r"kept=\[2\] names captions that an item with 2 of them has not"):
        Captioned(dataset=Photographs(), size=16, kept=(2,))


def test_a_set_without_captions_is_refused():
    with pytest.raises(UserError, match="with captions is needed; these items have image, label"):
        Captioned(dataset=shapes_world_labels(split="train", count=3), size=64)


def test_facts_are_a_tokenizer_of_the_captions_and_the_pictures_shape():
    facts = caption_facts(Captioned(dataset=Photographs(), size=16), vocab_size=530, max_seq_len=20)
    assert facts["tokenizer"].pieces("picture") == ["picture</w>"]
    assert facts["vocab_size"] == facts["tokenizer"].vocab_size <= 530
    assert (facts["max_seq_len"], facts["image_shape"], facts["in_channels"]) == (20, [3, 16, 16], 3)


def test_facts_take_the_published_merges_where_they_are_asked_for():
    pytest.importorskip("open_clip")
    facts = caption_facts(Captioned(dataset=Photographs(), size=16), merges="open_clip")
    assert facts["vocab_size"] == 49_408 and facts["tokenizer"].repair


def test_listed_captions_are_read_without_the_pictures():
    photographs = Photographs()
    photographs.entries = [("a.jpg", ["one", "two"]), ("b.jpg", ["three", "four"])]
    assert Captioned(dataset=photographs, size=16, held=False).texts() == ["one", "two", "three", "four"]
    assert Captioned(dataset=photographs, size=16, held=False, kept=(1,)).texts() == ["two", "four"]
    assert photographs.read == 2  # a picture each, to see that there are captions


def test_a_text_stands_between_its_start_and_its_end_and_zeros_fill_the_rest():
    tokens = caption_tokens(["a", "a red star"], TOKENIZER, max_seq_len=40)
    (a,) = TOKENIZER.encode("a").tolist()
    assert tokens[0, :3].tolist() == [TOKENIZER.start, a, TOKENIZER.end]
    assert not tokens[0, 3:].any()
    assert tokens[1, -1] == TOKENIZER.end and tokens.argmax(1).tolist() == [2, tokens.shape[1] - 1]


def test_an_overlong_caption_is_cut_as_open_clip_cuts_it_and_that_is_said_once(capsys):
    tokenizer = pytest.importorskip("open_clip.tokenizer").SimpleTokenizer()
    ours, text = ClipTokenizer.read(), "a dog and " * 9
    module.tell_of_cutting.cache_clear()
    for _ in range(2):
        tokens = caption_tokens([text, "a cat"], ours, max_seq_len=12)
    assert tokens.tolist() == tokenizer([text, "a cat"], context_length=12).tolist()
    assert capsys.readouterr().err == "groundup: captions of more than 12 tokens are cut there (overlong=refuse refuses them)\n"


@pytest.mark.parametrize(
    ("texts", "overlong", "words"),
    [
        (["a red star", "a red star " * 9], "refuse", "and the model reads 12: 'a red star a red.*write less"),
        (["a red star", ""], "cut", "a caption or prompt has to say something; got ''"),
        (["  \n"], "cut", "has to say something"),
        (["a"], "shrink", "overlong is cut or refuse.*got 'shrink'"),
    ],
)
def test_captions_that_cannot_be_read_are_refused_in_one_line(texts, overlong, words):
    with pytest.raises(UserError, match=words) as caught:
        caption_tokens(texts, TOKENIZER, max_seq_len=12, overlong=overlong)
    assert "\n" not in str(caught.value)
