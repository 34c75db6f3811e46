"""The task of translating: what is learnt, said, read, written and drawn; and bad input."""

import csv
import math

import numpy as np
import pytest
import torch

from groundup.cli.predict import read_items, table
from groundup.data.lines import Rows
from groundup.data.token_pairs import END, PADDING, START, encode_sentence, pair_facts, token_pairs
from groundup.engine.evaluator import Score, evaluate
from groundup.errors import UserError
from groundup.models.language.transformer import transformer_base
from groundup.ops.ladder import rung
from groundup.tasks.task import verbs
from groundup.tasks.translation import GROWTH, MORE, Translation

PAIRS = [
    {"source": "The cat sat on the mat.", "target": "Die Katze saß auf der Matte."},
    {"source": "A dog.", "target": "Ein Hund."},
    {"source": "The cat saw the dog on the mat.", "target": "Die Katze sah den Hund auf der Matte."},
    {"source": "Cats!", "target": "Katzen!"},
    {"source": "A dog sat.", "target": "Ein Hund saß."},
]
FACTS = pair_facts(Rows(PAIRS), vocab_size=330, max_seq_len=48)
TOKENIZER = FACTS["tokenizer"]


def tiny(seed=0):
    torch.manual_seed(seed)
    size = dict(embed_dim=16, num_layers=2, num_heads=2, hidden_dim=16, dropout=0.0)
    return transformer_base(vocab_size=FACTS["vocab_size"], max_seq_len=48, **size).double().eval()


def task_of(**options):
    return Translation(**FACTS, **options)


def collated(items):
    return token_pairs(items, tokenizer=TOKENIZER, max_seq_len=48)


def predicted(items, task=None, model=None):
    with torch.no_grad():
        return (task or task_of()).predict(model or tiny(), collated(items))


def test_it_has_every_verb_but_sample():
    assert set(verbs(task_of())) == {"loss", "inputs", "predict", "metrics", "read", "write", "picture", "example_batch"}


@pytest.mark.parametrize("name", ["tensors", "manual", "fused"])
def test_the_loss_is_the_mean_surprise_of_every_token_and_end_of_the_truth(name):
    model, task = tiny(), task_of(label_smoothing=0.0)
    with rung(name), torch.no_grad():
        loss, _ = task.loss(model, collated(PAIRS))
        surprises = []
        for pair in PAIRS:
            source = encode_sentence(pair["source"], TOKENIZER)
            target = [START, *encode_sentence(pair["target"], TOKENIZER).tolist()]
            shares = model(source[None], torch.tensor([target[:-1]]))[0].softmax(-1)
            surprises += [-math.log(shares[place, token]) for place, token in enumerate(target[1:])]
    assert loss.item() == pytest.approx(sum(surprises) / len(surprises))


def test_label_smoothing_acts_in_the_loss_alone():
    model, batch = tiny(), collated(PAIRS)
    smooth, plain = task_of(label_smoothing=0.2), task_of(label_smoothing=0.0)
    assert smooth.loss(model, batch)[0].item() != pytest.approx(plain.loss(model, batch)[0].item())
    likely = [task.predict(model, batch)["log_likelihood"] for task in (smooth, plain)]
    assert torch.equal(*likely)
    assert plain.least_loss == pytest.approx(0) and smooth.least_loss > 1


