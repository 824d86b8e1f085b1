"""Validation curves of training in bfloat16 and in float32, over several seeds: `python benchmarks/curves.py [DATA]`.

DATA, by default what NLPRNN_DATA names, holds ptb/train.txt and ptb/valid.txt; without it the shipped corpus is used.
The difference of the two means is told beside the spread between seeds: it should be no larger.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path

from nlprnn import train_language_model

SHIPPED = Path(__file__).parent.parent / "corpora" / "agreement.txt"


def curve(corpus: Path, precision: str, seed: int, hidden: int, epochs: int) -> list[float]:
    """Validation perplexities, two an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        train_language_model(
            corpus,
            Path(folder) / "lm",
            tokenizer="whitespace",
            hidden=hidden,
            epochs=epochs,
            seed=seed,
            precision=precision,
            evaluations_per_epoch=2,
            quiet=True,
        )
        lines = (Path(folder) / "lm" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["valid_perplexity"] for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("NLPRNN_DATA"))
    parser.add_argument("--hidden", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    corpus = Path(given.data) / "ptb" if given.data else SHIPPED
    curves: dict[str, list[list[float]]] = {"bf16": [], "fp32": []}
    for seed in range(1, given.seeds + 1):
        for precision, found in curves.items():
            found.append(curve(corpus, precision, seed, given.hidden, given.epochs))
            print(f"seed {seed} {precision}:", *(f"{figure:.2f}" for figure in found[-1]), flush=True)
    print("epoch     bf16     fp32  difference  deviation between seeds (bf16, fp32)")
    for point in range(2 * given.epochs):
        half, full = ([each[point] for each in curves[name]] for name in ("bf16", "fp32"))
        difference = statistics.mean(half) - statistics.mean(full)
        spread = [statistics.stdev(each) if len(each) > 1 else float("nan") for each in (half, full)]
        means = f"{statistics.mean(half):8.2f} {statistics.mean(full):8.2f}"
        print(f"{(point + 1) / 2:5.1f} {means} {difference:+11.2f}  {spread[0]:.2f}, {spread[1]:.2f}")


if __name__ == "__main__":
    main()
