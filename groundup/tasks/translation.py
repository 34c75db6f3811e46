"""Translate sentences: learnt from pairs, asked by beam search."""

import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.data.lines import read_lines
from groundup.data.token_pairs import END, FIRST, PADDING, START, decode_sentence, encode_sentence, pieces_of
from groundup.data.tokenizers.library import LibraryTokenizer
from groundup.errors import UserError
from groundup.generation.beam_search import EARLY_STOPPING, Hypotheses, beam_search, greedy_search
from groundup.generation.writer import translation_writer
from groundup.losses.classification import CrossEntropyLoss
from groundup.metrics.translation import Bleu, ExactMatch, TokenSurprise
from groundup.ops.cross_entropy import cross_entropy
from groundup.tasks.classification import smoothed_ideal
from groundup.tasks.settings import whole
from groundup.tasks.task import Batch, Item, Metric
from groundup.tasks.translation_picture import Alignment, draw_translations

GROWTH, MORE = 2, 10  # no translation has more tokens than so many times the source's and so many more
ALIGNED = 3  # sentences of a batch of which is kept where the model looked
MOST_BEAMS = 64


class Translation:
    """Cross-entropy on each token of the target after the true ones before it; predicts a translation of each source.

    Batches are those of `token_pairs`. How a trained model is asked: `num_beams` beginnings are kept in view (1 is greedy
    search), a finished one scores its log-probability / length^`length_penalty`, `early_stopping` is as in `beam_search`, and no
    translation has more than `max_length` tokens, by default as many as the model has positions.
    Raises: UserError for values outside their range.
    """

    ASKED = ("num_beams", "length_penalty", "early_stopping", "max_length")

    def __init__(
        self,
        *,
        tokenizer: LibraryTokenizer,
        vocab_size: int,
        max_seq_len: int,
        label_smoothing: float = 0.1,
        num_beams: int = 4,
        length_penalty: float = 1.0,
        early_stopping: bool | str = False,
        max_length: int | None = None,
    ):
        max_length = max_seq_len if max_length is None else max_length
        for name, value, most in (("num_beams", num_beams, MOST_BEAMS), ("max_length", max_length, max_seq_len)):
            whole(name, value, 1, most)
        if not isinstance(length_penalty, int | float) or not -10 <= length_penalty <= 10:
            raise UserError(f"length_penalty is a number from -10 (short) to 10 (long); got {length_penalty!r}")
        if early_stopping not in EARLY_STOPPING:
            raise UserError(f'early_stopping is False, True or "never"; got {early_stopping!r}')
        if not isinstance(label_smoothing, int | float) or not 0 <= label_smoothing < 1:
            raise UserError(f"label_smoothing is at least 0 and less than 1; got {label_smoothing!r}")
        self.tokenizer, self.vocab_size, self.max_seq_len = tokenizer, vocab_size, max_seq_len
        self.num_beams, self.max_length = num_beams, max_length
        self.length_penalty, self.early_stopping = float(length_penalty), early_stopping
        self.criterion = CrossEntropyLoss(ignore_index=PADDING, label_smoothing=label_smoothing)
        self.chance_loss = math.log(vocab_size)
        self.least_loss = CrossEntropyLoss(label_smoothing=label_smoothing)(*smoothed_ideal(vocab_size, label_smoothing)).item()
        self.written: dict[tuple[Path, str], Path] = {}

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        logits = model(*self.inputs(batch))  # (batch, target length, vocab_size)
        return self.criterion(logits.flatten(0, 1), batch["target"][:, 1:].flatten()), {}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return batch["source"], batch["target"][:, :-1]

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        """`translation`, the texts, with their `score`; where the truth is known, its `log_likelihood` (batch, length), too.

        The log-likelihoods are in nats, of all tokens of the target but the start, 0 where there is padding.
        """
        found = self.translate(model, batch["source"])
        tokens = found.tokens[:, 0]
        prediction = {
            "translation": [" ".join(decode_sentence(row[1:], self.tokenizer).split()) for row in tokens],  # in one line
            "score": found.scores[:, 0].tolist(),
            "alignment": self.alignments(model, batch["source"][:ALIGNED], tokens[:ALIGNED]),
            "source_text": batch["source_text"],
            **{name: batch[name] for name in ("file", "line") if name in batch},
        }
        if "target" in batch:
            prediction["log_likelihood"] = self.likelihood(model, batch)
        return prediction

    def translate(self, model: Module, source: Tensor) -> Hypotheses:
        """The best translation of each sentence. Which others are in its batch has no influence on it."""
        lengths = (source != PADDING).sum(1)
        limits = (GROWTH * lengths + MORE).clamp(max=self.max_length) + 1  # with the start
        limits = limits.clamp(max=self.max_seq_len)
        start = source.new_full((len(source), 1), START)
        writer = translation_writer(model, source, num_beams=self.num_beams, max_length=int(limits.max()))
        options = dict(end=END, max_length=limits, padding=PADDING, banned=(PADDING, START))
        if self.num_beams == 1:
            found = greedy_search(writer, start, **options)
            written = (found.tokens[..., 1:] != PADDING).sum(-1)
            return found._replace(scores=found.scores / written**self.length_penalty)  # as those of beams
        return beam_search(
            writer,
            start,
            num_beams=self.num_beams,
            length_penalty=self.length_penalty,
            early_stopping=self.early_stopping,
            **options,
        )

    def likelihood(self, model: Module, batch: Batch) -> Tensor:
        logits = model(*self.inputs(batch))
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        target = batch["target"][:, 1:]
        surprise = cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PADDING, reduction="none")
        return -surprise.view_as(target)

    def alignments(self, model: Module, source: Tensor, tokens: Tensor) -> list[Alignment]:
        """Where the last block of the decoder looked in the source as it wrote each token, the mean of its heads."""
        if not hasattr(model, "alignments"):
            return []
        found = []
        for read, wrote in zip(source, tokens, strict=True):
            read, wrote = read[read != PADDING], wrote[wrote != PADDING]
            weights = model.alignments(read[None], wrote[None, :-1])[0, -1].mean(0).float().cpu()  # (target, source)
            found.append(Alignment(pieces_of(read, self.tokenizer), pieces_of(wrote[1:], self.tokenizer), weights))
        return found

    def metrics(self) -> dict[str, Metric]:
        return {"surprise": TokenSurprise(), "exact_match": ExactMatch(), "bleu": Bleu()}

    def read(self, path: Path) -> list[Item]:
        """The sentences of a text file, one a line."""
        lines = read_lines(path)
        empty = [str(number) for number, line in enumerate(lines, start=1) if not line.strip()]
        if empty or not lines:
            where = f"line {', '.join(empty[:5])}{' ...' if len(empty) > 5 else ''} is empty" if lines else "it is empty"
            raise UserError(f"{path}: {where}: write one sentence in each line")
        for number, line in enumerate(lines, start=1):
            count = len(encode_sentence(line, self.tokenizer))
            if count > self.max_seq_len:
                longest = f"{count} tokens, and the model has {self.max_seq_len} positions"
                raise UserError(f"{path}, line {number}: this sentence has {longest}: cut it in two ({line.strip()[:40]!r} ...)")
        return [{"text": line.strip(), "source": str(path), "line": number} for number, line in enumerate(lines, start=1)]

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        """A row for each sentence; and beside each other the translations of a file as a text, one a line."""
        rows = []
        texts: dict[Path, list[str]] = {}
        for i, said in enumerate(prediction["translation"]):
            file, line = prediction["file"][i], prediction["line"][i]
            texts.setdefault(self.text_of(file, folder), []).append(said)
            score = round(prediction["score"][i], 4)
            rows.append({"file": file, "line": line, "source": prediction["source_text"][i], "translation": said, "score": score})
        for path, lines in texts.items():
            with path.open("a", encoding="utf-8") as out:
                out.writelines(f"{line}\n" for line in lines)
        return rows

    def text_of(self, file: str, folder: Path) -> Path:
        """Where the translations of a file go: a new text when it is first asked for, and never that of another file."""
        if (folder, file) not in self.written:
            stem = "stdin" if file == "-" else Path(file).name
            taken = {path for (place, _), path in self.written.items() if place == folder}
            names = (f"{stem}{'' if n == 1 else f'-{n}'}.translation.txt" for n in range(1, len(taken) + 2))
            path = next(path for name in names if (path := folder / name) not in taken)
            path.write_text("", encoding="utf-8")
            self.written[folder, file] = path
        return self.written[folder, file]

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """Sentences with their translations, beside the truth where it is known, and where the model looked as it wrote."""
        return draw_translations(
            prediction["source_text"], prediction["translation"], batch.get("target_text"), prediction["alignment"]
        )

    def example_batch(self, n: int) -> Batch:
        def row(length: int) -> Tensor:
            tokens = FIRST + torch.arange(n * length) % (self.vocab_size - FIRST)
            return tokens.view(n, length)

        end, start = torch.full((n, 1), END), torch.full((n, 1), START)
        source, target = torch.cat([row(6), end], 1), torch.cat([start, row(5), end], 1)
        texts = {name: [""] * n for name in ("source_text", "target_text")}
        return {"source": source, "target": target, **texts}
