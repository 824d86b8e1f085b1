"""The code everybody writes, in torch alone and with its default settings: nothing of nlprnn may be imported here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from cases import EOS, Case, lengths, sentences, stream, texts
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn-tanh": nn.RNN}
RATE, CLIP = 0.1, 0.25  # of SGD, on both sides
SCORED = 64  # sentences side by side
HEAD, CLASSES = 50, 5  # hidden units above a classifier's recurrent layers, and what it tells apart


class Network(nn.Module):
    """A next-word model."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.embedding = nn.Embedding(case.vocabulary, case.inputs)
        self.output = nn.Linear(case.hidden, case.vocabulary)
        self.rnn = LAYERS[case.cell](case.inputs, case.hidden, case.layers)

    def forward(self, ids: Tensor, state: object = None) -> tuple[Tensor, object]:
        """Ids (T, B), state or None -> logits (T, B, V), state."""
        outputs, state = self.rnn(self.embedding(ids), state)
        return self.output(outputs), state


def fill(parameters: Iterable[Tensor]) -> None:
    """Draw weights: in the same order, the same for both sides."""
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in parameters:
            bound = parameter.shape[-1] ** -0.5
            parameter.uniform_(-bound, bound, generator=generator)


def network_of(case: Case) -> Network:
    network = Network(case)
    fill(network.parameters())
    return network


def batches(case: Case) -> Iterator[tuple[Tensor, Tensor]]:
    """Inputs and targets (T, B) without end: the stream in columns, the first input an EOS."""
    targets = torch.from_numpy(stream(case))
    inputs = torch.cat([torch.tensor([EOS]), targets[:-1]])
    inputs, targets = (ids.view(case.batch, -1).t().contiguous() for ids in (inputs, targets))
    while True:
        for start in range(0, len(inputs), case.steps):
            yield inputs[start : start + case.steps], targets[start : start + case.steps]


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


def detach(state: Tensor | tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    return state.detach() if isinstance(state, Tensor) else tuple(part.detach() for part in state)


class Training:
    def __init__(self, case: Case) -> None:
        self.network = network_of(case)
        self.parameters = list(self.network.parameters())
        self.optimizer = torch.optim.SGD(self.parameters, lr=RATE)
        self.batches, self.state = batches(case), None

    def step(self) -> float:
        """One update; the batch's mean loss."""
        inputs, targets = next(self.batches)
        self.optimizer.zero_grad()
        logits, state = self.network(inputs, self.state)
        loss = loss_of(logits, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.optimizer.step()
        self.state = detach(state)
        return loss.item()


def padded(case: Case) -> tuple[Tensor, Tensor, Tensor]:
    """What an encoder reads: x (T, B, I), the gradient of its outputs (T, B, 2 H), lengths (B,)."""
    generator, count = torch.Generator().manual_seed(5), torch.from_numpy(lengths(case.batch))
    x = torch.randn(int(count.max()), case.batch, case.inputs, generator=generator, requires_grad=True)
    return x, torch.randn(len(x), case.batch, 2 * case.hidden, generator=generator), count


class Encoding:
    def __init__(self, case: Case) -> None:
        self.rnn = LAYERS[case.cell](case.inputs, case.hidden, case.layers, bidirectional=True)
        self.parameters = list(self.rnn.parameters())
        fill(self.parameters)
        self.x, self.gradient, self.lengths = padded(case)

    def step(self) -> float:
        """Forward and backward; the norm of the outputs."""
        self.rnn.zero_grad()
        self.x.grad = None
        packed = pack_padded_sequence(self.x, self.lengths, enforce_sorted=False)
        outputs, _ = pad_packed_sequence(self.rnn(packed)[0])
        outputs.backward(self.gradient)
        return float(outputs.detach().norm())


class Scoring:
    def __init__(self, case: Case) -> None:
        self.network = network_of(case).eval()
        self.sentences = [torch.from_numpy(ids) for ids in sentences(case)]

    @torch.no_grad()
    def step(self) -> float:
        """All sentences; their log-probability, each read from a fresh state after EOS."""
        total = 0.0
        for start in range(0, len(self.sentences), SCORED):
            batch = self.sentences[start : start + SCORED]
            targets = pad_sequence(batch)
            inputs = torch.cat([torch.full_like(targets[:1], EOS), targets[:-1]])
            inside = torch.arange(len(targets))[:, None] < torch.tensor([len(ids) for ids in batch])
            log_probs = F.log_softmax(self.network(inputs)[0], dim=-1)
            total += float(log_probs.gather(-1, targets[..., None])[..., 0][inside].sum())
        return total


class Stepping:
    def __init__(self, case: Case) -> None:
        self.network = network_of(case).eval()
        self.ids, self.at, self.state = stream(case).tolist(), 0, None

    @torch.no_grad()
    def step(self) -> float:
        """Read one token; the log-probability of the next."""
        token, self.at = self.ids[self.at], (self.at + 1) % len(self.ids)
        logits, self.state = self.network(torch.tensor([[token]]), self.state)
        return float(F.log_softmax(logits[0, 0], dim=-1)[self.ids[self.at]])


class Classifier(nn.Module):
    """The last states, largest and mean outputs of both directions; then hidden units and five classes."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.embedding = nn.Embedding(case.vocabulary, case.inputs)
        self.hidden = nn.Linear(6 * case.hidden, HEAD)
        self.output = nn.Linear(HEAD, CLASSES)
        self.rnn = LAYERS[case.cell](case.inputs, case.hidden, case.layers, bidirectional=True)

    def forward(self, ids: Tensor, count: Tensor) -> Tensor:
        """Ids (T, B), lengths (B,) -> probabilities (B, CLASSES)."""
        packed = pack_padded_sequence(self.embedding(ids), count, enforce_sorted=False)
        packed, state = self.rnn(packed)
        outputs, _ = pad_packed_sequence(packed)
        last = state[0] if isinstance(state, tuple) else state
        outside = (torch.arange(len(ids))[:, None] >= count)[:, :, None]
        pooled = [last[-2], last[-1], outputs.masked_fill(outside, -torch.inf).amax(0), outputs.sum(0) / count[:, None]]
        return F.softmax(self.output(F.relu(self.hidden(torch.cat(pooled, dim=1)))), dim=1)


class Classifying:
    """Texts to labels, in batches as they come."""

    def __init__(self, case: Case) -> None:
        self.network = Classifier(case).eval()
        self.parameters = list(self.network.parameters())
        fill(self.parameters)
        self.texts, self.ids = texts(case), {str(number): number for number in range(case.vocabulary)}

    @torch.no_grad()
    def step(self) -> float:
        """All texts; the sum of the probabilities of the labels told."""
        total = 0.0
        for start in range(0, len(self.texts), SCORED):
            batch = [
                torch.tensor([EOS, *(self.ids[word] for word in text.split())])
                for text in self.texts[start : start + SCORED]
            ]
            chances = self.network(pad_sequence(batch), torch.tensor([len(ids) for ids in batch]))
            told = [(str(int(label)), float(chance)) for chance, label in zip(*chances.max(1), strict=True)]
            total += sum(chance for _, chance in told)
        return total


SUBJECTS = {
    "train": Training,
    "memory": Training,
    "encode": Encoding,
    "score": Scoring,
    "step": Stepping,
    "classify": Classifying,
}