def test_guessing_gives_the_chance_loss():
    model, task = tiny(), task_of(label_smoothing=0.0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert task.loss(model, collated(PAIRS))[0].item() == pytest.approx(task.chance_loss)


@pytest.mark.parametrize("num_beams", [1, 4])
def test_a_translation_is_the_same_alone_and_in_every_batch(num_beams):
    task, model = task_of(num_beams=num_beams), tiny(1)
    together = predicted(PAIRS, task, model)
    for i, pair in enumerate(PAIRS):
        alone = predicted([pair], task, model)
        assert alone["translation"][0] == together["translation"][i]
        assert alone["score"][0] == pytest.approx(together["score"][i])
    backwards = predicted(PAIRS[::-1], task, model)
    assert backwards["translation"] == together["translation"][::-1]


def test_no_translation_is_longer_than_the_task_lets_it_be():
    model = tiny()
    model.decode = lambda target, *rest: torch.zeros(*target.shape, 330).index_fill(2, torch.tensor(END), -99.0)  # never ends
    source = collated(PAIRS[3:5])["source"]
    lengths = (source != PADDING).sum(1)
    for num_beams in (1, 3):
        for most in (1, 5, None):
            found = task_of(num_beams=num_beams, max_length=most).translate(model, source).tokens[:, 0, 1:]
            limits = (GROWTH * lengths + MORE).clamp(max=min(most or 99, 47))
            assert (found != PADDING).sum(1).tolist() == limits.tolist()


def test_padding_and_the_start_are_never_written():
    model = tiny()
    with torch.no_grad():
        model.embedding.weight[[PADDING, START]] = 9 * torch.randn(2, 16).double()
    for num_beams in (1, 3):
        tokens = task_of(num_beams=num_beams).translate(model, collated(PAIRS)["source"]).tokens[:, 0, 1:]
        for row in tokens.tolist():
            last = max(place for place, token in enumerate(row) if token != PADDING)
            assert not {START, PADDING} & set(row[: last + 1])


def test_how_a_model_is_asked_changes_what_it_says():
    model = tiny(3)
    said = {n: predicted(PAIRS, task_of(num_beams=n), model)["score"] for n in (1, 2, 8)}
    assert said[1] != said[2] != said[8]
    scores = predicted(PAIRS, task_of(length_penalty=0.0), model)["score"]
    assert scores != predicted(PAIRS, task_of(length_penalty=1.0), model)["score"]


@pytest.mark.parametrize("num_beams", [1, 4])
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_the_score_is_the_log_probability_by_the_length_however_it_was_searched(num_beams, penalty):
    task, model = task_of(num_beams=num_beams, length_penalty=penalty), tiny(2)
    source = collated(PAIRS)["source"]
    found = task.translate(model, source)
    for sentence, text, score in zip(source, found.tokens[:, 0], found.scores[:, 0].tolist(), strict=True):
        text = text[text != PADDING]
        chances = model(sentence[None], text[None, :-1]).log_softmax(-1)[0]
        total = chances.gather(1, text[1:, None]).sum().item()
        assert score == pytest.approx(total / (len(text) - 1) ** penalty, rel=1e-5)


def test_an_evaluation_is_the_same_for_every_batch_size_and_scores_what_predict_says():
    model, task, found = tiny(), task_of(num_beams=2), []
    for size in (1, 2, 5):
        batches = [collated(PAIRS[i : i + size]) for i in range(0, 5, size)]
        found.append(evaluate([Score()], model, task, lambda batches=batches: iter(batches)).values)
    assert set(found[0]) == {"loss", "perplexity", "exact_match", "bleu"}
    for values in found[1:]:
        assert values == pytest.approx(found[0])
    assert found[0]["perplexity"] == pytest.approx(math.exp(found[0]["loss"]))
    assert found[0]["loss"] == pytest.approx(task_of(label_smoothing=0.0).loss(model, collated(PAIRS))[0].item())


def test_half_precision_is_scored_in_single():
    prediction = task_of(num_beams=2).predict(tiny().bfloat16(), collated(PAIRS))
    assert prediction["log_likelihood"].dtype == torch.float32
    assert len(prediction["translation"]) == 5


def test_a_file_is_read_line_by_line_and_written_as_rows_and_as_a_text(tmp_path):
    task, model = task_of(num_beams=2), tiny()
    (tmp_path / "a.txt").write_text("A dog.\r\nThe cat sat.\nCats!\n", encoding="utf-8")
    items = task.read(tmp_path / "a.txt")
    assert [(item["text"], item["line"]) for item in items] == [("A dog.", 1), ("The cat sat.", 2), ("Cats!", 3)]
    rows = [row for part in (items[:2], items[2:]) for row in task.write(predicted(part, task, model), tmp_path)]
    assert list(rows[0]) == ["file", "line", "source", "translation", "score"]
    assert [row["source"] for row in rows] == ["A dog.", "The cat sat.", "Cats!"]
    assert list(csv.DictReader(table(rows).splitlines(True)))[2]["source"] == "Cats!"
    lines = (tmp_path / "a.txt.translation.txt").read_text(encoding="utf-8").split("\n")
    assert lines == [row["translation"] for row in rows] + [""]


def test_texts_of_files_of_one_name_do_not_mix_and_a_new_run_begins_anew(tmp_path):
    model, out = tiny(), tmp_path / "out"
    out.mkdir()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(f"A dog {folder}.\n")
    for _ in range(2):
        task = task_of(num_beams=1)
        items = [item for folder in ("one", "two") for item in task.read(tmp_path / folder / "a.txt")]
        task.write(predicted(items, task, model), out)
    assert sorted(path.name for path in out.iterdir()) == ["a.txt-2.translation.txt", "a.txt.translation.txt"]
    assert all(path.read_text().count("\n") == 1 for path in out.iterdir())


def test_sentences_come_from_stdin_too(tmp_path, monkeypatch):
    class Typed:
        buffer = (tmp_path / "typed").open("wb+")

    Typed.buffer.write(b"A dog.\nCats!\n")
    Typed.buffer.seek(0)
    monkeypatch.setattr("sys.stdin", Typed)
    task = task_of(num_beams=1)
    items, failures = read_items(task, "-")
    rows = task.write(predicted(items, task), tmp_path)
    assert not failures
    assert [(row["file"], row["line"], row["source"]) for row in rows] == [("-", 1, "A dog."), ("-", 2, "Cats!")]
    assert (tmp_path / "stdin.translation.txt").read_text().count("\n") == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty: write one sentence in each line"),
        (b"A dog.\n\n  \nCats!\n", "line 2, 3 is empty: write one sentence in each line"),
        (b"\n" * 9, r"line 1, 2, 3, 4, 5 ... is empty"),
        (b"A dog.\n" + b"cat saw " * 60, "line 2: this sentence has .* tokens, and the model has 48 positions: cut it in two"),
        (b"A dog.\n\xff\xfe", "line 2: byte 0xff is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_translated_is_refused_in_one_line(tmp_path, content, message):
    (tmp_path / "odd.txt").write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        task_of().read(tmp_path / "odd.txt")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [
        dict(num_beams=0),
        dict(num_beams=2.5),
        dict(num_beams="four"),
        dict(num_beams=True),
        dict(num_beams=1000),
        dict(max_length=0),
        dict(max_length=49),
        dict(length_penalty=float("nan")),
        dict(length_penalty="long"),
        dict(early_stopping="soon"),
        dict(label_smoothing=1.0),
    ],
)
def test_settings_outside_their_range_are_refused_by_name(options):
    (name,) = options
    with pytest.raises(UserError, match=f"^{name} is"):
        task_of(**options)


def test_the_picture_shows_words_and_where_the_model_looked():
    task, model = task_of(num_beams=2), tiny()
    batch = collated(PAIRS)
    prediction = predicted(PAIRS, task, model)
    for alignment, pair in zip(prediction["alignment"], PAIRS, strict=False):
        assert len(alignment.read) == len(encode_sentence(pair["source"], TOKENIZER))
        assert alignment.weights.shape == (len(alignment.wrote), len(alignment.read))
        assert torch.allclose(alignment.weights.sum(1), torch.ones(()), atol=1e-5)
    drawn = task.picture(batch, prediction | {"translation": ["\x05 中文", *prediction["translation"][1:]]})
    assert drawn.width > 1000 and np.asarray(drawn).std() > 5
    read = [{"text": "$x_1$ & \\frac", "source": "a", "line": 1}]  # no truth, and nothing for a typesetter
    assert task.picture(collated(read), predicted(read, task, model)).height > 100


def test_the_example_batch_is_of_the_datas_form():
    task = task_of()
    batch = task.example_batch(3)
    assert set(batch) == set(collated(PAIRS))
    assert torch.isfinite(task.loss(tiny(), batch)[0])
    assert len(task.predict(tiny(), batch)["translation"]) == 3


def test_a_task_needs_no_model_that_shows_where_it_looks():
    class Plain(torch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, *inputs):
            return self.inner(*inputs)

        def __getattr__(self, name):
            if name == "alignments":
                raise AttributeError(name)
            return super().__getattr__(name) if name == "inner" else getattr(super().__getattr__("inner"), name)

    prediction = predicted(PAIRS[:1], model=Plain(tiny()))
    assert prediction["alignment"] == []
    assert task_of().picture(collated(PAIRS[:1]), prediction).height > 30


def test_a_translation_is_one_line_whatever_bytes_an_untrained_model_writes(monkeypatch):
    monkeypatch.setattr("groundup.tasks.translation.decode_sentence", lambda tokens, tokenizer: "Ein\nHund\u2028saß\r")
    assert predicted(PAIRS[:1])["translation"] == ["Ein Hund saß"]
