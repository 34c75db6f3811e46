"""How good translations are: how expected the true one was, how often it was found word for word, and BLEU.

BLEU is sacrebleu's, of whole sentences with their capitals, by its tokenizer 13a; its signature stands in the title of the
picture `bleu` of every run. A BLEU of another tokenizer, or in lower case, is another number: compare like with like.
"""

import math
from collections.abc import Mapping

import torch
from matplotlib.figure import Figure
from PIL import Image
from torchmetrics import MeanMetric

from groundup.data.token_pairs import PADDING
from groundup.metrics.figure import figure_picture

LENGTHS = (0, 6, 9, 12, 15, 20, 30)  # words of a source sentence: the borders of the bars in the picture


class TokenSurprise:
    """`loss`, the mean of minus the log-likelihood of a token of the true translation, in nats, and its `perplexity`.

    Reads `log_likelihood` of the prediction, (batch, length), and the batch's `target`; every token and end counts alike.
    """

    def __init__(self):
        self.metric = MeanMetric().set_dtype(torch.float64)

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        scored = batch["target"][:, 1:] != PADDING
        self.metric.update(-prediction["log_likelihood"][scored].double().cpu())

    def compute(self) -> dict[str, float]:
        loss = self.metric.compute().item()
        return {"loss": loss, "perplexity": math.exp(min(loss, 700))}


class ExactMatch:
    """The share of sentences translated word for word as the truth has it, from 0 to 1."""

    def __init__(self):
        self.right = self.count = 0

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        pairs = zip(prediction["translation"], batch["target_text"], strict=True)
        self.right += sum(said.split() == truth.split() for said, truth in pairs)
        self.count += len(batch["target_text"])

    def compute(self) -> float:
        return self.right / self.count if self.count else math.nan


class Bleu:
    """BLEU of all sentences together, from 0 to 100, against one truth each.

    Paper: Papineni et al. 2002; sacrebleu, https://arxiv.org/abs/1804.08771.
    """

    def __init__(self):
        from sacrebleu.metrics import BLEU

        self.metric = BLEU()
        self.said: list[str] = []
        self.truth: list[str] = []
        self.words: list[int] = []

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        self.said += prediction["translation"]
        self.truth += batch["target_text"]
        self.words += [len(text.split()) for text in batch["source_text"]]

    def score(self, chosen: list[int]) -> float:
        """BLEU of some of the sentences."""
        return self.metric.corpus_score([self.said[i] for i in chosen], [[self.truth[i] for i in chosen]]).score

    def compute(self) -> float:
        return self.score(list(range(len(self.said)))) if self.said else math.nan

    def signature(self) -> str:
        """What sacrebleu needs to know to give the same number: references, case, tokenizer, smoothing, version."""
        return str(self.metric.get_signature()) if self.said else "nothing was scored"

    def picture(self) -> Image.Image:
        """BLEU of short and of long sentences, with the number of each; the title holds the signature."""
        whole = self.compute()
        bars = []
        for low, high in zip(LENGTHS, (*LENGTHS[1:], math.inf), strict=True):
            chosen = [i for i, words in enumerate(self.words) if low <= words < high]
            if chosen:
                name = f"{low} or more" if high == math.inf else f"{low} to {high - 1:.0f}" if low else f"up to {high - 1:.0f}"
                bars.append((f"{name}\n{len(chosen)} sentence{'s' * (len(chosen) > 1)}", self.score(chosen)))
        figure = Figure(figsize=(8, 4), layout="constrained")
        axes = figure.add_subplot()
        drawn = axes.bar([name for name, _ in bars], [score for _, score in bars], color="#4878a8", width=0.7)
        axes.bar_label(drawn, fmt="%.1f", padding=2)
        axes.axhline(whole, color="#c83020", linewidth=1, linestyle="--")
        axes.set(
            xlabel="words in the source sentence",
            ylabel="BLEU",
            ylim=(0, max([whole, *(s for _, s in bars)], default=1) * 1.12 + 1),
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="x", labelsize=8)
        axes.set_title(f"BLEU {whole:.2f} of {len(self.said)} sentences (sacrebleu {self.signature()})", fontsize=10)
        return figure_picture(figure)
