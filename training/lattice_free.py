"""Lattice-free maximum mutual information from a flat start: no alignments, only what was said.

Each phone is one state with two outputs: 2k for its first frame, 2k+1 for every further one (k = 0 is silence). The
numerator sums over all ways to spread the said phones over the frames, with silence optional between words; the denominator
sums over everything a phone bigram allows. The objective is their log ratio (Povey et al. 2016; flat start: Hadian et al.
2018), and its gradient with respect to the logits is the difference of the two occupancies, computed here by hand.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SILENCE_AT_EDGE, SILENCE_BETWEEN = 0.85, 0.15
"""Prior probability of silence before and after an utterance, and between two words; the graph uses the same."""
NEVER = -1e30
Words = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class PhoneBigram:
    """The denominator's model: `start` [phones] and `after` [phones, phones], probabilities; phone 0 is silence."""

    start: Tensor
    after: Tensor


def count_bigram(said: Sequence[Words], phones: int, seed: int) -> PhoneBigram:
    """The bigram of training transcripts, silences drawn from their priors."""
    draw = random.Random(seed)
    after, start = np.full((phones, phones), 0.05), np.full(phones, 0.05)
    for words in said:
        line = [0] if not words or draw.random() < SILENCE_AT_EDGE else []
        for number, word in enumerate(words):
            line += word
            if draw.random() < (SILENCE_AT_EDGE if number == len(words) - 1 else SILENCE_BETWEEN):
                line.append(0)
        start[line[0]] += 1
        for here, there in itertools.pairwise(line):
            after[here, there] += 1
    return PhoneBigram(
        torch.tensor(start / start.sum(), dtype=torch.float32),
        torch.tensor(after / after.sum(1, keepdims=True), dtype=torch.float32),
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """The said phones of a batch as lines of states: `states` [batch, length] with silences between all words.

    `enter` and `skip` are log-probabilities of entering a state from the one before it and from two before (over an optional
    silence); `lengths` counts states; `spoken` tells utterances with words from mere noise.
    """

    states: Tensor
    enter: Tensor
    skip: Tensor
    lengths: Tensor
    spoken: Tensor


def lines(said: Sequence[Words]) -> Lines:
    """The lines of a batch of transcripts."""
    rows = []
    for words in said:
        states, skip = [0], [NEVER]
        for number, word in enumerate(words):
            for place, phone in enumerate(word):
                states.append(phone)
                skip.append(math.log(1 - SILENCE_BETWEEN) if place == 0 and number else NEVER)
            states.append(0)
            skip.append(NEVER)
        enter = [math.log(SILENCE_BETWEEN) if s == 0 else 0.0 for s in states]
        enter[-1] = math.log(SILENCE_AT_EDGE)
        rows.append((states, enter, skip))
    longest = max(2, *(len(states) for states, _, _ in rows))

    def padded(column: int, filler: float, kind: torch.dtype) -> Tensor:
        return torch.tensor([list(r[column]) + [filler] * (longest - len(r[column])) for r in rows], dtype=kind)

    return Lines(
        padded(0, 0, torch.long),
        padded(1, 0.0, torch.float32),
        padded(2, NEVER, torch.float32),
        torch.tensor([len(r[0]) for r in rows]),
        torch.tensor([bool(words) for words in said]),
    )


def shifted(table: Tensor, by: int) -> Tensor:
    """The table moved right by `by` states (left for a negative number), impossible values moved in."""
    hole = torch.full((table.shape[0], abs(by)), NEVER, device=table.device)
    return torch.cat([hole, table[:, :-by]], 1) if by > 0 else torch.cat([table[:, -by:], hole], 1)


def numerator(first: Tensor, further: Tensor, frames: Tensor, line: Lines) -> tuple[Tensor, Tensor, Tensor]:
    """Log-likelihood [batch] of the lines and the occupancies of both outputs [batch, time, phones].

    `first` and `further` are logits [batch, time, phones]; `frames` [batch] the number of valid frames.
    """
    batch, time, _phones = first.shape
    index = line.states[:, None].expand(batch, time, -1)
    f, s = torch.gather(first, 2, index), torch.gather(further, 2, index)
    place = torch.arange(line.states.shape[1], device=first.device)[None]
    start = torch.where(place == 0, math.log(SILENCE_AT_EDGE), math.log(1 - SILENCE_AT_EDGE))
    allowed = (place == 0) | ((place == 1) & line.spoken[:, None])
    entered = torch.full_like(f, NEVER)
    entered[:, 0] = torch.where(allowed, f[:, 0] + start, NEVER)
    alpha = torch.empty_like(f)
    alpha[:, 0] = entered[:, 0]
    for t in range(1, time):
        before = alpha[:, t - 1]
        entered[:, t] = torch.logaddexp(shifted(before, 1) + line.enter, shifted(before, 2) + line.skip) + f[:, t]
        now = torch.logaddexp(entered[:, t], before + s[:, t])
        alpha[:, t] = torch.where((t < frames)[:, None], now, before)
    last = place == line.lengths[:, None] - 1
    nearly = (place == line.lengths[:, None] - 2) & line.spoken[:, None]
    end = torch.where(last, 0.0, torch.where(nearly, math.log(1 - SILENCE_AT_EDGE), NEVER))
    total = torch.logsumexp(alpha[:, -1] + end, 1)
    beta = end.clone()
    in_first, in_further = torch.zeros_like(f), torch.zeros_like(f)
    for t in range(time - 1, -1, -1):
        valid = (t < frames)[:, None]
        in_first[:, t] = torch.where(valid, (entered[:, t] + beta - total[:, None]).exp(), 0.0)
        if not t:
            break
        in_further[:, t] = torch.where(valid, (alpha[:, t - 1] + s[:, t] + beta - total[:, None]).exp(), 0.0)
        ahead = beta + f[:, t]
        before = torch.logaddexp(shifted(ahead + line.enter, -1), shifted(ahead + line.skip, -2))
        beta = torch.where(valid, torch.logaddexp(before, beta + s[:, t]), beta)
    empty = torch.zeros_like(first)
    return total, empty.scatter_add(2, index, in_first), empty.scatter_add(2, index, in_further)


def denominator(first: Tensor, further: Tensor, frames: Tensor, model: PhoneBigram) -> tuple[Tensor, Tensor, Tensor]:
    """As `numerator`, for everything the bigram allows; scaled probabilities, `first` and `further` at most 0 per frame."""
    time = first.shape[1]
    f, s = first.exp(), further.exp()
    entered, alpha = torch.zeros_like(f), torch.zeros_like(f)
    scale = torch.ones(f.shape[:2], device=f.device)
    for t in range(time):
        if t:
            entered[:, t] = (alpha[:, t - 1] @ model.after) * f[:, t]
            now = entered[:, t] + alpha[:, t - 1] * s[:, t]
        else:
            now = entered[:, 0] = model.start * f[:, 0]
        scale[:, t] = torch.where(t < frames, now.sum(1) + 1e-35, 1.0)
        alpha[:, t] = torch.where((t < frames)[:, None], now / scale[:, t, None], alpha[:, t - 1] if t else now)
    beta = torch.ones_like(f[:, 0])
    in_first, in_further = torch.zeros_like(f), torch.zeros_like(f)
    for t in range(time - 1, -1, -1):
        valid = (t < frames)[:, None]
        scaled = torch.where(valid, beta / scale[:, t, None], 0.0)
        in_first[:, t] = entered[:, t] * scaled
        if not t:
            break
        in_further[:, t] = alpha[:, t - 1] * s[:, t] * scaled
        beta = torch.where(valid, (f[:, t] * scaled) @ model.after.T + s[:, t] * scaled, beta)
    return scale.log().sum(1), in_first, in_further


@torch.no_grad()
def objective(logits: Tensor, frames: Tensor, line: Lines, model: PhoneBigram, l2: float) -> tuple[Tensor, float, int]:
    """The gradient of the loss with respect to `logits` [batch, time, 2 · phones], the loss, and the frames it counts.

    The loss is denominator minus numerator plus `l2`/2 times the squared logits, per frame. An utterance whose line does not
    fit into its frames counts for nothing.
    """
    shift = logits.max(2, keepdim=True)[0]
    first, further = (logits - shift)[..., 0::2].contiguous(), (logits - shift)[..., 1::2].contiguous()
    said, said_first, said_further = numerator(first, further, frames, line)
    any_, any_first, any_further = denominator(first, further, frames, model)
    fits = (said > -1e20) & torch.isfinite(said)
    count = int((frames * fits).sum())
    gradient = torch.zeros_like(logits)
    gradient[..., 0::2], gradient[..., 1::2] = any_first - said_first, any_further - said_further
    valid = torch.arange(logits.shape[1], device=logits.device)[None] < frames[:, None]
    gradient = (gradient + l2 * logits) * (fits[:, None] & valid)[..., None]
    loss = float(torch.where(fits, any_ - said, 0.0).sum())
    return torch.nan_to_num(gradient) / max(1, count), loss / max(1, count), count
