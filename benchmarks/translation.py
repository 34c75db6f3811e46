"""A training step of a small translator beside torch.nn.Transformer's, and beam search beside transformers'.

The step: three and three blocks of width 256, one table of 10,000 tokens for source, target and output, 128 pairs of 16 tokens;
forward, cross-entropy, backward and Adam. Ours computes in the precision named and with what `auto` picks beside it (matrix
products, fused Adam) and the engine's update; theirs in float32, as it comes, from a plain loop. Dropout is 0.1 on both sides.

The search: one sentence of 20 tokens, 4 beams, 32 new tokens, a model of the size of OPUS-MT with 10,000 tokens and random
weights, the same for both; both write the same text.
"""

import math
import os
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from benchmarks.timing import Row, interleaved, median_of_pairs
from groundup.engine.precision import decide
from groundup.engine.recipe import RunSettings
from groundup.engine.update import Update
from groundup.generation.beam_search import beam_search
from groundup.generation.writer import translation_writer
from groundup.models.language.transformer import WEIGHTS, opus_mt, transformer_base
from groundup.ops.cross_entropy import cross_entropy
from groundup.optim.adam import AdamW
from groundup.parity.compare import randomize
from groundup.weights.rules import rename

VOCAB, WIDTH, PAIRS, LENGTH = 10_000, 256, 128, 16
BOUNDS = {"float32": 0.55, "bfloat16": 0.45}
BEAMS, NEW, SEARCH_BOUND = 4, 32, 0.90


class Theirs(nn.Module):
    """torch.nn.Transformer as its users wrap it: scaled embeddings, a table of positions, the output tied to the embedding."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, WIDTH, padding_idx=0)
        self.stacks = nn.Transformer(WIDTH, 8, 3, 3, 512, dropout=0.1, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        angles = torch.arange(LENGTH)[:, None] / 10000 ** (torch.arange(0, WIDTH, 2) / WIDTH)
        self.register_buffer("positions", torch.stack([angles.sin(), angles.cos()], 2).flatten(1))
        nn.init.normal_(self.embedding.weight, std=WIDTH**-0.5)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        x, y = (self.dropout(self.embedding(text) * math.sqrt(WIDTH) + self.positions) for text in (source, target))
        padding = source == 0
        hidden = self.stacks.generate_square_subsequent_mask(target.shape[1])
        y = self.stacks(x, y, tgt_mask=hidden, src_key_padding_mask=padding, memory_key_padding_mask=padding, tgt_is_causal=True)
        return y @ self.embedding.weight.T


def batch_of() -> tuple[Tensor, Tensor, Tensor]:
    """Source, target, and what follows each token of it; a few sources end early."""
    generator = torch.Generator().manual_seed(0)
    source, target, following = torch.randint(3, VOCAB, (3, PAIRS, LENGTH), generator=generator)
    source[::4, -3:] = 0
    return source, target, following.flatten()


def our_step(precision: str) -> Callable[[], None]:
    model = transformer_base(
        vocab_size=VOCAB, max_seq_len=64, embed_dim=WIDTH, num_layers=3, num_heads=8, hidden_dim=512, dropout=0.1
    )
    numerics = decide(RunSettings(epochs=1, precision=precision, num_threads=1), model)
    model = numerics.place(model)
    update = Update(model, {None: AdamW(model.parameters(), lr=1e-4)}, device="cpu")
    source, target, following = batch_of()

    def step() -> None:
        numerics.apply()
        with numerics.autocast():
            update(cross_entropy(model(source, target).flatten(0, 1), following))

    return step


def their_step() -> Callable[[], None]:
    model = Theirs()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    source, target, following = batch_of()

    def step() -> None:
        torch.set_float32_matmul_precision("highest")
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(source, target).flatten(0, 1), following).backward()
        optimizer.step()

    return step


def searches() -> tuple[Callable[[], Tensor], Callable[[], Tensor]]:
    """Ours and theirs with the same random weights; the end is so unlikely that all tokens are written."""
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=VOCAB,
        d_model=512,
        max_position_embeddings=512,
        activation_function="swish",
        scale_embedding=True,
        pad_token_id=VOCAB - 1,
        decoder_start_token_id=VOCAB - 1,
        forced_eos_token_id=None,
        **{f"{part}_{name}": size for part in ("encoder", "decoder")
           for name, size in (("layers", 6), ("attention_heads", 8), ("ffn_dim", 2048))},
    )  # fmt: skip
    theirs = randomize(MarianMTModel(config)).eval()
    for part in (theirs.model.encoder, theirs.model.decoder):
        part.embed_positions.weight.data.copy_(part.embed_positions.create_weight())
    theirs.final_logits_bias[0, 0] = -1e4
    ours = opus_mt(vocab_size=VOCAB).eval()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["transformers"]))
    numerics = decide(RunSettings(epochs=1, precision="float32", num_threads=1), ours)
    source = torch.randint(1, VOCAB - 1, (1, 20), generator=torch.Generator().manual_seed(1))

    def our_search() -> Tensor:
        numerics.apply()
        with torch.no_grad():
            writer = translation_writer(ours, source, num_beams=BEAMS, max_length=NEW + 1)
            start = source.new_full((1, 1), VOCAB - 1)
            options = dict(num_beams=BEAMS, end=0, padding=VOCAB - 1, max_length=NEW + 1, banned=(VOCAB - 1,))
            return beam_search(writer, start, **options).tokens[:, 0]

    def their_search() -> Tensor:
        torch.set_float32_matmul_precision("highest")
        options = dict(num_beams=BEAMS, max_length=NEW + 1, do_sample=False, bad_words_ids=[[VOCAB - 1]])
        return theirs.generate(source, attention_mask=torch.ones_like(source), **options)

    return our_search, their_search


def ratio(ours: Callable, theirs: Callable, rounds: int) -> float:
    return median_of_pairs(lambda a, b: a / b, *interleaved(ours, theirs, rounds=rounds))


def bench() -> Iterator[Row]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch.set_num_threads(1)
    before = torch.get_float32_matmul_precision()
    theirs = their_step()
    for precision, bound in BOUNDS.items():
        row = f"translator: a step of ours in {precision} / of nn.Transformer's"
        yield Row(row, ratio(our_step(precision), theirs, 5), "x", bound)
    ours, theirs = searches()
    if not torch.equal(ours(), theirs()):
        raise AssertionError("the two searches wrote different texts: their times cannot be compared")
    yield Row(f"beam search, {BEAMS} beams, one sentence: ours / transformers'", ratio(ours, theirs, 7), "x", SEARCH_BOUND)
    torch.set_float32_matmul_precision(before)
