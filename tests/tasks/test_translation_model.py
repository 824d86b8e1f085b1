"""What a translator from a directory does with text: line for line, in any company, and with words it does not know."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from nlprnn import Sampling, Search, load
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.inference.beam import Hypothesis
from nlprnn.models.translator import TranslatorStepper
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.tasks import translation_model
from nlprnn.tasks.translation_model import Translation, TranslationModel, load_translator
from nlprnn.text.vocabulary_tokenizers import (
    CharacterTokenizer,
    VocabularyTokenizer,
    WhitespaceTokenizer,
    WordTokenizer,
)

EMPTY = [Translation("", 0.0, 0.0, True)]


def exact(path: Path) -> TranslationModel:
    """A model that steps without packed weights, so that its translations can be compared with another's."""
    model = load_translator(path)
    model.members[0].use(Compute())
    return model


@pytest.fixture
def pieces(small_translator: Path) -> TranslationModel:
    return exact(small_translator)


@pytest.fixture
def words(word_translator: Path) -> TranslationModel:
    return exact(word_translator)


@pytest.fixture
def lines(parallel_text: Path) -> list[str]:
    """Sentences of unlike length, and empty ones between them, in no order."""
    read = (parallel_text / "pairs.en").read_text(encoding="utf-8").splitlines()[:32]
    found = [*read, " ".join(read[:7]), "", " \t ", "zorp", "Zorp, ZORP!", ""]
    random.Random(3).shuffle(found)
    return found


def greedy(model: TranslationModel, line: str) -> tuple[list[int], list[int]]:
    """The likeliest token each time, of one sentence alone, with the source place that each attended to most."""
    source = torch.tensor(model.source.encode(line))
    member = model.members[0]
    stepper = TranslatorStepper(member, member.encode(source[:, None], torch.tensor([len(source)])))
    never = [] if model.target.starts_word is None else [model.target.unk_id]
    ids, places, state = [0], [], stepper.start(1)
    with torch.inference_mode():
        while len(ids) == 1 or (ids[-1] != 0 and len(ids) <= 2 * len(source) + 20):
            before = state[2]
            log_probs, state = stepper.step(torch.tensor(ids[-1:]), state)
            log_probs[:, never] = -torch.inf
            ids.append(int(log_probs.argmax()))
            places.append(int((state[2] - before).argmax()) if before.shape[1] else -1)
    return ids[1:-1] if ids[-1] == 0 else ids[1:], places


def test_greedy_translations_are_the_likeliest_token_each_time(pieces: TranslationModel, lines: list[str]) -> None:
    some = [line for line in lines if line.strip()][:20]
    for line, (best,) in zip(some, pieces.translate(some, Search(beam=1)), strict=True):
        ids, _ = greedy(pieces, line)
        tokens = "".join(pieces.target.token(id) for id in ids)
        assert best.text == tokens.replace("▁", " ").strip()


def test_a_line_comes_out_for_each_line_whatever_stands_around_it(
    small_translator: Path, word_translator: Path, lines: list[str]
) -> None:
    for path, how, window in ((small_translator, Search(beam=1), 7), (word_translator, Search(beam=3, n_best=2), 1)):
        model = load_translator(path)
        together = list(model.translate(lines, how))
        assert len(together) == len(lines)
        for line, several in zip(lines, together, strict=True):
            assert (several == EMPTY) == (not line.strip())
            assert not any("\n" in one.text for one in several)
        assert same(list(model.translate(iter(lines), how, window=window)), together)
        order = random.Random(1).sample(range(len(lines)), len(lines))
        shuffled = list(model.translate([lines[i] for i in order], how))
        assert same(shuffled, [together[i] for i in order])
        assert len({several[0].text for several in together}) > 8


def same(some: Sequence[Sequence[Translation]], others: Sequence[Sequence[Translation]]) -> bool:
    """Whether the texts are the same, and their scores but for rounding."""
    pairs = list(zip(itertools.chain(*some), itertools.chain(*others), strict=True))
    return [[one.text for one in several] for several in some] == [
        [one.text for one in several] for several in others
    ] and np.allclose([one.score for one, _ in pairs], [other.score for _, other in pairs], rtol=1e-4)


