"""Seconds to estimate the n-gram model, and its perplexity, for orders 1 to 5: `python benchmarks/ngram.py
DATA`.

DATA holds ptb/train.txt and ptb/valid.txt, one sentence a line, tokens parted by white space. Published for
order 5 (Mikolov and others 2011, modified Kneser-Ney without cutoffs): 148.0 on validation.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from nlprnn.models.ngram import EOS, UNK, NGramModel


def read(path: Path, index: dict[str, int], grow: bool) -> np.ndarray:
    ids: list[int] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            for word in line.split():
                ids.append(index.setdefault(word, len(index)) if grow else index.get(word, UNK))
            ids.append(EOS)
    return np.array(ids, dtype=np.uint16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data / "ptb"
    index = {"<eos>": EOS, "<unk>": UNK}
    train, valid = read(folder / "train.txt", index, True), read(folder / "valid.txt", index, False)
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
