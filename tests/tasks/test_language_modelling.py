"""The task of continuing a text: what is scored, read, written, sampled and drawn."""

import math

import numpy as np
import pytest
import torch
from torch import Generator

from groundup.data.text import IGNORE, TextWindows, token_windows
from groundup.data.tokenizers.character import CharacterTokenizer
from groundup.engine.evaluator import Score, evaluate
from groundup.errors import UserError
from groundup.models.language.gpt2 import GPT2
from groundup.ops.ladder import rung
from groundup.tasks.language_modelling import COLUMNS, Character, LanguageModelling, break_lines, draw_surprise, warmth
from groundup.tasks.task import verbs

TEXT = "The cat sat on the mat.\n\nThe dog sat on the cat, and that was that.\n"
TOKENIZER = CharacterTokenizer.fit([TEXT])


def tiny():
    size = dict(embed_dim=16, num_layers=1, num_heads=2, dropout=0.0)
    return GPT2(vocab_size=TOKENIZER.vocab_size, max_seq_len=8, **size).eval()


def task_of(**options):
    return LanguageModelling(tokenizer=TOKENIZER, max_seq_len=8, **options)


def batch_of(*texts):
    return token_windows([{"text": text} for text in texts], tokenizer=TOKENIZER)


def predicted(path, task, model):
    return task.predict(model, token_windows(task.read(path), tokenizer=TOKENIZER))


def test_it_has_every_verb():
    assert len(verbs(task_of())) == 9


@pytest.mark.parametrize("name", ["tensors", "manual", "fused"])
def test_the_loss_is_the_mean_surprise_of_every_character_but_the_first(name):
    model, task, batch = tiny(), task_of(), batch_of("The cat", "sat ")
    with rung(name), torch.no_grad():
        loss, _ = task.loss(model, batch)
        surprises = []
        for text in ("The cat", "sat "):
            tokens = TOKENIZER.encode(text)
            shares = model(tokens[None, :-1])[0].softmax(-1)
            surprises += [-math.log(shares[place, token]) for place, token in enumerate(tokens[1:])]
    assert loss.item() == pytest.approx(sum(surprises) / len(surprises), rel=1e-5)


def test_padding_is_ignored_in_the_loss_and_in_every_prediction():
    model, task = tiny(), task_of()
    alone, beside = task.predict(model, batch_of("sat")), task.predict(model, batch_of("sat", "The cat"))
    assert torch.allclose(alone["log_likelihood"][0], beside["log_likelihood"][0, :2], atol=1e-6)
    assert (beside["log_likelihood"][0, 2:] == 0).all()
    losses = [task.loss(model, batch_of(*texts))[0] * count for texts, count in ((["sat"], 2), (["The cat"], 6))]
    assert task.loss(model, batch_of("sat", "The cat"))[0].item() == pytest.approx(sum(losses).item() / 8, rel=1e-5)


def test_the_model_is_shown_neither_padding_nor_the_last_character():
    (shown,) = task_of().inputs(batch_of("sat", "The cat"))
    assert (shown >= 0).all()
    assert TOKENIZER.decode(shown[1]) == "The ca"


def test_guessing_gives_the_chance_loss():
    model, task = tiny(), task_of()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert task.loss(model, batch_of("The cat"))[0].item() == pytest.approx(task.chance_loss)


def test_an_evaluation_scores_each_character_of_the_text_once():
    model, task = tiny(), task_of()
    dataset = TextWindows(TEXT, length=8, keep_short=True)
    items = [dataset[i] for i in range(len(dataset))]
    batches = [token_windows(items[i : i + 4], tokenizer=TOKENIZER) for i in range(0, len(items), 4)]
    found = evaluate([Score()], model, task, lambda: iter(batches))
    count = sum((batch["tokens"][:, 1:] != IGNORE).sum().item() for batch in batches)
    nats = sum(task.predict(model, batch)["log_likelihood"].sum().item() for batch in batches)
    assert count == len(TEXT) - 1
    assert found.values["loss"] == pytest.approx(-nats / count, rel=1e-6)
    assert found.values["bits_per_character"] == pytest.approx(-nats / count / math.log(2), rel=1e-6)
    assert found.values["perplexity"] == pytest.approx(math.exp(-nats / count), rel=1e-6)


def test_half_precision_logits_are_scored_in_single():
    model = tiny().bfloat16()
    assert task_of().predict(model, batch_of("The cat"))["log_likelihood"].dtype == torch.float32
    assert task_of().predict(model.double(), batch_of("The cat"))["log_likelihood"].dtype == torch.float64


def test_a_file_is_read_into_windows_and_written_as_their_scores(tmp_path):
    path, model, task = tmp_path / "cat.txt", tiny(), task_of()
    path.write_text(TEXT)
    prediction = predicted(path, task, model)
    rows = task.write(prediction, tmp_path)
    assert [row["start"] for row in rows] == list(range(0, len(TEXT) - 1, 8))
    assert sum(row["characters"] for row in rows) == len(TEXT) - 1
    assert {row["file"] for row in rows} == {str(path)}
    assert rows[0]["text"] == "The cat s"
    likely = prediction["log_likelihood"]
    assert rows[0]["bits_per_character"] == pytest.approx(-likely[0].mean().item() / math.log(2), abs=1e-4)
    last = likely[-1, : rows[-1]["characters"]]
    assert rows[-1]["bits_per_character"] == pytest.approx(-last.mean().item() / math.log(2), abs=1e-4)


