"""How texts are searched or drawn."""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.errors import ConfigError
from nlprnn.settings import Config, option


@dataclass(frozen=True)
class Search(Config):
    """How to search, and how hypotheses are ranked: log p / |y|^length_penalty + coverage_penalty * coverage.

    |y| counts <eos>. A length penalty of 0 ranks by probability, which favours the short; 1 by the mean per token.
    Marian, fairseq and Hugging Face's generate divide by this power, too, while the alpha of JoeyNMT and of Wu et al.
    2016 is the power of (5 + |y|) / 6, which grows more slowly. Coverage is theirs (eq. 14).
    """

    beam: int = option(5, "Hypotheses that go on at each step; 1 is greedy search", low=1, metavar="N")
    length_penalty: float = option(
        1.0, "Rank by log-probability over length to the power of X; more favours the long", low=0.0, metavar="X"
    )
    coverage_penalty: float = option(
        0.0, "Rank lower, X times, what has not attended to all of the source (Wu et al. 2016)", low=0.0, metavar="X"
    )
    n_best: int = option(1, "How many translations of each sentence are told", low=1, metavar="N")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_best > self.beam:
            raise ConfigError(f"--n-best {self.n_best}: give at most the width of the beam, --beam {self.beam}")


@dataclass(frozen=True)
class Sampling(Config):
    """How to draw tokens."""

    temperature: float = option(
        1.0, "Above 1 is more varied, below 1 less; 0 takes the likeliest each time", low=0.0, metavar="X"
    )
    top_k: int | None = option(None, "Draw from the N likeliest only", low=1, metavar="N")
    top_p: float | None = option(None, "Draw from the likeliest that make up X", low=0.0, high=1.0, metavar="X")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.top_p == 0:
            raise ConfigError(f"--top-p {self.top_p}: give a number above 0; --temperature 0 takes the likeliest")
