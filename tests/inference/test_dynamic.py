"""Dynamic evaluation against the paper's rule written out, torch's own optimizer, and what must hold in any case."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.errors import ConfigError
from nlprnn.inference import dynamic as dynamic_module
from nlprnn.inference.dynamic import Dynamic, dynamic_nll, gradient_sizes, root_mean_squares, tune_dynamic
from nlprnn.inference.streams import stream_nll
from nlprnn.models.language_model import LanguageModel
from nlprnn.text.batching import Batch

VOCABULARY = 7


def network(tied: bool = True) -> LanguageModel:
    model = LanguageModel(LanguageModelConfig(hidden=6, layers=2, tied=tied, dropout=0.5, weight_drop=0.5), VOCABULARY)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return model.eval()


def text(length: int = 62) -> np.ndarray:
    return np.random.default_rng(4).integers(0, VOCABULARY, length).astype(np.uint16)


def sizes_of(model: LanguageModel) -> list[torch.Tensor]:
    """Some r for every parameter, unlike each other."""
    generator = torch.Generator().manual_seed(3)
    return [torch.rand(parameter.shape, generator=generator) + 0.01 for parameter in model.parameters()]


def segments(ids: np.ndarray, length: int) -> list[Batch]:
    whole = torch.from_numpy(np.append(0, ids).astype(np.int64))[:, None]
    return [
        Batch(inputs, targets)
        for inputs, targets in zip(whole[:-1].split(length), whole[1:].split(length), strict=True)
    ]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.3, 50.0])
def test_the_update_is_the_papers_rule(decay: float, tied: bool) -> None:
    model, ids, settings = network(tied), text(), Dynamic(lr=0.2, decay=decay, segment=4)
    sizes = sizes_of(model)
    found = dynamic_nll(model, ids, settings, sizes)
    mean = torch.cat([size.flatten() for size in sizes]).mean()
    trained = [parameter.detach().clone() for parameter in model.parameters()]
    state, expected = None, 0.0
    for batch in segments(ids, 4):
        loss = model(batch, state)
        state, expected = loss.state, expected + loss.nll.item()
        model.zero_grad()
        (loss.nll / loss.count).backward()
        with torch.no_grad():
            for weight, start, size in zip(model.parameters(), trained, sizes, strict=True):
                back = torch.minimum(size / mean, torch.tensor(1 / decay if decay else math.inf)) * decay
                weight += -0.2 * weight.grad / (size + mean) + back * (start - weight)
    assert found == pytest.approx(expected, rel=1e-5)


def test_with_gradients_of_one_size_it_is_stochastic_gradient_descent() -> None:
    model, ids = network(), text()
    ones = [torch.ones_like(parameter) for parameter in model.parameters()]
    found = dynamic_nll(model, ids, Dynamic(lr=0.6, decay=0.0, segment=5), ones)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)  # r + epsilon = 2
    state, expected = None, 0.0
    for batch in segments(ids, 5):
        loss = model(batch, state)
        optimizer.zero_grad()
        (loss.nll / loss.count).backward()
        optimizer.step()
        state, expected = loss.state, expected + loss.nll.item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_without_a_learning_rate_it_is_the_plain_stream() -> None:
    model, ids = network(), text(200)
    plain = stream_nll(model, ids, columns=1)
    assert dynamic_nll(model, ids, Dynamic(lr=0.0, decay=0.5), sizes_of(model)) == pytest.approx(plain, rel=1e-6)


def test_every_token_is_predicted_before_it_is_learnt_from() -> None:
    model, sizes = network(), sizes_of(network())
    settings = Dynamic(lr=0.5, segment=5)
    first = text(5)
    plain = stream_nll(model, first, columns=1)
    assert dynamic_nll(model, first, settings, sizes) == pytest.approx(plain, rel=1e-6)
    probabilities = [
        math.exp(plain - dynamic_nll(model, np.append(first, token), settings, sizes)) for token in range(VOCABULARY)
    ]
    assert sum(probabilities) == pytest.approx(1.0, abs=1e-5)  # after learning, the next token may be any


def test_what_comes_again_is_learnt() -> None:
    model, ids = network(), np.tile(text(6), 30)
    plain = stream_nll(model, ids, columns=1)
    assert dynamic_nll(model, ids, Dynamic(lr=0.1, decay=0.0), sizes_of(model)) < 0.7 * plain


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_model_is_afterwards_what_it_was(interrupted: bool) -> None:
    model, ids = network().train(), text()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    during: list[bool] = []

    def progress(done: int, total: int) -> None:
        same = zip(model.parameters(), before, strict=True)
        during.append(all(torch.equal(weight, kept) for weight, kept in same))
        if interrupted and done > 30:
            raise KeyboardInterrupt

    try:
        dynamic_nll(model, ids, Dynamic(lr=0.1), sizes_of(model), progress)
        assert not interrupted
    except KeyboardInterrupt:
        assert interrupted
    assert not any(during)
    for weight, kept in zip(model.parameters(), before, strict=True):
        assert torch.equal(weight, kept)
        assert weight.grad is None
        assert weight.requires_grad


def test_the_sizes_of_gradients_are_their_root_mean_squares() -> None:
    model = network()
    columns = torch.from_numpy(text(64).astype(np.int64)).view(16, 4)
    found = root_mean_squares(model, columns, segment=6)
    squares = [torch.zeros_like(parameter) for parameter in model.parameters()]
    state = None
    for start in (0, 6, 12):  # the last one shorter
        batch = Batch(columns[start : min(start + 6, 15)], columns[start + 1 : start + 7])
        loss = model(batch, state)
        model.zero_grad()
        (loss.nll / loss.count).backward()
        for square, parameter in zip(squares, model.parameters(), strict=True):
            square += parameter.grad**2
        state = loss.state
    for size, square in zip(found, squares, strict=True):
        torch.testing.assert_close(size, (square / 3).sqrt())


def test_sizes_over_drawn_text_are_the_fisher_information() -> None:
    """With fixed probabilities p, the gradient at a bias is p minus a frequency in n tokens: variance p (1 - p) / n."""
    model = network(tied=False)
    p = torch.tensor([0.3, 0.25, 0.2, 0.1, 0.08, 0.05, 0.02])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.vocabulary.bias.copy_(p.log())
    sizes = dict(zip([name for name, _ in model.named_parameters()], gradient_sizes(model, segment=5), strict=True))
    expected = (p * (1 - p) / (dynamic_module.COLUMNS * 5)).sqrt()
    torch.testing.assert_close(sizes["vocabulary.bias"], expected, rtol=0.3, atol=0.0)


def test_the_same_seed_draws_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamic_module, "SEGMENTS", 3)
    model = network()
    one, same, other = (gradient_sizes(model, 4, seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_tuning_takes_the_best_rate_and_none_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = (0.0, 0.02, 0.1, 3e38)
    monkeypatch.setattr(dynamic_module, "RATES", rates)
    model, ids = network(), np.tile(text(6), 20)
    sizes, told = sizes_of(model), []
    chosen = tune_dynamic(model, ids, Dynamic(segment=4), sizes, lambda done, total: told.append((done, total)))
    nll = [dynamic_nll(model, ids, Dynamic(lr=rate, segment=4), sizes) for rate in rates]
    assert not math.isfinite(nll[-1])
    assert chosen == Dynamic(lr=rates[int(np.nanargmin(nll))], segment=4)
    assert chosen.lr == 0.1
    assert told[-1] == (480, 480)
    assert told == sorted(told)


@pytest.mark.parametrize("wrong", [{"lr": -1.0}, {"lr": math.inf}, {"decay": math.nan}, {"segment": 0}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="give a"):
        Dynamic(**wrong)  # type: ignore[arg-type]