@pytest.mark.parametrize(("content", "message"), [(b"", "holds 0 characters"), (b"\xff\xfe", "is not a text in UTF-8")])
def test_a_file_that_cannot_be_scored_is_refused(tmp_path, content, message):
    (tmp_path / "odd.txt").write_bytes(content)
    with pytest.raises(UserError, match=message):
        task_of().read(tmp_path / "odd.txt")


def test_the_same_generator_writes_the_same_samples(tmp_path):
    model, task = tiny(), task_of(sample_length=30)
    first, again, other = (task.sample(model, 2, Generator().manual_seed(seed), "The cat") for seed in (1, 1, 2))
    assert torch.equal(first["tokens"], again["tokens"])
    assert not torch.equal(first["tokens"], other["tokens"])
    assert first["tokens"].shape == (2, 7 + 30)
    rows = task.write(first, tmp_path)
    texts = [(tmp_path / f"sample_{number:02d}.txt").read_text() for number in range(2)]
    assert [row["file"] for row in rows] == [str(tmp_path / f"sample_{number:02d}.txt") for number in range(2)]
    assert all(text.startswith("The cat") for text in texts)
    assert [text[:-1] for text in texts] == [TOKENIZER.decode(tokens) for tokens in first["tokens"]]


def test_each_character_of_a_sample_is_scored_after_all_that_the_model_can_see():
    model, task = tiny(), task_of(sample_length=20)
    made = task.sample(model, 2, Generator().manual_seed(0))
    assert made["given"] == 1
    assert made["tokens"][0, 0] == TOKENIZER.encode("\n")
    for text, likely in zip(made["tokens"], made["log_likelihood"], strict=True):
        for place in range(1, len(text)):
            shares = model(text[None, max(0, place - 8) : place])[0, -1].log_softmax(-1)
            assert likely[place - 1].item() == pytest.approx(shares[text[place]].item(), abs=1e-5)


def test_a_prompt_of_characters_that_the_model_never_saw_is_refused_by_name():
    with pytest.raises(UserError, match="never saw 'Ж' '!'"):
        task_of().sample(tiny(), 1, Generator(), "The Жat!")


def test_the_example_batch_is_of_the_datas_form():
    task, batch = task_of(), task_of().example_batch(3)
    assert batch["tokens"].shape == (3, 9)
    assert task.predict(tiny(), batch)["log_likelihood"].shape == (3, 8)


def grounds(picture):
    """How many pixels there are of each colour."""
    colours, counts = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_counts=True)
    return {tuple(map(int, colour)): int(count) for colour, count in zip(colours, counts, strict=True)}


def test_a_surprise_is_seen_and_what_was_expected_is_not():
    calm, shock = (draw_surprise([[Character("a", None, False)] + [Character("b", bits, False)] * 20]) for bits in (0.0, 9.0))
    assert grounds(shock)[warmth(9)] > grounds(calm)[warmth(9)] + 20 * 80
    assert warmth(0) == (255, 255, 255)
    assert warmth(99) == warmth(9)
    assert warmth(4.5) not in (warmth(0), warmth(9))


def test_consecutive_windows_are_drawn_as_one_text(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text("That cat.")
    drawn = []
    monkeypatch.setattr("groundup.tasks.language_modelling.draw_surprise", drawn.append)
    model, task = tiny(), task_of()
    items = task.read(tmp_path / "a.txt") + task.read(tmp_path / "b.txt")
    task.picture({}, task.predict(model, token_windows(items, tokenizer=TOKENIZER)))
    assert ["".join(character.sign for character in text) for text in drawn[0]] == [TEXT, "That cat."]
    assert [[character.bits is None for character in text].count(True) for text in drawn[0]] == [1, 1]


def test_a_prompt_is_marked_in_the_picture_of_samples(monkeypatch):
    drawn = []
    monkeypatch.setattr("groundup.tasks.language_modelling.draw_surprise", drawn.append)
    task = task_of(sample_length=5)
    task.picture({}, task.sample(tiny(), 2, Generator().manual_seed(0), "The"))
    assert [[character.given for character in text] for text in drawn[0]] == [[True] * 3 + [False] * 5] * 2


def test_lines_break_behind_words_and_newlines_and_lose_nothing():
    words = "word " * 30 + "\n\nnew" + "x" * 250
    lines = break_lines([Character(sign, 1.0, False) for sign in words])
    texts = ["".join(character.sign for character in line) for line in lines]
    assert "".join(texts) == words
    assert max(map(len, texts)) == COLUMNS
    assert texts[0].endswith("word ")
    assert texts[1].endswith("\n\n")
    assert texts[2].startswith("new")


def test_a_picture_of_very_long_texts_stays_of_a_size_to_look_at():
    text = [Character("a", 3.0, False)] * 20_000
    assert draw_surprise([text]).height < 1200
    assert draw_surprise([text[:1]]).height < 100
