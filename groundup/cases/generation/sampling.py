"""sample_tokens, with its cache, against the text that transformers generates."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.language.gpt2 import theirs as their_model
from groundup.generation.sampling import sample_tokens
from groundup.models.language.gpt2 import WEIGHTS, gpt2
from groundup.parity.compare import randomize
from groundup.weights.rules import rename


def ours(tokens: Tensor) -> Tensor:
    model = gpt2(vocab_size=99, max_seq_len=16, embed_dim=32, num_layers=2, num_heads=4).double().eval()
    model.load_state_dict(rename(randomize(their_model().double()).state_dict(), WEIGHTS["transformers"]))
    generator = Generator().manual_seed(0)
    return sample_tokens(model, tokens, 16 - tokens.shape[1], generator=generator, temperature=0, max_seq_len=16)


def theirs(tokens: Tensor) -> Tensor:
    model, mask = randomize(their_model().double()).eval(), torch.ones_like(tokens)
    model.generation_config.eos_token_id = None  # no token ends the text early
    return model.generate(tokens, attention_mask=mask, max_length=16, do_sample=False, pad_token_id=0)


def beginnings(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randint(0, 99, (3, 1), generator=generator))
    yield call(torch.randint(0, 99, (2, 7), generator=generator))


CASES = [
    OpCase(
        name="sample_tokens",
        reference="transformers.GenerationMixin.generate, greedy",
        requires=("transformers",),
        kind="sampler",
        ours=ours,
        theirs=theirs,
        samples=beginnings,
    ),
]
