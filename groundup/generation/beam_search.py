"""Decoding that looks for the likeliest text: greedily, or with several beginnings kept in view.

A model gives the probability of each next token, so that of a whole text is a product. Greedy search takes the likeliest token at
each step and never goes back. Beam search keeps `num_beams` beginnings, extends each by every token and keeps the best of
all: a beginning that looks poor at first can still win.

A product of many factors is small, so the likeliest text is often a short one. The score of a finished text is therefore its
log-probability divided by a power of its length.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from groundup.generation.writer import Writer

EARLY_STOPPING = (False, True, "never")


class Hypotheses(NamedTuple):
    """The best texts of each prompt, best first, prompt and end included, padded behind the end; and their scores.

    Shapes: tokens (batch, texts, length) of int64, scores (batch, texts); -inf where there are fewer texts.
    """

    tokens: Tensor
    scores: Tensor


@torch.no_grad()
def greedy_search(
    writer: Writer,
    start: Tensor,
    *,
    end: int | None,
    max_length: int | Tensor,
    padding: int,
    banned: Sequence[int] = (),
    force_end: bool = False,
) -> Hypotheses:
    """The text that takes the likeliest token at every step, and its log-probability.

    The arguments are those of `beam_search`; the writer has a row for each prompt.
    Equals: transformers' generate(num_beams=1, do_sample=False).
    """
    limits = check(start, max_length, 1, end, force_end)
    tokens, scores = start, start.new_zeros(len(start), dtype=torch.float32)
    done, new = limits <= start.shape[1], start
    while tokens.shape[1] < limits.max() and not done.all():
        chances = log_probabilities(writer.show(new), limits == tokens.shape[1] + 1, end if force_end else None, banned)
        chance, chosen = chances.max(-1)
        scores = scores + chance.masked_fill(done, 0)
        new = chosen.masked_fill(done, padding).unsqueeze(1)
        tokens = torch.cat([tokens, new], 1)
        done = done | (chosen == end) | (limits == tokens.shape[1])
    return Hypotheses(tokens.unsqueeze(1), scores.unsqueeze(1))


@torch.no_grad()
def beam_search(
    writer: Writer,
    start: Tensor,
    *,
    num_beams: int,
    end: int | None,
    max_length: int | Tensor,
    padding: int,
    length_penalty: float = 1.0,
    early_stopping: bool | str = False,
    num_texts: int = 1,
    banned: Sequence[int] = (),
    force_end: bool = False,
) -> Hypotheses:
    """The `num_texts` best of the texts that `num_beams` beams come by, for each prompt.

    A text ends with the token `end`, or where it is `max_length` tokens long, the prompt included; that may be another number
    for each prompt. With `force_end` a text of that length ends with `end` whatever its probability. `banned` tokens are
    never written.

    The score of a text is its log-probability / (tokens written)^`length_penalty`: 0 prefers short texts, above 1 long ones. A
    prompt is done when no beam can become better than the worst of its `num_beams` best texts so far. For that, how a beam will
    score is guessed from its present length (`early_stopping` False), or bounded by the longest that it may get ("never");
    with True a prompt is done as soon as there are `num_beams` texts.

    No prompt of a batch has an influence on another: each ends when it would have ended alone.

    Shapes: start (batch, length) of int64, max_length a number or (batch); the writer has batch * num_beams rows, those of a
    prompt side by side.
    Raises: ValueError for values outside their range.
    Equals: transformers' generate(num_beams=..., do_sample=False), token for token.
    """
    limits = check(start, max_length, num_beams, end, force_end)
    if early_stopping not in EARLY_STOPPING or not math.isfinite(length_penalty) or not 1 <= num_texts <= num_beams:
        given = f"early_stopping={early_stopping!r}, length_penalty={length_penalty}, num_texts={num_texts}"
        raise ValueError(
            f'beam_search takes early_stopping False, True or "never" and num_texts from 1 to num_beams; got {given}'
        )
    batch, prompt = start.shape
    longest, shape = int(limits.max()), (batch, num_beams)
    running = start.new_full((*shape, longest), padding)
    running[..., :prompt] = start.unsqueeze(1)
    finished = running.clone()
    scores = torch.full(shape, -math.inf, device=start.device)  # of running beams, which are alike at first: only one counts
    scores[:, 0] = 0
    best = torch.full(shape, -math.inf, device=start.device)  # of finished texts
    found = torch.zeros(shape, dtype=torch.bool, device=start.device)  # which of those are texts
    done = limits <= prompt  # the prompts for which nothing better can come
    first_row = torch.arange(batch, device=start.device).unsqueeze(1) * num_beams
    new = start.repeat_interleave(num_beams, 0)
    for length in range(prompt + 1, longest + 1):
        if done.all():
            break
        last = (limits == length).repeat_interleave(num_beams)
        chances = log_probabilities(writer.show(new), last, end if force_end else None, banned)
        vocab_size = chances.shape[-1]
        chances = chances.view(*shape, vocab_size) + scores.unsqueeze(-1)
        # of twice as many candidates at most one of each beam is an end, so there are enough to go on with
        candidates, places = chances.flatten(1).topk(2 * num_beams)  # (batch, 2 * num_beams)
        beams, chosen = places // vocab_size, places % vocab_size
        texts = running.gather(1, beams.unsqueeze(-1).expand(-1, -1, longest))
        texts[..., length - 1] = chosen
        ends = (chosen == end) | (limits == length).unsqueeze(1)

        counts = ends & ~done.unsqueeze(1) & (candidates > -math.inf)
        counts[:, num_beams:] = False  # a text counts only if it is among the best beams as it ends
        ended = (candidates / (length - prompt) ** length_penalty).masked_fill(~counts, -math.inf)
        best, kept = torch.cat([best, ended], 1).topk(num_beams)
        found = torch.cat([found, counts], 1).gather(1, kept)
        finished = torch.cat([finished, texts], 1).gather(1, kept.unsqueeze(-1).expand(-1, -1, longest))

        scores, kept = candidates.masked_fill(ends, -math.inf).topk(num_beams)
        running = texts.gather(1, kept.unsqueeze(-1).expand(-1, -1, longest))
        writer.reorder((beams.gather(1, kept) + first_row).flatten())
        new = running[..., length - 1].flatten().unsqueeze(1)

        reach = limits if early_stopping == "never" and length_penalty > 0 else torch.full_like(limits, length)
        hope = scores[:, 0] / (reach - prompt) ** length_penalty
        beaten = found.all(1) & (hope <= best[:, -1])
        done = done | beaten | (limits == length) | (found.all(1) & (early_stopping is True))
    return trimmed(finished[:, :num_texts], best[:, :num_texts], prompt, padding, end, limits)


def check(start: Tensor, max_length: int | Tensor, num_beams: int, end: int | None, force_end: bool) -> Tensor:
    """How long the text of each prompt may get. Shapes: -> (batch) of int64. Raises: ValueError for what makes no sense."""
    limits = torch.as_tensor(max_length, device=start.device).expand(len(start))
    if not start.shape[1] or num_beams < 1 or (len(limits) and limits.min() < start.shape[1]):
        given = f"prompts of {start.shape[1]} tokens, num_beams={num_beams}, max_length={max_length}"
        raise ValueError(f"a search takes prompts of 1 token or more, num_beams >= 1 and max_length >= the prompt's; got {given}")
    if force_end and end is None:
        raise ValueError("a search can force no end where there is none: give end, a token")
    return limits


def log_probabilities(logits: Tensor, last: Tensor, forced: int | None, banned: Sequence[int]) -> Tensor:
    """The log-probabilities of the next token, in float32 at least; where a text is at its `last` place, `forced` is certain.

    Shapes: logits (rows, vocab_size), last (rows) of bool -> (rows, vocab_size).
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    chances = logits - logits.logsumexp(-1, keepdim=True)
    if banned:
        chances[:, list(banned)] = -math.inf
    if forced is not None and last.any():
        chances[last] = -math.inf
        chances[last, forced] = 0
    return chances


def trimmed(tokens: Tensor, scores: Tensor, prompt: int, padding: int, end: int | None, limits: Tensor) -> Hypotheses:
    """The texts no longer than the longest of them: what stands behind the end of each is padding already."""
    places = torch.arange(tokens.shape[-1], device=tokens.device)
    ends = (tokens == (-1 if end is None else end)) & (places >= prompt)
    none = scores == -math.inf
    lengths = torch.where(ends.any(-1), ends.int().argmax(-1) + 1, limits.unsqueeze(1)).masked_fill(none, prompt)
    tokens = tokens.masked_fill(none.unsqueeze(-1) & (places >= prompt), padding)
    return Hypotheses(tokens[..., : int(lengths.max()) if lengths.numel() else prompt], scores)
