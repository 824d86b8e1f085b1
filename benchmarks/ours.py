"""The same with nlprnn, through the functions that its commands call, also where these are private."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from cases import Case, sentences, stream, texts
from plain import CLASSES, CLIP, HEAD, RATE, fill, padded

from nlprnn.checkpoint import ModelDirectory
from nlprnn.config.classification import ClassifierConfig
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.inference.decoding import Stepper
from nlprnn.inference.scoring import NeuralScorer
from nlprnn.models.classifier import Classifier
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.stack import RecurrentStack
from nlprnn.tasks.classification_model import ClassificationModel
from nlprnn.tasks.labels import Labels
from nlprnn.tasks.language_modelling import Settings, language_network
from nlprnn.text.batching import Batch, StreamBatches
from nlprnn.text.vocabulary_tokenizers import WhitespaceTokenizer
from nlprnn.training.progress import Progress
from nlprnn.training.trainer import Trainer, Validation

CPU = torch.device("cpu")


def settings_of(case: Case, kernels: str) -> Settings:
    """No dropout and no sharing of weights, plain SGD: what the other side computes."""
    return Settings(
        tokenizer=TokenizerConfig(),
        model=LanguageModelConfig(
            cell=case.cell,
            layers=case.layers,
            hidden=case.hidden,
            embedding=case.inputs,
            tied=False,
            dropout=0.0,
            dropout_embedding=0.0,
            weight_drop=0.0,
            activation_penalty=0.0,
            slowness_penalty=0.0,
            recurrent_init="uniform",
        ),
        training=StreamTrainingConfig(
            batch_size=case.batch,
            bptt=case.steps,
            optimizer="sgd",
            lr=RATE,
            schedule="constant",
            warmup=0,
            weight_decay=0.0,
            clip=CLIP,
            kernels=kernels,
        ),
    )


def network_of(case: Case, kernels: str) -> LanguageModel:
    network = language_network(settings_of(case, kernels), case.vocabulary, CPU)
    fill(network.parameters())
    return network


def stepper_of(network: LanguageModel) -> Stepper:
    """What sampling reads the network through, one token at a time."""
    return network.stepper()


def endless(batches: StreamBatches) -> Iterator[Batch]:
    """One epoch after the other."""
    while True:
        yield from batches


def not_validated() -> Validation:
    """What a Trainer wants and a single step does not call."""
    raise AssertionError


class Training:
    def __init__(self, case: Case, kernels: str) -> None:
        network, config = network_of(case, kernels), settings_of(case, kernels).training
        self.parameters = list(network.parameters())
        batches, nowhere = StreamBatches(stream(case), case.batch, case.steps), ModelDirectory(Path("nowhere"))
        self.trainer = Trainer(network, batches, not_validated, config, nowhere, Progress(quiet=True))
        self.batches = endless(batches)

    def step(self) -> float:
        """One update; the batch's mean loss."""
        now = self.trainer.now
        nll, count = now.epoch_nll, now.epoch_count
        self.trainer._step(next(self.batches))
        return (now.epoch_nll - nll) / (now.epoch_count - count)


class Encoding:
    def __init__(self, case: Case, kernels: str) -> None:
        sizes = [case.hidden] * case.layers
        self.stack = RecurrentStack(case.cell, case.inputs, sizes, init="uniform", bidirectional=True)
        self.stack.compute = choose(kernels, "auto", CPU)
        self.parameters = list(self.stack.parameters())
        fill(self.parameters)
        self.x, self.gradient, self.lengths = padded(case)

    def step(self) -> float:
        """Forward and backward; the norm of the outputs."""
        self.stack.zero_grad()
        self.x.grad = None
        outputs, _ = self.stack(self.x, lengths=self.lengths)
        outputs.backward(self.gradient)
        return float(outputs.detach().norm())


class Scoring:
    def __init__(self, case: Case, kernels: str) -> None:
        types = ["<eos>", "<unk>", *map(str, range(2, case.vocabulary))]
        self.scorer = NeuralScorer(network_of(case, kernels), WhitespaceTokenizer(types))
        self.sentences = sentences(case)

    def step(self) -> float:
        """All sentences; their log-probability."""
        return sum(float(log_probs.sum()) for log_probs, _ in self.scorer.score_ids(self.sentences))


class Stepping:
    def __init__(self, case: Case, kernels: str) -> None:
        self.stepper = stepper_of(network_of(case, kernels))
        self.ids, self.at, self.state = stream(case).tolist(), 0, self.stepper.start(1)

    @torch.inference_mode()
    def step(self) -> float:
        """Read one token; the log-probability of the next."""
        token, self.at = self.ids[self.at], (self.at + 1) % len(self.ids)
        rows, self.state = self.stepper.step(torch.tensor([token]), self.state)
        return float(rows[0, self.ids[self.at]])


class Classifying:
    """As `classify` does, but for reading and printing lines."""

    def __init__(self, case: Case, kernels: str) -> None:
        sizes = {
            "layers": case.layers,
            "hidden": case.hidden,
            "embedding": case.inputs,
            "head_hidden": HEAD,
            "pooling": "concatenated",
        }
        network = Classifier(ClassifierConfig(cell=case.cell, **sizes), case.vocabulary, CLASSES)
        network.use(choose("native", "fp32", CPU) if kernels == "exact" else choose(kernels, "auto", CPU))
        self.parameters = list(network.parameters())
        fill(self.parameters)
        types = ["<eos>", "<unk>", *map(str, range(2, case.vocabulary))]
        labels = Labels(tuple(map(str, range(CLASSES))), None)
        self.model = ClassificationModel(Path("nowhere"), network, WhitespaceTokenizer(types), labels, max_length=400)
        self.texts = texts(case)

    def step(self) -> float:
        """All texts; the sum of the probabilities of the labels told."""
        return sum(one.probability for one in self.model.classify(self.texts))


SUBJECTS = {
    "train": Training,
    "memory": Training,
    "encode": Encoding,
    "score": Scoring,
    "step": Stepping,
    "classify": Classifying,
}
