"""Greedy and beam search, with caches, against the texts that transformers generates: a Marian translator and GPT-2."""

from collections.abc import Iterator
from functools import cache, partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.generation.sampling import their_model as their_gpt2
from groundup.cases.language.transformer import MARIAN, marian
from groundup.generation.beam_search import beam_search, greedy_search
from groundup.generation.writer import CachedWriter, translation_writer
from groundup.models.language.gpt2 import WEIGHTS as GPT2_WEIGHTS
from groundup.models.language.gpt2 import gpt2
from groundup.models.language.transformer import WEIGHTS, opus_mt
from groundup.parity.compare import randomize
from groundup.weights.rules import rename

END, PADDING = 0, 22


@cache
def translators(seed: int) -> tuple[nn.Module, nn.Module]:
    """Ours and theirs with the same random weights, a little readier to end than to write any other token."""
    theirs = randomize(marian().double(), seed).eval()
    theirs.final_logits_bias[0, END] += 1
    ours = opus_mt(**MARIAN).double().eval()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["transformers"]))
    return ours, theirs


def our_translations(source: Tensor, *, model: int, num_beams: int, max_length: int, forced: bool, **options) -> Tensor:
    ours, _ = translators(model)
    start = source.new_full((len(source), 1), PADDING)
    writer = translation_writer(ours, source, num_beams=num_beams, max_length=max_length)
    search = greedy_search if num_beams == 1 else partial(beam_search, num_beams=num_beams, **options)
    found = search(writer, start, end=END, max_length=max_length, padding=PADDING, banned=(PADDING,), force_end=forced)
    return found.tokens.flatten(0, 1)


def their_translations(
    source: Tensor, *, model: int, num_beams: int, max_length: int, forced: bool, num_texts: int = 1, **options
) -> Tensor:
    _, theirs = translators(model)
    return theirs.generate(
        source,
        attention_mask=source != PADDING,
        num_beams=num_beams,
        max_length=max_length,
        do_sample=False,
        num_return_sequences=num_texts,
        forced_eos_token_id=END if forced else None,
        bad_words_ids=[[PADDING]],
        **options,
    )


def drawn(generator: Generator, *choices: object) -> object:
    return choices[int(torch.randint(len(choices), (), generator=generator))]


def sources(generator: Generator) -> Tensor:
    """One to four sentences of unequal lengths, padded."""
    source = torch.randint(0, PADDING, (drawn(generator, 1, 2, 4), drawn(generator, 3, 8)), generator=generator)
    for row in source[1:]:
        row[drawn(generator, 1, 2, 3) :] = PADDING
    return source


def beam_questions(generator: Generator) -> Iterator[Sample]:
    for number in range(24):
        pick = partial(drawn, generator)
        num_beams, forced = pick(2, 3, 4, 7), pick(False, True)
        yield call(
            sources(generator),
            model=number % 10,
            num_beams=num_beams,
            num_texts=pick(1, 2, num_beams),
            max_length=pick(3 if forced else 2, 5, 12, 16),  # forced at once, there is only one text, which they repeat
            length_penalty=pick(-0.5, 0.0, 0.6, 1.0, 2.0),
            early_stopping=pick(False, True, "never"),
            forced=forced,
        )


def greedy_questions(generator: Generator) -> Iterator[Sample]:
    for number in range(12):
        forced, longest = drawn(generator, False, True), drawn(generator, 2, 5, 12, 16)
        yield call(sources(generator), model=number % 10, num_beams=1, max_length=longest, forced=forced)


def our_continuations(tokens: Tensor, *, num_beams: int) -> Tensor:
    model = gpt2(vocab_size=99, max_seq_len=16, embed_dim=32, num_layers=2, num_heads=4).double().eval()
    model.load_state_dict(rename(randomize(their_gpt2().double()).state_dict(), GPT2_WEIGHTS["transformers"]))
    writer = CachedWriter(model, model.new_caches(len(tokens) * num_beams))
    return beam_search(writer, tokens, num_beams=num_beams, end=5, max_length=16, padding=98).tokens[:, 0]


def their_continuations(tokens: Tensor, *, num_beams: int) -> Tensor:
    model = randomize(their_gpt2().double()).eval()
    options = dict(attention_mask=torch.ones_like(tokens), eos_token_id=5, pad_token_id=98, do_sample=False)
    return model.generate(tokens, num_beams=num_beams, max_length=16, **options)


def beginnings(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randint(0, 98, (3, 1), generator=generator), num_beams=4)
    yield call(torch.randint(0, 98, (2, 7), generator=generator), num_beams=2)


COMMON = dict(requires=("transformers",), kind="sampler")

CASES = [
    OpCase(
        name="greedy_search",
        reference="transformers.GenerationMixin.generate of MarianMTModel, greedy",
        ours=our_translations,
        theirs=their_translations,
        samples=greedy_questions,
        **COMMON,
    ),
    OpCase(
        name="beam_search",
        reference="transformers.GenerationMixin.generate of MarianMTModel, with beams",
        ours=our_translations,
        theirs=their_translations,
        samples=beam_questions,
        **COMMON,
    ),
    OpCase(
        name="beam_search_gpt2",
        reference="transformers.GenerationMixin.generate of GPT2LMHeadModel, with beams",
        ours=our_continuations,
        theirs=their_continuations,
        samples=beginnings,
        **COMMON,
    ),
]
