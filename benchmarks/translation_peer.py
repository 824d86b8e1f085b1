"""The peer's side: JoeyNMT 2.3.0 in its recurrent mode. Runs under its own Python; nothing of nlprnn may be imported.

The network, the data and the optimizer are what its own configuration makes of the sizes. A training step is what its
training loop does for one, without that loop's logging, validation and checkpoints; translating is its `search`, from
batches of ids that are ready to ids, without reading and writing text.

To install it beside today's packages, in an environment of its own:

    pip install joeynmt==2.3.0 importlib_metadata sentencepiece==0.1.99

Its plateau schedule wants a torch of old; a constant rate, written as an exponential that does not fall, does not.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from translation_workers import answer


def configuration(folder: Path, sizes: dict[str, Any]) -> dict[str, Any]:
    """What a user would write into JoeyNMT's YAML file."""
    side = {
        "level": "bpe",
        "tokenizer_type": "sentencepiece",
        "tokenizer_cfg": {"model_file": str(folder / "tokenizer.model")},
        "voc_file": str(folder / "vocabulary.txt"),
    }
    embeddings = {"embedding_dim": sizes["embedding"], "dropout": sizes["dropout"]}
    layers = {"type": "recurrent", "rnn_type": "lstm", "num_layers": 1, "embeddings": embeddings}
    layers["dropout"] = sizes["dropout"]
    return {
        "name": "benchmark",
        "model_dir": str(folder / "joeynmt"),
        "use_cuda": False,
        "random_seed": 1,
        "normalization": "tokens",
        "data": {
            "dataset_type": "plain",
            "train": str(folder / "train"),
            "test": str(folder / "valid"),
            "src": {"lang": "source", **side},
            "trg": {"lang": "target", **side},
        },
        "model": {
            "tied_embeddings": True,
            "embed_initializer": "normal",
            "embed_init_weight": 0.1,
            "encoder": {**layers, "hidden_size": sizes["hidden"] // 2, "bidirectional": True},
            "decoder": {
                **layers,
                "hidden_size": sizes["hidden"],
                "hidden_dropout": sizes["dropout"],
                "attention": "luong",
                "input_feeding": True,
                "init_hidden": "bridge",
            },
        },
        "training": {
            "optimizer": "adam",
            "learning_rate": sizes["rate"],
            "scheduling": "exponential",
            "decrease_factor": 1.0,
            "normalization": "tokens",
            "clip_grad_norm": 1.0,
            "batch_type": "sentence",
            "batch_size": sizes["batch"],
            "shuffle": False,  # the files are in the order in which all sides read them
        },
        "testing": {"batch_type": "sentence", "batch_size": sizes["batch"]},
    }


class Peer:
    """JoeyNMT, as translation.py asks it; see translation_ours.py for what the orders mean."""

    def start(self, folder: str, sizes: dict[str, Any]) -> dict[str, Any]:
        logging.disable(logging.WARNING)
        import importlib_metadata
        import torch
        from joeynmt.config import parse_global_args
        from joeynmt.prediction import prepare
        from joeynmt.training import TrainManager

        torch.manual_seed(1)
        settings = configuration(Path(folder), sizes)
        Path(settings["model_dir"]).mkdir()
        args = parse_global_args(settings, rank=0, mode="train")
        self.model, self.train_data, _, test_data = prepare(args, rank=0, mode="train")
        self.trainer = TrainManager(
            rank=0,
            model=self.model,
            model_dir=args.model_dir,
            device=args.device,
            autocast=args.autocast,
            seed=args.seed,
            train_args=args.train,
            dev_args=args.test,
        )
        self.args = args
        self.sources = list(self._batches(test_data))
        for batch in self.sources:
            batch.sort_by_src_length()
        self.pairs = self._endless()
        return {
            "software": f"JoeyNMT {importlib_metadata.version('joeynmt')}",
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
        }

    def train(self, updates: int, batches: str = "as they come") -> dict[str, float]:
        """It has no batches of like length, and takes pairs as they come in any case."""
        tokens, loss, started = 0, 0.0, time.perf_counter()
        for batch in itertools.islice(self.pairs, updates):
            loss += self.trainer._train_step(batch)[0] * batch.ntokens
            self.trainer.clip_grad_fun(parameters=self.model.parameters())
            self.trainer.optimizer.step()
            self.model.zero_grad()
            tokens += batch.ntokens
        return {"seconds": time.perf_counter() - started, "tokens": tokens, "loss": loss / tokens}

    def translate(self, numbers: list[int], beam: int, steps: list[int], forced: bool) -> dict[str, float]:
        from joeynmt.search import search

        self.model.eval()
        end, found = self.model.eos_index, []
        started = time.perf_counter()
        for number, most in zip(numbers, steps, strict=True):
            ids, _, _ = search(
                model=self.model,
                batch=self.sources[number],
                max_output_length=most,
                beam_size=beam,
                beam_alpha=1.0,
                n_best=1,
                min_output_length=most if forced else 1,
            )
            found.append(ids)
        seconds = time.perf_counter() - started
        rows = [row for ids in found for row in ids.tolist()]
        kept = [row[: row.index(end) + 1] if end in row else row for row in rows]
        return {
            "seconds": seconds,
            "sentences": len(rows),
            "read": sum(int(self.sources[number].src_length.sum()) for number in numbers),
            "tokens": sum(len(row) - row.count(self.model.pad_index) for row in kept),
        }

    def _batches(self, data: Any) -> Any:
        return data.make_iter(
            batch_size=self.args.train.batch_size,
            batch_type=self.args.train.batch_type,
            shuffle=self.args.train.shuffle,
            pad_index=self.model.pad_index,
            eos_index=self.model.eos_index,
        )

    def _endless(self) -> Iterator[Any]:
        while True:
            yield from self._batches(self.train_data)


if __name__ == "__main__":
    answer(Peer)
