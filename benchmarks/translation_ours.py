"""nlprnn's side of translation.py, through what its commands call, also where that is private."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ours import CPU, not_validated
from translation_workers import answer

from nlprnn.checkpoint import ModelDirectory
from nlprnn.config.training import TrainingConfig
from nlprnn.config.translation import TranslatorConfig
from nlprnn.inference.beam import Search, search
from nlprnn.inference.translation import source_stepper
from nlprnn.models.translator import Translator
from nlprnn.nn.kernels import library
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.kernels.process import prepare
from nlprnn.text.bucketing import PairBatch, PairBatches, Ragged, in_order, pair_batch, ragged
from nlprnn.text.chunk_tokenizer import EOS_ID
from nlprnn.text.sentencepiece_tokenizers import BpeTokenizer
from nlprnn.training.progress import Progress
from nlprnn.training.trainer import Trainer


class Ours:
    """nlprnn, with as many decoder layers as it is started with."""

    def start(self, folder: str, sizes: dict[str, Any], decoder_layers: int) -> dict[str, Any]:
        """Read the files of `folder` and make the network; what it is."""
        prepare(CPU)
        self.folder = Path(folder)
        self.tokenizer = BpeTokenizer((self.folder / "tokenizer.model").read_bytes())
        settings = TranslatorConfig(
            encoder_layers=1,
            decoder_layers=decoder_layers,
            hidden=sizes["hidden"],
            embedding=sizes["embedding"],
            dropout=sizes["dropout"],
            label_smoothing=0.0,
        )
        self.model = Translator(settings, 0, len(self.tokenizer))
        self.model.use(choose("auto", "auto", CPU))
        source, target = self._encoded("train.source"), self._encoded("train.target")
        tokens = len(source.ids) + len(target.ids) + 2 * len(source)
        alike = PairBatches(source, target, tokens * sizes["batch"] // len(source))
        self.pairs = {"as they come": in_turn(source, target, sizes["batch"]), "alike": endless(alike)}
        self.sources = list(in_order(self._encoded("valid.source"), sizes["batch"]))
        training = TrainingConfig(lr=sizes["rate"], schedule="constant", warmup=0)
        nowhere = ModelDirectory(Path("nowhere"))
        self.trainer = Trainer(self.model, alike, not_validated, training, nowhere, Progress(quiet=True))
        return {
            "software": "nlprnn" if decoder_layers == 1 else f"nlprnn, {decoder_layers} decoder layers",
            "torch": torch.__version__,
            "instructions": library.INSTRUCTIONS[library.instructions()],
            "threads": torch.get_num_threads(),
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
        }

    def train(self, updates: int, batches: str = "as they come") -> dict[str, float]:
        """So many updates, on pairs as they come or on those of like length; target tokens, <eos> included."""
        now = self.trainer.now
        tokens, nll, count = now.tokens, now.epoch_nll, now.epoch_count
        started = time.perf_counter()
        for batch in itertools.islice(self.pairs[batches], updates):
            self.trainer._step(batch)
        seconds = time.perf_counter() - started
        loss = (now.epoch_nll - nll) / (now.epoch_count - count)
        return {"seconds": seconds, "tokens": now.tokens - tokens, "loss": loss}

    @torch.inference_mode()
    def translate(self, numbers: list[int], beam: int, steps: list[int], forced: bool) -> dict[str, float]:
        """Batches of sources, each with its longest translation; forced, each translation is as long."""
        self.model.eval()
        how, never, found = Search(beam, length_penalty=1.0), [EOS_ID] if forced else [], []
        started = time.perf_counter()
        packed = [self.model.pack()]
        for number, most in zip(numbers, steps, strict=True):
            _, source, lengths = self.sources[number]
            stepper = source_stepper([self.model], packed, source, lengths)
            found += search(stepper, len(lengths), how, [most] * len(lengths), never)
        seconds = time.perf_counter() - started
        return {
            "seconds": seconds,
            "sentences": len(found),
            "read": sum(int((self.sources[number].source_lengths + 1).sum()) for number in numbers),
            "tokens": sum(len(best.ids) + best.ended for best, *_ in found),
        }

    def _encoded(self, name: str) -> Ragged:
        """The ids of a file's lines."""
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        return ragged(map(self.tokenizer.encode, lines), len(self.tokenizer))


def in_turn(source: Ragged, target: Ragged, batch: int) -> Iterator[PairBatch]:
    """So many pairs at a time in their order, without end."""
    while True:
        for start in range(0, len(source), batch):
            yield pair_batch(source, target, np.arange(start, min(start + batch, len(source))))


def endless(batches: PairBatches) -> Iterator[PairBatch]:
    """One epoch after the other."""
    while True:
        yield from batches


if __name__ == "__main__":
    answer(Ours)