def test_no_more_lines_are_read_than_the_window_before_the_first_is_translated(pieces: TranslationModel) -> None:
    taken = []

    def typed():
        for number in itertools.count():
            taken.append(number)
            yield "the bird sleeps ."

    found = pieces.translate(typed(), Search(beam=1), window=3)
    next(found)
    assert taken == [0, 1, 2]
    next(found), next(found)
    assert taken == [0, 1, 2]
    next(found)
    assert taken == [0, 1, 2, 3, 4, 5]


def test_the_n_best_are_different_and_sorted(words: TranslationModel, lines: list[str]) -> None:
    for line, several in zip(lines, words.translate(lines, Search(beam=6, n_best=6)), strict=True):
        assert len(several) == (6 if line.strip() else 1)
        assert len({(one.text, one.score) for one in several}) == len(several)
        for better, worse in itertools.pairwise(several):
            assert (better.ended, better.score) >= (worse.ended, worse.score)


def test_a_very_long_line_is_cut_with_a_note_that_names_it(pieces: TranslationModel) -> None:
    notes: list[str] = []
    long = " ".join(["bird"] * 3000)
    tokens = len(pieces.source.encode(long))
    lines = ["the bird", "", long]
    list(pieces.translate(lines, Search(beam=1), notes.append, window=2))
    assert notes == [f"note: line 3 has {tokens:,} tokens; only the first 1,000 are read"]


def fake(target: str = "a b c", lowercase: bool = False) -> TranslationModel:
    """A model whose network is never asked: words of a source and of a target vocabulary."""
    source = WordTokenizer(["<eos>", "<unk>", "the", "is"], lowercase)
    return TranslationModel(Path("fake"), (), source, WordTokenizer(["<eos>", "<unk>", *target.split()]))


def answering(monkeypatch: pytest.MonkeyPatch, ids: list[list[int]], weights: list[list[list[float]]] | None) -> None:
    """Let each source be translated with these ids, best first; `weights` are of those with <unk>."""
    found = [Hypothesis(one, -1.0, -1.0, True) for one in ids]
    monkeypatch.setattr(translation_model, "translate_ids", lambda members, sources, *_: [found] * len(sources))
    asked = None if weights is None else [np.array(each) for each in weights]
    monkeypatch.setattr(translation_model, "attended", lambda *_: asked)


def test_an_unknown_word_is_what_the_source_has_where_it_looked_most(monkeypatch: pytest.MonkeyPatch) -> None:
    # the source is Zoë | , | the | Hund | .  The second best has no <unk>, and the third looks elsewhere.
    weights = [
        [[0.1, 0, 0.2, 0.7, 0], [0.6, 0, 0, 0.4, 0], [0.9, 0, 0.1, 0, 0], [0, 0, 0, 0, 1]],
        [[0, 0, 0, 0.1, 0.9], [1, 0, 0, 0, 0]],
    ]
    answering(monkeypatch, [[1, 2, 1], [3], [1]], weights)
    for lowercase in (False, True):
        (found,) = fake(lowercase=lowercase).translate(["Zoë, the Hund."], Search(beam=3, n_best=3))
        assert [one.text for one in found] == ["Hund a Zoë", "b", "."]


def test_without_attention_an_unknown_word_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, [[1, 2]], None)
    (found,) = fake().translate(["Hund"], Search(beam=1))
    assert found[0].text == "<unk> a"


def test_what_is_copied_goes_to_the_words_beside_it_as_punctuation_does(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, [[2, 1]], [[[1, 0], [0, 1], [0, 1]]])
    (found,) = fake().translate(["the ."], Search(beam=1))
    assert found[0].text == "a."
    tokenised = dataclasses.replace(fake(), target=WhitespaceTokenizer(["<eos>", "<unk>", "a"]))
    (found,) = tokenised.translate(["the ."], Search(beam=1))
    assert found[0].text == "a ."


