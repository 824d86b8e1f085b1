"""What a classifier makes of texts."""

from __future__ import annotations

import numpy as np
import torch

from nlprnn.models.classifier import Classifier
from nlprnn.models.precision import computing
from nlprnn.text.bucketing import Ragged
from nlprnn.text.labelled_batches import text_batches

TOKENS = 8_000  # read side by side, padding included


@torch.inference_mode()
def text_scores(model: Classifier, texts: Ragged, fast: bool = False) -> np.ndarray:
    """The log-probabilities of all classes, in nats, (N, K) float32; of regression the number told, (N, 1).

    `fast`: with products in bfloat16 where training has them there; log-probabilities are then off by some hundredths.
    """
    model.eval()
    width = 1 if model.config.regression else model.classes
    found = np.empty((len(texts), width), dtype=np.float32)
    with computing([model], fast):
        for indices, text, lengths in text_batches(texts, TOKENS):
            scores = model.scores(text.to(model.device), lengths)
            found[indices] = (scores if model.config.regression else model.log_probs(scores)).cpu().numpy()
    return found
