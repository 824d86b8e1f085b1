"""Beam search, for many sources at a time, over any Stepper; a beam of one is greedy search.

At each step every source has W hypotheses that go on (one at first, then as many as the beam is wide, or as there are).
All continuations of all of them are ranked by log-probability:

  - one that ends in <eos> has ended if it is among the first `beam`, and is dropped otherwise;
  - of the others the first `beam` go on.

A source is done when

  - `beam` of its hypotheses have ended, which Kasai et al. 2024 (A call for clarity in beam search) call "first come,
    first served". To go on for as long as a better score is possible would not be greedy search with a beam of one; and
    a network that repeats itself is sure of each next word, so that by its score per token an endless loop would sooner
    or later come before every sensible target;
  - or no hypothesis that goes on can still come among the `n_best`: its score is at most its log-probability now over
    the penalty of the longest target. Stopping there never changes the result;
  - or the longest target is reached. What goes on then is cut off, and ranks below whatever has ended.

Every number of a source is computed from its own rows, in float64 from the log-probabilities on, so that its result
does not depend on what stands beside it. Of equal continuations those of the better hypothesis come first, then those
of the lower token id; of hypotheses with equal scores the one that ended first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional

from nlprnn.config.decoding import Search
from nlprnn.errors import ConfigError
from nlprnn.inference.decoding import State, Stepper
from nlprnn.nn.kernels.dispatch import largest
from nlprnn.text.chunk_tokenizer import EOS_ID

LEAST_COVERAGE = torch.finfo(torch.float32).min  # log 0, but finite: what was never looked at must not lose its rank


@runtime_checkable
class SourceStepper(Stepper, Protocol):
    """A Stepper that reads something of each source beside the state, such as the encoder's outputs.

    Its rows are source-major, the same number for each source: row // (rows / sources) is the source. A Stepper without
    these two methods must hold everything that tells sources apart in its state, and has no attention.
    """

    def keep(self, sources: Tensor) -> SourceStepper:
        """The same stepper for these of its sources alone (S',), in this order, when others are done."""
        ...

    def coverage(self, state: State) -> Tensor | None:
        """Of each row the sum over source positions of log(min(attention so far, 1)), (N,), or None without attention.

        Wu et al. 2016 (Google's neural machine translation system), eq. 14, without beta.
        """
        ...


@dataclass(frozen=True)
class Hypothesis:
    """A target as it was found."""

    ids: list[int]  # without <eos>
    log_prob: float  # nats; with that of <eos> if it ended
    score: float  # what it is ranked by, see Search
    ended: bool  # False: cut off at the longest target


class _Found(NamedTuple):
    """The best hypotheses that have ended or been cut off, best first; an empty place has a log_prob of -inf."""

    score: Tensor  # (S, n_best) float64
    log_prob: Tensor  # (S, n_best) float64
    ended: Tensor  # (S, n_best)
    ids: Tensor  # (S, n_best, T), filled up behind
    length: Tensor  # (S, n_best) ids without <eos>


class _Beams(NamedTuple):
    """Where the search stands, for the S sources still here; dimension 0 is the source, on the CPU."""

    source: Tensor  # (S,) its place in what the caller sees
    most: Tensor  # (S,) the longest target
    slowest: Tensor  # (S,) float64: the length penalty of the longest target
    ended: Tensor  # (S,) how many hypotheses have ended
    done: Tensor  # (S,)
    log_prob: Tensor  # (S, W) float64, of what goes on, best first; -inf: no more than W' < W do
    ids: Tensor  # (S, W, T)
    found: _Found


class _Continuations(NamedTuple):
    """One token more, best first."""

    log_prob: Tensor  # (S, C) float64
    parent: Tensor  # (S, C) which of the W hypotheses
    token: Tensor  # (S, C)


def select(state: State, rows: Tensor) -> State:
    """The state whose row i is row rows[i] of `state`: nested tuples of tensors with dimension 0 the row."""
    if isinstance(state, Tensor):
        return state.index_select(0, rows.to(state.device))
    parts = [select(part, rows) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


@torch.inference_mode()
def search(
    stepper: Stepper, sources: int, search: Search, most: Sequence[int], never: Sequence[int] = ()
) -> list[list[Hypothesis]]:
    """The `n_best` targets found for each of `sources` sources, best first, all different.

    `most` is the longest target of each source in tokens, at least 1, <eos> included: what has not ended by then is cut
    off there. Ids in `never` are not chosen; if <eos> is among them, every target has its longest length. There are
    fewer than `n_best` where no more continuations had any probability. Takes memory for some sources x beam x types.

    Raises ConfigError where a coverage penalty is asked of a stepper that has no attention.
    """
    assert len(most) == sources and min(most, default=1) >= 1, most
    results: list[list[Hypothesis]] = [[] for _ in range(sources)]
    beams, state = _start(most, search), stepper.start(sources)
    last = torch.full((sources,), EOS_ID)
    while len(beams.source):
        log_probs, state = stepper.step(last, state)
        beams, parent = _step(stepper, state, log_probs, beams, search, never)
        if search.beam > 1:
            state = select(state, _rows(parent, len(log_probs) // len(parent)))
        alive = int((~beams.done).sum())
        if 2 * alive < len(beams.done):
            _tell(select(beams, beams.done.nonzero()[:, 0]), results)
            beams, state, stepper = _without_done(beams, state, stepper)
        last = beams.ids[:, :, -1].flatten()
    return results


def _start(most: Sequence[int], search: Search) -> _Beams:
    """One empty hypothesis for each source."""
    sources = len(most)
    empty = torch.full((sources, search.n_best), -math.inf, dtype=torch.float64)
    no_ids, zero = torch.empty(sources, search.n_best, 0, dtype=torch.long), torch.zeros_like(empty)
    return _Beams(
        source=torch.arange(sources),
        most=torch.tensor(most, dtype=torch.long),
        slowest=torch.tensor([_length_penalty(length, search) for length in most], dtype=torch.float64),
        ended=torch.zeros(sources, dtype=torch.long),
        done=torch.zeros(sources, dtype=torch.bool),
        log_prob=torch.zeros(sources, 1, dtype=torch.float64),
        ids=torch.empty(sources, 1, 0, dtype=torch.long),
        found=_Found(empty, empty, zero.bool(), no_ids, zero.long()),
    )


def _length_penalty(length: int, search: Search) -> float:
    """|y|^alpha as a Python number: vectors of powers may differ in the last bit with the place in the vector."""
    return float(length) ** search.length_penalty


def _rows(parent: Tensor, width: int) -> Tensor:
    """The rows of the hypotheses `parent` (S, W') of each source, where a source has `width` rows: (S W',)."""
    return (torch.arange(len(parent))[:, None] * width + parent).flatten()


def _without_done(beams: _Beams, state: State, stepper: Stepper) -> tuple[_Beams, State, Stepper]:
    """All that the sources need which are not done yet."""
    stay, width = (~beams.done).nonzero()[:, 0], beams.log_prob.shape[1]
    rows = (stay[:, None] * width + torch.arange(width)).flatten()
    if isinstance(stepper, SourceStepper) and len(stay):
        stepper = stepper.keep(stay)
    return select(beams, stay), select(state, rows), stepper


def _step(
    stepper: Stepper, state: State, log_probs: Tensor, beams: _Beams, search: Search, never: Sequence[int]
) -> tuple[_Beams, Tensor]:
    """The beams one token later, from log_probs (S W, V) and the state after them, and their parents (S, W')."""
    more, going = _continuations(log_probs, beams.log_prob, search.beam, never)
    is_eos, place = more.token == EOS_ID, torch.arange(more.token.shape[1])
    order = is_eos.int().sort(dim=1, stable=True).indices[:, :going]  # the first that do not end, as they stood
    on = _Continuations(*(_take(part, order) for part in more))
    over = is_eos & (place < search.beam) & (more.log_prob > -math.inf) & ~beams.done[:, None]
    cut = beams.most == beams.ids.shape[2] + 1
    found, coverage = beams.found, None
    if over.any() or cut.any():
        coverage = _coverage(stepper, state, search, beams.log_prob.shape)
    if over.any():
        found = _merge(found, _hypotheses(more, over, True, beams.ids, coverage, search), search.n_best)
    if cut.any():
        valid = cut[:, None] & (on.log_prob > -math.inf)
        found = _merge(found, _hypotheses(on, valid, False, beams.ids, coverage, search), search.n_best)
    ended = beams.ended + over.sum(1)
    beaten = on.log_prob[:, 0] / beams.slowest <= found.score[:, -1]  # where nothing goes on, -inf <= -inf
    beams = beams._replace(
        ended=ended,
        done=beams.done | cut | (ended >= search.beam) | beaten,
        log_prob=on.log_prob,
        ids=_longer(beams.ids, on),
        found=found,
    )
    return beams, on.parent


def _continuations(log_probs: Tensor, before: Tensor, beam: int, never: Sequence[int]) -> tuple[_Continuations, int]:
    """The best continuations of hypotheses with log-probabilities `before` (S, W), and how many of them may go on.

    `log_probs` are (S W, V). Whatever is among the first `beam` of a source is among the first `beam` of its own row,
    and so many that do not end are among the first `beam` + W of all, because no more than W end.
    """
    sources, width = before.shape
    values, ids = largest(log_probs, beam + 1 + len(never))  # one of which may be <eos>, and some forbidden
    values, ids = values.cpu().double(), ids.cpu()
    each = values.shape[1]
    if never:
        values = values.masked_fill(torch.isin(ids, torch.tensor(never)), -math.inf)
    total = (before[:, :, None] + values.reshape(sources, width, each)).flatten(1)
    log_prob, order = total.sort(dim=1, descending=True, stable=True)
    order = order[:, : beam + width]
    more = _Continuations(log_prob[:, : beam + width], order // each, _take(ids.reshape(sources, -1), order))
    return more, min(beam, width * (each - 1))


def _coverage(stepper: Stepper, state: State, search: Search, shape: torch.Size) -> Tensor | None:
    """The coverage of each hypothesis (S, W), or None where it does not count."""
    if not search.coverage_penalty:
        return None
    coverage = stepper.coverage(state) if isinstance(stepper, SourceStepper) else None
    if coverage is None:
        raise ConfigError(
            f"--coverage-penalty {search.coverage_penalty}: this model has no attention; leave the option out"
        )
    return coverage.cpu().double().clamp_min(LEAST_COVERAGE).view(shape)


def _hypotheses(
    more: _Continuations, valid: Tensor, ended: bool, before: Tensor, coverage: Tensor | None, search: Search
) -> _Found:
    """Those continuations of ids `before` (S, W, T) that are `valid` (S, C), as they are found."""
    length = before.shape[2] + 1
    score = more.log_prob / _length_penalty(length, search)
    if coverage is not None:
        score = score + search.coverage_penalty * _take(coverage, more.parent)
    return _Found(
        score=score.masked_fill(~valid, -math.inf),
        log_prob=more.log_prob.masked_fill(~valid, -math.inf),
        ended=valid & ended,
        ids=_longer(before, more),
        length=torch.full_like(more.token, length - ended),
    )


def _merge(found: _Found, more: _Found, n_best: int) -> _Found:
    """The best of both: what has ended before what was cut off, each by its score, and what was found first first."""
    shorter = more.ids.shape[2] - found.ids.shape[2]
    found = found._replace(ids=functional.pad(found.ids, (0, shorter)))
    both = _Found(*(torch.cat(pair, dim=1) for pair in zip(found, more, strict=True)))
    order = both.score.sort(dim=1, descending=True, stable=True).indices
    by_end = _take(both.ended, order).int().sort(dim=1, descending=True, stable=True).indices
    order = _take(order, by_end)[:, :n_best]
    return _Found(*(_take(part, order) for part in both))


def _longer(ids: Tensor, more: _Continuations) -> Tensor:
    """Ids (S, W, T) and what continues them -> (S, C, T + 1)."""
    return torch.cat([_take(ids, more.parent), more.token[:, :, None]], dim=2)


def _take(part: Tensor, order: Tensor) -> Tensor:
    """part (S, A, ...) at places `order` (S, B) of its dimension 1 -> (S, B, ...)."""
    return part[torch.arange(len(part))[:, None], order]


def _tell(beams: _Beams, results: list[list[Hypothesis]]) -> None:
    """Put what was found for each source in its place."""
    found = beams.found
    columns = (found.score.tolist(), found.log_prob.tolist(), found.ended.tolist(), found.length.tolist())
    for row, source in enumerate(beams.source.tolist()):
        for place, log_prob in enumerate(columns[1][row]):
            if log_prob > -math.inf:
                score, ended, length = columns[0][row][place], columns[2][row][place], columns[3][row][place]
                ids = found.ids[row, place, :length].tolist()
                results[source].append(Hypothesis(ids, log_prob, score, ended))
