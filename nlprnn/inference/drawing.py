"""Whole sequences drawn from a Stepper, many side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from nlprnn.config.decoding import Sampling
from nlprnn.inference.beam import Hypothesis, SourceStepper, select
from nlprnn.inference.decoding import Stepper, draw
from nlprnn.text.chunk_tokenizer import EOS_ID


@torch.inference_mode()
def draw_sequences(
    stepper: Stepper, most: Sequence[int], sampling: Sampling, seeds: Sequence[int], never: Sequence[int] = ()
) -> list[Hypothesis]:
    """One sequence for each source, up to `<eos>` or its longest length in `most`; ids in `never` are not drawn.

    Each source has a seed of its own, so that what is drawn for it does not depend on what stands beside it. The score
    is the log-probability that the model gives to the sequence, not that of drawing it.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    ids: list[list[int]] = [[] for _ in most]
    log_prob, ended = [0.0] * len(most), [False] * len(most)
    alive = list(range(len(most)))  # the sources whose rows are still there
    state, last = stepper.start(len(most)), torch.full((len(most),), EOS_ID)
    while alive:
        rows, state = stepper.step(last, state)
        rows = rows.cpu()
        allowed = rows.clone()
        allowed[:, list(never)] = -math.inf
        going = []
        for row, source in enumerate(alive):
            token = draw(allowed[row], sampling, generators[source])
            log_prob[source] += float(rows[row, token])
            ended[source] = token == EOS_ID
            if not ended[source]:
                ids[source].append(token)
                if len(ids[source]) < most[source]:
                    going.append(row)
        if len(going) < len(alive):
            stay = torch.tensor(going, dtype=torch.long)
            alive, state = [alive[row] for row in going], select(state, stay)
            if isinstance(stepper, SourceStepper) and alive:
                stepper = stepper.keep(stay)
        last = torch.tensor([ids[source][-1] for source in alive], dtype=torch.long)
    return [Hypothesis(found, total, total, end) for found, total, end in zip(ids, log_prob, ended, strict=True)]
