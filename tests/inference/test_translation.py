"""Whole translations of toy translators, against sentences read alone and whole, one after the other."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
import torch
from torch import Tensor

from nlprnn.config.decoding import Sampling, Search
from nlprnn.config.translation import TranslatorConfig
from nlprnn.inference import translation
from nlprnn.inference.translation import (
    attended,
    longest_target,
    predict_targets,
    sample_ids,
    translate_ids,
)
from nlprnn.models.translator import Translator
from nlprnn.nn.kernels.dispatch import Compute, choose
from nlprnn.text.bucketing import ragged

EOS, READ, TYPES = 0, 9, 5  # source and target types
SOURCES = [[5, 2, 7, 7], [3], [2, 8, 4], [], [6, 6, 5, 4, 3, 2, 8]]


def toy(seed: int = 1, types: int = TYPES, **kind: object) -> Translator:
    """A translator with large random weights, which has strong opinions; it steps exactly, without packed weights."""
    settings = {"hidden": 8, "embedding": 6, "decoder_layers": 2, "dropout": 0.0} | kind
    model = Translator(TranslatorConfig(**settings), READ, types, seed)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-1.2, 1.2, generator=generator)
    model.use(Compute())
    return model.eval()


@functools.cache
@torch.inference_mode()
def told(model: Translator, source: tuple[int, ...], tokens: tuple[int, ...]) -> tuple[Tensor, Tensor | None]:
    """Log-probabilities (T, V) of each next token, and attention (T, S), of one sentence read alone and whole."""
    encoded = model.encode(torch.tensor(source or (EOS,))[:, None], torch.tensor([max(len(source), 1)]))
    decoded = model.decode(torch.tensor([EOS, *tokens])[:, None], *encoded)
    log_probs = torch.log_softmax(model.vocabulary.logits(decoded.readout[:, 0]), dim=-1)
    return log_probs, None if decoded.weights is None else decoded.weights[0]


def mean_probabilities(models: Sequence[Translator], source: Sequence[int], tokens: Sequence[int]) -> Tensor:
    return torch.stack([told(model, tuple(source), tuple(tokens))[0].exp() for model in models]).mean(dim=0)


def log_prob(models: Sequence[Translator], source: Sequence[int], tokens: Sequence[int]) -> float:
    steps = mean_probabilities(models, source, tokens[:-1])
    return sum(math.log(float(step[token])) for step, token in zip(steps, tokens, strict=True))


def greedy(models: Sequence[Translator], source: Sequence[int], most: int) -> list[int]:
    """The likeliest token each time, <eos> included if it comes."""
    ids: list[int] = []
    while len(ids) < most and (not ids or ids[-1] != EOS):
        ids.append(int(mean_probabilities(models, source, ids)[-1].argmax()))
    return ids


MEMBERS = [[toy()], [toy(2, attention="none", cell="gru")], [toy(1), toy(3, decoder_layers=1, attention="additive")]]


@pytest.mark.parametrize("members", MEMBERS)
def test_a_beam_of_one_takes_the_likeliest_token_each_time(members: list[Translator]) -> None:
    for source, (best,) in zip(SOURCES, translate_ids(members, ragged(SOURCES, READ), Search(beam=1)), strict=True):
        expected = greedy(members, source, longest_target(len(source) or 1))
        assert [*best.ids, *[EOS] * best.ended] == expected
        assert best.log_prob == pytest.approx(log_prob(members, source, expected), rel=1e-4)
        assert best.score == pytest.approx(best.log_prob / len(expected))


@pytest.mark.parametrize(("members", "alpha"), list(zip(MEMBERS, [0.0, 1.0, 1.0], strict=True)))
def test_a_wide_beam_finds_what_trying_everything_finds(
    members: list[Translator], alpha: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "longest_target", lambda length: 3)
    every = [(*ids, EOS) for n in range(3) for ids in itertools.product(range(1, TYPES), repeat=n)]
    every += list(itertools.product(range(1, TYPES), repeat=3))  # cut off
    found = translate_ids(members, ragged(SOURCES[:2], READ), Search(400, alpha, n_best=400))
    for source, several in zip(SOURCES[:2], found, strict=True):
        scores = {tokens: log_prob(members, source, tokens) / len(tokens) ** alpha for tokens in every}
        order = sorted(every, key=lambda tokens: (tokens[-1] != EOS, -scores[tokens]))
        assert [(*one.ids, *[EOS] * one.ended) for one in several] == order
        assert [one.score for one in several] == pytest.approx([scores[tokens] for tokens in order], rel=1e-4)
        assert sum(math.exp(one.log_prob) for one in several) == pytest.approx(1, rel=1e-4)


def test_an_ensemble_of_a_model_with_itself_changes_nothing() -> None:
    for how in (Search(beam=1), Search(beam=4, n_best=4)):
        alone = translate_ids([MEMBERS[0][0]], ragged(SOURCES, READ), how)
        thrice = translate_ids([MEMBERS[0][0]] * 3, ragged(SOURCES, READ), how)
        for one, other in zip(itertools.chain(*alone), itertools.chain(*thrice), strict=True):
            assert (one.ids, one.ended) == (other.ids, other.ended)
            assert one.score == pytest.approx(other.score, rel=1e-5)


@pytest.fixture
def onednn() -> Iterator[None]:
    """Float32 products as the commands have them, whose last bits depend on how many rows there are."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.usefixtures("onednn")
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    ("how", "kernels"),
    [(Search(beam=5, n_best=3), "torch"), (Search(3, coverage_penalty=0.3), "torch"), (Search(beam=1), "auto")],
)
def test_what_is_translated_beside_a_sentence_changes_nothing(
    how: Search, kernels: str, layers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(7)
    sources = [torch.randint(2, READ, (1 + 7 * i % 12,), generator=generator).tolist() for i in range(40)]
    members = [toy(4, types=12, decoder_layers=layers)]
    members[0].use(choose(kernels, "auto", members[0].device))
    packed = members[0].pack() is not None
    together = translate_ids(members, ragged(sources, READ), how)
    order = torch.randperm(40, generator=generator).tolist()
    monkeypatch.setattr(translation, "SENTENCES", 7)
    shuffled = translate_ids(members, ragged([sources[i] for i in order], READ), how)
    for place, index in enumerate(order):
        assert [one.ids for one in shuffled[place]] == [one.ids for one in together[index]]
        scores = [one.score for one in together[index]]
        # Compiled kernels compute each row by itself, to the last bit; torch's products do not.
        assert [one.score for one in shuffled[place]] == (scores if packed else pytest.approx(scores, rel=1e-4))
    assert len({str(several) for several in together}) > 30  # the sources are not all the same to it


def test_whatever_kernels_step_the_probabilities_are_the_models_but_for_rounding() -> None:
    model, sources = toy(4, types=12), ragged(SOURCES, READ)
    model.use(choose("auto", "auto", model.device))
    for source, several in zip(SOURCES, translate_ids([model], sources, Search(4, n_best=4)), strict=True):
        for one in several:
            exact = log_prob([toy(4, types=12)], source, [*one.ids, *[EOS] * one.ended])
            assert one.log_prob == pytest.approx(exact, rel=0.02, abs=0.1)


def test_sequences_are_drawn_as_often_as_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "longest_target", lambda length: 2)
    monkeypatch.setattr(translation, "SENTENCES", 500)
    draws, source = 1500, SOURCES[2]
    found = sample_ids(MEMBERS[0], ragged([source] * draws, READ), Sampling(), range(draws))
    shares = Counter((*one.ids, *[EOS] * one.ended) for (one,) in found)
    every = [(EOS,), *itertools.product(range(1, TYPES), range(TYPES))]
    exact = {tokens: math.exp(log_prob(MEMBERS[0], source, tokens)) for tokens in every}
    assert sum(exact.values()) == pytest.approx(1, rel=1e-4)
    assert {tokens: shares[tokens] / draws for tokens in every} == pytest.approx(exact, abs=0.04)


