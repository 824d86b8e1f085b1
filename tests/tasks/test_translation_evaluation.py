"""What `evaluate` says of a translator, against sacreBLEU and against loops over single sentences."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from nlprnn import Search, evaluate_translator
from nlprnn.inference.beam import Hypothesis
from nlprnn.models.translator import TranslatorStepper
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.tasks import translation_evaluation
from nlprnn.tasks.translation_evaluation import by_source_length, exposure
from nlprnn.tasks.translation_model import TranslationModel, load_translator
from nlprnn.text.pair_encoding import encode_pairs
from nlprnn.text.parallel import open_parallel


@pytest.fixture
def words(word_translator: Path) -> TranslationModel:
    """It steps without packed weights, so that its translations can be compared with another loop's."""
    model = load_translator(word_translator)
    model.members[0].use(Compute())
    return model


@pytest.fixture
def pairs(parallel_text: Path, tmp_path: Path) -> Path:
    """Twenty-one pairs of 2 to 60 words, one of them without a translation."""
    read = [line.split("\t") for line in (parallel_text / "pairs.tsv").read_text(encoding="utf-8").splitlines()[:60]]
    joined = [" ".join(side) for count in (2, 3, 5, 7, 9) for side in zip(*read[:count], strict=True)]
    lines = [*read[30:45], *zip(joined[::2], joined[1::2], strict=True), ("the bird", "")]
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in lines), encoding="utf-8")
    return path


def sides(path: Path) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in open_parallel([path])]


def one_by_one(model: TranslationModel, path: Path) -> dict[str, float]:
    """Perplexity, and the likeliest tokens after the reference and after the model's own, sentence after sentence."""
    nll, tokens, forced, free = 0.0, 0, 0, 0
    member = model.members[0]
    for source, target in sides(path):
        wanted = [*model.target.encode(target), 0]
        ids = torch.tensor(model.source.encode(source))
        with torch.inference_mode():
            stepper = TranslatorStepper(member, member.encode(ids[:, None], torch.tensor([len(ids)])))
            state, mine, own = stepper.start(1), stepper.start(1), [0]
            for place, token in enumerate(wanted):
                log_probs, state = stepper.step(torch.tensor([wanted[place - 1] if place else 0]), state)
                nll -= float(log_probs[0, token])
                forced += int(log_probs.argmax()) == token
                if place == 0 or own[-1] != 0:
                    log_probs, mine = stepper.step(torch.tensor(own[-1:]), mine)
                    own.append(int(log_probs.argmax()))
                    free += own[-1] == token
        tokens += len(wanted)
    return {
        "perplexity": math.exp(nll / tokens),
        "tokens": tokens,
        "teacher_forced": forced / tokens,
        "free_running": free / tokens,
    }


def test_every_figure_is_what_a_loop_over_sentences_finds(words: TranslationModel, pairs: Path) -> None:
    import sacrebleu

    how = Search(beam=3, length_penalty=0.7)
    found = evaluate_translator(words, pairs, search=how)
    lines = sides(pairs)
    translations = [best.text for line, _ in lines for (best,) in words.translate([line], how)]
    references = [[target for _, target in lines]]
    metric = sacrebleu.BLEU()
    assert found["bleu"] == pytest.approx(metric.corpus_score(translations, references).score)
    assert found["chrf"] == pytest.approx(sacrebleu.CHRF().corpus_score(translations, references).score)
    assert found["signature"] == str(metric.get_signature())
    assert (found["pairs"], found["beam"], found["length_penalty"]) == (21, 3, 0.7)
    exact = sum(one == " ".join(other.split()) for one, other in zip(translations, references[0], strict=True))
    assert found["exact"]["n"] == 21 and found["exact"]["accuracy"] == pytest.approx(exact / 21)
    expected = one_by_one(words, pairs)
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-5)
    assert 0 < found["free_running"] < found["teacher_forced"] < 1


def test_every_sentence_is_in_one_bin_of_source_length(words: TranslationModel, pairs: Path) -> None:
    import sacrebleu

    bins = evaluate_translator(words, pairs, search=Search(beam=1))["by_source_length"]
    lines = sides(pairs)
    assert [(row["from"], row["to"]) for row in bins] == [(1, 10), (11, 20), (21, 30), (31, 40), (41, None)]
    assert sum(row["n"] for row in bins) == len(lines)
    found = [best.text for (best,) in words.translate([line for line, _ in lines], Search(beam=1))]
    for row in bins:
        inside = [i for i, (line, _) in enumerate(lines) if row["from"] <= len(line.split()) <= (row["to"] or 10**9)]
        assert row["n"] == len(inside)
        if inside:
            score = sacrebleu.corpus_bleu([found[i] for i in inside], [[lines[i][1] for i in inside]], force=True).score
            assert row["bleu"] == pytest.approx(score)
        else:
            assert row["bleu"] is None
    assert sum(row["n"] > 0 for row in bins) >= 3


def test_bins_end_where_they_say() -> None:
    texts = ["w " * count for count in (0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 500)]
    assert [row["n"] for row in by_source_length(texts, texts, texts)] == [3, 2, 2, 2, 2]


def test_an_ensemble_has_bleu_and_no_exposure(words: TranslationModel, pairs: Path) -> None:
    alone, both = (evaluate_translator(model, pairs, search=Search(1)) for model in (words, words.joined([words])))
    missing = ("perplexity", "tokens", "teacher_forced", "free_running")
    assert [both[key] for key in missing] == [None] * 4
    assert {key: both[key] for key in both if key not in missing} == {
        key: alone[key] for key in alone if key not in missing
    }


def test_a_translation_that_is_cut_off_has_not_ended_where_the_reference_does(
    words: TranslationModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.tsv"
    path.write_text("the bird\to pássaro\n", encoding="utf-8")
    encoded = encode_pairs(open_parallel([path]), words.source, words.target)
    for ended, right in ((True, 3), (False, 2)):
        cut = Hypothesis(encoded.target[0].tolist(), -1.0, -1.0, ended)
        monkeypatch.setattr(translation_evaluation, "translate_ids", lambda *_, cut=cut: [[cut]])
        assert exposure(words, encoded)["free_running"] == pytest.approx(right / 3)


def test_of_a_folder_the_test_pairs_are_taken_and_two_files_are_a_table(
    words: TranslationModel, pairs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    lines = sides(pairs)[:12]
    for side, ending in enumerate(("en", "pt")):
        text = "".join(line[side] + "\n" for line in lines)
        (folder / f"test.{ending}").write_text(text, encoding="utf-8")
        (folder / f"train.{ending}").write_text("one line\n", encoding="utf-8")
    by_folder = evaluate_translator(words, folder, source="en", target="pt", search=Search(1))
    by_files = evaluate_translator(words, [folder / "test.en", folder / "test.pt"], search=Search(1))
    assert by_folder == by_files
    assert by_files["pairs"] == 12
