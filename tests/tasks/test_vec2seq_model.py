"""A model taken from its directory: texts for vectors in order, whatever window they are made in."""

from __future__ import annotations

import numpy as np
import pytest

from nlprnn import Sampling, Search, Vec2SeqModel, train_vec2seq
from nlprnn.errors import ConfigError, DataError
from nlprnn.tasks import vec2seq_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Vec2SeqModel:
    folder = tmp_path_factory.mktemp("model")
    np.save(folder / "v.npy", np.arange(40.0)[:, None])
    (folder / "t.txt").write_text("".join(f"{'long ' * (i % 4)}{'day' if i < 20 else 'night'}\n" for i in range(40)))
    settings = {"hidden": 8, "embedding": 8, "epochs": 1, "threads": 1, "max_length": 5}
    return train_vec2seq([folder / "v.npy", folder / "t.txt"], folder / "out", quiet=True, **settings).model


def test_the_same_texts_are_drawn_whatever_the_window(model: Vec2SeqModel, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.linspace(-5, 50, 13)[:, None]
    whole = list(model.generate(vectors, Sampling(temperature=1.3), seed=5, draws=3))
    assert [len(several) for several in whole] == [3] * 13
    for window in (1, 7, 8):
        monkeypatch.setattr(vec2seq_model, "WINDOW", window)
        again = list(model.generate(vectors, Sampling(temperature=1.3), seed=5, draws=3))
        assert [[one.text for one in several] for several in again] == [[one.text for one in one] for one in whole]
    assert len({one.text for several in whole for one in several}) > 5
    assert list(model.generate(vectors, Sampling(), seed=6)) != list(model.generate(vectors, Sampling(), seed=5))


def test_texts_end_by_themselves_or_at_the_longest_that_was_trained_on(model: Vec2SeqModel) -> None:
    drawn = [one for several in model.generate(np.zeros((1, 1)), draws=200) for one in several]
    lengths = [len(one.text.split()) for one in drawn]
    assert all(one.ended or length == 6 for one, length in zip(drawn, lengths, strict=True))
    assert max(lengths) == 6 and min(lengths) < 6
    assert not any("<unk>" in one.text or "<eos>" in one.text for one in drawn)


def test_a_single_vector_is_the_first_of_many(model: Vec2SeqModel) -> None:
    assert list(model.generate(np.array([7]))) == list(model.generate(np.array([[7.0]])))
    assert list(model.generate(np.empty((0, 1)))) == []


def test_vectors_that_do_not_fit_are_refused(model: Vec2SeqModel) -> None:
    with pytest.raises(DataError, match=r"vectors of 2 numbers, but those that .* was trained on have 1"):
        list(model.generate(np.ones((3, 2))))
    for wrong in (np.nan, np.inf):
        with pytest.raises(DataError, match="vectors with NaN or infinity in them; repair or remove these"):
            list(model.generate(np.array([[1.0], [wrong]])))
    with pytest.raises(ConfigError, match=r"--draws 2: searching finds the same text each time"):
        list(model.generate(np.ones((3, 1)), Search(beam=2), draws=2))
