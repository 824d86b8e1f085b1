"""Seconds to estimate the n-gram model, and its perplexity, for orders 1 to 5: `python benchmarks/ngram.py [DATA]`.

DATA, by default what NLPRNN_DATA names, holds ptb/train.txt and ptb/valid.txt, one sentence a line, tokens parted by
white space. Published for order 5 (Mikolov et al. 2011, modified Kneser-Ney without cutoffs): 148.0 on validation.
Without DATA the shipped corpus is used, its last twentieth held out.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from nlprnn.models.ngram import EOS, UNK, NGramModel

SHIPPED = Path(__file__).parent.parent / "corpora" / "agreement.txt"


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def encode(lines: list[str], index: dict[str, int], grow: bool) -> np.ndarray:
    ids: list[int] = []
    for line in lines:
        for word in line.split():
            ids.append(index.setdefault(word, len(index)) if grow else index.get(word, UNK))
        ids.append(EOS)
    return np.array(ids, dtype=np.uint16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("NLPRNN_DATA"))
    data = parser.parse_args().data
    if data is None:
        lines = lines_of(SHIPPED)
        cut = len(lines) - len(lines) // 20
        texts = lines[:cut], lines[cut:]
    else:
        texts = lines_of(Path(data) / "ptb" / "train.txt"), lines_of(Path(data) / "ptb" / "valid.txt")
    index = {"<eos>": EOS, "<unk>": UNK}
    train, valid = encode(texts[0], index, True), encode(texts[1], index, False)
    print(f"{len(train)} training tokens, {len(index)} types, {len(valid)} validation tokens")
    print("order  seconds  perplexity  n-grams  megabytes  scored tokens/s")
    for order in range(1, 6):
        start = time.perf_counter()
        model = NGramModel.estimate(train, len(index), order)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        perplexity = float(np.exp(-model.stream(valid).mean()))
        speed = len(valid) / (time.perf_counter() - start)
        ngrams = sum(map(len, model.log_probs))
        size = sum(tensor.nbytes for tensor in model.tensors().values()) / 1e6
        print(f"{order:5d}  {seconds:7.2f}  {perplexity:10.2f}  {ngrams:7d}  {size:9.1f}  {speed:15.0f}")
        for note in model.notes:
            print(f"       {note}")


if __name__ == "__main__":
    main()