@pytest.mark.parametrize("kind", [WordTokenizer, WhitespaceTokenizer, CharacterTokenizer])
@pytest.mark.parametrize(
    "text", ["a Dog, <unk>  and <eos>.", "<unk>", "", "İİ.İİ. İ"]
)  # lower case of İ is two letters
def test_each_token_of_a_text_stands_for_something_in_it(kind: type[VocabularyTokenizer], text: str) -> None:
    for lowercase in (False, True):
        tokenizer = kind(["<eos>", "<unk>", " ", "a", "."], lowercase)
        assert len(tokenizer.written(text)) == len(tokenizer.encode(text))
    assert WordTokenizer(["<eos>", "<unk>"], lowercase=True).written("a Dog, ran.") == ["a", "Dog", ",", "ran", "."]


def test_a_trained_model_copies_where_it_looked(words: TranslationModel, lines: list[str]) -> None:
    copied = 0
    some = [line for line in lines if line.strip()]
    for line, (best,) in zip(some, words.translate(some, Search(beam=1)), strict=True):
        ids, places = greedy(words, line)
        written = words.source.written(line)
        tokens = [written[place] if id == 1 else words.target.token(id) for id, place in zip(ids, places, strict=False)]
        assert best.text == words.target.join(tokens)
        copied += ids.count(1)
    assert copied > 5


def test_subwords_never_write_an_unknown_token(pieces: TranslationModel) -> None:
    vocabulary = pieces.members[0].vocabulary
    with torch.no_grad():
        vocabulary.bias[pieces.target.unk_id] = 50.0
    found = [best for how in (Search(1), Search(3)) for (best,) in pieces.translate(["the bird", "zß"], how)]
    found += [one for several in pieces.sample(["the bird"], Sampling(), draws=3) for one in several]
    assert all("<unk>" not in one.text for one in found)


def test_draws_follow_from_the_seed_and_the_place_in_the_text(words: TranslationModel, lines: list[str]) -> None:
    def texts(lines: list[str], seed: int = 1, window: int = 2000) -> list[list[str]]:
        return [[one.text for one in several] for several in words.sample(lines, Sampling(), seed, 2, window=window)]

    lines = [*lines[:12], "", "zorp"]
    together = texts(lines)
    assert texts(lines) == texts(lines, window=1) == texts(lines, window=9) == together
    assert [several == [""] for several in together] == [not line.strip() for line in lines]
    place = lines.index("zorp")
    others = ["the bird sleeps ."] * len(lines)
    others[place] = "zorp"
    assert texts(others)[place] == together[place]  # whatever stands beside it
    assert len({several[0] for several in texts(["the bird sleeps ."] * 10)}) > 5  # another place, another draw
    other = texts(lines, seed=2)
    assert sum(one != two for one, two in zip(together, other, strict=True)) > len(lines) // 2


def test_at_temperature_zero_every_draw_is_the_greedy_translation(words: TranslationModel, lines: list[str]) -> None:
    drawn = words.sample(lines, Sampling(temperature=0.0), draws=2)
    for several, (best,) in zip(drawn, words.translate(lines, Search(beam=1)), strict=True):
        assert {one.text for one in several} == {best.text}


class Halves(WhitespaceTokenizer):
    """Tokens are the halves of words: a stand-in for subwords, whose pieces can be told beforehand."""

    def __init__(self) -> None:
        super().__init__(["<eos>", "<unk>"])
        self.starts_word = np.array([True, False])

    @staticmethod
    def split(chunk: str) -> list[str]:
        half = (len(chunk) + 1) // 2
        return [part for part in (chunk[:half], chunk[half:]) if part]


