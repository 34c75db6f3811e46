"""Continue a text: each character is predicted from those before it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Generator, Tensor
from torch.nn import Module

from groundup.data.text import IGNORE, TextWindows, model_inputs, read_text
from groundup.data.tokenizers.character import CharacterTokenizer
from groundup.errors import UserError
from groundup.generation.sampling import sample_tokens
from groundup.losses.classification import CrossEntropyLoss
from groundup.metrics.language import BitsPerCharacter, MeanSurprise, Perplexity
from groundup.ops.cross_entropy import cross_entropy
from groundup.tasks.drawing import INK, PAPER
from groundup.tasks.task import Batch, Item, Metric

BEGINNING = "\n"  # what a sample without a prompt continues: the end of a paragraph


class LanguageModelling:
    """Cross-entropy on `tokens`, windows of text as `token_windows` makes them; predicts how likely each character was.

    `max_seq_len` is the most that the model sees at once. A sample has `sample_length` characters beside the prompt, drawn at
    `temperature` out of the `top_k` likeliest.
    """

    ASKED = ("sample_length", "temperature", "top_k")

    def __init__(
        self,
        *,
        tokenizer: CharacterTokenizer,
        max_seq_len: int,
        sample_length: int = 400,
        temperature: float = 0.8,
        top_k: int | None = None,
    ):
        self.tokenizer, self.max_seq_len = tokenizer, max_seq_len
        self.sample_length, self.temperature, self.top_k = sample_length, temperature, top_k
        self.criterion = CrossEntropyLoss(ignore_index=IGNORE)
        self.chance_loss = math.log(tokenizer.vocab_size)

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        logits = model(*self.inputs(batch))  # (batch, length, vocab_size)
        return self.criterion(logits.flatten(0, 1), batch["tokens"][:, 1:].flatten()), {}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return (model_inputs(batch["tokens"]),)

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        """`log_likelihood` (batch, length) in nats, of all but each window's first character; 0 behind a window's end."""
        logits = model(*self.inputs(batch))
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        target = batch["tokens"][:, 1:]
        surprise = cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=IGNORE, reduction="none")
        shared = {name: batch.get(name) for name in ("tokens", "source", "start")}
        return {"log_likelihood": -surprise.view_as(target), **shared}

    def metrics(self) -> dict[str, Metric]:
        return {"loss": MeanSurprise(), "perplexity": Perplexity(), "bits_per_character": BitsPerCharacter()}

    def read(self, path: Path) -> list[Item]:
        text = read_text(path)
        if len(text) < 2:
            raise UserError(f"{path} holds {len(text)} characters; there is nothing to predict in less than 2")
        windows = TextWindows(text, length=self.max_seq_len, keep_short=True)
        return [{**windows[i], "source": str(path)} for i in range(len(windows))]

    def sample(self, model: Module, count: int, generator: Generator, prompt: str | None = None) -> dict[str, object]:
        """`count` texts that begin with the prompt, and how likely the model finds each character of them."""
        unknown = self.tokenizer.unknown(prompt or "")
        if unknown:
            raise UserError(f"the model never saw {' '.join(map(repr, unknown))}: write the prompt without")
        given = self.tokenizer.encode(prompt or BEGINNING).to(next(model.parameters()).device)
        tokens = sample_tokens(
            model,
            given.expand(count, -1),
            self.sample_length,
            generator=generator,
            temperature=self.temperature,
            top_k=self.top_k,
            max_seq_len=self.max_seq_len,
        )
        likely = torch.stack([self.likelihood(model, text) for text in tokens])
        return {"tokens": tokens, "log_likelihood": likely, "given": len(given)}

    def likelihood(self, model: Module, tokens: Tensor) -> Tensor:
        """The log-likelihood of each token of one text but the first, after as many others as the model sees at once.

        Shapes: (length) -> (length - 1).
        """
        windows = tokens.unfold(0, min(len(tokens), self.max_seq_len + 1), 1)  # (places, max_seq_len + 1)
        likely = self.predict(model, {"tokens": windows})["log_likelihood"]
        return torch.cat([likely[0], likely[1:, -1]])

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        """A row for each window of a file; for samples a file each, and its row."""
        rows = []
        for number, (text, bits) in enumerate(self.passages(prediction)):
            if prediction.get("source") is None:
                text, file = text.lstrip("\n"), folder / f"sample_{number:02d}.txt"
                file.write_text(text + "\n", encoding="utf-8")
                place = {"file": str(file)}
            else:
                place = {"file": prediction["source"][number], "start": prediction["start"][number]}
            score = {"characters": len(bits), "bits_per_character": round(sum(bits) / len(bits), 4)}
            rows.append({**place, **score, "text": " ".join(text.split())[:60]})
        return rows

    def passages(self, prediction: Batch) -> list[tuple[str, list[float]]]:
        """The text of each row, and the surprise in bits of each of its characters but the first."""
        found = []
        for tokens, likely in zip(prediction["tokens"].cpu(), prediction["log_likelihood"].cpu(), strict=True):
            tokens = tokens[tokens != IGNORE]
            found.append((self.tokenizer.decode(tokens), (likely[: len(tokens) - 1] / -math.log(2)).tolist()))
        return found

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """The texts, each character on a ground that shows how much it surprised the model; a prompt is in bold."""
        files, starts, given = prediction.get("source"), prediction.get("start"), prediction.get("given", 0)
        texts: list[list[Character]] = []
        following = None
        for number, (text, bits) in enumerate(self.passages(prediction)):
            place = None if starts is None else (files and files[number], starts[number])
            known = enumerate(zip(text, (None, *bits), strict=True))
            characters = [Character(sign, surprise, position < given) for position, (sign, surprise) in known]
            if place is not None and place == following:
                texts[-1] += characters[1:]  # the window goes on where the last one ended
            else:
                texts.append(characters)
            following = place and (place[0], place[1] + len(bits))
        return draw_surprise(texts)

    def example_batch(self, n: int) -> Batch:
        tokens = torch.arange(n * (self.max_seq_len + 1)) % self.tokenizer.vocab_size
        return {"tokens": tokens.view(n, self.max_seq_len + 1)}


class Character(NamedTuple):
    """One character of a picture of text; `bits` is its surprise, None where nothing came before it."""

    sign: str
    bits: float | None
    given: bool


COLUMNS, ROWS = 100, 48  # characters in a line, and lines in a picture
CELL, LINE, MARGIN, GUTTER = 9, 20, 16, 52
HEAT = ((255, 255, 255), (255, 240, 170), (254, 190, 90), (244, 110, 70))  # from 0 bits to MOST_BITS, at equal distances
MOST_BITS = 9
FAINT = (130, 130, 138)


def draw_surprise(texts: Sequence[Sequence[Character]]) -> Image.Image:
    """Texts on a ground of warmth: white was expected, red came as a surprise. The margin holds the mean bits of each line."""
    lines = [line for text in texts for line in ([], *break_lines(text))][1 : ROWS + 1]
    size = (GUTTER + CELL * COLUMNS + 2 * MARGIN, LINE * (len(lines) + 1) + 3 * MARGIN)
    sheet = Image.new("RGB", size, PAPER)
    draw, regular, bold = ImageDraw.Draw(sheet), mono("DejaVuSansMono"), mono("DejaVuSansMono-Bold")
    draw_legend(draw, regular)
    for row, line in enumerate(lines):
        top = LINE * (row + 1) + 2 * MARGIN
        known = [character.bits for character in line if character.bits is not None]
        if known:
            draw.text((MARGIN, top + 1), f"{sum(known) / len(known):.2f}", fill=FAINT, font=regular)
        for column, (sign, bits, given) in enumerate(line):
            left = MARGIN + GUTTER + CELL * column
            if bits is not None:
                draw.rectangle((left, top, left + CELL - 1, top + LINE - 3), fill=warmth(bits))
            ink = FAINT if bits is None or sign == "\n" else INK
            draw.text((left, top + 1), "↵" if sign == "\n" else sign, fill=ink, font=bold if given else regular)
    return sheet


def break_lines(text: Sequence[Character]) -> list[list[Character]]:
    """Lines of at most COLUMNS characters, broken behind newlines, and else behind a space where there is one."""
    lines: list[list[Character]] = []
    line: list[Character] = []
    for position, character in enumerate(text):
        line.append(character)
        following = text[position + 1].sign if position + 1 < len(text) else ""
        if len(line) == COLUMNS or (character.sign == "\n" and following != "\n"):
            end = max((i + 1 for i, (sign, _, _) in enumerate(line) if sign in " \n"), default=len(line))
            lines.append(line[:end])
            line = line[end:]
    return [*lines, line] if line else lines


def draw_legend(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont) -> None:
    words = "surprise in bits, and its mean in each line:"
    draw.text((MARGIN, MARGIN), words, fill=FAINT, font=font)
    for bits in range(MOST_BITS + 1):
        left = MARGIN + CELL * (len(words) + 2 + 3 * bits)
        draw.rectangle((left, MARGIN - 1, left + 3 * CELL - 1, MARGIN + LINE - 4), fill=warmth(bits))
        draw.text((left + CELL, MARGIN), f"{bits}+" if bits == MOST_BITS else str(bits), fill=INK, font=font)


def warmth(bits: float) -> tuple[int, ...]:
    """The ground of a character that came with so many bits of surprise."""
    place = min(max(bits / MOST_BITS, 0), 1) * (len(HEAT) - 1)
    below = min(int(place), len(HEAT) - 2)
    return tuple(round(a + (b - a) * (place - below)) for a, b in zip(HEAT[below], HEAT[below + 1], strict=True))


def mono(name: str) -> ImageFont.FreeTypeFont:
    """A font of fixed width out of those that come with Matplotlib: Pillow's own has none."""
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), size=14)
