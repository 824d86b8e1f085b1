"""Published recipes and what suits few or many passes, as settings on top of the defaults."""

from __future__ import annotations

from typing import Any

# Plain SGD, plain dropout and nothing else.
_PLAIN = {
    "layers": 2,
    "tied": False,
    "dropout_embedding": 0.0,
    "weight_drop": 0.0,
    "locked_dropout": False,
    "activation_penalty": 0.0,
    "slowness_penalty": 0.0,
    "rotated_columns": False,
    "dropout_growth": 0.0,
    "embedding_init": "uniform",
    "unigram_bias": False,
    "optimizer": "sgd",
    "warmup": 0,
    "weight_decay": 0.0,
}
# Zaremba, Sutskever and Vinyals 2014 sum the loss over the steps of truncated back-propagation and average it over the
# batch; here it is averaged over both. Their learning rate 1 and gradient norm 5 become 1 x steps and 5 / steps.
_ZAREMBA = _PLAIN | {"batch_size": 20, "schedule": "exponential"}
_SMALL = {"hidden": 200, "dropout": 0.0, "init_range": 0.1, "bptt": 20, "epochs": 13}
_MEDIUM = {"hidden": 650, "dropout": 0.5, "init_range": 0.05, "bptt": 35, "epochs": 39}
# Merity, Keskar and Socher 2018 for Penn Treebank: the paper's numbers but for batch size 20 (not 40) and dropout 0.25
# (not 0.3) between the layers, with which their published code replaces them. Both average the loss over steps and
# batch, as is done here.
_AWD = {
    "layers": 3,
    "hidden": 1150,
    "last_hidden": 400,
    "embedding": 400,
    "dropout": 0.4,
    "dropout_hidden": 0.25,
    "dropout_embedding": 0.1,
    "weight_drop": 0.5,
    "rotated_columns": False,
    "dropout_growth": 0.0,
    "activation_penalty": 2.0,
    "slowness_penalty": 1.0,
    "recurrent_init": "uniform",
    "embedding_init": "uniform",
    "embedding_range": 0.1,
    "unigram_bias": False,
    "batch_size": 20,
    "bptt": 70,
    "variable_bptt": True,
    "epochs": 750,
    "optimizer": "nt-asgd",
    "lr": 30.0,
    "schedule": "constant",
    "warmup": 0,
    "weight_decay": 1.2e-6,
    "clip": 0.25,
}
# Gulordava, Bojanowski, Grave, Linzen and Baroni 2018: the English model that they published, and the defaults of their
# training code, which also averages the loss over steps and batch.
_GULORDAVA = _PLAIN | {
    "hidden": 650,
    "dropout": 0.2,
    "recurrent_init": "uniform",
    "embedding_range": 0.1,
    "batch_size": 128,
    "bptt": 35,
    "epochs": 40,
    "lr": 20.0,
    "schedule": "plateau",
    "clip": 0.25,
}
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "small": _ZAREMBA | _SMALL | {"lr": 20.0, "clip": 5 / 20, "decay": 0.5, "decay_after": 4},
    "medium": _ZAREMBA | _MEDIUM | {"lr": 35.0, "clip": 5 / 35, "decay": 1 / 1.2, "decay_after": 6},
    "awd": _AWD,
    "gulordava": _GULORDAVA,
}
# What a language model of the default preset starts from where its minutes allow for no more passes over the text than
# these: a smaller network, which reads more in the time, and has no time to overfit (docs/experiments.md).
FEW_PASSES = 3.0
FEW: dict[str, Any] = {
    "hidden": 300,
    "dropout": 0.1,
    "dropout_embedding": 0.0,
    "weight_drop": 0.0,
    "dropout_growth": 0.0,
}
# And where its minutes allow for at least these: a wider network, which reads half as much in the time and keeps more.
# A text of fewer tokens it would learn by heart: for that a smaller one, and smaller batches. Where a size is
# given nothing is changed, for the rest suits these sizes alone.
MANY_PASSES = 10.0
SMALL_TEXT = 500_000
MANY: dict[str, Any] = {"hidden": 650, "weight_decay": 0.02}
MANY_OF_SMALL: dict[str, Any] = {"hidden": 300, "batch_size": 16}
# In the way of Howard and Ruder 2018 (ULMFiT), how a classifier is trained that starts from a language model, and how
# that is first trained further on the classifier's own texts. Rates, pooling and dropout are ours, for AdamW and small
# data (docs/experiments.md); the paper's rates by layer are --layer-decay 2.6.
TRANSFER: dict[str, Any] = {
    "pooling": "mean",
    "dropout": 0.4,
    "dropout_embedding": 0.3,
    "weight_drop": 0.0,
    "schedule": "triangular",
    "unfreezing": True,
    "lr": 0.008,
    "epochs": 8,
}
FINE_TUNING: dict[str, Any] = {
    "schedule": "triangular",
    "lr": 0.002,
    "recurrent_rate": 1.0,
    "dropout_growth": 0.0,
    "epochs": 6,
    "batch_size": 16,
    "bptt": 70,
}
