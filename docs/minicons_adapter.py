"""A language model of nlprnn as minicons wants one, and a check that both say the same.

    python docs/minicons_adapter.py MODEL BLIMP.jsonl...

Runs where nlprnn, minicons and its transformers are installed; nlprnn itself needs neither.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from minicons.scorer import IncrementalLMScorer
from transformers import PreTrainedTokenizer

import nlprnn


class Network(torch.nn.Module):
    """The network with the signature of a causal model of transformers."""

    def __init__(self, model: nlprnn.LanguageModel) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_: Any) -> SimpleNamespace:
        """ids (B, T), padded on the right, where only padding can feel it -> logits (B, T, V)."""
        read = input_ids.masked_fill(attention_mask == 0, 0)  # the padding's id has no embedding
        outputs, _ = self.model.outputs(read.T)
        return SimpleNamespace(logits=self.model.vocabulary.logits(outputs).transpose(0, 1))


class Tokens(PreTrainedTokenizer):
    """A tokenizer of nlprnn, with <eos> before each text, as nlprnn reads it; padding has an id past the vocabulary."""

    def __init__(self, tokenizer: Any) -> None:
        self.own = tokenizer
        self.ids = {tokenizer.token(place): place for place in range(len(tokenizer))}
        special = {"bos_token": "<eos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}
        super().__init__(**special, padding_side="right", special_tokens_pattern="bos")

    @property
    def vocab_size(self) -> int:
        return len(self.ids)

    def get_vocab(self) -> dict[str, int]:
        return {**self.ids, **self.added_tokens_encoder}

    def _tokenize(self, text: str, **_: Any) -> list[str]:
        return [self.own.token(place) for place in self.own.encode(text)]

    def _convert_token_to_id(self, token: str) -> int:
        return self.ids.get(token, self.own.unk_id)

    def _convert_id_to_token(self, index: int) -> str:
        return str(self.own.token(index))


def scorer(directory: str) -> IncrementalLMScorer:
    """minicons' scorer over a model directory of nlprnn, on the CPU."""
    loaded = nlprnn.load(directory)
    return IncrementalLMScorer(Network(loaded.model), "cpu", tokenizer=Tokens(loaded.tokenizer))


def check(directory: str, blimp: list[str], batch: int = 50) -> dict[str, float]:
    """The largest difference between a token's two log-probabilities, and both accuracies on the pairs that count."""
    theirs, model = scorer(directory), nlprnn.load(directory)
    with tempfile.TemporaryDirectory() as folder:
        items = Path(folder) / "items.tsv"
        report = nlprnn.probe_agreement(model, blimp, items_path=items)
        with items.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream, dialect="excel-tab") if row["score_good"]]
    sentences, far, sums = [row[side] for row in rows for side in ("good", "bad")], 0.0, []
    for start in range(0, len(sentences), batch):
        part = sentences[start : start + batch]
        found = theirs.compute_stats(theirs.prepare_text(part, eos_token=True))
        for score, log_probs in zip(model.score(part), found, strict=True):
            far = max(far, *(abs(a - b) for a, b in zip(score.log_probs, log_probs, strict=True)))
            sums.append(sum(log_probs))
    right = sum(good > bad for good, bad in zip(sums[::2], sums[1::2], strict=True))
    suites = report["models"][0]["suites"]
    ours = sum(suite["accuracy"] * suite["n"] for suite in suites) / len(rows)
    return {"pairs": len(rows), "difference": far, "nlprnn": ours, "minicons": right / len(rows)}


if __name__ == "__main__":
    for name, value in check(sys.argv[1], sys.argv[2:]).items():
        print(f"{name:12}{value:.7g}")