def test_draws_follow_from_the_seed_of_a_sentence_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sources, seeds = [*SOURCES, SOURCES[0]], [11, 12, 13, 14, 15, 16]
    together = sample_ids(MEMBERS[0], ragged(sources, READ), Sampling(), seeds, draws=3)
    again = sample_ids(MEMBERS[0], ragged(sources, READ), Sampling(), seeds, draws=3)
    monkeypatch.setattr(translation, "SENTENCES", 1)
    alone = sample_ids(MEMBERS[0], ragged(sources[::-1], READ), Sampling(), seeds[::-1], draws=3)[::-1]
    for one, other, third in zip(together, again, alone, strict=True):
        assert [each.ids for each in one] == [each.ids for each in other] == [each.ids for each in third]
        assert [each.score for each in one] == sorted((each.score for each in one), reverse=True)
    assert [each.ids for each in together[0]] != [each.ids for each in together[5]]  # the same source, another seed
    assert len({tuple(each.ids) for each in together[4]}) == 3


def test_drawing_at_temperature_zero_is_greedy_search() -> None:
    drawn = sample_ids(MEMBERS[2], ragged(SOURCES, READ), Sampling(temperature=0.0), range(5), draws=2)
    for several, (best,) in zip(drawn, translate_ids(MEMBERS[2], ragged(SOURCES, READ), Search(1)), strict=True):
        for one in several:
            assert (one.ids, one.ended) == (best.ids, best.ended)
            assert one.log_prob == pytest.approx(best.log_prob, rel=1e-4)


