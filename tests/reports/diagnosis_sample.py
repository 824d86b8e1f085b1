"""A diagnosis as --json prints it, small enough to reckon with by hand."""

from __future__ import annotations

from typing import Any


def curve(network: str, setting: str, median: list[float], layer: int = 1, part: str = "h") -> dict[str, Any]:
    """A curve of gradient norms, its quartiles at half and twice the median."""
    return {
        "network": network, "setting": setting, "layer": layer, "part": part, "n": 4, "median": median,
        "low": [norm / 2 for norm in median], "high": [norm * 2 for norm in median], "mean": median,
        "factor": (median[-1] / median[0]) ** (1 / (len(median) - 1)), "reaches": 1,
    }  # fmt: skip


def recall_run(cell: str, delay: int, seed: int, accuracy: float) -> dict[str, Any]:
    return {"cell": cell, "delay": delay, "seed": seed, "lr": 0.01, "accuracy": accuracy, "diverged": False}


def measure_run(cell: str, lr: float, clip: float, seed: int, accuracy: float, exploded: float) -> dict[str, Any]:
    return {
        "cell": cell, "lr": lr, "clip": clip, "seed": seed, "accuracy": accuracy, "diverged": clip == 0 and lr > 0.1,
        "norms": [1.0, 20.0 * lr] * 10, "steps": 20, "norm_median": 1.0, "norm_max": 5.0 + seed, "exploded": exploded,
    }  # fmt: skip


def saturated(network: str, setting: str, part: str, high: float) -> dict[str, Any]:
    return {"network": network, "setting": setting, "part": part, "kind": "gate", "low": 0.1, "high": high}


MEASURES = [
    measure_run(cell, lr, clip, seed, 0.25 * seed, 0.01 * seed)
    for cell in ("rnn-relu", "rnn-tanh")
    for lr in (0.3, 0.03)
    for clip in (0.0, 1.0)
    for seed in (1, 3)
]
RECALL = [
    recall_run(cell, delay, seed, accuracy)
    for cell, accuracies in {"lstm": (1.0, 0.2), "lstm-chrono": (1.0, 0.95), "rnn-tanh": (0.5, 0.1)}.items()
    for delay, accuracy in zip((5, 20), accuracies, strict=True)
    for seed in (1, 2)
]
REACHED = [
    {"cell": "lstm", "longest": [5, 5], "median": 5.0},
    {"cell": "lstm-chrono", "longest": [5, 20], "median": 12.5},
    {"cell": "rnn-tanh", "longest": [0, 0], "median": 0.0},
]
BEFORE, AFTER = "before training", "after training"
SAMPLE: dict[str, Any] = {
    "settings": {
        "packages": {"nlprnn": "0.1.0"}, "cells": ["rnn-tanh", "lstm"], "seed": 1, "quick": False, "tested": 512,
        "model": "models/a<b", "text": "test.txt", "tokens": 1234,
        "budgets": {"recall": {"seeds": 2, "hidden": 32, "steps": 400, "batch": 32, "optimizer": "adamw", "clip": 1.0}},
    },
    "gains": {
        "curves": [
            curve("rnn-tanh", "0.5", [1.0, 1e-4, 1e-8]), curve("rnn-tanh", "3", [1.0, 1e3, 1e6]),
            curve("lstm", "0.5", [1.0, 0.5, 0.25]), curve("lstm", "3", [1.0, 1.0, 1.0]),
            curve("lstm", "0.5", [1.0, 0.9, 0.8], part="c"), curve("lstm", "3", [1.0, 1.0, 2.0], part="c"),
        ]
    },
    "measures": {"runs": MEASURES, "chance": 0.125},
    "rates": {
        "runs": [{"cell": "lstm", "lr": 0.01, "delay": 20, "seed": 1001, "accuracy": 1.0}],
        "chosen": {"lstm": 0.01},
    },
    "recall": {"runs": RECALL, "reached": REACHED, "chance": 0.125},
    "copying": {"runs": RECALL, "reached": REACHED, "chance": 0.125},
    "bptt": {
        "runs": [
            {"cell": "gru", "bptt": 2, "delay": 0, "seed": 1, "accuracy": 1.0, "within": True},
            {"cell": "gru", "bptt": 2, "delay": 3, "seed": 1, "accuracy": 0.2, "within": False},
            {"cell": "gru", "bptt": 5, "delay": 0, "seed": 1, "accuracy": 1.0, "within": True},
            {"cell": "gru", "bptt": 5, "delay": 3, "seed": 1, "accuracy": 0.7, "within": True},
        ],
        "chance": 0.125,
    },
    "learnt": {
        "reach": {
            "curves": [
                curve("rnn-tanh", BEFORE, [1.0, 0.1]), curve("rnn-tanh", AFTER, [2.0, 1.0]),
                curve("lstm", BEFORE, [1.0, 0.1]), curve("lstm", BEFORE, [1.0, 0.2], part="c"),
                curve("lstm", AFTER, [1.0, 0.1]), curve("lstm", AFTER, [1.0, 0.8], part="c"),
            ]
        },
        "saturation": [
            saturated("lstm", BEFORE, "f", 0.0), saturated("lstm", BEFORE, "i", 0.3),
            saturated("lstm", AFTER, "f", 0.6), saturated("lstm", AFTER, "i", 0.4),
        ],
        "accuracy": {"rnn-tanh": [0.95, 0.5], "lstm": [1.0, 1.0]},
        "delay": 0,
    },
    "reach": {"curves": [curve("model", "as trained", [1.0, 0.1, 0.001], layer) for layer in (1, 2)]},
    "saturation": {
        "parts": [
            {"layer": 1, "part": "f", "kind": "gate", "low": 0.1, "high": 0.7, "always_low": 0.0, "always_high": 0.2},
            {"layer": 1, "part": "g", "kind": "tanh", "low": 0.3, "high": 0.3, "always_low": 0.0, "always_high": 0.0},
        ],
        "places": 3200,
    },
    "context": {
        "points": [
            {"history": name, "kept": kept, "perplexity": ppl, "increase": ppl / 50 - 1, "low": -0.01, "high": 0.5}
            for name, kept, ppl in (
                ("forgotten", 1, 70.0), ("forgotten", 200, 50.0), ("shuffled", 2, 60.0), ("dropped", 2, 55.0)
            )
        ],
        "whole": 200, "targets": 400, "lengths": {"forgotten": 200, "shuffled": 20, "dropped": 5},
    },
}  # fmt: skip