def test_weights_of_words_are_the_mean_over_target_pieces_of_the_sum_over_source_pieces(
    words: TranslationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # source: ab|cd e fg|hi, target: x uv|w <eos>
    weights = np.array(
        [
            [0.1, 0.2, 0.3, 0.4, 0.0],
            [0.5, 0.1, 0.1, 0.1, 0.2],
            [0.0, 0.2, 0.2, 0.2, 0.4],
            [0.2, 0.2, 0.2, 0.2, 0.2],
        ]
    )
    model = dataclasses.replace(words, source=Halves(), target=Halves())
    monkeypatch.setattr(translation_model, "attended", lambda *_: [weights])
    (found,) = model.align([("abcd e fghi", "x uvw")])
    assert (found.source, found.target) == (["abcd", "e", "fghi"], ["x", "uvw", "<eos>"])
    np.testing.assert_allclose(found.weights, [[0.3, 0.3, 0.4], [0.4, 0.15, 0.45], [0.4, 0.2, 0.4]])


def test_every_word_of_a_translation_pays_its_whole_attention_to_words_of_the_source(
    pieces: TranslationModel, words: TranslationModel, lines: list[str]
) -> None:
    for model in (pieces, words):
        some = [line for line in lines if line.strip()][:12]
        pairs = [(line, best.text) for line, (best,) in zip(some, model.translate(some, Search(1)), strict=True)]
        for (source, target), found in zip(pairs, model.align(pairs), strict=True):
            tokens = model is words
            assert found.source == (model.source.written(source) if tokens else source.split())
            assert found.target == [*(model.target.written(target) if tokens else target.split()), "<eos>"]
            np.testing.assert_allclose(np.sum(found.weights, axis=1), 1, rtol=1e-4)
            assert np.shape(found.weights) == (len(found.target), len(found.source))
    assert pieces.align([]) == []


def test_an_empty_translation_aligns_its_end_alone(words: TranslationModel) -> None:
    (found,) = words.align([("the bird", "")])
    assert (found.source, found.target) == (["the", "bird"], ["<eos>"])
    assert sum(found.weights[0]) == pytest.approx(1)


def test_nothing_is_aligned_without_attention(blind_translator: Path, words: TranslationModel) -> None:
    blind = load_translator(blind_translator)
    for pairs in ([("the bird", "a")], []):
        with pytest.raises(ConfigError, match=r"blind has no attention, so nothing can be aligned"):
            blind.align(pairs)


def test_an_ensemble_of_a_model_with_itself_translates_as_it_does(words: TranslationModel, lines: list[str]) -> None:
    both = words.joined([words])
    assert len(both.members) == 2
    how = Search(beam=3, n_best=2)
    assert same(list(both.translate(lines, how)), list(words.translate(lines, how)))
    pair = [("the bird sleeps .", "o pássaro dorme .")]
    np.testing.assert_allclose(both.align(pair)[0].weights, words.align(pair)[0].weights, rtol=1e-4)


def test_models_of_other_vocabularies_do_not_decide_together(
    words: TranslationModel, pieces: TranslationModel, blind_translator: Path
) -> None:
    for model, other in ((words, pieces), (pieces, words), (words, load_translator(blind_translator))):
        with pytest.raises(ConfigError, match=rf"--ensemble {other.directory}: its vocabulary is not that of"):
            model.joined([model, other])


def test_a_directory_that_is_broken_or_of_another_kind_is_refused(
    word_translator: Path, small_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelDirectoryError, match="a model of kind language-model, but translator is needed here"):
        load_translator(small_model)
    assert isinstance(load(word_translator), TranslationModel)
    for name in ("model.safetensors", "config.json", "target/tokenizer.json"):
        broken = tmp_path / name.replace("/", "-")
        for path in word_translator.rglob("*"):
            if path.is_file() and "training_state" not in path.parts:
                copy = broken / path.relative_to(word_translator)
                copy.parent.mkdir(parents=True, exist_ok=True)
                content = path.read_bytes()
                copy.write_bytes(content[: len(content) // 2] if str(path).endswith(name) else content)
        with pytest.raises(ModelDirectoryError, match=name):
            load_translator(broken)