@pytest.mark.parametrize("member", [0, 1])
def test_given_translations_are_predicted_as_in_a_loop(member: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "TOKENS", 25)  # so that there are several batches
    monkeypatch.setattr(translation, "ROWS", 4)
    model, targets = MEMBERS[member][0], [[2, 3], [4, 4, 2, 1, 3], [], [1], [3, 2, 1]]
    nll, tokens, correct = 0.0, 0, 0
    for source, target in zip(SOURCES, targets, strict=True):
        log_probs, _ = told(model, tuple(source), tuple(target))
        for row, token in zip(log_probs, [*target, EOS], strict=True):
            nll, tokens, correct = nll - float(row[token]), tokens + 1, correct + (int(row.argmax()) == token)
    found = predict_targets(model, ragged(SOURCES, READ), ragged(targets, TYPES))
    assert (found.tokens, found.correct) == (tokens, correct) == (16, correct)
    assert 0 < correct < tokens
    assert found.nll == pytest.approx(nll, rel=1e-5)


def test_attention_is_that_of_each_sentence_alone_and_the_mean_of_several_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(translation, "TOKENS", 25)
    targets = [[2, 3], [4, 4, 2, 1, 3], [], [1], [3, 2, 1]]
    found = attended(MEMBERS[2], ragged(SOURCES, READ), ragged(targets, TYPES))
    assert found is not None
    for source, target, weights in zip(SOURCES, targets, found, strict=True):
        alone = [told(model, tuple(source), tuple(target))[1] for model in MEMBERS[2]]
        assert alone[0] is not None and alone[1] is not None
        assert weights.shape == (len(target) + 1, max(len(source), 1))
        torch.testing.assert_close(torch.from_numpy(weights), (alone[0] + alone[1]) / 2, rtol=1e-4, atol=1e-5)
    blind = [MEMBERS[0][0], MEMBERS[1][0]]
    assert attended(blind, ragged(SOURCES, READ), ragged(targets, TYPES)) is None
    assert attended(MEMBERS[0], ragged([], READ), ragged([], TYPES)) == []
