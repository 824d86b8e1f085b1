"""Texts from vectors: search and drawing against loops written out, and nothing depends on what stands beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nlprnn.config.decoding import Sampling, Search
from nlprnn.config.vec2seq import Vec2SeqConfig
from nlprnn.inference import vec2seq
from nlprnn.inference.vec2seq import draw_texts, predict_texts, search_texts
from nlprnn.models.vec2seq import Vec2Seq
from nlprnn.text.vector_batches import encode_vector_texts
from nlprnn.text.vocabulary_tokenizers import WhitespaceTokenizer

TOKENIZER = WhitespaceTokenizer(["<eos>", "<unk>", *"abcdef"])
LONGEST = 6


@pytest.fixture(params=["state", "input", "both"])
def network(request: pytest.FixtureRequest) -> Vec2Seq:
    """Weights large enough that what is likely depends on the vector."""
    config = Vec2SeqConfig(hidden=10, embedding=10, feed=request.param, max_length=LONGEST)
    made = Vec2Seq(config, 2, len(TOKENIZER), seed=4)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(2.5)
    return made.eval()


@pytest.fixture
def vectors() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(2).standard_normal((9, 2)).astype(np.float32) * 2)


def next_log_probs(network: Vec2Seq, vector: torch.Tensor, ids: list[int]) -> torch.Tensor:
    """Of what follows some ids, all of them read anew."""
    with torch.no_grad():
        outputs, _ = network.read(torch.tensor([[0], *([id] for id in ids)]), network.start(vector[None]))
        return network.vocabulary.logits(outputs[-1, 0]).log_softmax(0)


def test_a_beam_of_one_takes_the_likeliest_token_each_time(network: Vec2Seq, vectors: torch.Tensor) -> None:
    found = search_texts(network, vectors, Search(beam=1), never=(1,))
    for vector, one in zip(vectors, found, strict=True):
        ids: list[int] = []
        while len(ids) <= LONGEST:
            log_probs = next_log_probs(network, vector, ids)
            log_probs[1] = -torch.inf
            ids.append(int(log_probs.argmax()))
            if ids[-1] == 0:
                break
        assert one.ids == (ids[:-1] if ids[-1] == 0 else ids)
        assert one.ended == (ids[-1] == 0)
    assert len({tuple(one.ids) for one in found}) > 1  # the vector decides


def test_what_is_found_has_the_probability_it_is_said_to_have(network: Vec2Seq, vectors: torch.Tensor) -> None:
    wide = search_texts(network, vectors, Search(beam=4, length_penalty=0.0))
    narrow = search_texts(network, vectors, Search(beam=1, length_penalty=0.0))
    drawn = draw_texts(network, vectors, Sampling(), range(9))
    for several in (wide, narrow, drawn):
        for vector, one in zip(vectors, several, strict=True):
            ids = [*one.ids, 0] if one.ended else one.ids
            by_hand = sum(float(next_log_probs(network, vector, ids[:i])[id]) for i, id in enumerate(ids))
            assert one.log_prob == pytest.approx(by_hand, abs=1e-4)


def test_a_draw_depends_on_its_seed_and_vector_and_not_on_what_stands_beside_it(
    network: Vec2Seq, vectors: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = [one.ids for one in draw_texts(network, vectors, Sampling(), range(9), never=(1,))]
    alone = [draw_texts(network, vectors[i : i + 1], Sampling(), [i], never=(1,))[0].ids for i in range(9)]
    monkeypatch.setattr(vec2seq, "TEXTS", 4)
    in_fours = [one.ids for one in draw_texts(network, vectors, Sampling(), range(9), never=(1,))]
    searched = [one.ids for one in search_texts(network, vectors, Search(beam=2))]
    monkeypatch.undo()
    assert together == alone == in_fours
    assert searched == [one.ids for one in search_texts(network, vectors, Search(beam=2))]
    assert not any(1 in ids for ids in together)
    other = [one.ids for one in draw_texts(network, vectors, Sampling(), range(9, 18), never=(1,))]
    assert other != together


def test_drawn_tokens_have_the_frequencies_of_their_probabilities(network: Vec2Seq, vectors: torch.Tensor) -> None:
    draws = 200
    many = vectors[:1].expand(draws, 2)
    first = [([*one.ids, 0])[0] for one in draw_texts(network, many, Sampling(), range(draws))]
    wanted = next_log_probs(network, vectors[0], []).exp().numpy()
    found = np.bincount(first, minlength=len(wanted)) / draws
    assert np.abs(found - wanted).max() < 4 * 0.5 / draws**0.5


def test_given_texts_are_predicted_whatever_the_batches(network: Vec2Seq, vectors: torch.Tensor) -> None:
    texts = ["a b", "c", "d e f a b", "f f", "a", "b c d", "e", "a a a", "d"]
    rows = encode_vector_texts(vectors.numpy(), texts, TOKENIZER)
    by_hand = 0.0
    for vector, text in zip(vectors, texts, strict=True):
        ids = [*TOKENIZER.encode(text), 0]
        by_hand -= sum(float(next_log_probs(network, vector, ids[:i])[id]) for i, id in enumerate(ids))
    for batch_tokens in (1, 9, 1000):
        nll, tokens = predict_texts(network, rows.batches(batch_tokens))
        assert tokens == 19 + 9
        assert nll == pytest.approx(by_hand, rel=1e-5)
